"""MaxPool, AveragePool, GlobalMaxPool and GlobalAveragePool."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

from executor.compiler.builder import Read, Scaling
from executor.compiler.graph import Node
from executor.compiler.lowering.reduction import over_axes, sum_over
from executor.compiler.lowering.scope import Scope, lowers
from executor.compiler.lowering.windows import Windows
from executor.compiler.tensors import Tensor, axis, scalar
from executor.program.ir import Affine

Pool = tuple[tuple[int, ...], tuple[int, ...], Read, Windows]


def _pool(scope: Scope, node: Node) -> Pool:
    """Dimensions of the result, those of the window, how the window is read, and its geometry."""
    x, dims = scope.values[node.inputs[0]], scope.dims(node.outputs[0])
    kernel = tuple(node.attributes["kernel_shape"])
    windows = Windows.of(node, x.dims, dims, kernel)
    rank, space = len(dims), len(kernel)
    terms = [Affine(0, (0,) * rank, tuple(int(at == n) for at in range(space))) for n in range(space)]
    return dims, kernel, Read(x, [axis(0, rank), axis(1, rank), *windows.places(rank, 2, terms)]), windows


def _channels_last(rank: int) -> tuple[int, ...]:
    return (0, *range(2, rank), 1)


@lowers("MaxPool")
def max_pool(scope: Scope, node: Node) -> Tensor:
    """The largest element of each window; padding does not count."""
    if len([name for name in node.outputs if name]) > 1:
        raise node.refuse("it also yields the places of the largest", "export it without Indices")
    dims, kernel, read, _ = _pool(scope, node)
    return scope.builder.maximum(dims, kernel, read, scope.target(node), _channels_last(len(dims)))


@lowers("AveragePool")
def average_pool(scope: Scope, node: Node) -> Tensor:
    """The mean of each window, over as many elements as the node says where padding is near."""
    dims, kernel, read, windows = _pool(scope, node)
    counting = bool(node.attributes.get("count_include_pad", 0))
    sizes = [windows.sizes(at, counting) for at in range(len(kernel))]
    result, unit = scope.target(node), read.tensor.format.scale
    ratios = [unit / result.scale / math.prod(counts) for counts in product(*sizes)]
    axes: tuple[int, ...] = tuple(range(2, len(dims)))
    scaling = Scaling(ratios, [0] * len(ratios), axes)
    ones = Read(scalar(1, Fraction(1)), [])
    return scope.builder.dot(dims, kernel, read, ones, result, scaling, _channels_last(len(dims)))


@lowers("GlobalAveragePool")
def global_average_pool(scope: Scope, node: Node) -> Tensor:
    """The mean over space."""
    x = scope.values[node.inputs[0]]
    return sum_over(scope, x, range(2, x.rank), scope.target(node), Fraction(1, math.prod(x.dims[2:])))


@lowers("GlobalMaxPool")
def global_max_pool(scope: Scope, node: Node) -> Tensor:
    """The largest over space."""
    x = scope.values[node.inputs[0]]
    dims, indices, reduction = over_axes(x, range(2, x.rank))
    return scope.builder.maximum(dims, reduction, Read(x, indices), scope.target(node))
