"""The rows of outgoing transactions: what each wants, where it stands, and every form in which it was signed.

An intent is one row for its whole life. Its attempts, which differ in fees only, share its nonce, so at
most one of them can ever be mined. `TRANSITIONS` is the whole state machine.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from executor.chain.fees import Fees
from executor.journal import Journal, Schema


class State(StrEnum):
    QUEUED = "queued"  # wanted; nothing was signed
    CANCELLED = "cancelled"  # no longer wanted before it was signed
    REFUSED = "refused"  # its simulation failed; nothing was ever sent
    REHEARSED = "rehearsed"  # simulated without a key; nothing was ever sent
    SIGNED = "signed"  # has a nonce and signed bytes; they may have reached the chain
    SENT = "sent"  # an endpoint took the bytes
    MINED = "mined"  # in a block that a reorganisation may still undo
    CONFIRMED = "confirmed"  # succeeded, deep enough
    REVERTED = "reverted"  # failed on the chain, deep enough


TRANSITIONS: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.CANCELLED, State.REFUSED, State.REHEARSED, State.SIGNED}),
    State.CANCELLED: frozenset(),
    State.REFUSED: frozenset(),
    State.REHEARSED: frozenset(),
    # back to the queue only when an operator has adopted a nonce that somebody else used
    State.SIGNED: frozenset({State.SENT, State.MINED, State.QUEUED}),
    State.SENT: frozenset({State.MINED, State.QUEUED}),
    # back to sent when a reorganisation undoes its block, however deep
    State.MINED: frozenset({State.SENT, State.CONFIRMED, State.REVERTED}),
    State.CONFIRMED: frozenset({State.SENT}),
    State.REVERTED: frozenset({State.SENT}),
}

IN_FLIGHT = (State.SIGNED, State.SENT, State.MINED)  # hold a nonce and are watched
LIVE = (State.QUEUED, *IN_FLIGHT)  # a purpose has at most one of these
SETTLED = tuple(state for state in State if state not in LIVE)  # nothing more happens by itself


def _quoted(states: Iterable[State]) -> str:
    return ", ".join(f"'{state}'" for state in states)


SCHEMA = Schema(
    "outbox",
    (
        (
            f"""CREATE TABLE transactions (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                purpose TEXT NOT NULL,
                recipient TEXT NOT NULL,
                data BLOB NOT NULL,
                value TEXT NOT NULL,      -- wei; beyond SQLite's integers
                least_gas INTEGER NOT NULL,
                after INTEGER REFERENCES transactions (id),
                state TEXT NOT NULL CHECK (state IN ({_quoted(State)})),
                note TEXT NOT NULL DEFAULT '',
                nonce INTEGER UNIQUE,
                gas INTEGER,              -- the limit that is signed
                hash BLOB,                -- of the attempt that was mined
                block_number INTEGER,
                block_hash BLOB,
                succeeded INTEGER,
                gas_used INTEGER,
                gas_price INTEGER)""",
            "CREATE INDEX transactions_by_state ON transactions (state)",
            f"""CREATE UNIQUE INDEX one_live_transaction_per_purpose ON transactions (purpose)
                WHERE state IN ({_quoted(LIVE)})""",
            """CREATE TABLE attempts (
                number INTEGER PRIMARY KEY AUTOINCREMENT,
                transaction_id INTEGER NOT NULL REFERENCES transactions (id),
                hash BLOB NOT NULL UNIQUE,
                raw BLOB NOT NULL,
                max_fee INTEGER NOT NULL,
                tip INTEGER NOT NULL,
                head INTEGER NOT NULL,    -- the chain's newest block when it was signed or offered
                offered INTEGER NOT NULL DEFAULT 0)""",
            "CREATE INDEX attempts_by_transaction ON attempts (transaction_id)",
            "CREATE TABLE nonces (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), next INTEGER NOT NULL)",
        ),
        (
            # unix time, by the own clock
            "ALTER TABLE transactions ADD COLUMN wanted INTEGER NOT NULL DEFAULT 0",
            # the newest block when it was last found to have to wait: others go first
            "ALTER TABLE transactions ADD COLUMN looked INTEGER NOT NULL DEFAULT 0",
        ),
    ),
)


class DuplicateError(Exception):
    """A transaction for the same purpose is still on its way."""


class TransitionError(Exception):
    """A transaction was about to take a step that the table of transitions does not have."""


@dataclass(frozen=True)
class Outgoing:
    """A transaction that this account wants or made. value, gas_price: wei. hash, block_hash: 32 bytes.

    note: why it was refused, waits or failed. hash to gas_price: of the attempt in the chain, or None.
    wanted: unix time. looked: the newest block when it was last found to have to wait.
    """

    id: int
    purpose: str
    to: str
    data: bytes
    value: int
    least_gas: int
    after: int | None
    state: State
    note: str
    nonce: int | None
    gas: int | None
    hash: bytes | None
    block_number: int | None
    block_hash: bytes | None
    succeeded: bool | None
    gas_used: int | None
    gas_price: int | None
    wanted: int
    looked: int


@dataclass(frozen=True)
class Attempt:
    """One signed form. head: the newest block when it was signed or offered. offered: it was answered."""

    hash: bytes
    raw: bytes
    fees: Fees
    head: int
    offered: bool


class Transactions:
    """The outbox's tables, typed. Methods that write need an open journal transaction."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.changed: list[int] = []  # ids whose state or note changed, until somebody takes them

    def add(self, purpose: str, to: str, data: bytes, value: int, least_gas: int, after: int | None) -> int:
        columns = (purpose, to, data, str(value), least_gas, after, State.QUEUED, int(time.time()))
        try:
            cursor = self._journal.write(
                "INSERT INTO transactions (purpose, recipient, data, value, least_gas, after, state, wanted)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                *columns,
            )
        except sqlite3.IntegrityError as error:
            if "transactions.purpose" not in str(error):
                raise
            raise DuplicateError(f"outbox: {purpose!r} is already on its way") from None
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def get(self, number: int) -> Outgoing:
        row = self._journal.row("SELECT * FROM transactions WHERE id = ?", number)
        if row is None:
            raise KeyError(f"outbox: there is no transaction {number}")
        return _outgoing(row)

    def queued(self, limit: int) -> list[Outgoing]:
        """Intents in the order in which they were wanted, but those that had to wait behind all others."""
        rows = self._journal.rows(
            "SELECT * FROM transactions WHERE state = ? ORDER BY looked, id LIMIT ?", State.QUEUED, limit
        )
        return [_outgoing(row) for row in rows]

    def in_flight(self) -> list[Outgoing]:
        """All that are watched, by nonce."""
        rows = self._journal.rows(
            f"SELECT * FROM transactions WHERE state IN ({_quoted(IN_FLIGHT)}) ORDER BY nonce"  # noqa: S608
        )
        return [_outgoing(row) for row in rows]

    def finished_from(self, nonce: int) -> list[Outgoing]:
        """Those that count as finished although their nonce is `nonce` or above."""
        rows = self._journal.rows("SELECT * FROM transactions WHERE nonce >= ? ORDER BY nonce", nonce)
        found = [_outgoing(row) for row in rows]
        return [outgoing for outgoing in found if outgoing.state in (State.CONFIRMED, State.REVERTED)]

    def move(self, outgoing: Outgoing, state: State, **columns: Any) -> None:
        """Take one step of the state machine, setting other columns with it."""
        if state not in TRANSITIONS[outgoing.state]:
            raise TransitionError(f"outbox: {outgoing.id} cannot go from {outgoing.state} to {state}")
        self.set(outgoing, state=state, **columns)

    def set(self, outgoing: Outgoing, **columns: Any) -> None:
        if all(getattr(outgoing, name) == value for name, value in columns.items()):
            return
        names = ", ".join(f"{name} = ?" for name in columns)
        self._journal.write(
            f"UPDATE transactions SET {names} WHERE id = ?",  # noqa: S608
            *columns.values(),
            outgoing.id,
        )
        if outgoing.id not in self.changed:
            self.changed.append(outgoing.id)

    def wait(self, outgoing: Outgoing, head: int, note: str = "") -> None:
        """Leave it in the queue, behind those that may go. head: the newest block."""
        if note:
            self.set(outgoing, note=note)
        self._journal.write("UPDATE transactions SET looked = ? WHERE id = ?", head, outgoing.id)

    def forget(self, block: int, wanted: int) -> None:
        """Drop what was settled in blocks before `block`, and what was wanted before unix time `wanted` and
        never reached one.

        What a row of any table names in its column `transaction_id` is kept, and what others were to follow.
        """
        tables = self._journal.rows(
            "SELECT tables.name FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns"
            " WHERE tables.type = 'table' AND tables.name != 'attempts' AND columns.name = 'transaction_id'"
        )
        named = [f"SELECT transaction_id FROM {row['name']}" for row in tables]  # noqa: S608
        kept = " UNION ".join(["SELECT after AS transaction_id FROM transactions", *named])
        old = (
            f"SELECT id FROM transactions WHERE state IN ({_quoted(SETTLED)})"  # noqa: S608
            " AND CASE WHEN block_number IS NULL THEN wanted < ? ELSE block_number < ? END"
            f" AND id NOT IN (SELECT * FROM ({kept}) WHERE transaction_id IS NOT NULL)"
        )
        for table, column in (("attempts", "transaction_id"), ("transactions", "id")):
            self._journal.write(f"DELETE FROM {table} WHERE {column} IN ({old})", wanted, block)  # noqa: S608

    def attempts(self, outgoing: Outgoing) -> list[Attempt]:
        """Every signed form, oldest first."""
        rows = self._journal.rows(
            "SELECT * FROM attempts WHERE transaction_id = ? ORDER BY number", outgoing.id
        )
        return [_attempt(row) for row in rows]

    def add_attempt(self, outgoing: Outgoing, digest: bytes, raw: bytes, fees: Fees, head: int) -> None:
        self._journal.write(
            "INSERT INTO attempts (transaction_id, hash, raw, max_fee, tip, head) VALUES (?, ?, ?, ?, ?, ?)",
            *(outgoing.id, digest, raw, fees.max_fee, fees.tip, head),
        )

    def mark_offered(self, attempt: Attempt, head: int) -> None:
        self._journal.write("UPDATE attempts SET offered = 1, head = ? WHERE hash = ?", head, attempt.hash)

    def offer_again(self, outgoing: Outgoing) -> None:
        self._journal.write("UPDATE attempts SET offered = 0 WHERE transaction_id = ?", outgoing.id)

    def requeue(self, outgoing: Outgoing) -> None:
        """Forget the nonce and every signed form of a transaction whose nonce somebody else used."""
        self._journal.write("DELETE FROM attempts WHERE transaction_id = ?", outgoing.id)
        self.move(outgoing, State.QUEUED, nonce=None, gas=None)

    def next_nonce(self) -> int | None:
        """The nonce that the next signature takes; None before the account was first looked at."""
        row = self._journal.row("SELECT next FROM nonces")
        return None if row is None else int(row["next"])

    def set_next_nonce(self, nonce: int) -> None:
        self._journal.write("INSERT OR REPLACE INTO nonces VALUES (1, ?)", nonce)


def _attempt(row: sqlite3.Row) -> Attempt:
    fees = Fees(row["max_fee"], row["tip"])
    return Attempt(row["hash"], row["raw"], fees, row["head"], bool(row["offered"]))


def _outgoing(row: sqlite3.Row) -> Outgoing:
    columns = dict(row)
    columns["to"] = columns.pop("recipient")
    columns["value"] = int(columns["value"])
    columns["state"] = State(columns["state"])
    columns["succeeded"] = None if columns["succeeded"] is None else bool(columns["succeeded"])
    return Outgoing(**columns)
