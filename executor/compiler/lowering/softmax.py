"""Softmax and LogSoftmax: the distance below the largest, a table of exponentials, and one division."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from executor.compiler import functions
from executor.compiler.builder import Read, Scaling
from executor.compiler.graph import Node
from executor.compiler.lowering.elementwise import quotient
from executor.compiler.lowering.reduction import over_axes
from executor.compiler.lowering.scope import Scope, lowers, quantise
from executor.compiler.plan import INT32
from executor.compiler.tensors import Format, Tensor, axis, scalar
from executor.program.ir import Affine, Function

STEPS = 1 << 12
"""Table entries for each unit of the exponent."""
ENTRIES = 1 << 16
"""So e^-16 is the smallest power that is not zero."""
ONE = Format(INT32, Fraction(1, 1 << 24))
"""The format of the powers, of which the largest is one."""


@lowers("Softmax")
def softmax(scope: Scope, node: Node) -> Tensor:
    """e^x over the sum of all e^x along the axis."""
    _, powers, total = _powers(scope, node)
    return quotient(scope, powers, total, scope.target(node))


@lowers("LogSoftmax")
def log_softmax(scope: Scope, node: Node) -> Tensor:
    """x less the logarithm of the sum of all e^x; the sum's logarithm comes from a table of 2^16 entries."""
    below, _, total = _powers(scope, node)
    terms = scope.dims(node.inputs[0])[int(node.attributes.get("axis", -1))]
    unit = Fraction(2 * terms, ENTRIES)
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


def _powers(scope: Scope, node: Node) -> tuple[Tensor, Tensor, Tensor]:
    """How far each element is below the largest, the power of e to that, and their sum along the axis."""
    x = scope.wide(node.inputs[0])
    position = int(node.attributes.get("axis", -1)) % x.rank
    dims, indices, reduction = over_axes(x, [position])
    largest = scope.builder.maximum(dims, reduction, Read(x, indices), x.format)
    below = scope.builder.map(Function.SUB, [x, largest], Format(INT32, Fraction(1, STEPS)), x.format.scale)
    points = np.arange(1 - ENTRIES, 1) / STEPS
    values = quantise(functions.exp(points), ONE)
    table = scope.builder.constant(values, ONE.scale, INT32)
    whole = [axis(at, x.rank) for at in range(x.rank)]
    powers = scope.builder.gather(
        x.dims, Read(below, whole), Read(table, [Affine(0, (0,) * x.rank)]), ONE, offset=ENTRIES - 1
    )
    # n powers of at most one: beyond 64 of them the sum needs a coarser unit to stay within an int32.
    wide = Format(INT32, ONE.scale * 2 ** max(reduction[0].bit_length() - 6, 0))
    total = scope.builder.dot(
        dims,
        reduction,
        Read(powers, indices),
        Read(scalar(1, Fraction(1), ()), []),
        wide,
        Scaling([powers.format.scale / wide.scale]),
    )
    return below, powers, total
