"""ArgMax, ArgMin and TopK: the largest elements along an axis, and their places."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from executor.compiler.builder import Read
from executor.compiler.graph import Node
from executor.compiler.lowering.movement import joined
from executor.compiler.lowering.reduction import over_axes
from executor.compiler.lowering.scope import Scope, lowers
from executor.compiler.plan import INT8, INT32, INT64
from executor.compiler.tensors import Format, Tensor, scalar
from executor.program.ir import Function

ONE = Fraction(1)
PLACE = Format(INT32, ONE)
MOST_PLACES = 32
"""Of a TopK: each takes eight operations."""


@lowers("ArgMax", "ArgMin")
def argmax(scope: Scope, node: Node) -> Tensor:
    """The place of the largest or the smallest; of several, the first."""
    if node.attributes.get("select_last_index", 0):
        raise node.refuse("it asks for the last of several", "export it without select_last_index")
    x = scope.values[node.inputs[0]]
    position = int(node.attributes.get("axis", 0)) % x.rank
    _, place = largest_and_place(scope, _turned(scope, x) if node.operator == "ArgMin" else x, position)
    return scope.builder.reshape(place, scope.dims(node.outputs[0]))


@lowers("TopK")
def top(scope: Scope, node: Node) -> list[Tensor]:
    """The k largest or smallest and their places, in order: the largest, then that of the rest, and so on."""
    (count,) = scope.integers(node, node.inputs[1])
    if count > MOST_PLACES:
        raise node.refuse(
            f"it asks for the {count} largest", f"TopK with k up to {MOST_PLACES} can be compiled"
        )
    smallest = not node.attributes.get("largest", 1)
    x = scope.values[node.inputs[0]]
    position = int(node.attributes.get("axis", -1)) % x.rank
    rest = _turned(scope, x) if smallest else x
    values, places = [], []
    for number in range(count):
        value, place = largest_and_place(scope, rest, position)
        values.append(value)
        places.append(place)
        if number + 1 < count:
            rest = _without(scope, rest, place, position)
    found = joined(scope, values, position, values[0].format)
    where = joined(scope, places, position, PLACE)
    return [scope.to_target(node, _turned(scope, found) if smallest else found), where]


def largest_and_place(scope: Scope, x: Tensor, position: int) -> tuple[Tensor, Tensor]:
    """The largest along an axis, and its place: of those that equal it, the furthest from the end."""
    builder, length = scope.builder, x.dims[position]
    dims, indices, reduction = over_axes(x, [position])
    largest = builder.maximum(dims, reduction, Read(x, indices), x.format)
    equal = builder.map(Function.EQ, [x, largest], Format(INT8, ONE), ONE)
    from_end = builder.constant(np.arange(length, 0, -1).reshape(_along(x, position)), ONE, INT32)
    count = builder.map(Function.SELECT, [equal, from_end, scalar(0, ONE)], PLACE, ONE)
    furthest = builder.maximum(dims, reduction, Read(count, indices), PLACE)
    return largest, builder.map(Function.SUB, [scalar(length, ONE), furthest], PLACE, ONE)


def _without(scope: Scope, x: Tensor, place: Tensor, position: int) -> Tensor:
    """x with a number at a place that is lower than all others, so that it is not found again."""
    wide = Format(INT64, x.format.scale)
    numbers = scope.builder.constant(np.arange(x.dims[position]).reshape(_along(x, position)), ONE, INT32)
    taken = scope.builder.map(Function.EQ, [numbers, place], Format(INT8, ONE), ONE)
    least = scalar(2 * INT32.interval[0], x.format.scale)
    return scope.builder.map(Function.SELECT, [taken, least, x], wide, x.format.scale)


def _turned(scope: Scope, x: Tensor) -> Tensor:
    """The negative, of a type in which the least number has one."""
    wide = Format(INT64, x.format.scale)
    return scope.builder.map(Function.SUB, [scalar(0, ONE), x], wide, x.format.scale)


def _along(x: Tensor, position: int) -> list[int]:
    return [n if at == position else 1 for at, n in enumerate(x.dims)]
