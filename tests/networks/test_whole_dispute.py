"""The whole dispute that `make bench` plays about MiniLM, here about the digits program."""

from __future__ import annotations

from functools import partial

import pytest

from executor.program import load
from executor.program.ir import Opcode
from executor.program.trace import Trace
from scripts._demo.drawings import PROGRAM, held_out
from scripts._dispute import faulty, play, widest
from scripts._models.dispute import notes

ELEMENT, BIT = 1, 6


@pytest.fixture(scope="module")
def make():
    """`make(interpreter=...)`: a trace of the digits program on one drawing."""
    (drawing,) = held_out(1)
    return partial(Trace, load(PROGRAM), drawing.pixels)


def test_play__one_flipped_bit__is_proven_by_the_moves_of_both_sides(chain, project, tmp_path, make):
    true = make()
    operation = widest(true.program)
    lie = faulty(operation, ELEMENT, BIT)
    false = make(interpreter=lie)
    dispute = play(chain.provider.http_uri, project, tmp_path, PROGRAM, true.input, false, true)
    claimed = true.element(0, operation, ELEMENT) ^ 1 << BIT
    proven = dispute.proven
    assert (proven["element"], proven["claimed"], proven["computed"]) == (
        ELEMENT,
        claimed,
        true.element(0, operation, ELEMENT),
    )
    defender, challenger = dispute.defender, dispute.challenger
    assert defender.sent[0].function == "trace"
    assert challenger.sent[-1].function == "prove"
    assert len(defender.sent) == len(challenger.sent) == len(defender.gas) == len(challenger.gas) - 2
    assert dispute.moves == 2 * len(defender.gas) + 2
    assert 500_000 < dispute.gas < 900_000
    defender.replay(lambda: make(interpreter=lie))
    challenger.replay(make)
    for side, other in ((defender, make), (challenger, lambda: make(interpreter=lie))):
        with pytest.raises(AssertionError):
            side.replay(other)


def test_play__a_flip_that_does_not_reach_the_output__is_no_dispute(chain, project, tmp_path, make):
    true = make()
    with pytest.raises(AssertionError, match="does not reach the output"):
        play(chain.provider.http_uri, project, tmp_path, PROGRAM, true.input, make(), true)


def test_faulty__its_trace__is_false_in_one_element_of_that_operation(make):
    true = make()
    operation = widest(true.program)
    false = make(interpreter=faulty(operation, ELEMENT, BIT))
    count = true.program.operations[operation].result.count
    values = [[trace.element(0, operation, at) for at in range(count)] for trace in (true, false)]
    differing = [at for at in range(count) if values[0][at] != values[1][at]]
    assert differing == [ELEMENT]
    before = range(operation)
    assert all(true.tiles_tree(0, at).root == false.tiles_tree(0, at).root for at in before)


def test_widest__of_the_digits__has_its_sums_in_one_step():
    program = load(PROGRAM)
    found = program.operations[widest(program)]
    assert found.opcode is Opcode.DOT
    assert found.terms <= found.chunk
    work = found.result.count * found.terms
    sums = [one for one in program.operations if one.opcode is Opcode.DOT and one.terms <= one.chunk]
    assert work == max(one.result.count * one.terms for one in sums)


def test_notes__without_the_program__say_nothing():
    assert notes({"digits/accuracy": 0.99}) == ""
