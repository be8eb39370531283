"""Requests whose input was uploaded, from the first run to the last move."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from executor.chain.fetch import Named
from executor.chain.upload import Upload
from executor.client import Answer, Client
from executor.node.lifecycle import State
from executor.node.node import Node
from executor.program import run
from tests.disputes.city import at_work, events, liar, names, publish, stake, step_all
from tests.disputes.page import page, scan, written
from tests.disputes.test_crashes import forked
from tests.disputes.test_disputes import verdicts
from tests.node.network import ETHER, MIN_BOND, WINDOW, Town, key
from tests.node.test_crashes import kill_at, live
from tests.node.test_inputs import hidden, spoil

PRICE = ETHER // 100


@pytest.fixture
def office(city: Town, tmp_path: Path) -> Town:
    """A city whose model reads pages."""
    city.model = publish(city, page())
    written(tmp_path)
    return city


@pytest.fixture
def reading(office: Town, tmp_path: Path) -> Iterator[Callable[..., Node]]:
    """`reading(role, lie=None, **settings)`: a node that holds the program."""
    with ExitStack() as stack:

        def start(role: str = "executor", lie: Any = None, **changes: Any) -> Node:
            changes = {"artifacts": (tmp_path / "page.program",), **changes}
            return stack.enter_context(at_work(office, tmp_path, role, lie, **changes))

        yield start


def test_open__input_of_40_kibibytes__is_uploaded_answered_and_final(office: Town, reading) -> None:
    client, told = office.client(), list[Upload]()
    plan = client.upload_plan(office.model, scan(1))
    identifier = client.open(office.model, scan(1), max_price=PRICE, min_price=PRICE, report=told.append)
    assert client.input(identifier) == scan(1).rstrip(b"\0")

    assert [(state.runs, state.missing) for state in told] == [(2, 2), (2, 1), (2, 0), (2, 0)]
    assert told[0] == plan
    assert abs(told[-1].used - plan.gas) < plan.gas // 50
    node = reading()
    step_all([node], lambda: node.desk.jobs.counts() == {State.POSTED: 1})
    answer = client.wait(identifier, timeout=1)
    assert answer.output == run(page(), scan(1))
    office.warp(WINDOW)
    step_all([node], lambda: node.desk.jobs.counts() == {State.FINAL: 1})


def test_watch__lie_about_an_uploaded_input__is_refuted_and_answered_again(office: Town, reading) -> None:
    dishonest = reading("executor", liar(0, 5, program=page()))
    watcher = reading("rival", claim=False, watch=True)
    client = office.client()
    identifier = client.open(office.model, scan(2), max_price=PRICE)
    step_all([dishonest], lambda: dishonest.desk.jobs.counts() == {State.POSTED: 1})
    assert client.wait(identifier, timeout=1).output != run(page(), scan(2))
    before = stake(office, "executor")

    step_all([dishonest, watcher], lambda: "Settled" in names(events(office), "Settled"))
    assert names(events(office), "Traced", "Proven", "TimedOut") == ["Traced", "Proven"]
    assert stake(office, "executor") == before - MIN_BOND
    dishonest.stop()
    honest = reading("staker")
    step_all([honest, watcher], lambda: honest.desk.jobs.counts() == {State.POSTED: 1})
    assert client.wait(identifier, timeout=1).output == run(page(), scan(2))


def test_ask__verified_lie_about_an_uploaded_input__is_refuted(office: Town, reading, tmp_path: Path) -> None:
    dishonest, before = reading("executor", liar(0, 5, program=page())), stake(office, "executor")
    artifacts = (tmp_path / "page.program",)
    client = Client(office.anvil.url, office.deployment, key("rival"), poll=0.02, artifacts=artifacts)
    answers: list[Answer] = []

    def ask() -> None:
        answers.append(client.ask(office.model, scan(3), max_price=PRICE, verify=True, timeout=60))

    asking = Thread(target=ask)
    asking.start()
    step_all([dishonest], lambda: dishonest.desk.jobs.counts() == {State.POSTED: 1})
    dishonest.draining = True  # it defends, and takes nothing more
    step_all([dishonest], lambda: "Settled" in names(events(office), "Settled"))
    honest = reading("staker")
    step_all([honest], lambda: not asking.is_alive())
    (answer,) = answers
    assert answer.output == run(page(), scan(3))
    assert stake(office, "executor") == before - MIN_BOND


@pytest.mark.parametrize("label", ["inputs.keeping", "node.claimed", "node.inferred"])
def test_run__killed_at_a_label__answers_all_the_same(office: Town, tmp_path: Path, label: str) -> None:
    identifier = office.client().open(office.model, scan(4), max_price=PRICE, min_price=PRICE)

    def life(prepare: Callable[[Node], None]) -> Callable[[], None]:
        def answer() -> None:
            with at_work(office, tmp_path, "executor", artifacts=(tmp_path / "page.program",)) as node:
                prepare(node)
                step_all([node], lambda: node.desk.jobs.counts() == {State.POSTED: 1})

        return answer

    assert forked(life(kill_at(label)), lambda: None) == -signal.SIGKILL, "the label was not reached"
    assert forked(life(live), lambda: None) == 0, "the restarted executor failed"
    answer = office.client().wait(identifier, timeout=1)
    assert (answer.output, answer.attempt) == (run(page(), scan(4)), 1)


def test_watch__logs_of_the_input_are_hidden__waits_and_refutes_when_they_come(office: Town, reading) -> None:
    dishonest = reading("executor", liar(0, 5, program=page()))
    watcher = reading("rival", claim=False, watch=True)
    hiding = spoil(watcher, office, "Uploaded", hidden)
    office.client().open(office.model, scan(5), max_price=PRICE)
    step_all([dishonest, watcher], lambda: bool(verdicts(watcher)))
    assert verdicts(watcher) == [("waiting", "its input is being fetched")]
    hiding._change = list
    dishonest.draining = True
    step_all([dishonest, watcher], lambda: "Settled" in names(events(office), "Settled"))
    assert names(events(office), "Proven", "TimedOut") == ["Proven"]


def test_watch__input_never_found__is_passed_over_with_the_reason(office: Town, reading) -> None:
    honest, watcher = reading("executor"), reading("rival", claim=False, watch=True)
    spoil(watcher, office, "Uploaded", hidden)
    office.client().open(office.model, scan(6), max_price=PRICE)
    step_all([honest, watcher], lambda: bool(verdicts(watcher)))
    step_all([watcher], lambda: watcher.desk.inputs.failure(named_by(watcher)) is not None)
    office.warp(WINDOW)
    step_all([watcher], lambda: verdicts(watcher)[0][0] == "passed over")
    ((_, note),) = verdicts(watcher)
    assert note.startswith("its window is over, and input 0x")


def named_by(node: Node) -> Named:
    """The input of the one request that a node knows."""
    (job,) = node.desk.jobs.newest(1)
    return node.desk.named(job)
