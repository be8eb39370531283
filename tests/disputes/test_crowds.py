"""Many challengers at once: an honest result outlives them all, a dishonest one falls to who is right."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from executor.chain.keys import LocalKey
from executor.chain.wallet import Wallet
from executor.disputes.games import Posted
from executor.node.lifecycle import State
from executor.node.node import Node
from executor.testing import PARAMETERS
from tests.anvil import CHAIN_ID
from tests.disputes.city import at_work, events, liar, names, newcomer, stake, step_all, step_once
from tests.node.network import ETHER, MIN_BOND, WINDOW, Town, image

PRICE = ETHER // 100
CLOCK = 3_600 * 3 // 10
DEPOSIT, DELAY_BPS = PARAMETERS["deposit"], PARAMETERS["delay_bps"]


def posted(city: Town, node: Node) -> Posted:
    """The one result that the node has posted."""
    city.client().open(city.model, image(3), max_price=PRICE)
    step_all([node], lambda: node.desk.jobs.counts() == {State.POSTED: 1})
    (job,) = node.desk.jobs.in_states((State.POSTED,))
    assert node.docket is not None
    found = node.docket.games.posted(job.id, 1)
    assert found is not None
    return found


def test_play__ten_challengers_of_an_honest_result__loses_to_none_and_is_paid_by_all(
    city: Town, tmp_path: Path
) -> None:
    """Each believes in another wrong element, and plays as well as it can."""
    with ExitStack() as stack:
        honest = stack.enter_context(at_work(city, tmp_path, "executor"))
        posted(city, honest)
        before = stake(city, "executor")
        crowd = [newcomer(city, number) for number in range(10)]
        nodes = [
            stack.enter_context(at_work(city, tmp_path, who, liar(0, 3 + number), claim=False, watch=True))
            for number, who in enumerate(crowd)
        ]
        step_all([honest, *nodes], lambda: len(names(events(city), "Challenged")) == 10)
        challenged = city.anvil.head()
        step_all([honest, *nodes], lambda: bool(names(events(city, challenged), "TileRevealed")))
        for _ in range(10):  # everybody tries to prove something
            step_once([honest, *nodes])
        city.warp(CLOCK)
        step_all([honest, *nodes], lambda: len(names(events(city), "Settled")) == 10)
        city.warp(WINDOW)
        step_all([honest], lambda: honest.desk.jobs.counts() == {State.FINAL: 1})

    assert Counter(names(events(city), "Ruled", "Proven", "TimedOut")) == {"Ruled": 10, "TimedOut": 10}
    assert {event["verdict"] for event in events(city) if event.name == "Ruled"} == {1}
    paid = DEPOSIT - DEPOSIT * DELAY_BPS // 10_000
    earned = city.ask(city.contracts.vault, "rewards", honest.desk.account)
    assert stake(city, "executor") + earned == before + 10 * paid
    assert all(stake(city, who) == ETHER - DEPOSIT for who in crowd)


def test_watch__nine_challengers_that_lose_on_purpose__save_no_dishonest_result(
    city: Town, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        dishonest = stack.enter_context(at_work(city, tmp_path, "executor", liar(0, 5)))
        result = posted(city, dishonest)
        dishonest.stop()  # it takes nothing more, and defends what it has
        before = stake(city, "executor")
        for number in range(9):
            challenge(city, newcomer(city, number), result)
        watcher = stack.enter_context(at_work(city, tmp_path, "rival", claim=False, watch=True))
        step_all([dishonest], lambda: "Traced" in names(events(city), "Traced"))
        city.warp(WINDOW // 2)
        step_all([dishonest, watcher], lambda: "Proven" in names(events(city), "Proven"))
        step_all([dishonest, watcher], lambda: "Settled" in names(events(city), "Settled"))

    (proven,) = (event for event in events(city) if event.name == "Proven")
    challengers = {event["game"]: event["challenger"] for event in events(city) if event.name == "Challenged"}
    assert len(challengers) == 10
    assert challengers[proven["game"]] == watcher.desk.account
    assert before - stake(city, "executor") <= MIN_BOND
    assert stake(city, "executor") < before


def challenge(city: Town, who: LocalKey, result: Posted) -> None:
    """Open a game that nobody is going to play."""
    contract = city.contracts.challenges
    data = contract.encode("challenge", result.result, result.asked.came, result.output)
    Wallet(city.anvil.rpc, who, CHAIN_ID, poll=0.01).transact(contract.address, data)
