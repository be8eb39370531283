"""Whole disputes on a real chain, played by nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from executor.chain.contracts import Contract
from executor.chain.rpc import Call, Endpoint
from executor.node.lifecycle import State
from executor.node.node import Node
from executor.program import load, run
from tests.disputes.city import events, liar, names, publish, stake, step_all, step_once
from tests.node.network import DIGITS, ETHER, MIN_BOND, Town, image

PRICE = ETHER // 100
CLOCK = 3_600 * 3 // 10
MOVES = ("Traced", "Revealed", "TileRevealed", "Picked", "Proven", "TimedOut")


def test_watch__false_result__is_refuted_and_answered_again(city: Town, node_of) -> None:
    dishonest = node_of("executor", lie=liar(0, 5))
    watcher = node_of("rival", claim=False, watch=True)
    requester = city.client()
    identifier = requester.open(city.model, image(3), max_price=PRICE)

    step_all([dishonest], lambda: dishonest.desk.jobs.counts() == {State.POSTED: 1})
    assert requester.wait(identifier, timeout=1).output != run(load(DIGITS), image(3))
    before = stake(city, "executor")

    step_all([dishonest, watcher], lambda: "Settled" in names(events(city), "Settled"))
    assert names(events(city), *MOVES) == ["Traced", "Picked", "TileRevealed", "Proven"]
    assert stake(city, "executor") == before - MIN_BOND

    dishonest.stop()  # the price goes on from the last claim's: somebody else takes it at once
    honest = node_of("staker")
    step_all([honest, watcher], lambda: honest.desk.jobs.counts() == {State.POSTED: 1})
    assert requester.wait(identifier, timeout=1).output == run(load(DIGITS), image(3))


class Forgetful:
    """An endpoint that leaves out the logs of one event when it is asked about a block."""

    def __init__(self, endpoint: Endpoint, topic: bytes) -> None:
        self._endpoint = endpoint
        self._topic = "0x" + topic.hex()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._endpoint, name)

    def read_many(self, calls: Sequence[Call]) -> list[Any]:
        answers = self._endpoint.read_many(calls)
        for at, (method, parameters) in enumerate(calls):
            if method == "eth_getLogs" and "blockHash" in parameters[0]:
                answers[at] = [entry for entry in answers[at] if entry["topics"][0] != self._topic]
        return answers


def hide(node: Node, city: Town, event: str) -> None:
    """From now on the node follows without the logs of this event."""
    dispute = Contract("Dispute", city.deployment.address("Dispute"))
    (topic,) = [
        contract.abi.topic(event)
        for contract in (city.contracts.market, city.contracts.challenges, dispute)
        if event in contract.abi.events
    ]
    follower = node.desk.follower
    follower._endpoint = Forgetful(follower._endpoint, topic)  # type: ignore[assignment]


@pytest.mark.parametrize("hidden", ["Challenged", "Traced", "TileRevealed", "Picked", "Ruled", "Settled"])
def test_play__endpoint_that_leaves_out_a_log__is_found_out_in_time(city: Town, node_of, hidden) -> None:
    dishonest = node_of("executor", lie=liar(0, 5))
    watcher = node_of("rival", claim=False, watch=True)
    hide(watcher, city, hidden)
    city.client().open(city.model, image(3), max_price=PRICE)
    step_all([dishonest, watcher], lambda: hidden in names(events(city), hidden))
    dishonest.stop()  # it defends what it has and claims nothing more
    for _ in range(8):
        city.warp(35)
        for _ in range(10):
            step_once([dishonest, watcher])
    assert names(events(city), *MOVES) == ["Traced", "Picked", "TileRevealed", "Proven"]
    assert names(events(city), "Challenged", "Settled") == ["Challenged", "Settled"]
    assert watcher.docket is not None
    assert watcher.docket.games.unsettled(watcher.desk.account) == []


@pytest.mark.parametrize("hidden", [("Challenged",), ("Posted",), ("Challenged", "Traced", "Picked")])
def test_play__challenge_of_an_own_result_is_hidden__is_answered_in_time(
    city: Town, node_of, hidden: tuple[str, ...]
) -> None:
    """He would lose by silence what nobody can prove wrong."""
    honest = node_of("executor")
    false_challenger = node_of("rival", lie=liar(0, 5), claim=False, watch=True)
    for event in hidden:
        hide(honest, city, event)
    city.client().open(city.model, image(3), max_price=PRICE)
    step_all([honest, false_challenger], lambda: "Challenged" in names(events(city), "Challenged"))
    honest.draining = True
    for _ in range(8):
        city.warp(35)
        for _ in range(10):
            step_once([honest, false_challenger])
    assert "TileRevealed" in names(events(city), "TileRevealed")  # there is nothing that he could prove
    city.warp(CLOCK)
    step_all([honest, false_challenger], lambda: "Settled" in names(events(city), "Settled"))
    assert [event["verdict"] for event in events(city) if event.name == "Ruled"] == [1]


def test_timeout__silent_defender__is_claimed(city: Town, node_of) -> None:
    dishonest = node_of("executor", lie=liar(0, 5))
    watcher = node_of("rival", claim=False, watch=True)
    city.client().open(city.model, image(3), max_price=PRICE)
    step_all([dishonest], lambda: dishonest.desk.jobs.counts() == {State.POSTED: 1})
    step_all([watcher], lambda: "Challenged" in names(events(city), "Challenged"))
    city.warp(CLOCK - 60)
    for _ in range(5):
        watcher.step()
    assert "TimedOut" not in names(events(city), "TimedOut")
    city.warp(60)
    step_all([watcher], lambda: "Settled" in names(events(city), "Settled"))
    assert names(events(city), *MOVES) == ["TimedOut"]


def test_watch__share_of_nothing__challenges_nobody(city: Town, node_of) -> None:
    dishonest = node_of("executor", lie=liar(0, 5))
    watcher = node_of("rival", claim=False, watch=True, watch_share=0.0)
    city.client().open(city.model, image(3), max_price=PRICE)
    step_all([dishonest, watcher], lambda: dishonest.desk.jobs.counts() == {State.POSTED: 1})
    assert verdicts(watcher) == [("passed over", "not drawn")]


def test_watch__true_result__agrees(city: Town, node_of) -> None:
    honest, watcher = node_of("executor"), node_of("rival", claim=False, watch=True)
    city.client().open(city.model, image(3), max_price=PRICE)
    step_all([honest, watcher], lambda: bool(verdicts(watcher)))
    assert verdicts(watcher) == [("agreed", "")]


def test_watch__version_of_another_input_size__is_left_alone(city: Town, node_of) -> None:
    """No trace opens to an input of another size than the program's: nobody is to blame for it."""
    city.model = publish(city, load(DIGITS), input_size=100)
    forger = node_of("executor", lie=liar(0, 5))
    object.__setattr__(forger._settings, "policy", replace(forger._settings.policy, defences={}))
    watcher = node_of("rival", claim=False, watch=True)
    city.client().open(city.model, image(3), max_price=PRICE)
    step_all([forger, watcher], lambda: bool(verdicts(watcher)))
    assert verdicts(watcher) == [("passed over", "its version takes inputs of another size than its program")]


def test_decide__version_of_another_input_size__is_declined(city: Town, node_of) -> None:
    city.model = publish(city, load(DIGITS), input_size=100)
    node = node_of("executor")
    identifier = city.client().open(city.model, image(3), max_price=PRICE)
    step_all([node], lambda: node.desk.jobs.counts() == {State.DECLINED: 1})
    job = node.desk.jobs.get(identifier)
    assert job is not None
    assert job.note == "its version takes inputs of 100 bytes, its program of 64"


def verdicts(node: Node) -> list[tuple[str, str]]:
    """What a watcher found, and why."""
    return [(row["verdict"], row["note"]) for row in node.desk.journal.rows("SELECT * FROM checks")]
