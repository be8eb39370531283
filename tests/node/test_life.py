"""A node answers requests on a real chain: every phase of a job, one step after the other."""

from __future__ import annotations

import time
from collections.abc import Callable

from executor.chain.requests import Status
from executor.node.lifecycle import State
from executor.node.node import Node
from executor.program import load, run
from tests.node.network import DIGITS, ETHER, FEE_BPS, MIN_BOND, ROYALTY_BPS, WINDOW, Town, image, key

PRICE = ETHER // 100


def until(node: Node, condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Step until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"never came to it: {node.desk.jobs.counts()}"
        node.step()
        time.sleep(0.01)


def all_in(node: Node, state: State, number: int) -> Callable[[], bool]:
    return lambda: node.desk.jobs.counts() == {state: number}


def test_step__one_request__is_claimed_computed_posted_and_final(town: Town, node_of) -> None:
    node = node_of()
    client = town.client()
    identifier = client.open(town.model, image(3), max_price=PRICE)

    until(node, all_in(node, State.POSTED, 1))
    posted = client.wait(identifier, timeout=1)
    assert posted.output == run(load(DIGITS), image(3))
    assert (posted.final, posted.executor, posted.bond) == (False, key("executor").address, MIN_BOND)

    town.warp(WINDOW)
    until(node, all_in(node, State.FINAL, 1))
    final = client.wait(identifier, "final", timeout=1)
    assert final.final
    assert final.output == posted.output
    assert client.verify(identifier, final.output)


def test_step__forty_requests__are_final_and_paid_to_the_wei(town: Town, node_of) -> None:
    node = node_of()
    client = town.client()
    identifiers = [client.open(town.model, image(number), max_price=PRICE + number) for number in range(40)]
    until(node, all_in(node, State.POSTED, 40), 30)
    town.warp(WINDOW)
    until(node, all_in(node, State.FINAL, 40), 30)

    answers = [client.wait(identifier, "final", timeout=1) for identifier in identifiers]
    assert (
        sum(town.contracts.slots(town.anvil.rpc, identifiers)[n].status is Status.FINAL for n in range(40))
        == 40
    )
    prices = [answer.price for answer in answers]
    earned = sum(price - price * ROYALTY_BPS // 10_000 - price * FEE_BPS // 10_000 for price in prices)
    assert client.balance(account=key("executor").address) == earned
    refunds = sum(PRICE + number for number in range(40)) - sum(prices)
    assert client.balance() == refunds
    assert town.ask(town.contracts.vault, "locked", key("executor").address) == 0
