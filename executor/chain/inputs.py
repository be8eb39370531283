"""The bytes behind requests: those that came along, and those that were uploaded, which are read from the
chain once, by threads beside the loop, and kept in the journal.

It is a cache: what is kept was verified against the root that names it, and what is not is fetched again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from executor.chain.contracts import Contracts
from executor.chain.fetch import InputMissingError, Named, fetch, patience
from executor.chain.requests import ELSEWHERE
from executor.chain.rpc import Endpoint, RpcError
from executor.journal import Journal, Schema

SCHEMA = Schema(
    "inputs",
    (("CREATE TABLE inputs (root BLOB NOT NULL UNIQUE, data BLOB NOT NULL)",),),
)

AT_ONCE = 4  # inputs fetched at a time, one of them always for what is owed
KEPT = 256 << 20  # bytes
PATIENCE, OWED_PATIENCE = 60.0, 600.0  # seconds of searching the logs
RETRY, LONGEST_RETRY = 2.0, 60.0  # seconds before a failed search is begun again; doubles in between
MOST_FAILURES, FORGIVEN = 1_000, 600.0  # remembered, and for so many seconds

log = structlog.get_logger("executor")


@dataclass(frozen=True)
class Failure:
    """Why an input is not here yet. tries: in a row. until: by the monotonic clock."""

    why: str
    tries: int
    until: float


class Inputs:
    """Finds inputs. Belongs to the journal's thread; done: called from others when something was found."""

    def __init__(
        self,
        endpoint: Endpoint,
        contracts: Contracts,
        journal: Journal,
        done: Callable[[], None] = lambda: None,
    ) -> None:
        self._endpoint = endpoint
        self._contracts = contracts
        self._journal = journal
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="input")
        self._fetching: dict[bytes, Future[bytes]] = {}
        self._failures: dict[bytes, Failure] = {}
        self._closed = False
        self.done = done

    def find(self, named: Named, *, owed: bool = False) -> bytes | None:
        """The bytes, zeros at their end aside; None while they are not here, and from now on fetched.

        owed: a bond depends on it.
        """
        if not named.flags & ELSEWHERE:
            return named.came
        if not self.has(named, owed=owed):
            return None
        row = self._journal.row("SELECT data FROM inputs WHERE root = ?", named.reference)
        return None if row is None else bytes(row["data"])

    def has(self, named: Named, *, owed: bool = False) -> bool:
        """Whether `find` would return them; if not, they are fetched from now on."""
        if not named.flags & ELSEWHERE:
            return True
        here = self._journal.row("SELECT 1 FROM inputs WHERE root = ?", named.reference) is not None
        if not here:
            self._begin(named, owed)
        return here

    def failure(self, named: Named) -> Failure | None:
        """What kept an input from being found so far, unless that is long ago."""
        failure = self._failures.get(named.reference)
        if failure is not None and time.monotonic() >= failure.until + FORGIVEN:
            del self._failures[named.reference]
            return None
        return failure

    def keep(self, root: bytes, data: bytes) -> None:
        """Keep verified bytes, and drop the oldest if there are too many. Inside a journal transaction."""
        self._journal.write("INSERT OR IGNORE INTO inputs VALUES (?, ?)", root, data)
        self._journal.write(
            "DELETE FROM inputs WHERE root IN (SELECT root FROM (SELECT root, sum(length(data))"
            " OVER (ORDER BY rowid DESC) AS newer FROM inputs) WHERE newer > ?) AND root != ?",
            *(KEPT, root),
        )

    def collect(self) -> None:
        """Keep what has been fetched."""
        for root, future in [(root, future) for root, future in self._fetching.items() if future.done()]:
            del self._fetching[root]
            error = future.exception()
            if error is None:
                self._failures.pop(root, None)
                with self._journal.transaction():
                    self.keep(root, future.result())
                    self._journal.crash_point("inputs.keeping")
                log.info("input fetched", root="0x" + root.hex(), bytes=len(future.result()))
            else:
                self._fail(root, error)

    @property
    def busy(self) -> bool:
        """Whether an input is being fetched."""
        return bool(self._fetching)

    def close(self) -> None:
        """Fetch nothing more."""
        self._closed = True
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _begin(self, named: Named, owed: bool) -> None:
        root, failure = named.reference, self._failures.get(named.reference)
        if root in self._fetching or len(self._fetching) >= AT_ONCE - (not owed):
            return
        if failure is not None and time.monotonic() < failure.until:
            return
        patient = patience(OWED_PATIENCE if owed else PATIENCE)

        def go_on() -> bool:
            return patient() and not self._closed

        future = self._threads.submit(fetch, self._endpoint, self._contracts, named, go_on)
        self._fetching[root] = future
        future.add_done_callback(lambda _: self.done())

    def _fail(self, root: bytes, error: BaseException) -> None:
        """Remember why, and try again later: endpoints lag, and leave logs out."""
        before = self._failures.pop(root, None)
        tries = before.tries + 1 if before else 1
        known = isinstance(error, (InputMissingError, RpcError))
        why = str(error) if known else repr(error)
        pause = min(LONGEST_RETRY, RETRY * 2 ** min(tries - 1, 8))
        while len(self._failures) >= MOST_FAILURES:
            self._failures.pop(next(iter(self._failures)))
        self._failures[root] = Failure(why, tries, time.monotonic() + pause)
        log.warning("an input cannot be fetched", root="0x" + root.hex(), why=why, tries=tries)
