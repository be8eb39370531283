"""Post: durable outputs go to the chain, in time or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from executor.node.batches import FIXED_GAS, MAX_BATCH, cut, post_gas
from executor.node.desk import Desk, log
from executor.node.jobs import Job
from executor.node.lifecycle import State


def post(desk: Desk) -> None:
    """Want the transactions that post what is computed.

    Results of one batch have one length; those that call nobody go by their ids, which is cheaper.
    """
    jobs = [job for job in desk.jobs.ready(State.COMPUTED, desk.now) if _in_time(desk, job)]
    for _, alike in groupby(sorted(jobs, key=_kind), key=_kind):
        for batch in cut(alike, MAX_BATCH, gas=_gas, size=lambda job: len(_output(job)), tries=_tries):
            with desk.journal.transaction():
                gas = FIXED_GAS + sum(_gas(job) for job in batch)
                data = _calldata(desk, batch)
                desk.send(desk.contracts.market.address, data, batch, State.POSTING, "post", gas)
                desk.journal.crash_point("node.posting")
            log.info("posting", jobs=len(batch))
    if jobs:
        desk.journal.crash_point("node.posted")


def _calldata(desk: Desk, batch: Sequence[Job]) -> bytes:
    outputs = b"".join(_output(job) for job in batch)
    if _kind(batch[0])[0]:
        return desk.contracts.market.encode("post", [job.request for job in batch], outputs)
    return desk.contracts.market.encode("post_ids", [job.id for job in batch], outputs)


def _kind(job: Job) -> tuple[bool, int]:
    """What the results of a batch have in common."""
    assert job.slot is not None
    return job.slot.attended, len(_output(job))


def _in_time(desk: Desk, job: Job) -> bool:
    assert job.slot is not None
    left = job.slot.deadline - desk.now
    if left <= 0:
        log.warning("too late to post", id="0x" + job.id.hex(), seconds=-left)
    return left > 0


def _gas(job: Job) -> int:
    return post_gas(job.request, len(_output(job)))


def _tries(job: Job) -> int:
    return job.tries


def _output(job: Job) -> bytes:
    assert job.output is not None
    return job.output
