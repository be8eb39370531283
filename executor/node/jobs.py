"""The rows of jobs: one for every request that this executor has a program for.

A row holds what the logs said (request, input, result), what the slot said when it was last read, and how
far the executor got by itself (state, output, transaction). `lifecycle` says which states follow each other.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from executor.chain.requests import Request, Result, Slot
from executor.chain.terms import Frozen
from executor.journal import Journal, Schema
from executor.node.lifecycle import ENDED, Seen, State, check_step, enter
from executor.program.commitments import u256


def _quoted(states: Iterable[State]) -> str:
    return ", ".join(f"'{state}'" for state in states)


SCHEMA = Schema(
    "jobs",
    (
        (
            f"""CREATE TABLE jobs (
                id BLOB PRIMARY KEY,
                request BLOB NOT NULL,    -- the seven words
                input BLOB NOT NULL,
                state TEXT NOT NULL CHECK (state IN ({_quoted(State)})),
                changed INTEGER NOT NULL, -- block of the newest log about it
                slot BLOB,                -- as last read; NULL: to be read
                recheck INTEGER,          -- chain time at which its phase may change by itself
                work BLOB,                -- of the newest result in the logs
                output_hash BLOB,
                output BLOB,              -- what this executor computed
                price TEXT,               -- paid for it, in the fee asset; beyond SQLite's integers
                transaction_id INTEGER,   -- of the outbox, whose outcome it waits for
                tries INTEGER NOT NULL DEFAULT 0,
                wait_until INTEGER NOT NULL DEFAULT 0, -- chain time before which nothing is tried
                note TEXT NOT NULL DEFAULT '')""",
            "CREATE INDEX jobs_by_state ON jobs (state, wait_until)",
            "CREATE INDEX jobs_to_read ON jobs (id) WHERE slot IS NULL",
            """CREATE TABLE terms (
                key BLOB PRIMARY KEY, scope BLOB NOT NULL, program_root BLOB NOT NULL, arbiter BLOB NOT NULL,
                hook TEXT NOT NULL, penalties BLOB NOT NULL, deposits BLOB NOT NULL)""",
        ),
    ),
)


@dataclass(frozen=True)
class Job:
    """One row. Times are chain time in unix seconds; see the columns above."""

    id: bytes
    request: Request
    input: bytes
    state: State
    changed: int
    slot: Slot | None
    result: Result | None
    output: bytes | None
    price: int | None
    transaction: int | None
    tries: int
    wait_until: int
    note: str


class Jobs:
    """The table, typed. Methods that write need an open journal transaction."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    # What the logs say

    def add(self, identifier: bytes, request: Request, data: bytes, block: int) -> None:
        """A request was opened. Seen again after a reorganisation, it goes on where it was."""
        self._journal.write(
            "INSERT INTO jobs (id, request, input, state, changed) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET changed = excluded.changed, slot = NULL",
            *(identifier, request.packed(), data, State.OPEN, block),
        )

    def touch(self, identifier: bytes, block: int) -> bool:
        """A log of this block is about this request: its slot has to be read. False if it is no job.

        A result that waits for its end is looked at again: a game may have ended.
        """
        cursor = self._journal.write(
            "UPDATE jobs SET slot = NULL, changed = ?,"
            " wait_until = CASE state WHEN 'posted' THEN 0 ELSE wait_until END WHERE id = ?",
            *(block, identifier),
        )
        return cursor.rowcount > 0

    def set_result(self, identifier: bytes, work: int, output_hash: bytes, ours: bytes | None) -> None:
        """A result was posted. ours: its output, if this executor posted it."""
        self._journal.write(
            "UPDATE jobs SET work = ?, output_hash = ?, output = coalesce(?, output) WHERE id = ?",
            *(u256(work), output_hash, ours, identifier),
        )

    def set_price(self, identifier: bytes, price: int) -> None:
        self._journal.write("UPDATE jobs SET price = ? WHERE id = ?", str(price), identifier)

    def roll_back(self, first: int) -> int:
        """Blocks from `first` on are undone: what they said is to be read again. Returns how many jobs."""
        return self._journal.write("UPDATE jobs SET slot = NULL WHERE changed >= ?", first).rowcount

    def read_all_again(self) -> None:
        """After a restart nothing is believed that the chain does not confirm."""
        self._journal.write(f"UPDATE jobs SET slot = NULL WHERE state NOT IN ({_quoted(ENDED)})")  # noqa: S608

    # What the slot says

    def to_read(self, now: int, after: bytes, limit: int) -> list[Job]:
        """Jobs whose slot changed, or whose phase may end by itself now: those with ids above `after`."""
        where = "(slot IS NULL OR recheck <= ?) AND id > ? ORDER BY id LIMIT ?"
        return self._select(where, now, after, limit)

    def see(self, job: Job, slot: Slot, seen: Seen, recheck: int | None) -> State:
        """Put a job into the phase in which the chain has it."""
        state = enter(job.state, seen)
        self._journal.write(
            "UPDATE jobs SET slot = ?, recheck = ?, state = ? WHERE id = ?",
            *(u256(slot.word), recheck, state, job.id),
        )
        if state is not job.state:
            self._journal.write(
                "UPDATE jobs SET transaction_id = NULL, tries = 0, wait_until = 0, note = '' WHERE id = ?",
                job.id,
            )
        return state

    # What the executor does

    def step(self, job: Job, state: State, **columns: Any) -> None:
        """Take one step of the lifecycle, setting other columns with it."""
        check_step(job.state, state)
        self.set(job, state=state, **columns)

    def set(self, job: Job, **columns: Any) -> None:
        names = ", ".join(f"{name} = ?" for name in columns)
        self._journal.write(f"UPDATE jobs SET {names} WHERE id = ?", *columns.values(), job.id)  # noqa: S608

    def get(self, identifier: bytes) -> Job | None:
        found = self._select("id = ?", identifier)
        return found[0] if found else None

    def ready(self, state: State, now: int, limit: int = 1_000) -> list[Job]:
        """Jobs in a state with which something can be done at chain time `now`, longest due first, so that
        those that have to wait again and again hide nobody.

        A job whose slot has to be read is left out: first the chain is asked.
        """
        where = "state = ? AND wait_until <= ? AND slot IS NOT NULL ORDER BY wait_until, rowid LIMIT ?"
        return self._select(where, state, now, limit)

    def waiting(self) -> list[Job]:
        """Jobs that wait for a transaction. The slot of one without is still ahead of the logs."""
        return self._select("transaction_id IS NOT NULL")

    def in_states(self, states: Sequence[State]) -> list[Job]:
        return self._select(f"state IN ({_quoted(states)}) ORDER BY rowid")

    def answered_since(self, block: int) -> list[Job]:
        """Jobs with a final answer about which there was a log in this block or later."""
        return self._select(
            f"changed >= ? AND work IS NOT NULL AND state IN ({_quoted((State.FINAL, State.CLOSED))})", block
        )

    def newest(self, limit: int) -> list[Job]:
        return self._select("1 ORDER BY rowid DESC LIMIT ?", limit)

    def counts(self) -> dict[State, int]:
        """How many jobs are in each state."""
        rows = self._journal.rows("SELECT state, count(*) AS number FROM jobs GROUP BY state")
        return {State(row["state"]): row["number"] for row in rows}

    def forget(self, before: int) -> None:
        """Drop others' ended jobs, and the bytes of own ones, that no reorganisation can reach any more."""
        self._journal.write(
            f"DELETE FROM jobs WHERE changed < ? AND state IN ({_quoted((State.GONE, State.CLOSED))})",  # noqa: S608
            before,
        )
        self._journal.write(
            "UPDATE jobs SET input = x'' WHERE changed < ? AND state = ? AND input != x''",
            *(before, State.FINAL),
        )

    # Terms

    def terms(self, key: bytes) -> Frozen | None:
        """The frozen terms under a key, if they were met before. They never change."""
        row = self._journal.row("SELECT * FROM terms WHERE key = ?", key)
        if row is None:
            return None
        number = int.from_bytes
        return Frozen(
            number(row["scope"], "big"),
            row["program_root"],
            number(row["arbiter"], "big"),
            row["hook"],
            number(row["penalties"], "big"),
            number(row["deposits"], "big"),
        )

    def keep_terms(self, key: bytes, frozen: Frozen) -> None:
        self._journal.write(
            "INSERT OR IGNORE INTO terms VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(key, u256(frozen.scope), frozen.program_root, u256(frozen.arbiter_word), frozen.hook),
            *(u256(frozen.penalties), u256(frozen.deposits)),
        )

    def _select(self, where: str, *values: Any) -> list[Job]:
        return [_job(row) for row in self._journal.rows(f"SELECT * FROM jobs WHERE {where}", *values)]  # noqa: S608


def _job(row: sqlite3.Row) -> Job:
    request = Request.unpack(row["request"])
    result = None
    if row["work"] is not None:
        result = Result(request, int.from_bytes(row["work"], "big"), row["output_hash"])
    return Job(
        id=row["id"],
        request=request,
        input=row["input"],
        state=State(row["state"]),
        changed=row["changed"],
        slot=None if row["slot"] is None else Slot(int.from_bytes(row["slot"], "big")),
        result=result,
        output=row["output"],
        price=None if row["price"] is None else int(row["price"]),
        transaction=row["transaction_id"],
        tries=row["tries"],
        wait_until=row["wait_until"],
        note=row["note"],
    )
