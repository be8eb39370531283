"""The recount: an endpoint can leave out the log of a challenge, and silence about it would lose the bond.

Now and then the slots of this account's standing results are read. Where one counts more open games than the
logs have shown for a while, the games are looked for in the Dispute contract itself.
"""

from __future__ import annotations

import structlog

from executor.chain.requests import Status
from executor.disputes.games import Posted
from executor.disputes.seat import Seat

EVERY = 60  # seconds of chain time between counts, and one more for every hundred results
LAG = 20  # seconds that logs may be behind

log = structlog.get_logger("executor")


class Recount:
    """Finds games about own results that no log has shown."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._next = 0
        self._short: dict[tuple[bytes, int], int] = {}  # results with unknown games: since when

    def step(self, now: int) -> None:
        """Count if it is time to, at chain time `now`. Raises RpcError."""
        if now < self._next:
            return
        games = self._seat.games
        standing = games.standing(self._seat.account)
        slots = self._seat.disputes.contracts.slots(self._seat.endpoint, [posted.id for posted in standing])
        counted = {
            (posted.id, posted.attempt): (posted, slot.games)
            for posted, slot in zip(standing, slots, strict=True)
            if slot.status is Status.POSTED and slot.attempt == posted.attempt
        }
        short = {
            name: (posted, open_games)
            for name, (posted, open_games) in counted.items()
            if open_games > games.running(*name)
        }
        self._short = {name: self._short.get(name, now) for name in short}
        for name, (posted, open_games) in short.items():
            if now >= self._short[name] + LAG:
                self._find(posted, open_games)
        self._next = now + (LAG if self._short else EVERY + len(standing) // 100)

    def _find(self, posted: Posted, open_games: int) -> None:
        seat, case = self._seat, posted.case
        found = seat.disputes.live_games(seat.endpoint, case.key, open_games)
        first = seat.games.block_of(posted)
        moves = seat.disputes.logs(seat.endpoint, case.key, first)
        log.warning("the endpoint has left out a challenge", id="0x" + posted.id.hex(), games=list(found))
        with seat.journal.transaction():
            for number, challenger in found.items():
                seat.games.add(number, posted, challenger, first)
            seat.games.replace(case.key, moves)
