"""Requests, results and games: the nouns of the market, each with what may still happen to it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.reference.shell import Promise, Shell
from tests.words import GameStatus, Offer, Status


@dataclass(eq=False)
class Result:
    """What an executor posted for one attempt."""

    request: Request
    attempt: int
    executor: str
    elapsed: int
    posted_at: int
    output: bytes
    output_hash: bytes
    fallen: str = ""  # refuted or abandoned
    others: int = 0  # games that were open beside the one that refuted it
    punished: bool = False  # its bond was slashed

    @property
    def over(self) -> bool:
        """Fallen, and its request has moved on."""
        return self.fallen == "abandoned" or self.punished


@dataclass(eq=False)
class Request:
    """A request; `result` is the one that stands or stood last."""

    id: bytes
    model: Shell
    requester: str
    offer: Offer  # version resolved
    terms: Promise
    input: bytes  # keccak256
    ramp_start: int
    opened_at: int
    status: Status = Status.OPEN
    attempt: int = 1
    executor: str = ""
    elapsed: int = 0
    claimed_at: int = 0
    result: Result | None = None
    games: int = 0  # open about the result

    @property
    def escrow(self) -> int:
        return 0 if self.status in (Status.FINAL, Status.REFUNDED) else self.offer.max_price

    @property
    def deadline(self) -> int:
        """Of the claim or the result that is awaited; 0 if neither is."""
        if self.status == Status.OPEN:
            return self.opened_at + self.offer.claim_seconds
        return self.claimed_at + self.offer.result_seconds if self.status == Status.CLAIMED else 0

    @property
    def revoked(self) -> bool:
        return self.model.versions[self.offer.version - 1].revoked


@dataclass(eq=False)
class Game:
    """One challenge of one result."""

    number: int
    result: Result
    challenger: str
    opened_at: int
    status: GameStatus = GameStatus.LIVE

    @property
    def ruling_deadline(self) -> int:
        """From then on anybody can end the arbiter's silence."""
        return self.opened_at + self.result.request.terms.network.ruling_seconds
