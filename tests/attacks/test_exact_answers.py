"""Valid programs on which the fast backend once gave another answer than the interpreter, or none at all.

Each is small and of one kind; what they have in common is that an honest executor would have been slashed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import numpy as np
import pytest

from executor.backends.native import products
from executor.program import Program, validate
from executor.program.ir import ElementType, Function, Opcode, Source, TensorType, View
from tests.attacks import borders
from tests.backends.layers import Sketch, Tensor
from tests.backends.test_native import compare, extreme

INT8, INT16, INT32, INT64 = ElementType
COUNT = 8
LOWEST, HIGHEST = INT64.interval


def sketch(*inputs: ElementType, count: int = COUNT) -> Sketch:
    """With inputs of so many elements."""
    return Sketch(7, *(TensorType(element, (count,)) for element in inputs))


def numbers(made: Sketch, element: ElementType, values: Sequence[int]) -> Tensor:
    """A constant."""
    return made.constant(element, np.array(values, np.int64))


def looked_up(made: Sketch, index: Tensor | View, rows: int, offset: int = 0) -> Tensor:
    """A gather from a table of that many rows, by an index that may be far beyond them."""
    place = index if isinstance(index, View) else index.dense()
    table = numbers(made, INT8, range(-rows // 2, rows - rows // 2))
    return made.append(Opcode.GATHER, INT8, (COUNT,), [place, table.view((0,))], value=offset)


def by_comparison(function: Function) -> Program:
    """A table indexed with whether something holds."""
    made = sketch(INT64, INT64)
    looked_up(made, made.each(function, INT8, (COUNT,), made.input(0).dense(), made.input(1).dense()), 2)
    return made.program()


def by_root() -> Program:
    """A table indexed with a square root, which is small while what it is of is not."""
    made = sketch(INT64)
    looked_up(made, made.each(Function.ISQRT, INT32, (COUNT,), made.input().dense(), scale=(1, 0, 24)), 200)
    return made.program()


def by_clamped() -> Program:
    """A table indexed with wide numbers that are held within it."""
    made = sketch(INT64)
    looked_up(made, made.each(Function.CLAMP, INT64, (COUNT,), made.input().dense(), 0, 255), 256)
    return made.program()


def by_far_offset(offset: int) -> Program:
    """A table indexed from far away."""
    made = sketch(INT64)
    wide = made.each(Function.CLAMP, INT64, (COUNT,), made.input().dense(), 1 - (1 << 62), (1 << 62) - 1)
    looked_up(made, wide, 3, offset)
    return made.program()


def far_fill(function: Function, value: int, fill: int) -> Program:
    """A view that never misses, whose fill would break the bounds if it were ever read."""
    made = sketch(INT64)
    held = made.each(Function.CLAMP, INT64, (COUNT,), made.input().dense(), -100, 100)
    backwards = held.view((-1,), constant=COUNT - 1, fill=fill)
    operands: list[View | int] = [backwards, 7]
    made.each(function, INT32, (COUNT,), *operands[: function.arity], value=value)
    return made.program()


def in_place(source: Source) -> Program:
    """A table's index, read where it lies: the register meant for it is free when the rows are counted."""
    dims, dense = (4, COUNT), ((COUNT, 1), ())
    made = Sketch(7, TensorType(INT32, dims))
    if source is Source.INPUT:
        read = made.input().view(*dense)
    elif source is Source.CONSTANT:
        read = made.random(INT32, *dims, low=-(1 << 30), high=1 << 30).view(*dense)
    else:
        stored = made.each(Function.MIN, INT32, dims, made.input().dense(), 1 << 30)
        read = stored.view((-COUNT, 1), constant=3 * COUNT)
    held = made.each(Function.MIN, INT32, dims, read, 2)
    picked = made.table(held, INT8, made.random(INT8, 5), 0)
    made.each(Function.ADD, INT32, dims, picked.dense(), made.input().view((-COUNT, 1), constant=3 * COUNT))
    return made.program()


def scaled_and_looked_up(columns: int) -> Program:
    """Wide sums, an int32 bias and scale for each column, a table: the narrow copies of both are free."""
    made = Sketch(3, TensorType(INT16, (1, 40)))
    weights = made.random(INT16, columns, 40)
    scale, bias = (made.random(INT32, columns, low=1, high=1 << 12) for _ in range(2))
    operands = made.input().view((40, 0), (1,)), weights.view((0, 40), (1,))
    by_column = scale.view((0, 1), (0,)), bias.view((0, 1), (0,)), 40
    sums = made.append(Opcode.DOT, INT16, (1, columns), operands, reduction=(40,), scale=by_column)
    made.table(sums, INT8, made.random(INT8, 1 << 12), 0)
    return made.program()


PROGRAMS: dict[str, Callable[[], Program]] = {
    "table by eq": lambda: by_comparison(Function.EQ),
    "table by lt": lambda: by_comparison(Function.LT),
    "table by le": lambda: by_comparison(Function.LE),
    "table by isqrt": by_root,
    "table by clamped int64": by_clamped,
    "table from 2^62 below": lambda: by_far_offset(-(1 << 62)),
    "table from 2^62 above": lambda: by_far_offset((1 << 62) - 1),
    "div with a fill of -2^63": lambda: far_fill(Function.DIV, 30, LOWEST),
    "div with a fill of 2^63 - 1": lambda: far_fill(Function.DIV, 30, HIGHEST),
    "shift with a fill of -2^63": lambda: far_fill(Function.SHIFT, 62, LOWEST),
    "shift with a fill of 2^63 - 1": lambda: far_fill(Function.SHIFT, 62, HIGHEST),
    "index in place in an input": lambda: in_place(Source.INPUT),
    "index in place in a constant": lambda: in_place(Source.CONSTANT),
    "index in place in an output": lambda: in_place(Source.OUTPUT),
    "scale in place, one tile": lambda: scaled_and_looked_up(700),
    "scale in place, two tiles": lambda: scaled_and_looked_up(1500),
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("carried", [True, False], ids=["products of any size", "products where they pay"])
def test_engine__programs_at_the_borders__gives_the_interpreters_bits(
    name: str, carried: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if carried:
        monkeypatch.setattr(products, "WORTH", 1)
    program = PROGRAMS[name]()
    validate(program)
    constants = [constant.data.copy() for constant in program.constants]
    compare(program, [extreme(seed, program) for seed in range(3)])
    for constant, before in zip(program.constants, constants, strict=True):
        assert (constant.data == before).all()


@pytest.mark.parametrize("group", range(4))
def test_engine__random_programs_at_the_borders__gives_the_interpreters_bits(
    group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "WORTH", 1)
    found = [(seed, borders.program(Random(f"border {seed}"))) for seed in range(60 * group, 60 * group + 60)]
    drawn = [(seed, program) for seed, program in found if program is not None]
    assert len(drawn) > 20
    for seed, program in drawn:
        compare(program, [borders.data(Random(seed), program), borders.data(Random(~seed), program)])
