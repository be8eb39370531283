"""The follower: every log of the present chain once, whatever the chain and the endpoint do."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from executor.chain.follower import (
    SCHEMA,
    Batch,
    Block,
    CatchUp,
    Extend,
    Follower,
    GoBack,
    TooDeepError,
    Wait,
    common_ancestor,
    decide,
    linked,
)
from executor.chain.rpc import Call, RefusedError, UnreachableError
from executor.journal import Identity, Journal
from tests.anvil import COUNTER_AT, OPERATOR, STRANGER

WATCHED = "0x" + "aa" * 20


def header(number: int, fork: int = 0, parent_fork: int | None = None) -> Block:
    parent = fork if parent_fork is None else parent_fork
    return Block(number, f"{fork}:{number}".encode(), f"{parent}:{number - 1}".encode(), time=number)


def chain(first: int, last: int, fork: int = 0) -> list[Block]:
    return [header(number, fork) for number in range(first, last + 1)]


KNOWN = chain(5, 10)


@pytest.mark.parametrize(
    ("head", "same_height", "action"),
    [
        (header(10), KNOWN[-1].hash, Wait()),
        (header(13), KNOWN[-1].hash, Extend(11, 13)),
        (header(20), KNOWN[-1].hash, Extend(11, 20)),  # the window, to the block
        (header(21), KNOWN[-1].hash, CatchUp(11, 11)),
        (header(500), KNOWN[-1].hash, CatchUp(11, 490)),
        (header(8), KNOWN[3].hash, Wait()),  # the endpoint lags
        (header(8, fork=1), header(8, fork=1).hash, GoBack()),  # a shorter chain, but another one
        (header(13, fork=1), header(10, fork=1).hash, GoBack()),
        (header(13), None, Wait()),  # the endpoint answered from two heights
        (header(3), header(3).hash, Wait()),  # below all that is remembered
    ],
)
def test_decide__each_relation_of_chain_and_memory__has_one_action(head, same_height, action):
    assert decide(KNOWN, head, same_height, window=10) == action


def test_common_ancestor__fork_inside_memory__is_the_last_shared_block():
    branch = {block.number: block.hash for block in [*chain(5, 7), *chain(8, 12, fork=1)]}
    assert common_ancestor(KNOWN, branch) == KNOWN[2]


def test_common_ancestor__fork_below_memory__is_none():
    assert common_ancestor(KNOWN, {b.number: b.hash for b in chain(5, 12, fork=1)}) is None


def test_linked__headers_of_two_branches__stops_at_the_seam():
    assert linked(KNOWN[-1], [*chain(11, 12), header(13, fork=1), header(14)]) == chain(11, 12)
    assert linked(KNOWN[-1], chain(12, 13)) == []  # a gap


class Branches:
    """An endpoint over an imaginary chain that reorganises, lags and refuses wide ranges.

    Every block ever made is kept, so that a test can ask which logs lead to a given block.
    """

    def __init__(self) -> None:
        self.blocks: dict[bytes, Block] = {}
        self.logs: dict[bytes, list[int]] = {}
        self.best: list[Block] = []
        self.lag = 0
        self.widest = 10**9
        self.disturb: dict[int, int] = {}  # call number -> depth of a reorganisation that happens just before
        self.calls = 0
        self.ranges: list[int] = []
        self._made = 0
        self.grow([0])

    def grow(self, log_counts: Sequence[int]) -> None:
        for count in log_counts:
            parent = self.best[-1].hash if self.best else bytes(32)
            self._made += 1
            block = Block(len(self.best), self._made.to_bytes(32), parent, time=self._made)
            self.blocks[block.hash] = block
            self.logs[block.hash] = [self._made * 100 + index for index in range(count)]
            self.best.append(block)

    def reorganise(self, depth: int, extra: int = 0) -> None:
        depth = min(depth, len(self.best) - 1)
        del self.best[len(self.best) - depth :]
        self.grow([1] * (depth + extra))

    def history(self, tip: bytes) -> list[int]:
        """The logs on the branch that ends in `tip`."""
        found: list[int] = []
        while tip in self.blocks:
            found = self.logs[tip] + found
            tip = self.blocks[tip].parent
        return found

    def read(self, method: str, *params: Any) -> Any:
        result = self.read_many([(method, list(params))])[0]
        if isinstance(result, RefusedError):
            raise result
        return result

    def read_many(self, calls: Sequence[Call]) -> list[Any]:
        return [self._answer(method, params) for method, params in calls]

    def send(self, signed: Sequence[bytes]) -> list[RefusedError | None]:
        raise AssertionError(f"a follower sends nothing, but {signed}")

    def _answer(self, method: str, params: list[Any]) -> Any:
        self.calls += 1
        if depth := self.disturb.pop(self.calls, 0):
            self.reorganise(depth)
        visible = self.best[: max(1, len(self.best) - self.lag)]
        if method == "eth_getBlockByNumber":
            number = len(visible) - 1 if params[0] == "latest" else int(params[0], 16)
            return self._header(visible[number]) if number < len(visible) else None
        assert method == "eth_getLogs"
        if "blockHash" in params[0]:
            digest = bytes.fromhex(params[0]["blockHash"][2:])
            if digest not in self.blocks:
                return RefusedError(-32000, "unknown block")
            return self._logs(self.blocks[digest])
        first, last = (int(params[0][name], 16) for name in ("fromBlock", "toBlock"))
        if last - first + 1 > self.widest:
            return RefusedError(-32005, "range too wide")
        self.ranges.append(last - first + 1)
        return [log for block in visible[first : last + 1] for log in self._logs(block)]

    def _header(self, block: Block) -> dict[str, str]:
        place = {"number": hex(block.number), "timestamp": hex(block.time)}
        return {**place, "hash": block.hash.hex(), "parentHash": block.parent.hex()}

    def _logs(self, block: Block) -> list[dict[str, Any]]:
        block_fields = {"blockNumber": hex(block.number), "blockHash": "0x" + block.hash.hex()}
        fields = {**block_fields, "address": WATCHED, "topics": [], "transactionHash": "0x00"}
        return [
            {**fields, "data": f"0x{value:064x}", "logIndex": hex(index)}
            for index, value in enumerate(self.logs[block.hash])
        ]


class Consumer:
    """What the node does with batches, reduced to its essence."""

    def __init__(self, follower: Follower, journal: Journal) -> None:
        self.follower = follower
        self.journal = journal
        self.logs: list[tuple[int, int]] = []

    def step(self) -> Batch | None:
        batch = self.follower.poll()
        if batch is not None:
            with self.journal.transaction():
                if batch.rolled_back_from is not None:
                    self.logs = [log for log in self.logs if log[0] < batch.rolled_back_from]
                self.logs += [(log.block_number, int.from_bytes(log.data)) for log in batch.logs]
                self.follower.commit(batch)
        return batch

    def drain(self) -> None:
        for _ in range(1_000):
            if self.step() is None:
                return
        raise AssertionError("the follower never came to rest")

    def values(self) -> list[int]:
        return [value for _, value in self.logs]


WINDOW = 12
moves = st.one_of(
    st.tuples(st.just("grow"), st.lists(st.integers(0, 3), min_size=1, max_size=8)),
    st.tuples(st.just("catch up"), st.integers(WINDOW + 1, 60)),
    st.tuples(st.just("reorganise"), st.integers(1, WINDOW - 6), st.integers(0, 6)),
    st.tuples(st.just("disturb"), st.integers(1, 6), st.integers(1, 3)),
    st.tuples(st.just("lag"), st.integers(0, 5)),
    st.tuples(st.just("poll"), st.integers(1, 4)),
    st.tuples(st.just("restart")),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=st.lists(moves, max_size=25))
def test_poll__any_history__consumer_holds_exactly_the_logs_that_lead_to_its_head(script, tmp_path):
    endpoint = Branches()
    endpoint.widest = 7
    place = tmp_path / f"{os.urandom(8).hex()}.sqlite"
    owner = Identity(1, b"", WATCHED, WATCHED)
    with Journal.open(place, owner, (SCHEMA,)) as journal:
        journal.rows("PRAGMA synchronous = OFF")  # durability is another test's subject
        consumer = Consumer(Follower(endpoint, journal, [WATCHED], 1, window=WINDOW), journal)
        consumer.step()

        def check() -> None:
            head = consumer.follower.head()
            assert head is not None
            assert consumer.values() == endpoint.history(head.hash)

        for move, *arguments in script:
            match move:
                case "grow":
                    endpoint.grow(arguments[0])
                case "catch up":
                    consumer.drain()  # what a range skips is settled only if no reorganisation is pending
                    endpoint.grow([1] * arguments[0])
                case "reorganise":
                    endpoint.reorganise(*arguments)
                case "disturb":
                    endpoint.disturb = {endpoint.calls + arguments[0]: arguments[1]}
                case "lag":
                    endpoint.lag = arguments[0]
                case "poll":
                    for _ in range(arguments[0]):
                        try:
                            consumer.step()
                        except UnreachableError:
                            continue
                        check()
                case "restart":
                    consumer.follower = Follower(endpoint, journal, [WATCHED], 1, window=WINDOW)
        endpoint.lag, endpoint.disturb = 0, {}
        endpoint.grow([1])  # a chain that only went back shows itself with its next block
        consumer.drain()
        assert consumer.values() == endpoint.history(endpoint.best[-1].hash)


@pytest.fixture
def branches() -> Branches:
    return Branches()


def following(branches: Branches, journal: Journal, **options: Any) -> Consumer:
    return Consumer(Follower(branches, journal, [WATCHED], 1, **options), journal)


def test_poll__provider_refuses_wide_ranges__shrinks_and_recovers(branches, journal):
    branches.widest = 30
    branches.grow([1] * 1_000)
    consumer = following(branches, journal, window=10, widest_range=500)
    consumer.drain()
    assert consumer.values() == branches.history(branches.best[-1].hash)
    assert max(branches.ranges) <= 30
    assert sum(branches.ranges) == 990
    assert len(branches.ranges) < 80  # narrow enough to pass, wide enough to be worth it


def test_poll__provider_refuses_every_range__raises_what_it_said(branches, journal):
    branches.widest = 0
    branches.grow([1] * 100)
    with pytest.raises(RefusedError, match="range too wide"):
        following(branches, journal, window=10).drain()


def test_poll__endpoint_behind_the_range_it_answers__does_not_skip_its_logs(branches, journal):
    """The head comes from one server of a pool, the logs from another that lags 40 blocks."""
    branches.grow([1] * 100)
    consumer = following(branches, journal, window=10)
    consumer.step()
    answer = branches._answer
    fresh = branches.read("eth_getBlockByNumber", "latest", False)
    branches.lag = 40
    branches._answer = lambda method, params: fresh if params[0] == "latest" else answer(method, params)
    with pytest.raises(UnreachableError, match="has no block"):
        consumer.drain()
    assert consumer.values() == branches.history(branches.best[consumer.follower.head().number].hash)
    branches.lag, branches._answer = 0, answer
    consumer.drain()
    assert consumer.values() == branches.history(branches.best[-1].hash)


def test_poll__reorganisation_below_memory__halts(branches, journal):
    branches.grow([1] * 30)
    consumer = following(branches, journal, window=5)
    consumer.drain()
    branches.reorganise(20)
    with pytest.raises(TooDeepError, match="the oldest one remembered"):
        consumer.drain()


def test_poll__endpoint_refuses_while_going_back__does_not_take_it_for_a_deep_reorganisation(
    branches, journal
):
    branches.grow([1] * 30)
    consumer = following(branches, journal, window=5)
    consumer.drain()
    branches.reorganise(2, extra=1)
    whole = branches.read_many
    limit = RefusedError(-32005, "rate limit")
    branches.read_many = lambda calls: whole(calls) if len(calls) <= 2 else [limit] * len(calls)
    with pytest.raises(RefusedError, match="rate limit"):
        consumer.drain()
    branches.read_many = whole
    consumer.drain()
    assert consumer.values() == branches.history(branches.best[-1].hash)


def test_poll__reorganisation_of_the_whole_window__is_rolled_back(branches, journal):
    branches.grow([1] * 30)
    consumer = following(branches, journal, window=5)
    consumer.drain()
    branches.reorganise(5, extra=1)
    assert consumer.step().rolled_back_from == 26
    consumer.drain()
    assert consumer.values() == branches.history(branches.best[-1].hash)


def test_commit__caller_fails_inside_its_transaction__batch_comes_again(branches, journal):
    branches.grow([1, 1])
    follower = Follower(branches, journal, [WATCHED], 1)
    with journal.transaction():
        follower.commit(follower.poll())
    before = follower.poll()
    with pytest.raises(ZeroDivisionError), journal.transaction():
        follower.commit(before) or 1 / 0
    assert follower.poll() == before


def test_poll__real_chain_with_reorganisations__agrees_with_the_chain(anvil, journal):
    anvil.fund(STRANGER.address)
    follower = Follower(anvil.rpc, journal, [COUNTER_AT], 1, window=8)
    consumer = Consumer(follower, journal)
    for number in range(1, 13):
        anvil.send_as(STRANGER, number.to_bytes(32))
    consumer.drain()
    assert consumer.values() == list(range(1, 13))
    rolled_back = []
    for depth in (1, 3, 7):
        anvil.reorg(depth)
        anvil.mine()
        while batch := consumer.step():
            rolled_back.append(batch.rolled_back_from)
        assert consumer.values() == [int.from_bytes(data) for data in anvil.logged()]
    assert len([number for number in rolled_back if number]) == 3
    snapshot = anvil.call("evm_snapshot")
    anvil.send_as(STRANGER, (99).to_bytes(32))
    consumer.drain()
    assert 99 in consumer.values()
    anvil.call("evm_revert", snapshot)
    anvil.mine(2)
    consumer.drain()
    assert 99 not in consumer.values()


def test_poll__other_contracts_logs__are_not_reported(anvil, journal):
    anvil.fund(OPERATOR.address)
    consumer = Consumer(Follower(anvil.rpc, journal, ["0x" + "c1" * 20], 1), journal)
    anvil.send_as(OPERATOR, b"\x01")
    consumer.drain()
    assert anvil.logged() == [b"\x01"]
    assert consumer.logs == []
