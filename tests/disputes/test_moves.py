"""Whole games on a board: an honest challenger always ends at the first element that is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from executor.disputes.moves import attack, defend
from executor.program import Program
from executor.program.interpreter import Interpreter
from executor.program.ir import Affine, IntArray, Opcode, Operation, Source, immediate
from executor.program.trace import Trace
from tests.disputes.board import Board, case_of, play
from tests.program.build import INT8, INT32, add, pack, program, tensor, view
from tests.program.strategies import VALID_PROGRAMS
from tests.program.test_interpreter import SLOW
from tests.program.test_trace import chunked, running_sum


def liar(step: int, index: int, element: int, by: int = 1) -> Any:
    """An interpreter that is wrong in one element; everything later follows from it."""

    class Liar(Interpreter):
        def _execute(self, operation: Operation, number: int, now: int) -> IntArray:
            output = super()._execute(operation, number, now)
            if (now, number) == (step, index):
                output = output.copy()
                low, high = operation.result.element.interval
                changed = int(output[element]) + by
                output[element] = changed if low <= changed <= high else int(output[element]) - by
            return output

    return Liar


def assert_caught(honest: Trace, forged: Trace, step: int, index: int, element: int) -> Board:
    board = play(honest, forged, defend, attack)
    opening = board.path[-1].opening
    assert (opening.step, opening.operation) == (step, index)
    assert board.proven is not None
    proven, chunk, claimed = board.proven
    assert proven == element
    if chunk is None:
        assert claimed == forged.element(step, index, element) != honest.element(step, index, element)
    return board


@settings(SLOW, max_examples=150)
@given(VALID_PROGRAMS, st.binary(max_size=200), st.data())
def test_attack__one_false_element__ends_there(program: Program, data: bytes, draw: st.DataObject) -> None:
    data = data[: program.input_size]
    honest = Trace(program, data)
    step = draw.draw(st.integers(0, honest.steps - 1))
    index = draw.draw(st.integers(0, len(program.operations) - 1))
    element = draw.draw(st.integers(0, program.operations[index].result.count - 1))
    forged = Trace(program, data, interpreter=liar(step, index, element))
    assume(forged.output != honest.output)
    operation = program.operations[index]
    if operation.opcode in (Opcode.DOT, Opcode.MAX) and operation.chunk < operation.terms:
        return  # a defender who splits has to lie in a chunk, too
    assert_caught(honest, forged, step, index, element)


class SplitLiar(Trace):
    """One too many in the first chunk, so that the parts of a reduction combine to a false element."""

    def chunks(self, step: int, operation: int, element: int, height: int, index: int) -> list[int]:
        first, *others = super().chunks(step, operation, element, height, index)
        return [first + (index == 0), *others]


@pytest.mark.parametrize(("terms", "chunk"), [(8, 4), (330, 10), (2_200, 2)])
def test_attack__false_reduction__ends_at_its_first_chunk(terms: int, chunk: int) -> None:
    data = pack(INT8, [(number * 37) % 100 - 50 for number in range(terms)])
    honest = Trace(chunked(terms, chunk), data)
    forged = SplitLiar(chunked(terms, chunk), data, interpreter=liar(0, 0, 0))
    board = assert_caught(honest, forged, 0, 0, 0)
    assert board.proven is not None
    assert board.proven[1] == 0


def wide(operations: int, length: int) -> Program:
    """A chain of additions of the input, each of `length` elements."""
    here = Affine(0, (1,))
    chain = [
        add(
            result=tensor(INT32, length),
            operands=(view(number - 1, here, Source.OUTPUT) if number else view(0, here), view(0, here)),
            multiplier=immediate(1, 1),
            bias=immediate(0, 1),
        )
        for number in range(operations)
    ]
    return program(*chain, inputs=(tensor(INT8, length),))


@pytest.mark.parametrize(
    ("operations", "length", "index", "element"),
    [(1, 10_000, 0, 9_999), (40, 300, 0, 299), (40, 300, 39, 0), (33, 9_000, 32, 8_999), (3, 256, 1, 255)],
)
def test_attack__many_operations_and_tiles__ends_at_the_false_element(
    operations: int, length: int, index: int, element: int
) -> None:
    made = wide(operations, length)
    honest, forged = (
        Trace(made, b"\1" * length),
        Trace(made, b"\1" * length, interpreter=liar(0, index, element)),
    )
    assert_caught(honest, forged, 0, index, element)


@pytest.mark.parametrize("step", [0, 1, 31, 32, 39])
def test_attack__many_steps__ends_at_the_first_false_one(step: int) -> None:
    made = running_sum(5, 40)
    honest, forged = Trace(made, b"\1" * 5), Trace(made, b"\1" * 5, interpreter=liar(step, 0, 3))
    assert_caught(honest, forged, step, 0, 3)


def test_attack__honest_reveal__finds_nothing() -> None:
    made = wide(40, 300)
    honest = Trace(made, b"\1" * 300)
    case = case_of(made, honest.input, honest.output)
    board = Board(made, case, 1)
    board.make(defend(honest, case, None))
    assert attack(honest, case, 1, board.path) is None
