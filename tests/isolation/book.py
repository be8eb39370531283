"""What became of requests, as their logs tell: of one side's, or of the other's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace

from eth_utils import keccak

from tests.contract import Receipt
from tests.words import CHALLENGER, Flags, Request, Result, Status, Work
from tests.world import World


@dataclass
class Game:
    """One challenge of one result."""

    number: int
    attempt: int
    challenger: str
    opened_at: int
    result: Result
    verdict: int = 0
    settled: bool = False


@dataclass
class Entry:
    """One request and where it is."""

    id: bytes
    model: str
    requester: str
    request: Request
    opened_at: int  # this attempt
    status: Status = Status.OPEN
    executor: str = ""
    claimed_at: int = 0
    result: Result | None = None  # the newest
    output: bytes = b""
    games: list[Game] = field(default_factory=list)
    fallen: list[int] = field(default_factory=list)  # attempts that answered in vain

    @property
    def posted_at(self) -> int:
        """When the newest result was posted; 0 without one."""
        return Work.read(self.result.work).posted_at if self.result else 0

    @property
    def flags(self) -> Flags:
        """How its consumer is told, and whether a hook looks at its output."""
        return Flags(self.request.callback >> 56 & 255)

    @property
    def deadline(self) -> int:
        """When it stops waiting for a claim, or for the result that was claimed."""
        if self.status == Status.CLAIMED:
            return self.claimed_at + (self.request.timing & 2**32 - 1)
        return self.opened_at + (self.request.timing >> 32 & 2**32 - 1)

    @property
    def doubted(self) -> bool:
        """Whether a challenge of it runs."""
        return any(not game.verdict for game in self.games)


class Book:
    """The requests to those models that `mine` says yes to."""

    def __init__(self, world: World, mine: Callable[[str], bool]) -> None:
        self._world, self._mine = world, mine
        self.entries: dict[bytes, Entry] = {}

    def listing(self, *states: Status) -> list[Entry]:
        """Requests in these states, the oldest first."""
        return [entry for entry in self.entries.values() if entry.status in states]

    def games(self) -> list[tuple[Entry, Game]]:
        """All that were ever opened."""
        return [(entry, game) for entry in self.entries.values() for game in entry.games]

    def read(self, receipt: Receipt) -> None:
        """Take up what a transaction's logs say."""
        for event in self._world.market.events(receipt):
            now = int(receipt["logs"][0]["blockTimestamp"], 16)
            if event.name == "Opened" and self._mine(event.model):
                request = Request(*event.request)
                self.entries[event.id] = Entry(event.id, event.model, event.requester, request, now)
            elif (entry := self.entries.get(getattr(event, "id", b""))) is not None:
                _follow(entry, event, now)
        for event in self._world.challenges.events(receipt):
            if (entry := self.entries.get(event.id)) is not None:
                _judge(entry, event, int(receipt["logs"][0]["blockTimestamp"], 16))


def _follow(entry: Entry, event: SimpleNamespace, now: int) -> None:
    match event.name:
        case "Claimed":
            entry.status, entry.executor, entry.claimed_at = Status.CLAIMED, event.executor, now
        case "Posted":
            entry.status, entry.executor = Status.POSTED, Work.read(event.work).executor
            entry.result, entry.output = Result(entry.request, event.work, keccak(event.output)), event.output
        case "Finalized":
            entry.status = Status.FINAL
        case "Refunded" | "Reopened":
            if entry.result and entry.status in (Status.POSTED, Status.REFUTED):
                entry.fallen.append(Work.read(entry.result.work).attempt)
            entry.status = Status.OPEN if event.name == "Reopened" else Status.REFUNDED
            entry.opened_at = now


def _judge(entry: Entry, event: SimpleNamespace, now: int) -> None:
    if event.name == "Challenged":
        assert entry.result
        game = Game(event.game, event.attempt, event.challenger, now, entry.result)
        entry.games.append(game)
        return
    game = next(game for game in entry.games if (game.number, game.attempt) == (event.game, event.attempt))
    if event.name == "Settled":
        game.settled = True
        return
    game.verdict = event.verdict
    if event.verdict == CHALLENGER and entry.status == Status.POSTED and entry.result == game.result:
        entry.status = Status.REFUTED
