"""Whole disputes on a real chain, played by nodes."""

from __future__ import annotations

from executor.node.lifecycle import State
from executor.program import load, run
from tests.disputes.city import events, liar, names, stake, step_all
from tests.node.network import DIGITS, ETHER, MIN_BOND, Town, image

PRICE = ETHER // 100
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
