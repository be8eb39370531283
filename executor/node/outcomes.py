"""Outcomes: what became of the transactions that jobs wait for.

A transaction that did what it was sent for shows in the slot, and the job has already left the state in which
it waited. Where it has not, the transaction's own receipt is asked, for an endpoint can leave a log out. A
job that still waits although its transaction is settled was skipped, or the transaction failed: it takes its
step back and tries again a little later.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from executor.chain.transactions import SETTLED, Outgoing, State
from executor.chain.wallet import log_of
from executor.node.desk import Desk, log
from executor.node.docket import Docket
from executor.node.follow import note_logs
from executor.node.jobs import Job
from executor.node.lifecycle import BACK
from executor.node.lifecycle import State as JobState
from executor.node.orders import OrderRow, OrderState

DRY_PAUSE = 10**9  # seconds: in a dry run, saying once what would be sent is enough
STALE = 60  # seconds after which a claim that could not be signed is decided upon anew


def send(desk: Desk) -> None:
    """Bring every transaction as far as it gets now."""
    if desk.outbox.idle():
        return
    for outgoing in desk.outbox.step():
        if outgoing.note:
            log.info("transaction", purpose=outgoing.purpose, state=str(outgoing.state), note=outgoing.note)


def outcomes(desk: Desk, docket: Docket | None = None) -> None:
    """Take back what transactions did not achieve, and claims that nothing was done about for too long."""
    jobs, orders = desk.jobs.waiting(), desk.orders.waiting()
    numbers = {job.transaction for job in jobs} | {row.transaction for row in orders}
    outgoings = {number: desk.outbox.get(number) for number in numbers if number is not None}
    over = [outgoing for outgoing in outgoings.values() if _is_over(outgoing, desk.head.number)]
    told = _read_receipts(desk, docket, over)
    undone = {outgoing.id for outgoing in over} - told
    desk.explained &= outgoings.keys()
    with desk.journal.transaction():
        for job in jobs:
            assert job.transaction is not None
            outgoing = outgoings[job.transaction]
            if outgoing.id in undone and job.slot is not None:
                _back(desk, job, outgoing)
            elif job.state is JobState.CLAIMING:
                _cancel_if_stale(desk, outgoing)
        for row in orders:
            assert row.transaction is not None
            outgoing = outgoings[row.transaction]
            if outgoing.id in undone:
                _order_back(desk, row, outgoing)
            else:
                _cancel_if_stale(desk, outgoing)


def _is_over(outgoing: Outgoing, followed: int) -> bool:
    """Whether nothing more comes of a transaction that the logs followed so far do not show yet."""
    if outgoing.block_number is not None:
        return outgoing.block_number <= followed
    return outgoing.state in SETTLED


def _read_receipts(desk: Desk, docket: Docket | None, outgoings: Iterable[Outgoing]) -> set[int]:
    """Note the logs in receipts that were not asked yet; which transactions' they were.

    Their jobs are to be looked at once more before anything is concluded.
    """
    unread = [
        outgoing
        for outgoing in outgoings
        if outgoing.succeeded and outgoing.hash is not None and outgoing.id not in desk.explained
    ]
    if not unread:
        return set()
    calls = [("eth_getTransactionReceipt", ["0x" + o.hash.hex()]) for o in unread if o.hash is not None]
    receipts = desk.endpoint.read_many(calls)
    note_logs(
        desk,
        docket,
        [log_of(entry) for receipt in receipts if isinstance(receipt, dict) for entry in receipt["logs"]],
    )
    told = {outgoing.id for outgoing in unread}
    desk.explained |= told
    return told


def _cancel_if_stale(desk: Desk, outgoing: Outgoing) -> None:
    """What was worth claiming a minute ago, at other prices of gas, may not be so now."""
    if outgoing.state is State.QUEUED and time.time() - outgoing.wanted > STALE:
        desk.outbox.cancel(outgoing.id)


def _back(desk: Desk, job: Job, outgoing: Outgoing) -> None:
    if job.state not in BACK:
        return
    until = desk.now + DRY_PAUSE if outgoing.state is State.REHEARSED else desk.pause(job.tries)
    note = outgoing.note or "skipped: see the log of the transaction"
    # Without its slot the job is looked at before anything else is tried: the chain may know better.
    desk.jobs.step(job, BACK[job.state], transaction_id=None, wait_until=until, note=note, slot=None)
    log.info("not done", id="0x" + job.id.hex(), was=str(job.state), why=note)


def _order_back(desk: Desk, row: OrderRow, outgoing: Outgoing) -> None:
    until = desk.now + DRY_PAUSE if outgoing.state is State.REHEARSED else desk.pause(row.tries)
    note = outgoing.note or row.note
    desk.orders.step(row, OrderState.RECEIVED, transaction_id=None, wait_until=until, note=note)
    log.info("order not claimed", digest="0x" + row.digest.hex(), why=note)
