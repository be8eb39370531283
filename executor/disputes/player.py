"""The player: makes every due move of every game by itself, and is paid for it.

It remembers nothing that it needs: games, cursors and reveals are in the tables that logs fill (`games`), so
a player that was killed goes on where the chain is. A move is computed off the loop, becomes a row together
with its transaction in the outbox, and is dropped once the logs show it, or tried again. Reveals belong to
the result: one serves all games at that cursor. Games whose time is nearest go first, and only so many moves
are computed or under way at a time that a thousand games take no more memory than a few.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import structlog

from executor.chain.disputes import DEFENDER, LEAST_GAS, Disputes, Due, GameStatus
from executor.chain.outbox import Outbox
from executor.chain.requests import Status
from executor.chain.rpc import Endpoint
from executor.chain.transactions import SETTLED, DuplicateError, State
from executor.disputes.games import Game, Games
from executor.disputes.moves import Move, attack, defend
from executor.disputes.traces import MakeTrace, Traces
from executor.journal import Journal, Schema
from executor.program import Program

SCHEMA = Schema(
    "player",
    (
        (
            """CREATE TABLE moves (
                key BLOB NOT NULL,         -- of the case
                game INTEGER NOT NULL,     -- 0: for all games of the case at this cursor
                what TEXT NOT NULL,        -- answer, timeout, settle
                cursor BLOB NOT NULL,
                transaction_id INTEGER,
                tries INTEGER NOT NULL DEFAULT 0,
                wait_until INTEGER NOT NULL DEFAULT 0, -- chain time before which nothing is tried
                note TEXT NOT NULL DEFAULT '',
                PRIMARY KEY (key, game, what, cursor))""",
        ),
    ),
)

# The instants at which a crash is tested to be harmless, beside those of the outbox.
CRASH_POINTS = (
    "disputes.moving",  # a move is computed and wanted, the transaction still open
    "disputes.moved",
    "disputes.settling",
)
COMPUTED_AT_ONCE = 16
UNDER_WAY = 32  # transactions of disputes
RETRY, LONGEST_RETRY = 2, 60  # seconds of chain time before a failed move is tried again; doubles
LOOK_AGAIN = 30  # seconds between looks at games that only wait for their result to be over

log = structlog.get_logger("executor")


@dataclass(frozen=True)
class Turn:
    """A move to make. game: 0 if it serves all games at the cursor. what: answer, timeout, settle."""

    key: bytes
    game: int
    what: str
    cursor: bytes


@dataclass(frozen=True)
class Owed:
    """A turn that is this account's in a game. by: unix time."""

    turn: Turn
    game: Game
    by: int


class Player:
    """Plays all games of one account.

    programs: those held, by root. make: makes the traces that are played from. done: called from the thread
    that computes, when a move is ready.
    """

    def __init__(
        self,
        disputes: Disputes,
        endpoint: Endpoint,
        journal: Journal,
        outbox: Outbox,
        games: Games,
        account: str,
        programs: Mapping[bytes, Program],
        make: MakeTrace,
        done: Callable[[], None] = lambda: None,
    ) -> None:
        self._disputes = disputes
        self._endpoint = endpoint
        self._journal = journal
        self._outbox = outbox
        self._games = games
        self._account = account
        self._programs = programs
        self._traces = Traces(programs, make)
        self._done = done
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="dispute")
        self._computing: dict[Turn, Future[Move | None]] = {}
        self._dues: dict[int, tuple[bytes, bool, Due]] = {}  # by game, for the cursor as it was then
        self._looked = 0

    def step(self, now: int) -> None:
        """Make what moves are due at chain time `now`. Raises RpcError; call again, nothing is lost."""
        games = self._games.unsettled(self._account)
        self._tidy(games, now)
        live = [game for game in games if game.verdict is None and not game.fallen]
        self._collect(now)
        self._begin(self._owed(live, now))
        self._settle(games, now)

    @property
    def busy(self) -> bool:
        """Whether a move is being computed."""
        return bool(self._computing)

    def close(self) -> None:
        """Compute nothing more; what is being computed is waited for."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    # Which moves are due

    def _owed(self, live: list[Game], now: int) -> list[Owed]:
        """The moves that this account owes, most urgent first. Others' silence is claimed on the way."""
        owed: dict[Turn, Owed] = {}
        for game, due in self._look(live, now):
            ours = self._account == (game.defender if due.mover == DEFENDER else game.challenger)
            if now >= due.time and not ours:
                self._claim_timeout(game, now)
                continue
            turn = self._turn(game)
            if turn is not None and self._is_free(turn, now):
                by = min(due.time, owed[turn].by) if turn in owed else due.time
                owed[turn] = Owed(turn, game, by)
        return sorted(owed.values(), key=lambda item: item.by)

    def _turn(self, game: Game) -> Turn | None:
        """The move that this account owes in a game, if any."""
        if not game.revealed and game.defender == self._account:
            return Turn(game.key, 0, "answer", game.cursor)
        if game.revealed and game.challenger == self._account:
            return Turn(game.key, game.number, "answer", game.cursor)
        return None

    def _look(self, live: list[Game], now: int) -> list[tuple[Game, Due]]:
        """Whose move it is and by when; asked anew where the game went on or the time is over."""
        self._dues = {game.number: self._dues[game.number] for game in live if game.number in self._dues}
        stale = []
        for game in live:
            known = self._dues.get(game.number)
            if known is None or known[:2] != (game.cursor, game.revealed) or now >= known[2].time:
                stale.append(game)
        found = self._disputes.due(self._endpoint, [(game.key, game.number) for game in stale])
        for game, due in zip(stale, found, strict=True):
            self._dues[game.number] = game.cursor, game.revealed, due
        return [(game, self._dues[game.number][2]) for game in live]

    # Computing them

    def _begin(self, owed: list[Owed]) -> None:
        room = min(COMPUTED_AT_ONCE - len(self._computing), UNDER_WAY - self._under_way())
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
        if posted is None or not posted.asked.has_input or posted.root not in self._programs:
            log.error("cannot play: program or input is not held", game=game.number, id="0x" + game.id.hex())
            return None
        case, root, data = posted.case, posted.root, posted.asked.input
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
                self._rest(turn, now, repr(error))
            elif (move := future.result()) is None:
                log.warning("nothing is wrong in what was revealed", game=turn.game)
                self._rest(turn, now, "nothing is wrong in what was revealed")
            else:
                self._want(turn, move, now)

    # Wanting their transactions

    def _want(self, turn: Turn, move: Move, now: int) -> None:
        contract = self._disputes.contract
        name = f"{move.function} at 0x{turn.cursor.hex()} in game {turn.game or 'any'} of 0x{turn.key.hex()}"
        data = contract.encode(move.function, *move.arguments) + move.proof
        self._send(turn, name, contract.address, data, now, LEAST_GAS.get(move.function, 0))
        self._journal.crash_point("disputes.moved")

    def _claim_timeout(self, game: Game, now: int) -> None:
        turn = Turn(game.key, game.number, "timeout", game.cursor)
        posted = self._games.posted(game.id, game.attempt)
        if posted is not None and self._is_free(turn, now):
            self._want(turn, Move("timeout", (posted.case, game.number)), now)

    def _send(self, turn: Turn, name: str, to: str, data: bytes, now: int, least_gas: int = 0) -> None:
        with self._journal.transaction():
            try:
                number = self._outbox.enqueue(name, to, data, least_gas=least_gas)
            except DuplicateError:  # after a reorganisation it may still be on its way
                self._write(turn, None, now, "on its way already")
                return
            self._write(turn, number, now, "")
            self._journal.crash_point("disputes.moving")
        log.info("moving", move=name.partition(" ")[0], game=turn.game, cursor="0x" + turn.cursor.hex()[:8])

    def _settle(self, games: list[Game], now: int) -> None:
        """Collect what ended games pay."""
        waiting = [game for game in games if self._is_ended(game, now)]
        waiting = [game for game in waiting if self._is_free(_settlement(game), now)]
        if not waiting:
            return
        statuses = self._disputes.statuses(
            self._endpoint, [(game.id, game.attempt, game.number) for game in waiting]
        )
        slots = self._disputes.contracts.slots(self._endpoint, [game.id for game in waiting])
        for game, status, slot in zip(waiting, statuses, slots, strict=True):
            over = slot.attempt != game.attempt or slot.status in (Status.FINAL, Status.REFUNDED)
            if _pays(game, status, over, self._account):
                posted = self._games.posted(game.id, game.attempt)
                if posted is not None:
                    challenges = self._disputes.contracts.challenges
                    data = challenges.encode("settle", posted.result, game.attempt, game.number)
                    name = f"settle game {game.number} of 0x{game.key.hex()}"
                    self._send(_settlement(game), name, challenges.address, data, now)
                    self._journal.crash_point("disputes.settling")
            else:
                self._rest(_settlement(game), now, "its result still stands", LOOK_AGAIN)

    def _is_ended(self, game: Game, now: int) -> bool:
        """Whether there may be something to collect."""
        if game.verdict is not None or game.fallen:
            return True
        due = self._dues.get(game.number)
        return due is not None and now >= due[2].time + LOOK_AGAIN

    # The rows of moves

    def _is_free(self, turn: Turn, now: int) -> bool:
        row = self._row(turn)
        return row is None or (row["transaction_id"] is None and row["wait_until"] <= now)

    def _row(self, turn: Turn) -> Any:
        where = "key = ? AND game = ? AND what = ? AND cursor = ?"
        return self._journal.row(
            f"SELECT * FROM moves WHERE {where}",  # noqa: S608
            *(turn.key, turn.game, turn.what, turn.cursor),
        )

    def _rest(self, turn: Turn, now: int, note: str, seconds: int = 0) -> None:
        with self._journal.transaction():
            self._write(turn, None, now, note, seconds)

    def _write(self, turn: Turn, number: int | None, now: int, note: str, seconds: int = 0) -> None:
        row = self._row(turn)
        tries = (row["tries"] if row else 0) + 1
        pause = seconds or min(LONGEST_RETRY, RETRY << min(tries, 8))
        self._journal.write(
            "INSERT OR REPLACE INTO moves VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(turn.key, turn.game, turn.what, turn.cursor, number, tries, now + pause, note),
        )

    def _under_way(self) -> int:
        row = self._journal.row("SELECT count(*) AS number FROM moves WHERE transaction_id IS NOT NULL")
        return int(row["number"]) if row else 0

    def _tidy(self, games: list[Game], now: int) -> None:
        """Forget moves that the logs show or that no game needs, and free those whose transaction failed."""
        needed = {_settlement(game) for game in games}
        needed |= {turn for game in games if (turn := self._turn(game))}
        needed |= {Turn(game.key, game.number, "timeout", game.cursor) for game in games}
        with self._journal.transaction():
            for row in self._journal.rows("SELECT * FROM moves"):
                turn = Turn(row["key"], row["game"], row["what"], row["cursor"])
                if turn not in needed:
                    self._journal.write(
                        "DELETE FROM moves WHERE key = ? AND game = ? AND what = ? AND cursor = ?",
                        *(turn.key, turn.game, turn.what, turn.cursor),
                    )
                elif row["transaction_id"] is not None:
                    outgoing = self._outbox.get(row["transaction_id"])
                    if outgoing.state in SETTLED:
                        note = outgoing.note or str(outgoing.state)
                        done = outgoing.state in (State.CONFIRMED, State.REHEARSED)
                        self._write(turn, None, now, note, LONGEST_RETRY if done else 0)
                        log.info("not moved", what=turn.what, game=turn.game, why=note)


def _settlement(game: Game) -> Turn:
    return Turn(game.key, game.number, "settle", b"")


def _pays(game: Game, status: int, over: bool, account: str) -> bool:
    """Whether settling a game does this account good: its bounty, its deposit, or the other's."""
    if game.challenger == account and status == GameStatus.WON:
        return True
    if game.defender == account and status == GameStatus.LOST:
        return True
    return game.challenger == account and status in (GameStatus.VOID, GameStatus.LIVE) and over
