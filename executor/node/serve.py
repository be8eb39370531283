"""Decide and claim, for signed orders: what is worth opening now, and the transactions that open it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from executor.chain.contracts import CallRevertedError, ask
from executor.chain.orders import MAX_ORDERS
from executor.chain.rpc import RefusedError, quantity
from executor.chain.terms import Frozen
from executor.node.batches import FIXED_GAS, ORDER_GAS, cut
from executor.node.claim import Room
from executor.node.desk import Desk, log
from executor.node.orders import OrderRow, OrderState
from executor.node.policy import LOOK_AGAIN, Conditions, Leave, Policy, Take, Verdict, Wait, weigh_order

RESOLVE_GAS = 150_000  # what the contract gives a model, and the cost of asking
LIFETIME = 3_600  # seconds after which an order that still cannot be claimed makes room for others


@dataclass(frozen=True)
class Chosen:
    """An order to claim, and the key of the terms it was weighed by: under others it shall be skipped."""

    row: OrderRow
    terms: bytes


def decide_orders(desk: Desk, policy: Policy, free: Room, seconds: dict[bytes, float]) -> list[Chosen]:
    """The orders to claim now, in the order in which they came; the verdict on the others is noted."""
    rows = desk.orders.ready(desk.now)
    if not rows:
        return []
    gas_price = quantity(desk.endpoint.read("eth_gasPrice"))
    chosen: list[Chosen] = []
    stake = free.stake
    for row in rows:
        if len(chosen) >= free.jobs:
            break
        verdict, terms = _weigh(desk, row, policy, gas_price, seconds)
        bond = row.signed.order.offer.bond
        if isinstance(verdict, Take) and bond > stake:
            verdict = Wait(desk.now + LOOK_AGAIN, "stake too small")
        if isinstance(verdict, Take):
            chosen.append(Chosen(row, terms))
            stake -= bond
            continue
        with desk.journal.transaction():
            if isinstance(verdict, Wait):
                desk.orders.set(row, wait_until=verdict.until, note=verdict.why)
            else:
                desk.orders.step(row, OrderState.DROPPED, note=verdict.why)
                log.info("order dropped", digest="0x" + row.digest.hex(), why=verdict.why)
    return chosen


def claim_orders(desk: Desk, chosen: Sequence[Chosen]) -> None:
    """Want the transactions that open and claim these orders."""
    contract = desk.contracts.orders
    for batch in cut(chosen, MAX_ORDERS, gas=_gas, size=_size, tries=lambda item: item.row.tries):
        signed = [item.row.signed for item in batch]
        data = contract.encode(
            "claim",
            [item.order for item in signed],
            [item.terms for item in batch],
            [len(item.input) | len(item.signature) << 32 for item in signed],
            b"".join(item.input for item in signed),
            b"".join(item.signature for item in signed),
        )
        first = batch[0].row
        purpose = f"claim {len(batch)} orders from 0x{first.digest.hex()} ({first.tries + 1})"
        with desk.journal.transaction():
            gas = FIXED_GAS + sum(_gas(item) for item in batch)
            number = desk.outbox.enqueue(purpose, contract.address, data, least_gas=gas)
            for item in batch:
                row, state = item.row, OrderState.CLAIMING
                desk.orders.step(row, state, transaction_id=number, tries=row.tries + 1, note="")
            desk.journal.crash_point("node.ordering")
        log.info("claiming orders", orders=len(batch))


def _weigh(
    desk: Desk, row: OrderRow, policy: Policy, gas_price: int, seconds: dict[bytes, float]
) -> tuple[Verdict, bytes]:
    """The chain says whether it can still be claimed, and under which terms; the policy, whether to."""
    order, now = row.signed.order, desk.now
    if now > min(order.expiry, row.received + LIFETIME):
        return Leave("expired"), b""
    spent, balance, version = _chain(desk, row)
    if spent:
        return Leave("its nonce is spent"), b""
    if version is None:
        return Wait(now + LOOK_AGAIN, "its model does not answer"), b""
    (key,) = ask(desk.endpoint, [desk.contracts.market.query("terms_of", order.model, version)])
    if not any(key):
        why = "its version has no frozen terms yet: anybody may call Market.freeze"
        return Wait(now + LOOK_AGAIN, why), b""
    terms = _frozen(desk, key)
    program = desk.catalogue.get(terms.program_root)
    if program is None:
        return Leave("no program for it is held here"), b""
    if len(row.signed.input) > min(program.input_size, terms.input_size):
        return Leave("its input is too long"), b""
    price = order.price(now)
    if balance < price:
        return Wait(now + LOOK_AGAIN, "its signer's balance is too small"), b""
    conditions = Conditions(now, gas_price, seconds[terms.program_root])
    return weigh_order(order.offer, price, terms, program.output_size, policy, conditions), key


def _chain(desk: Desk, row: OrderRow) -> tuple[bool, int, int | None]:
    """Whether the nonce is spent, the signer's balance, and the version that would answer."""
    order = row.signed.order
    market, orders = desk.contracts.market, desk.contracts.orders
    reads: list[Any] = [
        orders.query("nonces", order.requester, order.nonce >> 8),
        market.query("balance_of", order.offer.asset, order.requester),
        market.query("counter"),
    ]
    word, balance, counter = ask(desk.endpoint, reads)
    question = (order.offer.version, order.requester, counter, order.input)
    resolve = desk.contracts.model(order.model).query("resolve", *question, gas=RESOLVE_GAS)
    try:
        (version,) = ask(desk.endpoint, [resolve])
    except (CallRevertedError, RefusedError):  # endpoints word a stranger's failures in many ways
        version = None
    return bool(word >> (order.nonce & 255) & 1), balance, version


def _frozen(desk: Desk, key: bytes) -> Frozen:
    known = desk.jobs.terms(key)
    if known is None:
        known = desk.contracts.frozen(desk.endpoint, key)
        with desk.journal.transaction():
            desk.jobs.keep_terms(key, known)
    return known


def _gas(item: Chosen) -> int:
    return ORDER_GAS + 40 * _size(item)


def _size(item: Chosen) -> int:
    return max(len(item.row.signed.input), len(item.row.signed.signature))
