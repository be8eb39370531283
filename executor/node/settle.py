"""Settle: results whose window is over become final, and claims that ran out are opened again."""

from __future__ import annotations

from itertools import groupby

from executor.chain.requests import Flags, Result, Work
from executor.node.batches import FIXED_GAS, MAX_BATCH, cut, finalize_gas
from executor.node.desk import Desk, log
from executor.node.jobs import Job
from executor.node.lifecycle import State

EXPIRE_GAS = 200_000


def settle(desk: Desk) -> None:
    """Want the transactions that end what can be ended."""
    _finalize(desk)
    _expire(desk)


def _finalize(desk: Desk) -> None:
    """Outputs of one batch have one length, none where no consumer is called. What one executor earns on one
    model in one asset is written once: neighbours in a batch share it."""
    market = desk.contracts.market
    jobs = [job for job in desk.jobs.ready(State.POSTED, desk.head.time) if _is_over(desk, job)]
    jobs.sort(key=lambda job: (_length(job), job.request.model, job.request.asset))
    for _, alike in groupby(jobs, key=_length):
        for batch in cut(alike, MAX_BATCH, gas=_gas, size=_length):
            outputs = b"".join(_delivered(job) for job in batch)
            data = market.encode("finalize", [_result(job) for job in batch], outputs)
            with desk.journal.transaction():
                gas = FIXED_GAS + sum(_gas(job) for job in batch)
                desk.send(market.address, data, batch, State.FINALIZING, "finalize", gas)
                desk.journal.crash_point("node.finalizing")
            log.info("finalizing", jobs=len(batch))
    if jobs:
        desk.journal.crash_point("node.settled")


def _expire(desk: Desk) -> None:
    """A late claim of others keeps a request from being earned, and one of ours keeps the bond locked."""
    market = desk.contracts.market
    for job in desk.jobs.ready(State.OVERDUE, desk.head.time):
        with desk.journal.transaction():
            data = market.encode("expire", job.request)
            desk.send(market.address, data, [job], State.EXPIRING, "expire", EXPIRE_GAS)


def _is_over(desk: Desk, job: Job) -> bool:
    """Whether the window has passed, by the time of a block, and nobody has a game open."""
    assert job.slot is not None
    terms = desk.jobs.terms(job.request.terms)
    assert terms is not None
    posted_at = Work.of(_result(job).work).posted_at
    return job.slot.games == 0 and desk.head.time >= posted_at + terms.window


def _result(job: Job) -> Result:
    assert job.result is not None
    return job.result


def _delivered(job: Job) -> bytes:
    """The output, where the consumer is called with it."""
    if not job.request.flags & Flags.AT_FINAL:
        return b""
    assert job.output is not None
    return job.output


def _length(job: Job) -> int:
    return len(_delivered(job))


def _gas(job: Job) -> int:
    return finalize_gas(job.request, _length(job))
