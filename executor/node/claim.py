"""Decide and claim: which open requests to take now, and the transactions that take them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from executor.chain.contracts import ask
from executor.chain.fetch import Named
from executor.chain.rpc import quantity
from executor.node.batches import CLAIM_GAS, FIXED_GAS, MAX_BATCH, cut
from executor.node.desk import Desk, log
from executor.node.jobs import Job
from executor.node.lifecycle import OWED, State
from executor.node.policy import LOOK_AGAIN, Conditions, Leave, Policy, Take, Verdict, Wait, weigh

IDLE = 2**96 - 1  # the part of a pledge's word that is stake
MOST_TRIES = 4  # at an uploaded input, before the request is left to others


@dataclass(frozen=True)
class Room:
    """What may still be promised: stake in the bond asset, and jobs at a time.

    ahead: seconds of inference that are promised already.
    """

    stake: int
    jobs: int
    ahead: float = 0.0


def decide(
    desk: Desk, policy: Policy, most_jobs: int, seconds: dict[bytes, float], latency: float = 0.0
) -> list[Job]:
    """The open jobs to claim now, best paid first; the verdict on the others is noted.

    most_jobs: owed at a time. seconds: to answer one input, by program root; `latency` of them are no work.
    """
    jobs = desk.jobs.ready(State.OPEN, desk.now)
    if not jobs:
        return []
    gas_price = quantity(desk.endpoint.read("eth_gasPrice"))
    free = room(desk, most_jobs, seconds, latency)
    together = max(1, min(len(jobs), free.jobs))
    verdicts = {job.id: _weigh(desk, job, policy, gas_price, seconds, together) for job in jobs}
    # Those that are not taken share no gas: what stays has to pay for itself without them.
    while (takes := _taken(jobs, verdicts)) and len(takes) < min(together, MAX_BATCH):
        together = len(takes)
        verdicts |= {job.id: _weigh(desk, job, policy, gas_price, seconds, together) for _, job in takes}

    def work(job: Job) -> float:
        return _seconds(desk, job, seconds) - latency

    chosen = fit([job for _, job in takes], free, work, free.ahead + latency + policy.margin)
    kept = {job.id for job in chosen}
    with desk.journal.transaction():
        for job in jobs:
            verdict = verdicts[job.id]
            if isinstance(verdict, Leave):
                desk.jobs.step(job, State.DECLINED, note=verdict.why)
                log.info("declined", id="0x" + job.id.hex(), why=verdict.why)
            elif isinstance(verdict, Wait):
                desk.jobs.set(job, wait_until=verdict.until, note=verdict.why)
            elif job.id not in kept:  # it goes behind the others, or a few that never fit would hide them
                desk.jobs.set(job, wait_until=desk.now + LOOK_AGAIN, note="no stake or no time for it now")
    return chosen


def _taken(jobs: Sequence[Job], verdicts: Mapping[bytes, Verdict]) -> list[tuple[int, Job]]:
    """What is worth claiming, best paid first."""
    takes = [(verdict.earned, job) for job in jobs if isinstance(verdict := verdicts[job.id], Take)]
    return sorted(takes, key=lambda take: -take[0])


def room(desk: Desk, most_jobs: int, seconds: Mapping[bytes, float], latency: float) -> Room:
    """What is free once the claims that are on their way have been mined. For the times see `decide`.

    The program of an order that is being claimed is not known: it is taken for the slowest.
    """
    free = desk.contracts.vault.query("capacity", desk.account)
    capacity, pledge = ask(desk.endpoint, [free, desk.contracts.market.query("pledge_of", desk.account)])
    claiming = desk.jobs.in_states((State.CLAIMING,))
    owed = desk.jobs.in_states(OWED)
    orders = desk.orders.waiting()
    promised = sum(job.request.bond for job in claiming)
    promised += sum(row.signed.order.offer.bond for row in orders)
    begun = desk.jobs.in_states((State.CLAIMING, State.CLAIMED))
    ahead = sum(_seconds(desk, job, seconds) - latency for job in begun)
    ahead += len(orders) * (max(seconds.values(), default=latency) - latency)
    # The bonds of a batch come from what is pledged, or all of them from the vault.
    return Room(max(capacity, pledge & IDLE) - promised, most_jobs - len(owed) - len(orders), ahead)


def _seconds(desk: Desk, job: Job, seconds: Mapping[bytes, float]) -> float:
    terms = desk.jobs.terms(job.request.terms)
    assert terms is not None
    return seconds[terms.program_root]


def fit(
    jobs: Sequence[Job], free: Room, work: Callable[[Job], float] = lambda _: 0.0, ahead: float = 0.0
) -> list[Job]:
    """Those that fit, in order of preference: into the stake, and in time after what is chosen before them.

    work: seconds to infer one. ahead: seconds that pass before the first is begun and after it is done.
    """
    chosen: list[Job] = []
    stake = free.stake
    for job in jobs:
        if len(chosen) >= free.jobs:
            break
        if job.request.bond <= stake and ahead + work(job) <= job.request.result_seconds:
            chosen.append(job)
            stake -= job.request.bond
            ahead += work(job)
    return chosen


def claim(desk: Desk, jobs: Sequence[Job]) -> None:
    """Want the transactions that claim these jobs."""
    market = desk.contracts.market
    for batch in cut(jobs, MAX_BATCH, gas=lambda _: CLAIM_GAS, tries=lambda job: job.tries):
        data = market.encode("claim", [job.request for job in batch])
        with desk.journal.transaction():
            gas = FIXED_GAS + CLAIM_GAS * len(batch)
            desk.send(market.address, data, batch, State.CLAIMING, "claim", gas)
            desk.journal.crash_point("node.claiming")
        log.info("claiming", jobs=len(batch))
    if jobs:
        desk.journal.crash_point("node.claimed")


def _weigh(
    desk: Desk, job: Job, policy: Policy, gas_price: int, seconds: dict[bytes, float], together: int
) -> Take | Wait | Leave:
    terms = desk.terms(job)
    assert job.slot is not None
    program = desk.catalogue[terms.program_root]
    conditions = Conditions(desk.now, gas_price, seconds[terms.program_root], together)
    verdict = weigh(job.request, job.slot, terms, program.output_size, policy, conditions)
    return with_input(desk, desk.named(job), verdict)


def with_input(desk: Desk, named: Named, verdict: Verdict) -> Verdict:
    """What to do about a request once it is seen whether its input is here: nothing is claimed before.

    It is fetched where all else speaks for taking the request.
    """
    if not isinstance(verdict, Take):
        return verdict
    failure = desk.inputs.failure(named)
    if failure is not None and failure.tries >= MOST_TRIES:
        return Leave(f"its input cannot be fetched: {failure.why}")
    if desk.inputs.has(named):
        return verdict
    if failure is not None:
        return Wait(desk.now + LOOK_AGAIN, failure.why)
    return Wait(desk.now, "its input is being fetched")
