"""Dishonest provers before the Referee: whatever they bend, they hear the truth or a refusal."""

from __future__ import annotations

import sys
from collections import Counter
from random import Random

import pytest

from tests.soundness.attacks import ATTACKS
from tests.soundness.bench import Bench
from tests.soundness.cases import Case

TRIED = 200
"""How often every attack is made at least."""


def attack(bench: Bench, steps: list[Case], name: str, times: int) -> Counter[str]:
    """What the Referee said to an attack on so many of the steps; nothing it said helped the attacker."""
    rng = Random(name)
    tried = []
    for case in rng.sample(steps, len(steps)) * 2:  # twice, where few steps have what is attacked
        question = ATTACKS[name](rng, case)
        if question is not None:
            tried.append((case, question))
        if len(tried) == times:
            break
    heard = Counter[str]()
    for (case, _), answer in zip(tried, bench.answers([question for _, question in tried]), strict=True):
        if isinstance(answer, int):
            assert answer == case.truth, f"{name}: {case.seed} {case.part.value} {case.place}: {answer}"
            heard["the truth"] += 1
        else:
            assert answer.startswith("referee: "), f"{name}: {case.seed} {case.place}: {answer!r}"
            heard[answer] += 1
    return heard


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_referee__dishonest_prover__hears_the_truth_or_a_refusal(
    bench: Bench, steps: list[Case], name: str
) -> None:
    heard = attack(bench, steps, name, TRIED)
    sys.stdout.writelines(f"{times:6} {message}\n" for message, times in heard.most_common())
    assert sum(heard.values()) == TRIED
