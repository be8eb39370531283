"""What every stage of the loop works with."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import structlog

from executor.backends.catalogue import Catalogue
from executor.chain.contracts import Contracts
from executor.chain.fetch import Named
from executor.chain.follower import Block, Follower
from executor.chain.inputs import Inputs
from executor.chain.outbox import Outbox
from executor.chain.rpc import Endpoint
from executor.chain.terms import Frozen
from executor.chain.transactions import DuplicateError
from executor.journal import Journal
from executor.node.jobs import Job, Jobs
from executor.node.lifecycle import State
from executor.node.orders import Orders

RETRY = 4  # seconds of chain time before a failed step is tried again; doubles with every failure
LONGEST_RETRY = 300

log = structlog.get_logger("executor")


@dataclass
class Desk:
    """One executor's tools. account: its address, checksummed. explained: ids of transactions whose receipts
    were read because the logs did not show what they did.
    """

    contracts: Contracts
    endpoint: Endpoint
    journal: Journal
    follower: Follower
    outbox: Outbox
    inputs: Inputs
    catalogue: Catalogue
    account: str
    jobs: Jobs = field(init=False)
    orders: Orders = field(init=False)
    explained: set[int] = field(init=False, default_factory=set)
    _head: Block | None = field(init=False, default=None)
    _head_seen: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.jobs = Jobs(self.journal)
        self.orders = Orders(self.journal)

    @property
    def head(self) -> Block:
        """The newest block whose logs are applied."""
        head = self.follower.head()
        if head is None:
            raise RuntimeError("desk: nothing was followed yet")
        if self._head is None or head.hash != self._head.hash:
            self._head, self._head_seen = head, time.monotonic()
        return head

    @property
    def now(self) -> int:
        """Chain time: that of the newest block, going on while no new one comes."""
        return self.head.time + int(time.monotonic() - self._head_seen)

    def send(self, to: str, data: bytes, jobs: list[Job], state: State, purpose: str, gas: int) -> None:
        """Want one transaction for a batch of jobs, which wait for it in `state`. Inside a transaction.

        A reorganisation can bring a job back to where it was while its transaction is still on its way: that
        one goes on being sent, and the jobs wait a little.
        """
        first = jobs[0]
        name = f"{purpose} {len(jobs)} from 0x{first.id.hex()} ({first.changed}.{first.tries + 1})"
        try:
            number = self.outbox.enqueue(name, to, data, least_gas=gas)
        except DuplicateError as error:
            log.warning("not wanted twice", why=str(error))
            for job in jobs:
                self.jobs.set(job, wait_until=self.pause(1), note=str(error))
            return
        for job in jobs:
            self.jobs.step(job, state, transaction_id=number, tries=job.tries + 1, note="")

    def terms(self, job: Job) -> Frozen:
        """What a job's version and the network promised."""
        terms = self.jobs.terms(job.request.terms)
        if terms is None:
            raise RuntimeError("desk: a job without terms")
        return terms

    def named(self, job: Job) -> Named:
        """A job's input, for `Inputs`."""
        return Named(job.request.flags, job.request.input, job.input, self.terms(job).input_size)

    def input(self, job: Job, *, owed: bool = False) -> bytes | None:
        """The bytes of a job's input, None while they are being fetched; see `Inputs.find`."""
        return self.inputs.find(self.named(job), owed=owed)

    def pause(self, tries: int) -> int:
        """Chain time until which a step that failed `tries` times is not tried again."""
        return self.now + min(LONGEST_RETRY, RETRY << min(max(tries - 1, 0), 10))
