"""The watcher: re-executes others' results and challenges what is wrong.

It looks at every result of the programs it holds, or at a share of them that nobody can predict: the draw
hashes a secret of this journal. What it cannot judge - no program, an input that is kept elsewhere, a version
that is not the program's - it leaves alone. A challenge becomes a game; from there on the player plays it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from enum import StrEnum
from typing import Protocol

import structlog

from executor.chain.requests import Flags
from executor.chain.transactions import SETTLED, DuplicateError, Outgoing
from executor.chain.wallet import log_of
from executor.disputes.games import Posted
from executor.disputes.seat import Seat
from executor.journal import Schema
from executor.program.commitments import keccak256


class Verdict(StrEnum):
    """What the watcher found of a result."""

    AGREED = "agreed"
    WAITING = "waiting"  # for its input
    PASSED = "passed over"  # not drawn, or not to be judged here
    WRONG = "wrong"  # to be challenged
    CHALLENGED = "challenged"


SCHEMA = Schema(
    "watcher",
    (
        (
            """CREATE TABLE checks (
                id BLOB NOT NULL,
                attempt INTEGER NOT NULL,
                output BLOB NOT NULL,      -- that was checked
                verdict TEXT NOT NULL,
                transaction_id INTEGER,    -- of its challenge
                tries INTEGER NOT NULL DEFAULT 0,
                wait_until INTEGER NOT NULL DEFAULT 0,
                note TEXT NOT NULL DEFAULT '',
                PRIMARY KEY (id, attempt))""",
            "CREATE INDEX checks_by_verdict ON checks (verdict)",
            "CREATE TABLE draw (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), secret BLOB NOT NULL)",
        ),
    ),
)

# The instants at which a crash is tested to be harmless.
CRASH_POINTS = ("disputes.checked", "disputes.challenging", "disputes.challenged")
AT_ONCE = 16  # results that are re-executed at a time
LOOK_AGAIN = 2  # seconds of chain time between looks at an input that is being fetched
RETRY, LONGEST_RETRY = 2, 60  # seconds of chain time before a failed challenge is tried again; doubles

log = structlog.get_logger("executor")


class Executes(Protocol):
    """What a watcher needs of a backend."""

    def submit(self, root: bytes, inputs: Sequence[bytes]) -> Future[list[bytes]]:
        """Run the program with this root on each input."""


class Watcher:
    """Checks the results that others posted.

    share: of the results, 0 to 1. latency: seconds to leave before a window's end. done: called from the
    backend's threads.
    """

    def __init__(
        self,
        seat: Seat,
        backend: Executes,
        *,
        share: float = 1.0,
        latency: float = 0.0,
        done: Callable[[], None] = lambda: None,
    ) -> None:
        self._disputes = seat.disputes
        self._endpoint = seat.endpoint
        self._journal = seat.journal
        self._outbox = seat.outbox
        self._games = seat.games
        self._account = seat.account
        self._programs = seat.programs
        self._inputs = seat.inputs
        self._backend = backend
        self._share = share
        self._latency = latency
        self._done = done
        self._running: dict[tuple[bytes, int], tuple[Posted, Future[list[bytes]]]] = {}

    def step(self, now: int) -> None:
        """Check what was posted and challenge what is wrong, at chain time `now`. Raises RpcError."""
        self._collect()
        self._check(now)
        self._outcomes(now)
        self._challenge(now)

    @property
    def busy(self) -> bool:
        """Whether a result is being re-executed."""
        return bool(self._running)

    # Checking

    def _check(self, now: int) -> None:
        """Hand results to the backend, and pass over those that are not to be judged."""
        for posted in self._unchecked(now):
            if len(self._running) >= AT_ONCE:
                return
            name = posted.id, posted.attempt
            if name in self._running:
                continue
            if reason := self._leaves(posted, now):
                self._note(posted, Verdict.PASSED, reason)
                continue
            data = self._inputs.find(posted.asked.input)
            if data is None:
                self._note(posted, Verdict.WAITING, "its input is being fetched", now + LOOK_AGAIN)
                continue
            future = self._backend.submit(posted.root, [data])
            self._running[name] = posted, future
            future.add_done_callback(lambda _: self._done())

    def _unchecked(self, now: int) -> list[Posted]:
        rows = self._journal.rows(
            """SELECT id, attempt FROM results WHERE ended IS NULL AND NOT EXISTS (
                SELECT 1 FROM checks WHERE checks.id = results.id AND checks.attempt = results.attempt
                    AND checks.output = results.output AND (verdict != ? OR wait_until > ?))
                ORDER BY block LIMIT ?""",
            *(Verdict.WAITING, now, 4 * AT_ONCE),
        )
        return [found for row in rows if (found := self._games.posted(row["id"], row["attempt"]))]

    def _leaves(self, posted: Posted, now: int) -> str:
        """Why a result is not checked, or nothing."""
        program = self._programs.get(posted.root)
        if posted.work.executor == self._account:
            return "its own"
        if program is None:
            return "its program is not held"
        if posted.asked.request.flags & Flags.UNWATCHABLE:
            return "its input is kept elsewhere"
        if program.input_size != posted.asked.terms.input_size:
            return "its version takes inputs of another size than its program"
        if now + self._latency >= posted.ends:
            failure = self._inputs.failure(posted.asked.input)
            return f"its window is over{f', and {failure.why}' if failure else ''}"
        return "" if self._is_drawn(posted) else "not drawn"

    def _is_drawn(self, posted: Posted) -> bool:
        """Nobody can tell beforehand who does not know the secret; the same result always draws the same."""
        drawn = keccak256(self._secret() + posted.id + posted.attempt.to_bytes(32, "big"))
        return int.from_bytes(drawn, "big") < self._share * 2**256

    def _secret(self) -> bytes:
        row = self._journal.row("SELECT secret FROM draw")
        if row is None:
            with self._journal.transaction():
                self._journal.write("INSERT INTO draw VALUES (1, ?)", secrets.token_bytes(32))
            return self._secret()
        return bytes(row["secret"])

    def _collect(self) -> None:
        """Compare what the backend has computed."""
        for name, (posted, future) in list(self._running.items()):
            if not future.done():
                continue
            del self._running[name]
            if (error := future.exception()) is not None:
                log.error("a result cannot be checked", id="0x" + posted.id.hex(), error=repr(error))
                self._note(posted, Verdict.PASSED, repr(error))
            elif future.result() == [posted.output]:
                self._note(posted, Verdict.AGREED)
            else:
                log.warning("a wrong result", id="0x" + posted.id.hex(), executor=posted.work.executor)
                self._note(posted, Verdict.WRONG)
            self._journal.crash_point("disputes.checked")

    # Challenging

    def _challenge(self, now: int) -> None:
        where = "verdict = ? AND transaction_id IS NULL AND wait_until <= ?"
        rows = self._journal.rows(f"SELECT * FROM checks WHERE {where}", Verdict.WRONG, now)  # noqa: S608
        for row in rows:
            posted = self._games.posted(row["id"], row["attempt"])
            if posted is None or posted.output != row["output"]:
                continue  # reorganised away; it may come again
            if self._games.has_challenged(self._account, posted.id, posted.attempt):
                self._note(posted, Verdict.CHALLENGED)
            elif now >= posted.ends:
                log.error("a wrong result's window is over", id="0x" + posted.id.hex(), why=row["note"])
                self._note(posted, Verdict.PASSED, "its window is over")
            else:
                self._open(posted, now)

    def _open(self, posted: Posted, now: int) -> None:
        deposit = posted.asked.terms.deposit
        if self._disputes.capacity(self._endpoint, self._account) < deposit:
            log.error("stake too small to challenge", id="0x" + posted.id.hex(), deposit=deposit)
            self._wait(posted, None, now, "stake too small")
            return
        challenges = self._disputes.contracts.challenges
        data = challenges.encode("challenge", posted.result, posted.asked.came, posted.output)
        with self._journal.transaction():
            try:
                name = f"challenge 0x{posted.id.hex()} attempt {posted.attempt}"
                number = self._outbox.enqueue(name, challenges.address, data)
            except DuplicateError:  # after a reorganisation it may still be on its way
                self._set(posted, None, now, "on its way already")
                return
            self._set(posted, number, now, "")
            self._journal.crash_point("disputes.challenging")
        self._journal.crash_point("disputes.challenged")
        log.info("challenging", id="0x" + posted.id.hex(), executor=posted.work.executor)

    def _outcomes(self, now: int) -> None:
        """Free what waits for a challenge that has failed, or that the logs will show."""
        for row in self._journal.rows("SELECT * FROM checks WHERE transaction_id IS NOT NULL"):
            posted = self._games.posted(row["id"], row["attempt"])
            outgoing = self._outbox.get(row["transaction_id"])
            if posted is None or outgoing.state not in SETTLED:
                continue
            if outgoing.succeeded and not self._games.has_challenged(self._account, *row[:2]):
                self._read_receipt(outgoing)
            self._wait(posted, None, now, outgoing.note)

    def _read_receipt(self, outgoing: Outgoing) -> None:
        """What a challenge did, whose log an endpoint may have left out: it is not sent twice for that."""
        assert outgoing.hash is not None
        receipt = self._endpoint.read("eth_getTransactionReceipt", "0x" + outgoing.hash.hex())
        if receipt is not None:
            with self._journal.transaction():
                self._games.note(map(log_of, receipt["logs"]))

    # The rows of checks

    def _note(self, posted: Posted, verdict: Verdict, note: str = "", wait_until: int = 0) -> None:
        with self._journal.transaction():
            self._journal.write(
                "INSERT OR REPLACE INTO checks (id, attempt, output, verdict, note, wait_until)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                *(posted.id, posted.attempt, posted.output, verdict, note, wait_until),
            )

    def _wait(self, posted: Posted, number: int | None, now: int, note: str) -> None:
        with self._journal.transaction():
            self._set(posted, number, now, note)

    def _set(self, posted: Posted, number: int | None, now: int, note: str) -> None:
        self._journal.write(
            """UPDATE checks SET transaction_id = ?, note = ?, tries = tries + 1,
                wait_until = ? + min(?, ? << min(tries, 8)) WHERE id = ? AND attempt = ?""",
            *(number, note, now, LONGEST_RETRY, RETRY, posted.id, posted.attempt),
        )
