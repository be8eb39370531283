"""The soul of the judge: an honest step is never found wrong, and a false one always is.

Random programs are evaluated twice: by plain loops over Python's integers, with trees and proofs written anew
for these tests, and step by step by the deployed Referee. Every kind of step is judged at least 200 times
each way; what the steps met is counted and printed.
"""

from __future__ import annotations

import sys
from collections import Counter
from random import Random
from secrets import token_hex

import pytest

from tests.soundness.bench import Bench
from tests.soundness.cases import Case
from tests.soundness.census import FEATURES
from tests.soundness.conftest import drawn
from tests.soundness.programs import KINDS
from tests.soundness.prover import Part
from tests.soundness.trace import Trace

STEP_KINDS = (*KINDS, "chunk", "chunk of dot", "chunk of max", "rescaled", "history")
LEAST = 200
"""Steps of every kind, judged each way."""
LEAST_OF_A_FEATURE = 100


def count(steps: list[Case]) -> tuple[Counter[str], Counter[str]]:
    """How many steps there are of every kind, and how many meet each feature; printed."""
    kinds, met = Counter[str](), Counter[str]()
    for case in steps:
        kinds.update(case.kinds)
        met.update(case.features)
    for counter in (kinds, met):
        sys.stdout.writelines(f"{times:7} {name}\n" for name, times in sorted(counter.items()))
    return kinds, met


def assert_enough(steps: list[Case]) -> None:
    """Every kind of step and every feature of views, types and rescales is among them."""
    kinds, met = count(steps)
    assert {kind: kinds[kind] for kind in STEP_KINDS if kinds[kind] < LEAST} == {}
    assert {name: met[name] for name in FEATURES if met[name] < LEAST_OF_A_FEATURE} == {}
    assert set(met) == set(FEATURES)


def judge_honest(bench: Bench, steps: list[Case]) -> None:
    """The Referee computes what the plain evaluator computes."""
    answers = list(bench.answers([case.question() for case in steps]))
    wrong = [
        f"{case.seed} {case.part.value} {case.place}: {answer!r}, not {case.truth}"
        for case, answer in zip(steps, answers, strict=True)
        if answer != case.truth
    ]
    assert wrong == []


def judge_false(bench: Bench, steps: list[Case], rng: Random) -> None:
    """In a trace with one false element the Referee finds another value than the false one."""
    questions, claims = [], []
    for case in steps:
        liar, claimed = falsehood(rng, case)
        questions.append(case.question(trace=liar))
        claims.append(claimed)
    answers = list(bench.answers(questions))
    missed = [
        f"{case.seed} {case.part.value} {case.place}: {answer!r} where {claimed} is claimed, not {case.truth}"
        for case, answer, claimed in zip(steps, answers, claims, strict=True)
        if answer == claimed or answer != case.truth
    ]
    assert missed == []


def falsehood(rng: Random, case: Case) -> tuple[Trace, int]:
    """A trace that is false from this step's element on, and the false value of what is judged.

    What follows is computed from the falsehood, or is true, or is false as well.
    """
    honest, result = case.honest, case.honest.program.operations[case.number].result
    low, high = result.element.interval
    truth = honest.values[case.t][case.number][case.flat]
    nearby = [value for value in (truth - 1, truth + 1, low, high, ~truth) if low <= value <= high]
    value = rng.choice([other for other in nearby if other != truth])
    if rng.random() < 0.1:
        liar = Trace(honest.statement, {(case.t, case.number): {case.flat: value}})
    else:
        liar = honest.lying(case.t, case.number, case.flat, value)
    if rng.random() < 0.3:  # further falsehoods, all behind the first
        later = rng.randrange(case.flat, result.count)
        liar = liar.lying(case.t, case.number, later, rng.choice([low, high, value]))
        last = len(honest.program.operations) - 1
        liar = liar.lying(honest.statement.steps - 1, last, 0, value if last == case.number else 1)
    claimed = liar.values[case.t][case.number][case.flat]
    if claimed == truth:  # put right again by one of the later ones
        liar, claimed = honest.lying(case.t, case.number, case.flat, value), value
    return liar, case.truth + rng.choice([-1, 1]) if case.part is Part.CHUNK else claimed


def test_referee__honest_step_of_every_kind__is_what_the_plain_evaluator_computes(
    bench: Bench, steps: list[Case]
) -> None:
    assert_enough(steps)
    judge_honest(bench, steps)


def test_referee__false_step_of_every_kind__is_told_from_the_truth(bench: Bench, steps: list[Case]) -> None:
    assert_enough(steps)
    judge_false(bench, steps, Random("falsehoods"))


@pytest.mark.soak
@pytest.mark.timeout(5_000)
def test_referee__new_steps_every_time__are_judged_rightly_both_ways(bench: Bench) -> None:
    for round_number in range(20):
        seed = f"{token_hex(4)}-{round_number}"
        steps = drawn(seed, 1)
        sys.stdout.write(f"{len(steps)} steps drawn by {seed!r}\n")
        judge_honest(bench, steps)
        judge_false(bench, steps, Random(seed))
