"""The Council in plain Python: what `contracts/Council.vy` has to do, told another way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.governance.council.chamber import MOTION, YEAR, Constituency
from tests.words import NOBODY

SEATS = 32
ALONE = (Constituency.EXECUTORS, Constituency.CONTRIBUTORS, Constituency.USERS)


class Wrong(Exception):
    """Refused, with the contract's words."""


@dataclass
class Ledger:
    """Who sits, and who has approved what since when. `now` is the time of the next call."""

    term_ends: int
    quorum: int
    seats: dict[int, tuple[Constituency, str]]
    motions: dict[Any, tuple[int, list[int]]] = field(default_factory=dict)  # -> opened at, seats

    def approve(self, motion: Any, caller: str, now: int) -> bool:
        """Whether this approval carries."""
        _check(now < self.term_ends, "term is over")
        seat = self._seat_of(caller)
        opened, approvals = self.motions.get(motion, (now, []))
        if now > opened + MOTION:
            opened, approvals = now, []
        _check(seat not in approvals, "approved already")
        approvals = [*approvals, seat]
        self.motions[motion] = opened, approvals
        if carried := len(approvals) >= self.quorum:
            del self.motions[motion]
        return carried

    def resign(self, caller: str) -> None:
        del self.seats[self._seat_of(caller)]
        self.motions.clear()

    def seat(self, number: int, constituency: Constituency, member: str) -> None:
        _check(number < SEATS, "no such seat")
        if member == NOBODY:
            _check(constituency == Constituency.NONE, "vacant seat with a constituency")
        else:
            _check(constituency in ALONE, "not one constituency")
        elsewhere = {sitting for other, (_, sitting) in self.seats.items() if other != number}
        _check(member not in elsewhere, "member has another seat")
        self.seats.pop(number, None)
        if member != NOBODY:
            self.seats[number] = constituency, member
        self.motions.clear()

    def set_quorum(self, quorum: int) -> None:
        _check(2 <= quorum <= SEATS, "quorum out of bounds")
        self.quorum = quorum
        self.motions.clear()

    def renew(self, term_ends: int, now: int) -> None:
        _check(term_ends <= now + 2 * YEAR, "term too long")
        self.term_ends = term_ends

    def _seat_of(self, member: str) -> int:
        for number, (_, sitting) in self.seats.items():
            if sitting == member:
                return number
        raise Wrong("council: not a member")


def _check(holds: bool, rule: str) -> None:
    if not holds:
        raise Wrong(f"council: {rule}")
