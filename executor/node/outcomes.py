"""Outcomes: what became of the transactions that jobs wait for.

A transaction that did what it was sent for shows in the slot, and the job has already left the state in which
it waited. A job that still waits although its transaction is settled was skipped, or the transaction failed:
it takes its step back and tries again a little later.
"""

from __future__ import annotations

from executor.chain.transactions import SETTLED, Outgoing, State
from executor.node.desk import Desk, log
from executor.node.jobs import Job
from executor.node.lifecycle import BACK
from executor.node.orders import OrderState

DRY_PAUSE = 10**9  # seconds: in a dry run, saying once what would be sent is enough


def send(desk: Desk) -> None:
    """Bring every transaction as far as it gets now."""
    if desk.outbox.idle():
        return
    for outgoing in desk.outbox.step():
        if outgoing.note:
            log.info("transaction", purpose=outgoing.purpose, state=str(outgoing.state), note=outgoing.note)


def outcomes(desk: Desk) -> None:
    """Take back what transactions did not achieve."""
    with desk.journal.transaction():
        for job in desk.jobs.waiting():
            assert job.transaction is not None
            outgoing = desk.outbox.get(job.transaction)
            if _is_over(outgoing, desk.head.number):
                _back(desk, job, outgoing)
        for row in desk.orders.waiting():
            assert row.transaction is not None
            outgoing = desk.outbox.get(row.transaction)
            if _is_over(outgoing, desk.head.number):
                until = desk.now + DRY_PAUSE if outgoing.state is State.REHEARSED else desk.pause(row.tries)
                note = outgoing.note or row.note
                desk.orders.step(row, OrderState.RECEIVED, transaction_id=None, wait_until=until, note=note)
                log.info("order not claimed", digest="0x" + row.digest.hex(), why=note)


def _is_over(outgoing: Outgoing, followed: int) -> bool:
    """Whether nothing more comes of a transaction that the logs followed so far do not show yet."""
    if outgoing.block_number is not None:
        return outgoing.block_number <= followed
    return outgoing.state in SETTLED


def _back(desk: Desk, job: Job, outgoing: Outgoing) -> None:
    if job.state not in BACK:
        return
    until = desk.now + DRY_PAUSE if outgoing.state is State.REHEARSED else desk.pause(job.tries)
    note = outgoing.note or "skipped: see the log of the transaction"
    desk.jobs.step(job, BACK[job.state], transaction_id=None, wait_until=until, note=note)
    log.info("not done", id="0x" + job.id.hex(), was=str(job.state), why=note)
