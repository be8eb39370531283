"""The plain evaluator and its trees against the specification: two programs by two authors, one meaning."""

from __future__ import annotations

from random import Random

import pytest

from executor.program.commitments import data_root
from executor.program.proof import chunk_proof, element_proof, rescale_proof
from executor.program.trace import Trace as SpecifiedTrace
from tests.soundness.cases import random_cases
from tests.soundness.programs import KINDS, random_data, random_program
from tests.soundness.prover import Part, packed
from tests.soundness.trace import Statement, Trace


@pytest.mark.parametrize("kind", KINDS)
def test_trace__random_program__has_the_values_and_roots_of_the_specification(kind: str) -> None:
    for seed in range(12):
        rng = Random(f"evaluator/{kind}/{seed}")
        program = random_program(rng, kind)
        data = random_data(rng, program)
        statement = Statement(program, data)
        plain, specified = Trace(statement), SpecifiedTrace(program, data)
        assert statement.root == program.root
        assert statement.input_root == data_root(data, program.input_size)
        assert statement.steps == specified.steps
        for t in range(statement.steps):
            for number, values in enumerate(plain.values[t]):
                assert values == [specified.element(t, number, flat) for flat in range(len(values))]
            assert plain.outputs(t).root == specified.outputs_tree(t).root
        assert plain.steps.root == specified.steps_tree.root
        assert plain.output == specified.output


def test_prove__random_step__gives_the_bytes_that_the_executor_gives() -> None:
    parts = set()
    for step in (step for kind in KINDS for step in random_cases(f"proofs/{kind}", kind)):
        specified = SpecifiedTrace(step.honest.program, step.honest.statement.data)
        match step.part:
            case Part.ELEMENT:
                proof = element_proof(specified, *step.place)
            case Part.CHUNK:
                proof = chunk_proof(specified, *step.place, step.extra)
            case Part.RESCALED:
                proof = rescale_proof(specified, *step.place)
        assert packed(step.sections()) == proof
        parts.add(step.part)
    assert parts == set(Part)


def test_lying__one_element__changes_the_roots_above_it_and_no_other() -> None:
    rng = Random("a lie")
    program = random_program(rng, "map add")
    plain = Trace(Statement(program, random_data(rng, program)))
    last = len(program.operations) - 1
    lied = plain.lying(0, last, 0, plain.values[0][last][0] ^ 1)
    assert lied.steps.root != plain.steps.root
    for number in range(last):
        assert lied.tree(0, number).root == plain.tree(0, number).root
    assert lied.tree(0, last).root != plain.tree(0, last).root
    assert plain.values[0][last] != lied.values[0][last]
