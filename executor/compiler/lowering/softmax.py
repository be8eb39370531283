"""Softmax and LogSoftmax: the distance below the largest, a table of exponentials, and one division."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from executor.compiler import functions
from executor.compiler.builder import Read, Scaling
from executor.compiler.graph import Node
from executor.compiler.lowering.elementwise import quotient
from executor.compiler.lowering.reduction import over_axes
from executor.compiler.lowering.scope import Scope, lowers, quantise
from executor.compiler.plan import FARTHEST, INT32
from executor.compiler.tensors import Format, Tensor, axis, scalar
from executor.program.ir import Affine, Function

STEP = Fraction(1, 1 << 12)
"""By how much the exponents of two neighbours in the table differ."""
ENTRIES = 1 << 16
"""Of the table of logarithms."""
ONE = Format(INT32, Fraction(1, 1 << 24))
"""The format of the powers, of which the largest is one."""


@lowers("Softmax")
def softmax(scope: Scope, node: Node) -> Tensor:
    """e^x over the sum of all e^x along the axis."""
    x = scope.wide(node.inputs[0])
    _, found, total = powers(scope, x, int(node.attributes.get("axis", -1)), STEP, ONE)
    return quotient(scope, found, total, scope.target(node))


@lowers("LogSoftmax")
def log_softmax(scope: Scope, node: Node) -> Tensor:
    """x less the logarithm of the sum of all e^x; the sum's logarithm comes from a table of 2^16 entries."""
    x, position = scope.wide(node.inputs[0]), int(node.attributes.get("axis", -1))
    below, _, total = powers(scope, x, position, STEP, ONE)
    unit = Fraction(2 * x.dims[position], ENTRIES)
    fine = Format(INT32, unit)
    index = scope.builder.convert(total, fine)
    points = np.arange(ENTRIES) * float(unit)
    logarithms = functions.log(np.maximum(points, float(unit) / 2))
    entry = Format(INT32, below.format.scale)
    table = scope.builder.constant(quantise(logarithms, entry), entry.scale, INT32)
    whole = [axis(at, index.rank) for at in range(index.rank)]
    found = scope.builder.gather(
        index.dims, Read(index, whole), Read(table, [Affine(0, (0,) * index.rank)]), entry
    )
    return scope.builder.map(Function.SUB, [below, found], scope.target(node), entry.scale)


def powers(
    scope: Scope, x: Tensor, position: int, step: Fraction, one: Format
) -> tuple[Tensor, Tensor, Tensor]:
    """How far each element is below the largest, the power of e to that, and their sum along the axis.

    step: the unit of the distances, which name the entries of the table; one: the format of the powers.
    """
    position %= x.rank
    dims, indices, reduction = over_axes(x, [position])
    largest = scope.builder.maximum(dims, reduction, Read(x, indices), x.format)
    below = scope.builder.map(Function.SUB, [x, largest], Format(INT32, step), x.format.scale)
    levels = int(1 / one.scale)
    deepest = min(math.ceil((2 * levels).bit_length() * functions.LN2), FARTHEST)  # where they round to zero
    entries = int(deepest / step)
    points = np.arange(1 - entries, 1) * float(step)
    table = scope.builder.constant(quantise(functions.exp(points), one), one.scale, one.element)
    whole = [axis(at, x.rank) for at in range(x.rank)]
    found = scope.builder.gather(
        x.dims, Read(below, whole), Read(table, [Affine(0, (0,) * x.rank)]), one, offset=entries - 1
    )
    # n powers of at most one: beyond an int32, their sum needs a coarser unit.
    excess = max((levels * reduction[0]).bit_length() - 31, 0)
    wide = Format(INT32, one.scale * 2**excess)
    ones = Read(scalar(1, Fraction(1), ()), [])
    total = scope.builder.dot(
        dims, reduction, Read(found, indices), ones, wide, Scaling([one.scale / wide.scale])
    )
    return below, found, total
