"""Programs as large as one rule allows, one for each: what is dearest to load among all that load."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from executor.program.encoding import MAX_GUARDS, MAX_RANK, MAX_REDUCTION_RANK
from executor.program.ir import (
    Affine,
    Constant,
    Function,
    Guard,
    Opcode,
    Operation,
    Program,
    Source,
    TensorType,
    View,
    immediate,
)
from executor.program.validation import MAX_CONSTANTS, MAX_INPUTS, MAX_OPERATIONS
from tests.program.build import INT8, INT16, add, constant, tensor, view

CUBE = tensor(INT8, *(2,) * MAX_RANK)
"""As many dimensions as there may be, none of them idle."""
LARGE = tensor(INT8, 1 << 30)


def most_operations() -> Program:
    """The shortest records: nothing but itself and its history is read."""
    first = add(operands=(view(0), view(0)))
    others = [
        add(operands=(view(number, source=Source.HISTORY), view(number, source=Source.OUTPUT)))
        for number in range(MAX_OPERATIONS - 1)
    ]
    return Program((first, *others), (tensor(INT16, 2, 3),))


def most_constants() -> Program:
    """A constant for every operation, each of another value."""
    added = [
        add(operands=(view(number - 1, source=Source.OUTPUT) if number else view(0), read(number)))
        for number in range(MAX_OPERATIONS)
    ]
    stored = tuple(constant(INT16, range(number, number + 6), 2, 3) for number in range(MAX_CONSTANTS))
    return Program(tuple(added), (tensor(INT16, 2, 3),), stored)


def read(number: int) -> View:
    return view(number, source=Source.CONSTANT)


def most_inputs() -> Program:
    """As many inputs as there may be, each of as many elements as there may be."""
    wide = tensor(INT16, 2**31 - 1)
    return Program((add(operands=(view(MAX_INPUTS - 1), view(0))),), (wide,) * MAX_INPUTS)


def most_views() -> Program:
    """Three operands, multiplier and bias, each with all its guards over all axes: the longest records."""
    return Program(tuple(longest_map(number) for number in range(MAX_OPERATIONS)), (CUBE,), (), 5)


def longest_map(number: int) -> Operation:
    return Operation(
        opcode=Opcode.MAP,
        function=Function.CLAMP,
        result=CUBE,
        operands=(guarded(number, 0), guarded(number, 0), guarded(number, 0)),
        multiplier=guarded(number, 0),
        bias=guarded(number, 0),
    )


def most_reduction_axes() -> Program:
    """Sums over seven axes, in chunks whose tiles lie apart, with all guards over all fifteen axes."""
    return Program(tuple(longest_dot(number) for number in range(MAX_OPERATIONS)), (CUBE, LARGE), (), 5)


def longest_dot(number: int) -> Operation:
    depth = MAX_REDUCTION_RANK
    before = guarded(number, depth)
    strides = tuple(500 + 3 * number + 100 * axis for axis in range(depth))
    scattered = replace(
        before, source=Source.INPUT, index=1, offset=replace(before.offset, reduction=strides)
    )
    scaling = without_reduction(before)
    return Operation(
        opcode=Opcode.DOT,
        result=CUBE,
        operands=(before, scattered),
        multiplier=scaling,
        bias=scaling,
        reduction=(2,) * depth,
        chunk=40,
    )


def guarded(number: int, depth: int) -> View:
    """Of the output before, and never outside it, so that every guard has to be looked at."""
    source = (Source.OUTPUT, number - 1) if number else (Source.INPUT, 0)
    form = Affine(number % 100, (1 + number % 3,) * MAX_RANK, (1 + number % 5,) * depth, 1)
    return View(*source, form, 1, tuple(Guard(form, 1000 + at) for at in range(MAX_GUARDS)))


def without_reduction(full: View) -> View:
    form = replace(full.offset, reduction=(0,) * len(full.offset.reduction))
    return replace(full, offset=form, guards=tuple(replace(guard, form=form) for guard in full.guards))


def most_steps() -> Program:
    """As many steps as there may be, and all their outputs read."""
    form = Affine(-6, (3, 1), (), 6)
    both = add(operands=(view(0, form, Source.HISTORY), view(0)))
    return Program((both,), (tensor(INT16, 2, 3),), (), 2**31 - 1)


def most_elements() -> Program:
    """An output and a reduction of as many elements as there may be: a file of some hundred bytes."""
    whole, short = 2**31 - 1, 2**30
    summed = Operation(
        opcode=Opcode.DOT,
        result=tensor(INT8, whole),
        operands=(view(0, Affine(0, (1,), (1,))), immediate(1, 1, 1)),
        multiplier=immediate(1, 1, 1),
        bias=immediate(0, 1, 1),
        reduction=(short,),
        chunk=512,
    )
    return Program((summed,), (tensor(INT8, whole),))


def most_weights() -> Program:
    """Eight mebibytes in one constant."""
    count = 1 << 22
    data = np.arange(count, dtype=np.int16)
    stored = Constant(TensorType(INT16, (count,)), data)
    return Program((add(operands=(read(0), view(0))),), (tensor(INT16, 2, 3),), (stored,))


MAXIMAL: tuple[Callable[[], Program], ...] = (
    most_operations,
    most_constants,
    most_inputs,
    most_views,
    most_reduction_axes,
    most_steps,
    most_elements,
    most_weights,
)
