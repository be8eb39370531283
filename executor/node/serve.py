"""Decide and claim, for signed orders: what is worth opening now, and the transactions that open it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from executor.chain.contracts import Contract, ask, ask_each
from executor.chain.fetch import Named
from executor.chain.orders import MAX_ORDERS, recover
from executor.chain.requests import ELSEWHERE, LIVE, NOBODY, Flags
from executor.chain.rpc import quantity
from executor.chain.terms import Frozen
from executor.chain.transactions import DuplicateError
from executor.node.batches import FIXED_GAS, ORDER_GAS, cut
from executor.node.claim import room, with_input
from executor.node.desk import Desk, log
from executor.node.orders import OrderRow, OrderState
from executor.node.policy import LOOK_AGAIN, Conditions, Leave, Policy, Take, Verdict, Wait, weigh_order

SIGNATURE_GAS = 100_000  # what the contract gives a signer that is a contract
RESOLVE_GAS = 100_000  # and a model
HOOK_GAS = 200_000  # and a version's input hook
ASKING_GAS = 50_000  # for asking a model from outside
REVOKED = b"\xff" * 32  # the Market's key of a revoked version's terms
LIFETIME = 3_600  # seconds after which an order that still cannot be claimed makes room for others


@dataclass(frozen=True)
class Chosen:
    """An order to claim, and the key of the terms it was weighed by: under others it shall be skipped."""

    row: OrderRow
    terms: bytes


@dataclass(frozen=True)
class Prospect:
    """An order and what the chain says about it.

    spent: its nonce. balance: its signer's, in the fee asset. registered: whether its model is the Registry's
    and so no stranger's code. sealed: size of its uploaded input, 0 if there is none. version: which would
    answer now; None if the model does not say. drawn: in another block another may. key, terms: what a
    request to that version is frozen to; None if nothing is.
    """

    row: OrderRow
    spent: bool
    balance: int
    registered: bool
    sealed: int
    version: int | None = None
    drawn: bool = False
    key: bytes = b""
    terms: Frozen | None = None


def decide_orders(
    desk: Desk, policy: Policy, most_jobs: int, seconds: dict[bytes, float], latency: float = 0.0
) -> list[Chosen]:
    """The orders to claim now, those first that have waited longest; the verdict on the others is noted.

    For the arguments see `claim.decide`.
    """
    rows = list(_drop_expired(desk, desk.orders.ready(desk.now)))
    free = room(desk, most_jobs, seconds, latency) if rows else None
    if free is None or free.jobs <= 0:
        return []
    gas_price = quantity(desk.endpoint.read("eth_gasPrice"))
    chosen: list[Chosen] = []
    stake, ahead = free.stake, free.ahead + policy.margin
    for prospect in _look(desk, rows):
        if len(chosen) >= free.jobs:
            break
        row, offer = prospect.row, prospect.row.signed.order.offer
        verdict = _weigh(desk, prospect, policy, gas_price, seconds)
        own = seconds[prospect.terms.program_root] if isinstance(verdict, Take) and prospect.terms else 0.0
        if isinstance(verdict, Take) and offer.bond > stake:
            verdict = Wait(desk.now + LOOK_AGAIN, "stake too small")
        elif isinstance(verdict, Take) and ahead + own > offer.result_seconds:
            verdict = Wait(desk.now + LOOK_AGAIN, "no time for it now")
        if isinstance(verdict, Take):
            chosen.append(Chosen(row, prospect.key))
            stake -= offer.bond
            ahead += own - latency
        elif isinstance(verdict, Wait):
            _wait(desk, row, verdict)
        else:
            _drop(desk, row, verdict.why)
    return chosen


def claim_orders(desk: Desk, chosen: Sequence[Chosen]) -> None:
    """Want the transactions that open and claim these orders."""
    for batch in cut(chosen, MAX_ORDERS, gas=_gas, size=_size, tries=lambda item: item.row.tries):
        with desk.journal.transaction():
            _want(desk, batch)
            desk.journal.crash_point("node.ordering")
        log.info("claiming orders", orders=len(batch))


def _want(desk: Desk, batch: Sequence[Chosen]) -> None:
    contract = desk.contracts.orders
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
    gas = FIXED_GAS + sum(_gas(item) for item in batch)
    try:
        number = desk.outbox.enqueue(purpose, contract.address, data, least_gas=gas)
    except DuplicateError as error:  # an order that was forgotten and handed in again
        for item in batch:
            desk.orders.set(item.row, wait_until=desk.pause(1), note=str(error))
        return
    for item in batch:
        columns = {"transaction_id": number, "tries": item.row.tries + 1, "note": ""}
        desk.orders.step(item.row, OrderState.CLAIMING, **columns)


def _drop_expired(desk: Desk, rows: Sequence[OrderRow]) -> Iterator[OrderRow]:
    """Those that can still be claimed by their time."""
    for row in rows:
        if desk.now > min(row.signed.order.expiry, row.received + LIFETIME):
            _drop(desk, row, "expired")
        else:
            yield row


def _drop(desk: Desk, row: OrderRow, why: str) -> None:
    with desk.journal.transaction():
        desk.orders.step(row, OrderState.DROPPED, note=why)
    log.info("order dropped", digest="0x" + row.digest.hex(), why=why)


def _wait(desk: Desk, row: OrderRow, verdict: Wait) -> None:
    """Look again, the later the longer the order has waited: many that nobody can claim cost few looks."""
    until = verdict.until
    if until > desk.now:
        until = max(until, desk.now + (desk.now - row.received) // 4)
    with desk.journal.transaction():
        desk.orders.set(row, wait_until=until, note=verdict.why)


def _weigh(
    desk: Desk, prospect: Prospect, policy: Policy, gas_price: int, seconds: dict[bytes, float]
) -> Verdict:
    """The chain says whether it can still be claimed, and under which terms; the policy, whether to."""
    signed, terms, again = prospect.row.signed, prospect.terms, desk.now + LOOK_AGAIN
    order = signed.order
    if prospect.spent:
        return Leave("its nonce is spent")
    if prospect.key == REVOKED:
        return Leave("its version is revoked")
    if prospect.version is None:
        return Wait(again, "its model does not answer")
    if terms is None:
        return Wait(again, "its version has no frozen terms yet: anybody may call Market.freeze")
    program = desk.catalogue.get(terms.program_root)
    if program is None and prospect.drawn:
        return Wait(again, "drawn to a version whose program is not held here")
    if program is None:
        return Leave("no program for it is held here")
    if not order.offer.flags & ELSEWHERE and len(signed.input) > min(program.input_size, terms.input_size):
        return Leave("its input is too long")
    if order.offer.flags & Flags.UPLOADED and prospect.sealed != terms.input_size:
        return Wait(again, "its input is not uploaded yet")
    price = order.price(desk.now)
    if prospect.balance < price:
        return Wait(again, "its signer's balance is too small")
    conditions = Conditions(desk.now, gas_price, seconds[terms.program_root])
    strangers = _strangers_gas(desk, prospect, terms)
    verdict = weigh_order(order.offer, price, terms, program.output_size, policy, conditions, strangers)
    named = Named(Flags(order.offer.flags), order.input, signed.input, terms.input_size)
    return with_input(desk, named, verdict)


def _strangers_gas(desk: Desk, prospect: Prospect, terms: Frozen) -> int:
    """What code of strangers can take while the order is opened, however it behaved when it was asked."""
    signed = prospect.row.signed
    digest = signed.order.digest(desk.contracts.chain_id, desk.contracts.orders.address)
    signs = 0 if recover(digest, signed.signature) == signed.order.requester else SIGNATURE_GAS
    resolves = 0 if prospect.registered else RESOLVE_GAS
    hook = 0 if terms.hook == NOBODY else HOOK_GAS
    return signs + resolves + hook


# What the chain says: a fixed number of exchanges, however many orders are looked at


def _look(desk: Desk, rows: Sequence[OrderRow]) -> list[Prospect]:
    market, orders = desk.contracts.market, desk.contracts.orders
    registry = Contract("Registry", desk.contracts.deployment.address("Registry"))
    asked = [row.signed.order for row in rows]
    counter, *answers = ask(
        desk.endpoint,
        [
            market.query("counter"),
            *[orders.query("nonces", order.requester, order.nonce >> 8) for order in asked],
            *[market.query("balance_of", order.offer.asset, order.requester) for order in asked],
            *[registry.query("number_of", order.model) for order in asked],
            *[desk.contracts.inputs.query("sealed_size", order.input) for order in asked],
        ],
    )
    words, balances, numbers, sealed = (
        answers[at : at + len(rows)] for at in range(0, len(answers), len(rows))
    )
    versions, candidates = _versions(desk, rows, counter)
    keys = _keys(desk, rows, versions)
    terms = _frozen(desk, keys)
    return [
        Prospect(
            row=row,
            spent=bool(words[at] >> (row.signed.order.nonce & 255) & 1),
            balance=balances[at],
            registered=numbers[at] != 0,
            sealed=sealed[at],
            version=versions[at],
            drawn=bool(candidates[at]) and row.signed.order.offer.version == LIVE,
            key=keys[at],
            terms=terms.get(keys[at]),
        )
        for at, row in enumerate(rows)
    ]


def _versions(
    desk: Desk, rows: Sequence[OrderRow], counter: int
) -> tuple[list[int | None], list[int | None]]:
    """The version that each order's model answers with, and the candidate that others are drawn to, if any.

    Endpoints word a stranger's failures in many ways.
    """
    answering, candidates = [], []
    for order in (row.signed.order for row in rows):
        question = (order.offer.version, order.requester, counter, order.input)
        model = desk.contracts.model(order.model)
        answering.append(model.query("resolve", *question, gas=RESOLVE_GAS + ASKING_GAS))
        candidates.append(model.query("candidate", gas=ASKING_GAS))
    answers = ask_each(desk.endpoint, [*answering, *candidates])
    return answers[: len(rows)], answers[len(rows) :]


def _keys(desk: Desk, rows: Sequence[OrderRow], versions: Sequence[int | None]) -> list[bytes]:
    """The key of the terms of each order's version, empty if there is none. A pinned one needs no answer."""
    queries = []
    for row, version in zip(rows, versions, strict=True):
        order = row.signed.order
        number = order.offer.version if version is None else version
        queries.append(desk.contracts.market.query("terms_of", order.model, number))
    return [key if any(key) else b"" for key in ask(desk.endpoint, queries)]


def _frozen(desk: Desk, keys: Sequence[bytes]) -> dict[bytes, Frozen]:
    """The terms under these keys."""
    found = {key: desk.jobs.terms(key) for key in keys if key}
    unknown = [key for key, terms in found.items() if terms is None]
    if unknown:
        answers = ask(desk.endpoint, [desk.contracts.market.query("frozen_terms", key) for key in unknown])
        with desk.journal.transaction():
            for key, words in zip(unknown, answers, strict=True):
                found[key] = Frozen(*words)
                desk.jobs.keep_terms(key, Frozen(*words))
    return {key: terms for key, terms in found.items() if terms is not None and terms.exists}


def _gas(item: Chosen) -> int:
    return ORDER_GAS + 40 * _size(item)


def _size(item: Chosen) -> int:
    return max(len(item.row.signed.input), len(item.row.signed.signature))
