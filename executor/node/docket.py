"""The docket: the node's part in disputes. It defends its results and presses its challenges; see
`executor.disputes`.
"""

from __future__ import annotations

from collections.abc import Callable

from executor.backends.base import Backend
from executor.chain.disputes import Disputes
from executor.chain.follower import Batch
from executor.disputes.games import Asked, Games
from executor.disputes.player import Player
from executor.disputes.seat import Seat
from executor.disputes.traces import MakeTrace
from executor.disputes.watcher import Watcher
from executor.node.desk import Desk

FORGET_AFTER = 1_000  # blocks, far below what the follower remembers


class Docket:
    """Games, the player, and the watcher if there is one.

    share: of others' results that are re-executed; None to watch nobody. latency: seconds from a decision to
    its block. done: called from other threads when something is ready to be looked at.
    """

    def __init__(
        self,
        desk: Desk,
        backend: Backend,
        make: MakeTrace,
        *,
        share: float | None,
        latency: float,
        done: Callable[[], None],
    ) -> None:
        self._desk = desk
        disputes = Disputes(desk.contracts)
        self.games = Games(desk.journal, disputes, self._asked)
        tools = disputes, desk.endpoint, desk.journal, desk.outbox
        seat = Seat(*tools, self.games, desk.account, desk.catalogue, desk.inputs)
        self.player = Player(seat, make, done)
        self.watcher = None
        if share is not None:
            self.watcher = Watcher(seat, backend, share=share, latency=latency, done=done)

    def apply(self, batch: Batch) -> None:
        """Note what the logs say, inside the journal transaction that applies them."""
        self.games.apply(batch)
        self.games.forget(batch.head.number - FORGET_AFTER)

    def play(self) -> None:
        """Make the moves that are due."""
        self.player.step(self._desk.now)

    def watch(self) -> None:
        """Check what others posted."""
        if self.watcher is not None:
            self.watcher.step(self._desk.now)

    @property
    def busy(self) -> bool:
        """Whether a move or a check is being computed."""
        return self.player.busy or (self.watcher is not None and self.watcher.busy)

    def close(self) -> None:
        self.player.close()

    def _asked(self, identifier: bytes) -> Asked | None:
        job = self._desk.jobs.get(identifier)
        terms = None if job is None else self._desk.jobs.terms(job.request.terms)
        return None if job is None or terms is None else Asked(job.request, job.input, terms)
