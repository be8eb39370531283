"""Market and vault against their model, in any order of moves."""

from __future__ import annotations

import sys
from collections import Counter

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.invariant.machine import Machine
from tests.invariant.scene import Scene

MOVES = {
    *("open by value", "open through model", "open prepaid", "open with token", "sign order"),
    *("fund balance", "withdraw balance", "invalidate nonce", "cancel", "cancel revoked"),
    *("claim", "post", "post by id", "answer", "claim signed", "answer signed", "batch with bad items"),
    *("pledge", "unpledge", "finalize", "forged result", "expire", "expire a claim"),
    *("redeliver", "redeliver retraction", "misbehave", "callback that failed"),
    *("challenge", "challenge oneself", "rule for defender", "rule for challenger"),
    *("settle a game won", "settle a game lost", "settle a game void", "settle a game live", "expire a game"),
    *("model: publish", "model: promote", "model: rollback", "model: revoke"),
    *("model: pause", "model: unpause", "model: collect", "model: canary", "model: withdraw"),
    *("set parameters", "freeze", "network: collect", "wait"),
    *("deposit stake", "begin unbonding", "withdraw stake", "withdraw rewards"),
    *("propose operator", "accept operator", "revoke operator"),
}


def run(scene: Scene, examples: int, steps: int) -> Counter[str]:
    """How often each move was made, and each call refused."""
    Machine.prepare(scene)
    run_state_machine_as_test(Machine, settings=settings(max_examples=examples, stateful_step_count=steps))
    sys.stdout.writelines(f"{times:6} {move}\n" for move, times in sorted(Machine.tally.items()))
    return Machine.tally


def test_market__any_order_of_moves__agrees_with_its_model(scene: Scene) -> None:
    tally = run(scene, examples=200, steps=40)
    refused = sum(times for move, times in tally.items() if " | " in move)
    assert refused > 500
    assert sorted(move for move in MOVES if not tally[move]) == []


@pytest.mark.soak
@pytest.mark.timeout(5_000)
def test_market__long_runs__agrees_with_its_model(scene: Scene) -> None:
    tally = run(scene, examples=1_000, steps=80)
    assert sorted(move for move in MOVES if not tally[move]) == []
