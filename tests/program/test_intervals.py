"""The static intervals hold whatever a program yields."""

from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from executor.program import Interpreter, InvalidProgram, Program
from executor.program.arithmetic import apply
from executor.program.intervals import function_interval, output_interval
from executor.program.ir import Affine, Function, Guard, Interval, Operation, Source
from tests.program.build import INT8, INT64, add, constant, gather, maximum, program, tensor, view
from tests.program.strategies import VALID_PROGRAMS

SMALL = st.tuples(st.integers(-6, 6), st.integers(0, 5)).map(lambda pair: (pair[0], pair[0] + pair[1]))
FUNCTIONS = st.sampled_from([function for function in Function if function is not Function.NONE])


def intervals(tested: Program) -> list[Interval]:
    found: list[Interval] = []
    for operation in tested.operations:
        found.append(output_interval(tested, operation, found))
    return found


@settings(max_examples=500, deadline=None)
@given(FUNCTIONS, st.tuples(SMALL, SMALL, SMALL), st.integers(0, 3))
def test_function_interval__every_operand_within__yields_a_value_within(
    function: Function, operands: tuple[Interval, ...], p: int
) -> None:
    operands = operands[: function.arity]
    low, high = function_interval(function, operands, p)
    for values in product(*(range(a, b + 1) for a, b in operands)):
        arrays = [np.array([value], np.int64) for value in values]
        assert low <= int(apply(function, arrays, p)[0]) <= high


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
@given(VALID_PROGRAMS, st.binary(max_size=200))
def test_output_interval__every_output__lies_within(tested: Program, data: bytes) -> None:
    found = intervals(tested)
    for _, index, output in Interpreter(tested, data[: tested.input_size]).outputs():
        low, high = found[index]
        assert low <= output.min()
        assert output.max() <= high


ROW = constant(INT8, [3, 4, 5])
OUTSIDE = view(0, Affine(1, (0, 1)), Source.CONSTANT, fill=100)
GUARDED = view(0, Affine(0, (0, 1)), Source.CONSTANT, fill=-100, guards=(Guard(Affine(0, (0, 1)), 2),))
EARLY = view(0, Affine(0, (0, 1)), Source.CONSTANT, fill=-100, guards=(Guard(Affine(-1, (0, 1)), 3),))
NEVER = view(0, Affine(0, (0, 1)), Source.CONSTANT, fill=100, guards=(Guard(Affine(0, (0, 1)), 3),))


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (add(operands=(OUTSIDE, OUTSIDE)), (6, 200)),
        (add(operands=(GUARDED, GUARDED)), (-200, 10)),
        (add(operands=(EARLY, EARLY)), (-200, 10)),
        (add(operands=(NEVER, NEVER)), (6, 10)),
        (add(operands=(NEVER, NEVER), result=tensor(INT8, 2, 3), multiplier=NEVER), (18, 50)),
        (maximum(operands=(view(0, Affine(0, (0,), (1,)), Source.CONSTANT),)), (3, 5)),
        (maximum(operands=(view(0, Affine(1, (0,), (1,)), Source.CONSTANT),)), (-128, 5)),
        (gather(operands=(view(0), view(0, Affine(0, (0, 0)), Source.CONSTANT, fill=9))), (3, 5)),
        (gather(operands=(view(0), view(0, Affine(0, (0, 1)), Source.CONSTANT, fill=9))), (3, 9)),
        (gather(operands=(view(0), view(0, Affine(-1, (0, 0)), Source.CONSTANT, fill=9))), (3, 9)),
        (
            add(function=Function.SUB, operands=(view(0, source=Source.HISTORY), NEVER)),
            (-(2**15), 2**15 - 4),
        ),
    ],
)  # fmt: skip
def test_output_interval__view_that_may_miss_its_source__includes_what_is_read_then(
    operation: Operation, expected: Interval
) -> None:
    assert intervals(program(operation, constants=(ROW,))) == [expected]


def test_output_interval__fill_that_would_wrap__is_refused_unless_it_is_never_read() -> None:
    one = constant(INT64, [1])
    never = view(0, Affine(0, (0, 0)), Source.CONSTANT, fill=2**62)
    sometimes = view(0, Affine(0, (0, 1)), Source.CONSTANT, fill=2**62)
    assert intervals(program(add(operands=(never, never)), constants=(one,))) == [(2, 2)]
    with pytest.raises(InvalidProgram, match="not below"):
        intervals(program(add(operands=(sometimes, sometimes)), constants=(one,)))
