"""A model contract: its versions, which one is live, and who may change that."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.reference.refusal import require
from tests.words import LIVE, Parameters

FOREVER = 2**40 - 1  # unix seconds
GUARDIAN_PAUSE = 7 * 86_400
GUARDIAN_REST = 30 * 86_400


@dataclass(frozen=True)
class Promise:
    """What a version promises, and what the network promised when that was frozen."""

    royalty_bps: int
    min_bond: int
    window: int
    network: Parameters


@dataclass
class Version:
    """One entry of a model: its own terms, its state, and the terms its next request is frozen with."""

    royalty_bps: int
    min_bond: int
    window: int
    once_live: bool = False
    revoked: bool = False
    frozen: Promise | None = None


@dataclass
class Shell:
    """A model contract. Version n is `versions[n - 1]`, `live` a version's number or 0. `now` is the time of
    the block that is being made.
    """

    address: str
    owner: str
    guardian: str
    versions: list[Version] = field(default_factory=list)
    live: int = 0
    candidate: int = 0
    paused_until: int = 0
    rests_until: int = 0

    def publish(self, caller: str, version: Version) -> int:
        require(caller == self.owner, "model: not the owner")
        self.versions.append(version)
        return len(self.versions)

    def paused(self, now: int) -> bool:
        return now < self.paused_until

    def promote(self, caller: str, number: int, now: int) -> None:
        require(caller == self.owner, "model: not the owner")
        require(not self.paused(now), "model: paused")
        known = 0 < number <= len(self.versions)
        require(
            known and number != self.live and not self.versions[number - 1].revoked,
            "model: neither published nor retired",
        )
        self._go_live(number)

    def canary(self, caller: str, number: int, share_bps: int, now: int) -> bool:
        """Whether there is a new candidate. With one, requests have to pin: draws are made on the chain."""
        require(caller == self.owner, "model: not the owner")
        require(not self.paused(now), "model: paused")
        require(self.live != 0, "model: no live version")
        require(1 <= share_bps <= 5_000, "model: share out of bounds")
        if number == self.candidate:
            return False
        known = 0 < number <= len(self.versions) and number != self.live
        version = self.versions[number - 1] if known else None
        fresh = version is not None and not version.once_live and not version.revoked
        require(fresh, "model: not a published version")
        require(self._fits(number), "model: asks more than the live version")
        self.candidate = number
        return True

    def withdraw(self, caller: str) -> None:
        self._owner_or_guardian(caller)
        require(self.candidate != 0, "model: no candidate")
        self.candidate = 0

    def rollback(self, caller: str, number: int) -> None:
        self._owner_or_guardian(caller)
        known = 0 < number <= len(self.versions)
        version = self.versions[number - 1] if known else None
        require(
            version is not None and version.once_live and not version.revoked and number != self.live,
            "model: not a retired version",
        )
        self._go_live(number)

    def revoke(self, caller: str, number: int) -> None:
        self._owner_or_guardian(caller)
        require(0 < number <= len(self.versions), "model: unknown version")
        require(not self.versions[number - 1].revoked, "model: revoked")
        self.versions[number - 1].revoked = True
        if number == self.live:
            self.live = self.candidate = 0
        elif number == self.candidate:
            self.candidate = 0

    def pause(self, caller: str, now: int) -> None:
        self._owner_or_guardian(caller)
        if caller == self.owner:
            require(self.paused_until != FOREVER, "model: paused")
            self.paused_until = FOREVER
            return
        require(not self.paused(now), "model: paused")
        require(now >= self.rests_until, "model: guardian rests")
        self.paused_until = now + GUARDIAN_PAUSE
        self.rests_until = self.paused_until + GUARDIAN_REST

    def unpause(self, caller: str, now: int) -> None:
        require(caller == self.owner, "model: not the owner")
        if self.paused(now):
            self.paused_until = 0
            self.rests_until = min(self.rests_until, now + GUARDIAN_REST)

    def resolve(self, number: int, now: int) -> int:
        require(not self.paused(now), "model: paused")
        if number == LIVE:
            require(self.live != 0, "model: no live version")
            assert self.candidate == 0, "which version answers is drawn on the chain"
            return self.live
        known = 0 < number <= len(self.versions)
        require(not (known and self.versions[number - 1].revoked), "model: revoked")
        once_live = known and self.versions[number - 1].once_live
        require(once_live or (known and number == self.candidate), "model: never live")
        return number

    def _owner_or_guardian(self, caller: str) -> None:
        require(caller in (self.owner, self.guardian), "model: neither owner nor guardian")

    def _go_live(self, number: int) -> None:
        self.live = number
        self.versions[number - 1].once_live = True
        if self.candidate and (number == self.candidate or not self._fits(self.candidate)):
            self.candidate = 0

    def _fits(self, number: int) -> bool:
        """Whether a version asks no more than the live one."""
        version, live = self.versions[number - 1], self.versions[self.live - 1]
        return (
            version.royalty_bps <= live.royalty_bps
            and version.min_bond <= live.min_bond
            and version.window <= live.window
        )
