"""Registers are as narrow as what they hold allows, and not a bit narrower."""

from __future__ import annotations

import numpy as np
import pytest

from executor.backends.native import registers
from executor.backends.native.instructions import NARROW, STORE, WIDE
from executor.backends.native.passes import Pass, merged
from executor.backends.native.plan import plan
from executor.backends.native.registers import Lowering, width
from executor.program import Program, validate
from executor.program.ir import ElementType, Function, Interval, Opcode, TensorType, immediate
from tests.backends.layers import Sketch, Tensor
from tests.backends.test_native import compare

INT32, INT64 = ElementType.INT32, ElementType.INT64
TOP = (1 << 31) - 1
BOTTOM = -(1 << 31)
COUNT = 2_100
"""Elements: more than two tiles, and part of one."""


def lowered(program: Program) -> list[Lowering]:
    """The passes of a program for one request, as the row machine gets them."""
    found = []
    for _, kernel in plan(program, 1, bytes_are_exact=True).kernels():
        assert isinstance(kernel, Pass)
        extents, rank, accesses = merged(kernel)
        found.append(Lowering(extents, rank, accesses))
        found[-1].lower(kernel.code)
    return found


def written(program: Program) -> int:
    """Bytes of an element of what the last pass stores."""
    return [line.read for line in lowered(program)[-1].lines if line.instruction.what == STORE][-1]


def sketch_of(*intervals: Interval) -> tuple[Sketch, list[Tensor]]:
    """A program over inputs within these intervals, which the plan knows, in the narrowest type they fit."""
    types = [TensorType(element(interval), (COUNT,)) for interval in intervals]
    sketch = Sketch(1, *types)
    inputs = [
        sketch.each(Function.CLAMP, given.element, (COUNT,), sketch.input(number).dense(), *intervals[number])
        for number, given in enumerate(types)
    ]
    return sketch, inputs


def element(interval: Interval) -> ElementType:
    return INT32 if width(interval) == NARROW else INT64


def near(rng: np.random.Generator, interval: Interval) -> np.ndarray:
    """Numbers at the ends of an interval, next to them, about zero, and anywhere."""
    low, high = interval
    some = np.array([low, high, low + 1, high - 1, 0, 1, -1], np.int64).clip(low, high)
    anywhere = rng.integers(low, high, COUNT, endpoint=True)
    return np.where(rng.random(COUNT) < 0.6, rng.choice(some, COUNT), anywhere)


def data(rng: np.random.Generator, *intervals: Interval) -> bytes:
    return b"".join(near(rng, each).astype(element(each).canonical).tobytes() for each in intervals)


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ((BOTTOM, TOP), NARROW),
        ((BOTTOM - 1, 0), WIDE),
        ((0, TOP + 1), WIDE),
        ((0, 0), NARROW),
        ((-(1 << 40), 1 << 40), WIDE),
    ],
)
def test_width__about_the_ends_of_int32__is_narrow_up_to_them(interval: Interval, expected: int) -> None:
    assert width(interval) == expected


HALF = 1 << 30
ROOT = 46_341
"""Its square is the first above 2^31."""

CASES: list[tuple[Function, Interval, Interval, int, int]] = [
    (Function.ADD, (-HALF, HALF), (-HALF, HALF - 1), 0, NARROW),
    (Function.ADD, (-HALF, HALF), (-HALF, HALF), 0, WIDE),
    (Function.ADD, (-HALF, HALF - 1), (-HALF - 1, HALF), 0, WIDE),
    (Function.SUB, (-HALF, HALF), (-HALF + 1, HALF), 0, NARROW),
    (Function.SUB, (-HALF, HALF), (-HALF, HALF), 0, WIDE),
    (Function.SUB, (-HALF, HALF), (-HALF + 1, HALF + 1), 0, WIDE),
    (Function.SUB, (BOTTOM, TOP), (BOTTOM, TOP), 0, WIDE),
    (Function.MUL, (0, ROOT - 1), (1 - ROOT, ROOT - 1), 0, NARROW),
    (Function.MUL, (0, ROOT), (-ROOT, ROOT), 0, WIDE),
    (Function.MUL, (BOTTOM, TOP), (BOTTOM, TOP), 0, WIDE),
    (Function.DIV, (-(1 << 20), 1 << 20), (-5, 1 << 31), 10, NARROW),
    (Function.DIV, (-(1 << 20), 1 << 20), (-5, 1 << 20), 11, WIDE),
    (Function.DIV, (BOTTOM, TOP), (BOTTOM, TOP), 31 - 1, WIDE),
    (Function.MIN, (BOTTOM, TOP), (BOTTOM, TOP), 0, NARROW),
    (Function.MIN, (BOTTOM, TOP + 9), (BOTTOM, TOP), 0, WIDE),
    (Function.MAX, (BOTTOM, TOP), (BOTTOM - 9, TOP), 0, WIDE),
    (Function.EQ, (BOTTOM, TOP), (BOTTOM, TOP), 0, WIDE),
    (Function.LT, (BOTTOM, TOP), (BOTTOM, TOP), 0, WIDE),
    (Function.LE, (BOTTOM, TOP), (BOTTOM, TOP), 0, WIDE),
]


@pytest.mark.parametrize(
    ("function", "first", "second", "p", "expected"),
    CASES,
    ids=[f"{function.name} {first} {second}" for function, first, second, _, _ in CASES],
)
def test_engine__results_about_the_ends_of_int32__gives_the_interpreters_bits(
    function: Function, first: Interval, second: Interval, p: int, expected: int
) -> None:
    """What is stored is exactly what the function gives: a register too narrow would show."""
    rng = np.random.default_rng(5)
    sketch, (a, b) = sketch_of(first, second)
    sketch.each(function, INT64, (COUNT,), a.dense(), b.dense(), value=p)
    program = sketch.program()
    validate(program)
    if function is not Function.DIV:
        assert written(program) == expected
    compare(program, [data(rng, first, second) for _ in range(3)])


@pytest.mark.parametrize("shift", [0, 1, 31, 40])
@pytest.mark.parametrize("multiplier", [1, -1, BOTTOM])
def test_engine__rescaled_about_the_ends_of_int32__gives_the_interpreters_bits(
    shift: int, multiplier: int
) -> None:
    """Products of 64 bits between narrow registers, saturated to narrow and to wide types."""
    rng = np.random.default_rng(6)
    ends, some = (BOTTOM, TOP), (-5, 1 << 29)
    for result in (INT32, INT64, ElementType.INT8):
        sketch, (a, b) = sketch_of(ends, some)
        total = sketch.each(Function.SUB, INT64, (COUNT,), a.dense(), b.dense())
        one = sketch.each(Function.MAX, result, (COUNT,), a.dense(), 7, scale=(multiplier, 0, shift))
        two = sketch.each(Function.ADD, result, (COUNT,), total.dense(), 0, scale=(1, 5, shift))
        last = sketch.each(Function.SUB, INT64, (COUNT,), one.dense(), two.dense(), scale=(1, 0, 1))
        assert last.dims == (COUNT,)
        program = sketch.program()
        validate(program)
        compare(program, [data(rng, ends, some) for _ in range(2)])


@pytest.mark.parametrize(("peak", "expected"), [(1 << 20, NARROW), ((1 << 20) + 1, WIDE)])
def test_engine__sums_about_the_ends_of_int32__gives_the_interpreters_bits(peak: int, expected: int) -> None:
    """2,047 times 2^20 fits; of sums that may not, none is narrow, whatever they are added to."""
    terms = 2_047 if expected == NARROW else 2_048
    for rows in (3, 40):
        sketch = Sketch(1, TensorType(INT32, (rows, terms)))
        narrow = sketch.each(*(Function.CLAMP, INT32, (rows, terms), sketch.input().dense()), *(-peak, peak))
        program_ends = sketch.append(
            *(Opcode.DOT, INT64, (rows,), (narrow.view((terms,), (1,)), immediate(1, 1, 1))),
            reduction=(terms,),
        )
        assert program_ends.dims == (rows,)
        program = sketch.program()
        validate(program)
        full = np.full((rows, terms), peak, np.int64)
        full[1] = -peak
        assert written(program) == expected
        compare(program, [full.astype(">i4").tobytes()])


def test_width__one_bit_too_lenient__gives_other_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cases above would see a register that is too narrow."""
    monkeypatch.setattr(registers, "width", lambda _: NARROW)
    seen = 0
    for function, first, second, p, expected in CASES:
        if expected == WIDE and function in (Function.ADD, Function.SUB, Function.MUL):
            sketch, (a, b) = sketch_of(first, second)
            sketch.each(function, INT64, (COUNT,), a.dense(), b.dense(), value=p)
            with pytest.raises(AssertionError):
                compare(sketch.program(), [data(np.random.default_rng(5), first, second)])
            seen += 1
    assert seen == 7
