"""Endings: however many are due at once, a result gets into the next block."""

from __future__ import annotations

import pytest

from executor.chain.requests import Flags
from executor.node import settle as settle_module
from executor.node.batches import MOST_GAS
from executor.node.lifecycle import State
from executor.node.settle import LEAST_EXPIRE_GAS, MOST_UNDER_WAY
from tests.node.network import ETHER, WINDOW, Town
from tests.node.test_trouble import ask, counts, mute, until

CONSUMER = "0x" + "C0" * 20
MANY = 14  # results whose callbacks take 2,000,000 gas each: more than two transactions' worth


@pytest.fixture
def consumer(town: Town, project) -> str:
    code = project.MockConsumer.contract_type.runtime_bytecode.bytecode
    town.anvil.place(bytes.fromhex(code.removeprefix("0x")), CONSUMER)
    return CONSUMER


def planned(node) -> int:
    """Gas that the endings under way may take."""
    return sum(settle_module._gas(job) for job in node.desk.jobs.in_states((State.FINALIZING,)))


def test_finalize__more_due_than_a_few_blocks_take__leaves_room_for_posts(
    town: Town, node_of, consumer: str
) -> None:
    price = {"max_price": ETHER, "min_price": ETHER}
    final = {"consumer": consumer, "flags": Flags.AT_FINAL, "callback_gas": 2_000_000}
    client = town.client()
    for number in range(MANY):
        client.open(town.model, bytes([number]) * 64, **price, **final)
    node = node_of()
    until(node, met=lambda: counts(node) == {State.POSTED: MANY})
    town.warp(WINDOW)
    town.anvil.automine(False)
    until(node, met=lambda: counts(node).get(State.FINALIZING, 0) > 0)
    for _ in range(10):
        node.step()
    assert 0 < counts(node)[State.FINALIZING] < MANY
    assert planned(node) <= MOST_UNDER_WAY + MOST_GAS

    town.anvil.automine(True)
    town.anvil.mine(1)
    until(node, met=lambda: counts(node) == {State.FINAL: MANY})


def test_finalize__those_that_do_not_fit__are_not_those_that_are_due_longest(
    town: Town, node_of, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settle_module, "MOST_UNDER_WAY", 1)
    node = node_of()
    first = ask(town, 0)
    until(node, met=lambda: counts(node) == {State.POSTED: 1})
    second = ask(town, 1)
    until(node, met=lambda: counts(node) == {State.POSTED: 2})
    town.warp(2 * WINDOW)
    town.anvil.automine(False)
    until(node, met=lambda: State.FINALIZING in counts(node))
    for _ in range(5):
        node.step()
    assert node.desk.jobs.get(first).state is State.FINALIZING
    assert node.desk.jobs.get(second).state is State.POSTED
    town.anvil.automine(True)
    town.anvil.mine(1)
    until(node, met=lambda: counts(node) == {State.FINAL: 2})


def test_expire__more_due_than_may_be_under_way__goes_in_portions(
    town: Town, node_of, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settle_module, "MOST_UNDER_WAY", 2 * LEAST_EXPIRE_GAS)
    for number in range(5):
        ask(town, number, result_seconds=40)
    node = node_of()
    mute(node)
    until(node, met=lambda: counts(node) == {State.CLAIMED: 5})
    node.draining = True  # it would claim them again
    town.warp(40)
    town.anvil.automine(False)
    until(node, met=lambda: State.EXPIRING in counts(node))
    for _ in range(5):
        node.step()
    assert counts(node) == {State.EXPIRING: 2, State.OVERDUE: 3}
    town.anvil.automine(True)
    town.anvil.mine(1)
    until(node, met=lambda: counts(node) == {State.OPEN: 5})
