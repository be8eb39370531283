"""Turns: what this account is doing about its games, each a row until the logs show that it is done.

A row becomes durable together with the transaction that it waits for. One whose transaction failed, or
changed nothing, is free again after a pause that doubles.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import astuple, dataclass
from enum import StrEnum
from typing import Any

from executor.chain.outbox import Outbox
from executor.chain.transactions import SETTLED, DuplicateError, Outgoing, State
from executor.journal import Journal, Schema

RETRY, LONGEST_RETRY = 2, 60  # seconds of chain time before a failed turn is tried again; doubles in between


class What(StrEnum):
    """What a turn is about."""

    ANSWER = "answer"  # a move
    TIMEOUT = "timeout"  # to claim that the other side was silent
    SETTLE = "settle"  # to be paid


@dataclass(frozen=True)
class Turn:
    """Something to do about a game. key: of its case. game: 0 where it serves all games at the cursor."""

    key: bytes
    game: int
    what: What
    cursor: bytes = b""


SCHEMA = Schema(
    "turns",
    (
        (
            """CREATE TABLE turns (
                key BLOB NOT NULL,
                game INTEGER NOT NULL,
                what TEXT NOT NULL,
                cursor BLOB NOT NULL,
                transaction_id INTEGER,
                tries INTEGER NOT NULL DEFAULT 0,
                wait_until INTEGER NOT NULL DEFAULT 0, -- chain time before which nothing is tried
                note TEXT NOT NULL DEFAULT '',
                PRIMARY KEY (key, game, what, cursor))""",
        ),
    ),
)

_IS = "key = ? AND game = ? AND what = ? AND cursor = ?"


class Turns:
    """The table, typed."""

    def __init__(self, journal: Journal, outbox: Outbox) -> None:
        self._journal = journal
        self._outbox = outbox

    def is_free(self, turn: Turn, now: int) -> bool:
        """Whether nothing is under way for it, and no pause keeps it."""
        row = self._row(turn)
        return row is None or (row["transaction_id"] is None and row["wait_until"] <= now)

    def under_way(self) -> int:
        """How many wait for a transaction."""
        (row,) = self._journal.rows("SELECT count(*) AS number FROM turns WHERE transaction_id IS NOT NULL")
        return int(row["number"])

    def send(
        self, turn: Turn, purpose: str, to: str, data: bytes, now: int, least_gas: int, crash_point: str
    ) -> None:
        """Want the transaction that does it."""
        with self._journal.transaction():
            try:
                number = self._outbox.enqueue(purpose, to, data, least_gas=least_gas)
            except DuplicateError:  # after a reorganisation it may still be on its way
                self._write(turn, None, now, "on its way already")
            else:
                self._write(turn, number, now, "")
            self._journal.crash_point(crash_point)

    def rest(self, turn: Turn, now: int, note: str, seconds: int = 0) -> None:
        """Try it later; without seconds, the longer the more often it was tried."""
        with self._journal.transaction():
            self._write(turn, None, now, note, seconds)

    def tidy(self, needed: Set[Turn], now: int) -> list[tuple[Turn, Outgoing]]:
        """Drop what is needed no more; free and return those whose transaction ended and achieved nothing."""
        freed = []
        with self._journal.transaction():
            for row in self._journal.rows("SELECT * FROM turns"):
                turn = Turn(row["key"], row["game"], What(row["what"]), row["cursor"])
                if turn not in needed:
                    self._journal.write(f"DELETE FROM turns WHERE {_IS}", *astuple(turn))  # noqa: S608
                elif row["transaction_id"] is not None:
                    outgoing = self._outbox.get(row["transaction_id"])
                    if outgoing.state in SETTLED:
                        idle = outgoing.state in (State.CONFIRMED, State.REHEARSED)
                        self._write(turn, None, now, outgoing.note, LONGEST_RETRY if idle else 0)
                        freed.append((turn, outgoing))
        return freed

    def _row(self, turn: Turn) -> Any:
        return self._journal.row(f"SELECT * FROM turns WHERE {_IS}", *astuple(turn))  # noqa: S608

    def _write(self, turn: Turn, number: int | None, now: int, note: str, seconds: int = 0) -> None:
        row = self._row(turn)
        tries = (row["tries"] if row else 0) + 1
        pause = seconds or min(LONGEST_RETRY, RETRY << min(tries, 8))
        self._journal.write(
            "INSERT OR REPLACE INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(*astuple(turn), number, tries, now + pause, note),
        )
