"""The executor's memory: one SQLite file in which everything that spends money is written before it is sent.

The chain is the truth; the journal makes a restart cheap and a double payment impossible. It knows nothing
of blocks, transactions or jobs: their owners declare their tables as a `Schema` and write them inside
`with journal.transaction():`, so that a job's new state, the transaction it wants sent and the cursor of the
chain it was decided upon become durable together or not at all.

One process owns a journal for as long as it runs. A lock file beside the database, held by the kernel, says
so even after SIGKILL; a second process gets a clear error instead of a second nonce owner.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

APPLICATION_ID = 0x456C656E  # "Elen", in the header of every journal
LAYOUT = 1  # of the journal's own two tables; schemas carry versions of their own

_LAYOUT_STATEMENTS = (
    """CREATE TABLE identity (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
        chain_id INTEGER NOT NULL, genesis BLOB NOT NULL, market TEXT NOT NULL, account TEXT NOT NULL)""",
    "CREATE TABLE schemas (name TEXT PRIMARY KEY, version INTEGER NOT NULL)",
)


class JournalError(Exception):
    """The journal cannot be used as asked; nothing was written."""


class JournalInUseError(JournalError):
    """Another live process owns this journal."""


class JournalMismatchError(JournalError):
    """The file belongs to another chain, market or account, to newer software, or is no journal at all."""


@dataclass(frozen=True)
class Identity:
    """Whose history a journal holds.

    genesis: hash of the chain's block 0, which tells a restarted development chain from its predecessor.
    market, account: checksummed addresses; account is the key's own address.
    """

    chain_id: int
    genesis: bytes
    market: str
    account: str


@dataclass(frozen=True)
class Schema:
    """The tables of one owner. `migrations[n]` holds the SQL statements that lead from version n to n + 1."""

    name: str
    migrations: tuple[tuple[str, ...], ...]


class Journal:
    """An open journal; made by `Journal.open` (the one writer) or `Journal.view` (any reader).

    It belongs to the thread that opened it.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: _ProcessLock | None) -> None:
        self.path = path
        self.crash_hook: Callable[[str], None] | None = None
        self._connection = connection
        self._lock = lock

    @classmethod
    def open(cls, path: Path, identity: Identity, schemas: Sequence[Schema]) -> Journal:
        """Own the journal at `path`, creating or migrating it first.

        Raises JournalInUseError if another process owns it, JournalMismatchError if it is not this
        identity's or is newer than `schemas`.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = _ProcessLock(path.with_name(path.name + ".lock"), owner_of=path)
        try:
            journal = cls(path, _connect(f"{path.absolute().as_uri()}?mode=rwc"), lock)
        except BaseException:
            lock.release()
            raise
        try:
            journal._migrate(identity, schemas)
        except BaseException:
            journal.close()
            raise
        return journal

    @classmethod
    def view(cls, path: Path) -> Journal:
        """Read a journal, also while an executor owns it. Every write through a view fails."""
        if not path.exists():
            raise JournalError(f"journal: there is no journal at {path}")
        journal = cls(path, _connect(f"{path.absolute().as_uri()}?mode=ro"), None)
        try:
            journal._refuse_foreign_file()
        except BaseException:
            journal.close()
            raise
        return journal

    def close(self) -> None:
        """Release the file and its lock. Harmless when repeated."""
        self._connection.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside become durable together when the block ends, or not at all if it raises."""
        if self.in_transaction():
            raise JournalError("journal: transactions do not nest")
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self.in_transaction():
                self._connection.execute("ROLLBACK")
            raise

    def write(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """Execute one statement of the open transaction. Outside of one it raises: no write stands alone."""
        if not self.in_transaction():
            raise JournalError("journal: a write needs a transaction around it")
        return self._connection.execute(sql, values)

    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._connection.in_transaction

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """All rows of a query; columns by name."""
        return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        first: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
        return first

    def identity(self) -> Identity:
        """Whose journal this is."""
        row = self.row("SELECT chain_id, genesis, market, account FROM identity")
        if row is None:
            raise JournalMismatchError(f"journal: {self.path} names no owner")
        return Identity(*row)

    def crash_point(self, label: str) -> None:
        """Mark an instant at which a crash must be harmless. Does nothing unless a test set `crash_hook`."""
        if self.crash_hook is not None:
            self.crash_hook(label)

    def _migrate(self, identity: Identity, schemas: Sequence[Schema]) -> None:
        empty = self._is_empty()
        if not empty:
            self._refuse_foreign_file()  # before anything in it is changed
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        if empty:
            with self.transaction():
                for statement in _LAYOUT_STATEMENTS:
                    self.write(statement)
                owner = (identity.chain_id, identity.genesis, identity.market, identity.account)
                self.write("INSERT INTO identity VALUES (1, ?, ?, ?, ?)", *owner)
                self.write(f"PRAGMA application_id = {APPLICATION_ID}")
                self.write(f"PRAGMA user_version = {LAYOUT}")
        self._refuse_other_identity(identity)
        held = {row["name"]: row["version"] for row in self.rows("SELECT name, version FROM schemas")}
        self._refuse_newer_schemas(held, schemas)
        with self.transaction():
            for schema in schemas:
                for statements in schema.migrations[held.get(schema.name, 0) :]:
                    for statement in statements:
                        self.write(statement)
                self.write(
                    "INSERT OR REPLACE INTO schemas VALUES (?, ?)", schema.name, len(schema.migrations)
                )

    def _is_empty(self) -> bool:
        try:
            return self.row("SELECT 1 FROM sqlite_master") is None
        except sqlite3.DatabaseError as error:
            raise JournalMismatchError(f"journal: {self.path} is no journal: {error}") from None

    def _refuse_foreign_file(self) -> None:
        application, layout = (
            self.rows(f"PRAGMA {name}")[0][0] for name in ("application_id", "user_version")
        )
        if application != APPLICATION_ID:
            raise JournalMismatchError(f"journal: {self.path} is no journal of an executor")
        if layout > LAYOUT:
            raise self._newer("layout", layout, LAYOUT)

    def _refuse_other_identity(self, identity: Identity) -> None:
        held = self.identity()
        for name in ("chain_id", "genesis", "market", "account"):
            if getattr(held, name) != getattr(identity, name):
                was, now = (_plain(getattr(owner, name)) for owner in (held, identity))
                raise JournalMismatchError(
                    f"journal: {self.path} belongs to another {name}: {was}, not {now}"
                )

    def _refuse_newer_schemas(self, held: dict[str, int], schemas: Sequence[Schema]) -> None:
        known = {schema.name: len(schema.migrations) for schema in schemas}
        for name, version in held.items():
            if version > known.get(name, 0):
                raise self._newer(name, version, known.get(name, 0))

    def _newer(self, name: str, held: int, known: int) -> JournalMismatchError:
        return JournalMismatchError(
            f"journal: {self.path} was written by newer software ({name} {held} > {known})"
        )


class _ProcessLock:
    """An exclusive lock that the kernel drops with its process, however the process ends."""

    def __init__(self, path: Path, owner_of: Path) -> None:
        self._descriptor: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(self._descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
            self.release()
            raise JournalInUseError(
                f"journal: another executor is using {owner_of} (process {owner})"
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)
        _held_locks.add(self)

    def release(self) -> None:
        _held_locks.discard(self)
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


# A forked worker inherits the descriptor and would keep a dead executor's lock alive: it drops its copy.
_held_locks: set[_ProcessLock] = set()


def _drop_inherited_locks() -> None:
    for lock in list(_held_locks):
        lock.release()


os.register_at_fork(after_in_child=_drop_inherited_locks)


def _connect(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=5.0)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _plain(value: object) -> object:
    return "0x" + value.hex() if isinstance(value, bytes) else value
