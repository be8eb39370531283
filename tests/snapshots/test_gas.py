"""Gas of a job, as receipts say, against tests/snapshots/gas.json and against what was promised.

Warm: every balance was touched before, requester and executor were active before and the executor has pledged
its stake. One model, no hook, 32-byte input and output, bond locked, fee in the native coin on a running ramp
with a refund, output in an event, a callback that does nothing when the result is final. Addresses and times
are fixed, since calldata is priced by the byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from eth_utils import keccak, to_checksum_address

from tests.contract import Receipt
from tests.words import Flags, Request, Result
from tests.world import ETHER, WINDOW, World

pytestmark = pytest.mark.snapshot

BATCH = 32
QUESTION = keccak(text="a question")
ANSWER = keccak(text="an answer")
BOUNDS = {
    "job/whole": 220_000,
    "job/open": 80_000,
    "job/executor_batch32": 45_000,
    "job/executor_answer32": 32_000,
}
KIBIBYTE_BOUND = 27_000  # what 1 KiB of input adds to `job/open`


class Bench:
    """A warm market, and the gas of its verbs."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.model = world.create_model(input_size=1024)
        self.consumer = world.deploy("NoopConsumer")
        self.requesters = [
            to_checksum_address(keccak(text=f"requester {number}")[:20]) for number in range(BATCH)
        ]
        world.wire.request("anvil_autoImpersonateAccount", True)
        for requester in self.requesters:
            world.wire.request("anvil_setBalance", requester, hex(100 * ETHER))
        world.market.pledge(90 * ETHER, sender=world.roles.executor)
        self.whole()
        self.claim_and_post(BATCH)

    def open(self, requester: str, question: bytes = QUESTION) -> tuple[Request, int]:
        offer = self.world.offer(
            consumer=self.consumer,
            flags=Flags.AT_FINAL,
            callback_gas=50_000,
            min_price=ETHER // 100,
            max_price=ETHER,
            ramp=1_000,
            claim_seconds=3_600,
            result_seconds=600,
        )
        receipt = self.model.request(offer, question, sender=requester, value=offer.max_price)
        return self.world.opened(receipt), gas(receipt)

    def whole(self) -> dict[str, int]:
        """One job, one by one, gas by verb."""
        market, executor = self.world.market, self.world.roles.executor
        request, opened = self.open(self.requesters[0])
        self.world.warp(100)
        claimed = market.claim([request], sender=executor)
        posted = market.post_ids([self.world.id(request)], ANSWER, sender=executor)
        finalized = self.finalize(self.world.posted(posted))
        return {"open": opened, "claim": gas(claimed), "post": gas(posted), "finalize": gas(finalized)}

    def claim_and_post(self, count: int) -> int:
        """The executor's side of a batch, per job."""
        market, executor = self.world.market, self.world.roles.executor
        batch = self.opened(count)
        claimed = market.claim(batch, sender=executor)
        ids = [self.world.id(request) for request in batch]
        posted = market.post_ids(ids, ANSWER * count, sender=executor)
        return share(count, claimed, posted, self.finalize(self.world.posted(posted)))

    def answer(self, count: int) -> int:
        """The same for an executor that infers first."""
        batch = self.opened(count)
        posted = self.world.market.answer(batch, ANSWER * count, sender=self.world.roles.executor)
        return share(count, posted, self.finalize(self.world.posted(posted)))

    def opened(self, count: int) -> list[Request]:
        batch = [self.open(requester)[0] for requester in self.requesters[:count]]
        self.world.warp(100)
        return batch

    def finalize(self, results: Sequence[Result]) -> Receipt:
        """Bytes come along for the callback, so their hash need not."""
        self.world.warp(WINDOW)
        bare = [result._replace(output_hash=bytes(32)) for result in results]
        return self.world.market.finalize(bare, ANSWER * len(bare), sender=self.world.roles.executor)


def gas(receipt: Receipt) -> int:
    return int(receipt["gasUsed"], 16)


def share(count: int, *receipts: Receipt) -> int:
    """Gas per job, rounded up."""
    return -(-sum(map(gas, receipts)) // count)


@pytest.fixture(scope="module")
def bench(fixed_world: World) -> Iterator[Bench]:
    """A warm market at fixed addresses."""
    yield Bench(fixed_world)
    fixed_world.wire.request("anvil_autoImpersonateAccount", False)


def test_job__one_by_one__costs_what_is_committed(bench, row):
    by_verb = bench.whole()
    for verb, number in by_verb.items():
        row(f"job/{verb}", number)
    row("job/whole", sum(by_verb.values()))


def test_job__batches_of_32__cost_what_is_committed(bench, row):
    row("job/executor_batch32", bench.claim_and_post(BATCH))
    row("job/executor_answer32", bench.answer(BATCH))


def test_open__1_kibibyte_of_input__adds_its_calldata_and_its_log(bench, row):
    question = b"".join(keccak(text=f"part {part}") for part in range(32))
    plain = bench.open(bench.requesters[0])[1]
    long = bench.open(bench.requesters[0], question)[1]
    row("job/open_1KiB", long)
    assert long - plain <= KIBIBYTE_BOUND
