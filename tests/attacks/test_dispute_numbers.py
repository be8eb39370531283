"""Steps at the ends of every number: what the interpreter computes there, the Referee computes."""

from __future__ import annotations

import pytest

from executor.program import Program
from executor.program.ir import Affine, Function, Guard, Operation, Source, View, immediate
from executor.program.trace import Trace
from executor.program.validation import validate
from tests.judge.dispute.court import Court
from tests.judge.referee.judge import Judge
from tests.program.build import INT8, INT32, INT64, add, constant, dot, gather, maximum, pack, tensor, view

LOWEST, HIGHEST = -(2**63), 2**63 - 1
FAR = 2**31 - 1
EXTREMES = [LOWEST, LOWEST + 1, -(2**32), -1, 0, 1, 3, 3037000499**2 - 1, 3037000499**2, HIGHEST]
EACH = Affine(0, (1,))
SMALL = {"multiplier": immediate(1, 1), "bias": immediate(0, 1)}


def mapped(function: Function, *operands: View | int, shift: int = 0, **changes: object) -> Operation:
    """A function of every extreme; a number stands for an immediate."""
    views = tuple(immediate(x, 1) if isinstance(x, int) else x for x in operands)
    fields = {"result": tensor(INT64, len(EXTREMES)), **SMALL}
    return add(function=function, operands=views, shift=shift, **(fields | changes))


X = view(0, EACH)
BEHIND = View(Source.INPUT, 0, Affine(-FAR - 1, (FAR,)), LOWEST)
GUARDS = (Guard(Affine(-FAR - 1, (FAR,)), FAR), Guard(Affine(FAR, (-FAR,)), 1))
GUARDED = View(Source.INPUT, 0, EACH, LOWEST, GUARDS)

OPERATIONS = {
    "isqrt": mapped(Function.ISQRT, X),
    "isqrt of what is outside": mapped(Function.ISQRT, BEHIND),
    "equal to the lowest": mapped(Function.EQ, X, LOWEST),
    "less than a fill": mapped(Function.LT, X, GUARDED),
    "clamped to few": mapped(Function.CLAMP, X, -128, 127),
    "clamped to none": mapped(Function.CLAMP, X, 5, -5),
    "chosen": mapped(Function.SELECT, X, HIGHEST >> 2, -(HIGHEST >> 2), bias=immediate(-1, 1)),
    "divided by itself": mapped(Function.DIV, HIGHEST >> 31, X, immediate=30),
    "divided by all": mapped(Function.DIV, -(HIGHEST >> 1), X, multiplier=immediate(-1, 1)),
    "shifted away": mapped(Function.SHIFT, (1 << 62) - 1, immediate=62, shift=62),
    "half of less": mapped(Function.EQ, X, 0, multiplier=immediate(-(1 << 61), 1), shift=62),
    "saturated": mapped(Function.SELECT, X, 1 << 40, -(1 << 40), result=tensor(INT8, len(EXTREMES)), shift=1),
}


def judged(court: Court, program: Program, data: bytes) -> None:
    """Every element of the last output, by the Referee."""
    validate(program)
    trace, last = Trace(program, data), len(program.operations) - 1
    judge = Judge(court.referee, trace)
    for element in range(program.output_type.count):
        assert judge.element(0, last, element) == trace.element(0, last, element)


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_prove__function_of_extremes__is_what_the_interpreter_computes(court: Court, name: str) -> None:
    program = Program((OPERATIONS[name],), (tensor(INT64, len(EXTREMES)),))
    judged(court, program, pack(INT64, EXTREMES))


@pytest.mark.parametrize("offset", [FAR, -FAR, HIGHEST - 2**31, 2**31 - HIGHEST])
def test_prove__row_of_a_table_far_beyond_its_ends__is_the_last_or_the_first(
    court: Court, offset: int
) -> None:
    index = view(0, EACH)
    rows = gather(
        operands=(index, view(1, Affine(0, (0,)))), result=tensor(INT8, 4), immediate=offset, **SMALL
    )
    program = Program((rows,), (tensor(INT32, 4), tensor(INT8, 9)))
    judged(court, program, pack(INT32, [-FAR - 1, -1, 0, FAR]) + bytes(16) + bytes(range(1, 10)))


@pytest.mark.parametrize("stride", [FAR, -FAR - 1, 1 << 30, -1, 0])
def test_prove__reduction_by_the_longest_strides__reads_what_is_inside(court: Court, stride: int) -> None:
    guards = (Guard(Affine(-FAR - 1, (0,), (FAR,)), FAR), Guard(Affine(FAR, (0,), (-FAR - 1,)), FAR))
    a = View(Source.INPUT, 0, Affine(1, (1,), (stride,)), -128, guards[:1])
    b = View(Source.CONSTANT, 0, Affine(2, (0,), (-stride - 1,)), 127, guards)
    form = {"result": tensor(INT32, 2), "reduction": (5,), "chunk": 5}
    weights = (constant(INT8, [-128, 127, 1]),)
    data = bytes([0x80, 0x7F, 0xFF])
    judged(court, Program((dot(operands=(a, b), **form),), (tensor(INT8, 3),), weights), data)
    judged(court, Program((maximum(operands=(a,), **form),), (tensor(INT8, 3),)), data)
