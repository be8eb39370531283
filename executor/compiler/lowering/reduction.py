"""ReduceMean, ReduceSum, ReduceMax, ReduceMin, ReduceL1, ReduceL2 and ReduceSumSquare."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from executor.compiler.builder import Read, Scaling
from executor.compiler.graph import Node
from executor.compiler.lowering.elementwise import fitted, square_root
from executor.compiler.lowering.scope import Scope, lowers
from executor.compiler.plan import INT32, INT64
from executor.compiler.tensors import Format, Tensor, axis, scalar
from executor.program.ir import Affine, Function

ONE = Fraction(1)


def over_axes(x: Tensor, axes: Sequence[int]) -> tuple[tuple[int, ...], list[Affine], tuple[int, ...]]:
    """To reduce `axes`: dimensions of the result (ones kept), indices of x, dimensions of the reduction."""
    dims = tuple(1 if at in axes else n for at, n in enumerate(x.dims))
    reduction = tuple(x.dims[at] for at in axes)
    indices = []
    for at in range(x.rank):
        if at in axes:
            term = tuple(int(number == list(axes).index(at)) for number in range(len(axes)))
            indices.append(Affine(0, (0,) * x.rank, term))
        else:
            indices.append(Affine(0, axis(at, x.rank).output, (0,) * len(axes)))
    return dims, indices, reduction


def _axes(scope: Scope, node: Node) -> list[int]:
    """The axes that the node reduces, an attribute or an input by opset; all of them where it names none."""
    rank = len(scope.dims(node.inputs[0]))
    named = node.attributes.get("axes")
    if named is None and node.input(1):
        named = scope.integers(node, node.input(1))
    if not named and node.attributes.get("noop_with_empty_axes", 0):
        return []
    return sorted(number % rank for number in named or range(rank))


@lowers("ReduceMean", "ReduceSum")
def reduce_sum(scope: Scope, node: Node) -> Tensor:
    """The sum over axes, divided by the number of terms if it is a mean."""
    x, axes = scope.values[node.inputs[0]], _axes(scope, node)
    if not axes:
        return x
    terms = math.prod(x.dims[at] for at in axes) if node.operator == "ReduceMean" else 1
    total = sum_over(scope, x, axes, scope.target(node), Fraction(1, terms))
    return scope.builder.reshape(total, scope.dims(node.outputs[0]))


def sum_over(scope: Scope, x: Tensor, axes: Sequence[int], result: Format, factor: Fraction = ONE) -> Tensor:
    """The sum over axes, which stay with length one, times a factor; coarser where 48 bits are few."""
    x = fitted(scope, x, 48 - math.prod(x.dims[at] for at in axes).bit_length())
    dims, indices, reduction = over_axes(x, axes)
    ones = Read(scalar(1, ONE), [])
    ratio = x.format.scale * factor / result.scale
    return scope.builder.dot(dims, reduction, Read(x, indices), ones, result, Scaling([ratio]))


def sum_of_squares(scope: Scope, x: Tensor, axes: Sequence[int]) -> Tensor:
    """The sum of squares over axes, exactly: an int64 in units of the square of x's."""
    dims, indices, reduction = over_axes(x, axes)
    result = Format(INT64, x.format.scale**2)
    return scope.builder.dot(dims, reduction, Read(x, indices), Read(x, indices), result, Scaling([ONE]))


def bits_for_squares(terms: int) -> int:
    """Magnitudes of so many bits are such that 60 hold the sum of that many squares."""
    return (60 - terms.bit_length()) // 2


@lowers("ReduceMax")
def reduce_max(scope: Scope, node: Node) -> Tensor:
    """The largest over axes."""
    x = scope.values[node.inputs[0]]
    dims, indices, reduction = over_axes(x, _axes(scope, node))
    found = scope.builder.maximum(dims, reduction, Read(x, indices), scope.target(node))
    return scope.builder.reshape(found, scope.dims(node.outputs[0]))


@lowers("ReduceMin")
def reduce_min(scope: Scope, node: Node) -> Tensor:
    """The smallest over axes: the largest negative, negated."""
    x = scope.values[node.inputs[0]]
    wide = Format(max(x.format.element, INT32), x.format.scale)
    negative = scope.builder.map(Function.SUB, [scalar(0, ONE), x], wide, x.format.scale)
    dims, indices, reduction = over_axes(x, _axes(scope, node))
    largest = scope.builder.maximum(dims, reduction, Read(negative, indices), wide)
    found = scope.builder.map(Function.SUB, [scalar(0, ONE), largest], scope.target(node), x.format.scale)
    return scope.builder.reshape(found, scope.dims(node.outputs[0]))


@lowers("ReduceL2")
def reduce_l2(scope: Scope, node: Node) -> Tensor:
    """The Euclidean norm over axes."""
    axes = _axes(scope, node)
    norm = norm_over(scope, scope.wide(node.inputs[0]), axes, scope.target(node))
    return scope.builder.reshape(norm, scope.dims(node.outputs[0]))


def norm_over(scope: Scope, x: Tensor, axes: Sequence[int], result: Format) -> Tensor:
    """The Euclidean norm over axes of a tensor whose unit is a power of two."""
    x = fitted(scope, x, bits_for_squares(math.prod(x.dims[at] for at in axes)))
    return square_root(scope, sum_of_squares(scope, x, axes), result)


@lowers("ReduceL1")
def reduce_l1(scope: Scope, node: Node) -> Tensor:
    """The sum of magnitudes over axes."""
    x, wide = scope.values[node.inputs[0]], scope.wide(node.inputs[0]).format
    negative = scope.builder.map(
        Function.SUB, [scalar(0, ONE), x], Format(INT64, x.format.scale), x.format.scale
    )
    sizes = scope.builder.map(Function.MAX, [x, negative], wide, x.format.scale)
    total = sum_over(scope, sizes, _axes(scope, node), scope.target(node))
    return scope.builder.reshape(total, scope.dims(node.outputs[0]))


@lowers("ReduceSumSquare")
def reduce_sum_square(scope: Scope, node: Node) -> Tensor:
    """The sum of squares over axes."""
    x, axes = scope.wide(node.inputs[0]), _axes(scope, node)
    x = fitted(scope, x, bits_for_squares(math.prod(x.dims[at] for at in axes)))
    squares = fitted(scope, sum_of_squares(scope, x, axes), 48)
    return scope.builder.reshape(scope.to_target(node, squares), scope.dims(node.outputs[0]))
