"""Settle: results whose window is over become final, and claims that ran out are opened again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby

from executor.chain.requests import Flags, Result, Work
from executor.chain.rpc import quantity
from executor.node.batches import FIXED_GAS, MAX_BATCH, cut, finalize_gas
from executor.node.desk import Desk, log
from executor.node.jobs import Job
from executor.node.lifecycle import State
from executor.node.policy import LOOK_AGAIN, Conditions, Policy, is_worth_opening

LEAST_EXPIRE_GAS = 200_000
# Gas of each kind of ending at a time: posts queue behind them in one line of nonces.
MOST_UNDER_WAY = 12_000_000
LONG = 10  # counts as so many failures: to look again after the longest pause


def settle(desk: Desk, policy: Policy, seconds: Mapping[bytes, float]) -> None:
    """Want the transactions that end what can be ended, the longest due first.

    However many could be ended, only so much is under way that a result still gets into the next blocks.
    seconds: to answer one input, by program root.
    """
    _finalize(desk)
    _expire(desk, policy, seconds)


def _finalize(desk: Desk) -> None:
    """Outputs of one batch have one length, none where no consumer is called. What one executor earns on one
    model in one asset is written once: neighbours in a batch share it."""
    market = desk.contracts.market
    due = (job for job in desk.jobs.ready(State.POSTED, desk.head.time) if _is_over(desk, job))
    jobs = _within_bounds(desk, State.FINALIZING, due, _gas)
    jobs.sort(key=lambda job: (_length(job), job.request.model, job.request.asset))
    for _, alike in groupby(jobs, key=_length):
        for batch in cut(alike, MAX_BATCH, gas=_gas, size=_length, tries=lambda job: job.tries):
            outputs = b"".join(_delivered(job) for job in batch)
            data = market.encode("finalize", [_result(job) for job in batch], outputs)
            with desk.journal.transaction():
                gas = FIXED_GAS + sum(_gas(job) for job in batch)
                desk.send(market.address, data, batch, State.FINALIZING, "finalize", gas)
                desk.journal.crash_point("node.finalizing")
            log.info("finalizing", jobs=len(batch))
    if jobs:
        desk.journal.crash_point("node.settled")


def _expire(desk: Desk, policy: Policy, seconds: Mapping[bytes, float]) -> None:
    """A late claim of ours keeps our bond locked; one of others keeps from us what is worth having."""
    market = desk.contracts.market
    due = desk.jobs.ready(State.OVERDUE, desk.head.time)
    jobs = _within_bounds(desk, State.EXPIRING, due, lambda _: LEAST_EXPIRE_GAS)
    gas_price = quantity(desk.endpoint.read("eth_gasPrice")) if jobs else 0
    for job in jobs:
        with desk.journal.transaction():
            if _is_wanted(desk, job, policy, gas_price, seconds):
                data = market.encode("expire", job.request)
                desk.send(market.address, data, [job], State.EXPIRING, "expire", LEAST_EXPIRE_GAS)
            else:
                desk.jobs.set(job, wait_until=desk.pause(LONG), note="not worth opening again")


def _within_bounds(desk: Desk, under_way: State, due: Iterable[Job], gas: Callable[[Job], int]) -> list[Job]:
    """The first of those that are due, as many as may join what is under way."""
    planned = sum(gas(job) for job in desk.jobs.in_states((under_way,)))
    jobs: list[Job] = []
    if planned >= MOST_UNDER_WAY:
        return jobs
    for job in due:
        jobs.append(job)
        planned += gas(job)
        if planned >= MOST_UNDER_WAY:
            break
    return jobs


def _is_wanted(desk: Desk, job: Job, policy: Policy, gas_price: int, seconds: Mapping[bytes, float]) -> bool:
    terms = desk.jobs.terms(job.request.terms)
    assert terms is not None
    assert job.slot is not None
    if job.slot.executor == desk.account:
        return True
    conditions = Conditions(desk.now, gas_price, seconds[terms.program_root])
    output_size = desk.catalogue[terms.program_root].output_size
    return is_worth_opening(job.request, job.slot, terms, output_size, policy, conditions)


def _is_over(desk: Desk, job: Job) -> bool:
    """Whether the window has passed, by the time of a block, and nobody has a game open.

    What is not over makes room for what may be: it is not looked at again before it can be.
    """
    assert job.slot is not None
    terms = desk.jobs.terms(job.request.terms)
    assert terms is not None
    end = Work.of(_result(job).work).posted_at + terms.window
    if job.slot.games == 0 and desk.head.time >= end:
        return True
    with desk.journal.transaction():
        soon = desk.head.time + LOOK_AGAIN
        desk.jobs.set(job, wait_until=end if desk.head.time < end else soon)
    return False


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
