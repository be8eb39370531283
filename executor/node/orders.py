"""The rows of signed orders that were handed to this executor, until they are requests on the chain.

An accepted order is durable before its sender hears so. Claiming it opens it: the `Opened` log names the
request, which from then on is a job like any other.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from executor.chain.orders import MAX_ORDERS, SignedOrder
from executor.chain.requests import Request
from executor.journal import Journal, Schema


class OrderState(StrEnum):
    RECEIVED = "received"  # to be decided upon
    CLAIMING = "claiming"  # a transaction that opens and claims it is on its way
    OPENED = "opened"  # a request on the chain, this executor's or another's
    DROPPED = "dropped"  # it can never be claimed


TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    OrderState.RECEIVED: frozenset({OrderState.CLAIMING, OrderState.OPENED, OrderState.DROPPED}),
    OrderState.CLAIMING: frozenset({OrderState.RECEIVED, OrderState.OPENED, OrderState.DROPPED}),
    OrderState.OPENED: frozenset({OrderState.RECEIVED, OrderState.CLAIMING}),  # its block was taken back
    OrderState.DROPPED: frozenset(),
}

SCHEMA = Schema(
    "orders",
    (
        (
            f"""CREATE TABLE orders (
                digest BLOB PRIMARY KEY,
                signed TEXT NOT NULL,     -- as it was received
                requester TEXT NOT NULL,
                received INTEGER NOT NULL, -- chain time
                state TEXT NOT NULL CHECK (state IN ({", ".join(f"'{state}'" for state in OrderState)})),
                request BLOB,             -- id of the request it became
                block INTEGER,            -- in which it was opened
                transaction_id INTEGER,
                tries INTEGER NOT NULL DEFAULT 0,
                wait_until INTEGER NOT NULL DEFAULT 0,
                note TEXT NOT NULL DEFAULT '')""",
            "CREATE INDEX orders_by_state ON orders (state)",
        ),
    ),
)


@dataclass(frozen=True)
class OrderRow:
    """One order. request: 32 bytes once it is opened. received, wait_until: chain time."""

    digest: bytes
    signed: SignedOrder
    received: int
    state: OrderState
    request: bytes | None
    transaction: int | None
    tries: int
    wait_until: int
    note: str


class OrderStepError(Exception):
    """A step that the table of transitions does not have."""


class Orders:
    """The table, typed. Methods that write need an open journal transaction."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def add(self, digest: bytes, signed: SignedOrder, now: int) -> bool:
        """Remember an order; False if it is known already."""
        text = json.dumps(signed.to_json(), separators=(",", ":"))
        row = (digest, text, signed.order.requester, now, OrderState.RECEIVED)
        cursor = self._journal.write(
            "INSERT OR IGNORE INTO orders (digest, signed, requester, received, state)"
            " VALUES (?, ?, ?, ?, ?)",
            *row,
        )
        return cursor.rowcount > 0

    def forget(self, keep: int) -> None:
        """Drop all but the newest `keep` orders that are opened or dropped."""
        self._journal.write(
            "DELETE FROM orders WHERE rowid IN (SELECT rowid FROM orders WHERE state IN ('opened', 'dropped')"
            " ORDER BY rowid DESC LIMIT -1 OFFSET ?)",
            keep,
        )

    def get(self, digest: bytes) -> OrderRow | None:
        found = self._select("digest = ?", digest)
        return found[0] if found else None

    def ready(self, now: int, limit: int = MAX_ORDERS) -> list[OrderRow]:
        """Orders to be decided upon at chain time `now`, longest due first: new ones before all others."""
        where = "state = 'received' AND wait_until <= ? ORDER BY wait_until, rowid LIMIT ?"
        return self._select(where, now, limit)

    def waiting(self) -> list[OrderRow]:
        """Orders whose transaction is on its way."""
        return self._select("state = 'claiming'")

    def live(self, requester: str | None = None) -> int:
        """How many are not opened or dropped yet, of all or of one requester."""
        rows = self._journal.rows(
            "SELECT count(*) AS number FROM orders WHERE state IN ('received', 'claiming')"
            " AND (? IS NULL OR requester = ?)",
            *(requester, requester),
        )
        return int(rows[0]["number"])

    def step(self, row: OrderRow, state: OrderState, **columns: Any) -> None:
        if state not in TRANSITIONS[row.state]:
            raise OrderStepError(f"orders: an order cannot go from {row.state} to {state}")
        self.set(row, state=state, **columns)

    def set(self, row: OrderRow, **columns: Any) -> None:
        names = ", ".join(f"{name} = ?" for name in columns)
        self._journal.write(
            f"UPDATE orders SET {names} WHERE digest = ?",  # noqa: S608
            *columns.values(),
            row.digest,
        )

    # What the logs say

    def found(self, identifier: bytes, request: Request, block: int) -> None:
        """A request was opened: if it is what an order asked for, the order has become it."""
        if request.ramp or request.min_price != request.max_price:
            return  # an order's price is fixed when it is opened
        rows = self._select(
            "state IN ('claiming', 'received') AND requester = ? ORDER BY state, rowid", request.requester
        )
        for row in rows:
            if _is_of(request, row.signed):
                self.step(row, OrderState.OPENED, request=identifier, block=block, note="")
                return

    def skipped(self, digest: bytes, reason: str) -> None:
        """The chain skipped it in a batch."""
        if (row := self.get(digest)) and row.state is OrderState.CLAIMING:
            self.set(row, note=reason)

    def roll_back(self, first: int) -> None:
        """Blocks from `first` on are undone: what they opened is on its way again."""
        self._journal.write(
            "UPDATE orders SET state = CASE WHEN transaction_id IS NULL THEN 'received' ELSE 'claiming' END,"
            " request = NULL, block = NULL WHERE state = 'opened' AND block >= ?",
            first,
        )

    def _select(self, where: str, *values: Any) -> list[OrderRow]:
        rows = self._journal.rows(f"SELECT * FROM orders WHERE {where}", *values)  # noqa: S608
        return [_row(row) for row in rows]


def _is_of(request: Request, signed: SignedOrder) -> bool:
    """Whether a request is what this order becomes. Equal orders of one requester stand in for each other."""
    order, offer = signed.order, signed.order.offer
    return (
        request.model == order.model
        and request.input == order.input
        and request.asset == offer.asset
        and request.bond == offer.bond
        and (request.consumer, request.callback_gas) == (offer.consumer, offer.callback_gas)
        and request.claim_seconds == offer.claim_seconds
        and request.result_seconds == offer.result_seconds
        and offer.min_price <= request.max_price <= offer.max_price
    )


def _row(row: sqlite3.Row) -> OrderRow:
    return OrderRow(
        digest=row["digest"],
        signed=SignedOrder.from_json(json.loads(row["signed"])),
        received=row["received"],
        state=OrderState(row["state"]),
        request=row["request"],
        transaction=row["transaction_id"],
        tries=row["tries"],
        wait_until=row["wait_until"],
        note=row["note"],
    )
