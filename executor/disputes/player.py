"""The player: makes every due move of every game by itself, and is paid for it.

It remembers nothing that it needs: games, cursors and reveals are in the tables that logs fill (`games`), so
a player that was killed goes on where the chain is. A move is computed off the loop, becomes a turn together
with its transaction in the outbox, and is dropped once the logs show it, or tried again. Reveals belong to
the result: one serves all games at that cursor. Games whose time is nearest go first, and only so many moves
are computed or under way at a time that a thousand games take no more memory than a few.

The logs tell how far a game is, the contract whose move it is. Where these two differ for long, the endpoint
has left a log out, and those of the case are read again. A challenge that no log tells of is found by
counting (`recount`).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from executor.chain.disputes import DEFENDER, LEAST_GAS, OVER, Due
from executor.disputes.games import Game
from executor.disputes.moves import Move, attack, defend
from executor.disputes.recount import Recount
from executor.disputes.seat import Seat
from executor.disputes.settlement import LOOK_AGAIN, Settlement, turn_of
from executor.disputes.traces import MakeTrace, Traces
from executor.disputes.turns import Turn, Turns, What

# The instants at which a crash is tested to be harmless, beside those of the outbox.
CRASH_POINTS = (
    "disputes.moving",  # a move is computed and wanted, the transaction still open
    "disputes.moved",
    "disputes.settling",  # the same for what pays
)
COMPUTED_AT_ONCE = 16
UNDER_WAY = 32  # transactions of moves at a time; those that are not urgent keep to half of it

log = structlog.get_logger("executor")


@dataclass(frozen=True)
class Owed:
    """A turn that is this account's in a game. by: unix time."""

    turn: Turn
    game: Game
    by: int


@dataclass(frozen=True)
class Look:
    """Whose move it was when the contract was asked, for a game as the logs had it then. at: chain time."""

    cursor: bytes
    revealed: bool
    due: Due
    at: int


class Player:
    """Plays all games of one account.

    make: makes the traces that are played from. done: called from the thread that computes, when a move is
    ready.
    """

    def __init__(self, seat: Seat, make: MakeTrace, done: Callable[[], None] = lambda: None) -> None:
        self._disputes = seat.disputes
        self._endpoint = seat.endpoint
        self._journal = seat.journal
        self._games = seat.games
        self._account = seat.account
        self._programs = seat.programs
        self._inputs = seat.inputs
        self._turns = Turns(seat.journal, seat.outbox)
        self._settlement = Settlement(seat, self._turns)
        self._recount = Recount(seat)
        self._traces = Traces(seat.programs, make)
        self._done = done
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="dispute")
        self._computing: dict[Turn, Future[Move | None]] = {}
        self._looks: dict[int, Look] = {}  # by game
        self._odd: dict[int, int] = {}  # games about which logs and contract differ: since when

    def step(self, now: int) -> None:
        """Make what moves are due at chain time `now`. Raises RpcError; call again, nothing is lost."""
        self._recount.step(now)
        games = self._games.unsettled(self._account)
        self._tidy(games, now)
        live = [game for game in games if game.verdict is None and not game.fallen]
        self._collect(now)
        self._begin(self._owed(live, now))
        self._settlement.step(self._ended(games, now), now, self._room(UNDER_WAY // 2))

    @property
    def busy(self) -> bool:
        """Whether a move is being computed."""
        return bool(self._computing)

    def close(self) -> None:
        """Compute nothing more; what is being computed is waited for."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    # Which turns are due

    def _owed(self, live: list[Game], now: int) -> list[Owed]:
        """The moves that this account owes, most urgent first. Others' silence is claimed on the way."""
        owed: dict[Turn, Owed] = {}
        for game, due in self._look(live, now):
            if due.mover == OVER:
                continue
            ours = self._account == (game.defender if due.mover == DEFENDER else game.challenger)
            if now >= due.time and not ours:
                self._claim_timeout(game, now)
                continue
            turn = self._turn(game)
            differ = due.cursor != game.cursor or ours != (turn is not None)
            if self._is_odd(game, differ, now):
                self._read_again(game)
            elif turn is not None and self._turns.is_free(turn, now):
                by = min(due.time, owed[turn].by) if turn in owed else due.time
                owed[turn] = Owed(turn, game, by)
        return sorted(owed.values(), key=lambda item: item.by)

    def _turn(self, game: Game) -> Turn | None:
        """The move that this account owes in a game as the logs have it, if any."""
        if not game.revealed and game.defender == self._account:
            return Turn(game.key, 0, What.ANSWER, game.cursor)
        if game.revealed and game.challenger == self._account:
            return Turn(game.key, game.number, What.ANSWER, game.cursor)
        return None

    def _look(self, live: list[Game], now: int) -> list[tuple[Game, Due]]:
        """Whose move it is and by when; asked anew when a game went on, and now and then."""
        stale = [game for game in live if self._is_stale(game, now)]
        found = self._disputes.due(self._endpoint, [(game.key, game.number) for game in stale])
        for game, due in zip(stale, found, strict=True):
            self._looks[game.number] = Look(game.cursor, game.revealed, due, now)
        self._looks = {game.number: self._looks[game.number] for game in live}
        return [(game, self._looks[game.number].due) for game in live]

    def _is_stale(self, game: Game, now: int) -> bool:
        look = self._looks.get(game.number)
        if look is None or (look.cursor, look.revealed) != (game.cursor, game.revealed):
            return True
        return now >= look.at + LOOK_AGAIN or look.at < look.due.time <= now

    def _is_odd(self, game: Game, differ: bool, now: int) -> bool:
        """Whether logs and contract have differed for long: the logs are always a little behind."""
        if not differ:
            self._odd.pop(game.number, None)
            return False
        return now >= self._odd.setdefault(game.number, now) + 2 * LOOK_AGAIN

    def _read_again(self, game: Game) -> None:
        log.warning("the endpoint has left out a log", game=game.number, id="0x" + game.id.hex())
        logs = self._disputes.logs(self._endpoint, game.key, game.block)
        with self._journal.transaction():
            self._games.replace(game.key, logs)
        self._odd.pop(game.number, None)

    def _ended(self, games: list[Game], now: int) -> list[Game]:
        """Those about which there may be something to collect."""
        looks = self._looks
        return [
            game
            for game in games
            if game.verdict is not None
            or game.fallen
            or (game.number in looks and now >= looks[game.number].due.time + LOOK_AGAIN)
        ]

    def _room(self, most: int) -> int:
        return most - self._turns.under_way()

    # Computing moves

    def _begin(self, owed: list[Owed]) -> None:
        room = min(COMPUTED_AT_ONCE, self._room(UNDER_WAY)) - len(self._computing)
        waiting = [item for item in owed if item.turn not in self._computing]
        for item in waiting[: max(0, room)]:
            compute = self._computation(item.turn, item.game)
            if compute is not None:
                future = self._thread.submit(compute)
                self._computing[item.turn] = future
                future.add_done_callback(lambda _: self._done())

    def _computation(self, turn: Turn, game: Game) -> Callable[[], Move | None] | None:
        """What the thread is to do for a turn; None if this executor lacks what it takes."""
        posted = self._games.posted(game.id, game.attempt)
        if posted is None or posted.root not in self._programs:
            log.error("cannot play: its program is not held", game=game.number, id="0x" + game.id.hex())
            return None
        data = self._inputs.find(posted.asked.input, owed=True)
        if data is None:
            return None  # it is being fetched
        case, root = posted.case, posted.root
        if turn.game == 0:
            cursor = self._games.position(game)
            return lambda: defend(self._traces.get(root, data), case, cursor)
        path = self._games.path(game)
        return lambda: attack(self._traces.get(root, data), case, game.number, path)

    def _collect(self, now: int) -> None:
        """Want the transactions of the moves that are computed."""
        for turn, future in [(turn, future) for turn, future in self._computing.items() if future.done()]:
            del self._computing[turn]
            error = future.exception()
            if error is not None:
                log.error("a move cannot be computed", cursor="0x" + turn.cursor.hex(), error=repr(error))
                self._turns.rest(turn, now, repr(error))
            elif (move := future.result()) is None:
                log.warning("nothing is wrong in what was revealed", game=turn.game)
                self._turns.rest(turn, now, "nothing is wrong in what was revealed")
            else:
                self._want(turn, move, now)

    # Wanting their transactions

    def _want(self, turn: Turn, move: Move, now: int) -> None:
        contract = self._disputes.contract
        place = f"0x{turn.cursor.hex()} in game {turn.game or 'any'} of 0x{turn.key.hex()}"
        data = contract.encode(move.function, *move.arguments) + move.proof
        least_gas = LEAST_GAS.get(move.function, 0)
        purpose = f"{move.function} at {place}"
        self._turns.send(turn, purpose, contract.address, data, now, least_gas, "disputes.moving")
        self._journal.crash_point("disputes.moved")
        log.info(move.function, game=turn.game or "all", at="0x" + turn.cursor.hex()[:8])

    def _claim_timeout(self, game: Game, now: int) -> None:
        turn = Turn(game.key, game.number, What.TIMEOUT, game.cursor)
        posted = self._games.posted(game.id, game.attempt)
        if posted is not None and self._turns.is_free(turn, now) and self._room(UNDER_WAY) > 0:
            self._want(turn, Move("timeout", (posted.case, game.number)), now)

    def _tidy(self, games: list[Game], now: int) -> None:
        """Forget turns that the logs show or that no game needs, and free those whose transaction failed."""
        needed = {turn_of(game) for game in games}
        needed |= {turn for game in games if (turn := self._turn(game))}
        needed |= {Turn(game.key, game.number, What.TIMEOUT, game.cursor) for game in games}
        for turn, outgoing in self._turns.tidy(needed, now):
            log.info(
                "not done", what=str(turn.what), game=turn.game, why=outgoing.note or str(outgoing.state)
            )
