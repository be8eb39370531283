"""A stage that an endpoint fails rests alone: what is owed goes out in the same step."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from executor.chain.requests import Status
from executor.chain.rpc import RefusedError
from executor.node import stages as stages_module
from executor.node.claim import decide
from executor.node.lifecycle import State
from executor.node.stages import Stages
from tests.node.network import Town, image
from tests.node.test_trouble import ask, counts, until

BUSY = RefusedError(-32005, "too many requests")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Monotonic time, in its first element."""
    now = [100.0]
    monkeypatch.setattr(stages_module.time, "monotonic", lambda: now[0])
    return now


def test_run__stage_fails_in_a_row__rests_twice_as_long_each_time(clock: list[float]) -> None:
    stages, tried = Stages(), []

    def fail() -> None:
        tried.append(clock[0])
        raise BUSY

    for _ in range(2_000):
        stages.run("weigh", fail)
        clock[0] += 0.25
    pauses = [after - before for before, after in pairwise(tried)]
    assert pauses[:7] == [0.5, 1, 2, 4, 8, 16, 30]
    assert set(pauses[6:]) == {30}
    assert stages.resting


def test_run__stage_succeeds_again__is_as_new(clock: list[float]) -> None:
    stages = Stages()
    failing = iter([True, False, True])
    tried: list[float] = []

    def sometimes() -> None:
        tried.append(clock[0])
        if next(failing):
            raise BUSY

    for _ in range(3):
        stages.run("weigh", sometimes)
        assert stages.resting is (len(tried) % 2 == 1)
        clock[0] += 0.5
    assert tried == [100.0, 100.5, 101.0]


def test_run__stage_rests__others_run(clock: list[float]) -> None:
    stages, ran = Stages(), []

    def fail() -> None:
        raise BUSY

    stages.run("weigh", fail)
    stages.run("settle", lambda: ran.append("settle"))
    assert ran == ["settle"]


def test_run__error_of_ours__is_not_swallowed() -> None:
    def wrong() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Stages().run("weigh", wrong)


@pytest.mark.parametrize("stage", ["decide", "decide_orders", "settle"])
def test_step__a_stage_cannot_read_the_chain__posts_what_is_owed(
    town: Town, node_of, monkeypatch, stage: str
) -> None:
    ask(town)
    node = node_of()
    until(node, met=lambda: counts(node) == {State.CLAIMED: 1} or counts(node) == {State.COMPUTED: 1})

    def busy(*_: object) -> None:
        raise BUSY

    monkeypatch.setattr(f"executor.node.node.{stage}", busy)
    until(node, met=lambda: counts(node) == {State.POSTED: 1})
    assert not node.idle()  # it is to look at the failed stage again


def test_step__logs_cannot_be_read_any_more__posts_what_is_owed(town: Town, node_of, monkeypatch) -> None:
    """As where an endpoint limits the calls that cost it most."""
    identifier = ask(town)
    node = node_of()
    until(node, met=lambda: counts(node) in ({State.CLAIMED: 1}, {State.COMPUTED: 1}))

    def busy() -> None:
        raise BUSY

    monkeypatch.setattr(node.desk.follower, "poll", busy)
    end = time.monotonic() + 10
    while town.client().slot(identifier).status is not Status.POSTED:
        assert time.monotonic() < end
        with pytest.raises(RefusedError):
            node.step()
        time.sleep(0.01)


def test_step__nothing_was_ever_followed__says_only_that_the_endpoint_fails(node_of, monkeypatch) -> None:
    node = node_of()

    def busy() -> None:
        raise BUSY

    monkeypatch.setattr(node.desk.follower, "poll", busy)
    with pytest.raises(RefusedError, match="too many requests"):
        node.step()


def test_step__deciding_fails_for_a_while__claims_afterwards(town: Town, node_of, monkeypatch) -> None:
    node = node_of()
    end = time.monotonic() + 1

    def slow_to_recover(*arguments: object) -> list[object]:
        if time.monotonic() < end:
            raise BUSY
        return decide(*arguments)

    monkeypatch.setattr("executor.node.node.decide", slow_to_recover)
    town.client().open(town.model, image(0), max_price=10**16, min_price=10**16)
    until(node, met=lambda: counts(node) == {State.POSTED: 1})
