"""MatMul, Gemm and Conv: sums of products with weights, or between two activations."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from executor.compiler.builder import Read, Scaling
from executor.compiler.functions import Floats
from executor.compiler.graph import Array, Node
from executor.compiler.lowering.scope import Scope, lowers
from executor.compiler.lowering.windows import Windows
from executor.compiler.tensors import Format, Tensor, axis, plus
from executor.program.ir import Affine, ElementType

LEAST_CHANNEL = 2.0**-12
"""No channel's unit is smaller than this part of the largest one's, so that biases stay moderate."""
TWO_DIGITS = 127 * 256 + 127
"""The largest weight: two signed bytes of an int16 reach no further, and kernels multiply bytes."""


def quantise_weights(weights: Floats, element: ElementType) -> tuple[Array, list[Fraction]]:
    """Weights [channels, ...] as integers, never the type's lowest, and the unit of each channel."""
    largest = np.abs(weights).reshape(len(weights), -1).max(axis=1)
    reach = min(element.interval[1], TWO_DIGITS)
    units = np.maximum(largest, (largest.max() or 1.0) * LEAST_CHANNEL) / reach
    shape = (-1,) + (1,) * (weights.ndim - 1)
    return np.rint(weights / units.reshape(shape)).astype(element.native), [
        Fraction(unit) for unit in units.tolist()
    ]


def channel_scaling(
    operand: Fraction,
    units: Sequence[Fraction],
    bias: Floats | None,
    alpha: float,
    result: Format,
    axes: tuple[int, ...],
) -> Scaling:
    """Multipliers and biases of a product with weights: the bias is counted in units of the sum."""
    sums = [operand * unit for unit in units]
    biases = [0] * len(sums)
    if bias is not None:
        spread = np.broadcast_to(bias.reshape(-1), len(sums)).tolist()
        biases = [round(Fraction(value) / unit) for value, unit in zip(spread, sums, strict=True)]
    factor = Fraction(alpha)
    return Scaling([unit * factor / result.scale for unit in sums], biases, axes)


@lowers("MatMul")
def matmul(scope: Scope, node: Node) -> Tensor:
    """Products over the last axis of the first and the last but one of the second, batches broadcast."""
    alpha = float(node.attributes.get("alpha", 1.0))
    weights = scope.constant(node.inputs[1])
    bias = scope.reals(node, node.input(2)) if node.input(2) else None
    if weights is not None and weights.ndim == 2:
        x = scope.narrow(node.inputs[0])
        return dense(scope, x, node.inputs[1], weights.astype(np.float64), bias, alpha, scope.target(node))
    a, b = scope.narrow(node.inputs[0]), scope.narrow(node.inputs[1])
    return product(scope, node, a, b, Fraction(alpha), scope.target(node))


def dense(
    scope: Scope, x: Tensor, name: str, weights: Floats, bias: Floats | None, alpha: float, result: Format
) -> Tensor:
    """x [..., k] times weights [k, n], which are, or are made of, the constant of that name."""
    element = scope.plan.weights(name)
    quantised, units = quantise_weights(np.ascontiguousarray(weights.T), element)
    table = scope.builder.constant(quantised, Fraction(1), element)
    dims = (*x.dims[:-1], weights.shape[1])
    rank = len(dims)
    term = Affine(0, (0,) * rank, (1,))
    x_index = [*(axis(at, rank) for at in range(rank - 1)), term]
    scaling = channel_scaling(x.format.scale, units, bias, alpha, result, (rank - 1,))
    return scope.builder.dot(
        dims,
        (weights.shape[0],),
        Read(x, x_index),
        Read(table, [axis(rank - 1, rank), term]),
        result,
        scaling,
    )


def product(
    scope: Scope,
    node: Node,
    a: Tensor,
    b: Tensor,
    alpha: Fraction,
    result: Format,
    layout: Sequence[int] | None = None,
) -> Tensor:
    """a [..., m, k] times b [..., k, n], both computed, times a number."""
    if a.rank < 2 or b.rank < 2:
        raise node.refuse("one of its operands is a vector", "give it an axis of length one")
    batch = np.broadcast_shapes(a.dims[:-2], b.dims[:-2])
    a, b = a.broadcast((*batch, *a.dims[-2:])), b.broadcast((*batch, *b.dims[-2:]))
    dims = (*batch, a.dims[-2], b.dims[-1])
    rank = len(dims)
    lead, term = [axis(at, rank) for at in range(rank - 2)], Affine(0, (0,) * rank, (1,))
    ratio = a.format.scale * b.format.scale * alpha / result.scale
    a_read = Read(a, [*lead, axis(rank - 2, rank), term])
    b_read = Read(b, [*lead, term, axis(rank - 1, rank)])
    return scope.builder.dot(dims, (a.dims[-1],), a_read, b_read, result, Scaling([ratio]), layout)


@lowers("Gemm")
def gemm(scope: Scope, node: Node) -> Tensor:
    """alpha * A * B + beta * C of matrices, B and C constant."""
    x = scope.narrow(node.inputs[0])
    if node.attributes.get("transA", 0):
        x = x.transposed((1, 0))
    weights = scope.reals(node, node.inputs[1]) * float(node.attributes.get("alpha", 1.0))
    if node.attributes.get("transB", 0):
        weights = weights.T
    bias = None
    if node.input(2):
        bias = scope.reals(node, node.input(2)) * float(node.attributes.get("beta", 1.0))
        if bias.size not in (1, weights.shape[1]):
            raise node.refuse("its C differs from row to row", "write it as a MatMul and an Add")
    return dense(scope, x, node.inputs[1], weights, bias, 1.0, scope.target(node))


@lowers("Conv")
def conv(scope: Scope, node: Node) -> Tensor:
    """Convolution over any number of spatial axes; the result lies channels last."""
    weights = scope.reals(node, node.inputs[1])
    bias = scope.reals(node, node.input(2)) if node.input(2) else None
    x = scope.narrow(node.inputs[0])
    if x.fill:  # around it, the window reads zeros
        x = scope.builder.copy(x)
    windows = Windows.of(node, x.dims, scope.dims(node.outputs[0]), weights.shape[2:])
    groups, (channels, depth) = int(node.attributes.get("group", 1)), weights.shape[:2]
    each, space = channels // groups, len(windows.kernel)
    dims = (x.dims[0], groups, each, *windows.output)
    rank = len(dims)
    # Reduction axes: the kernel's, then the channels of the group, which lie side by side.
    terms = [Affine(0, (0,) * rank, tuple(int(at == n) for at in range(space + 1))) for n in range(space + 1)]
    channel = plus(axis(1, rank, depth), terms[-1])
    places = windows.places(rank, 3, terms)
    element = scope.plan.weights(node.inputs[1])
    quantised, units = quantise_weights(weights, element)
    last = np.moveaxis(quantised, 1, -1).reshape(groups, each, *windows.kernel, depth)
    table = scope.builder.constant(last, Fraction(1), element)
    result = scope.target(node)
    scaling = channel_scaling(
        x.format.scale, units, bias, float(node.attributes.get("alpha", 1.0)), result, (1, 2)
    )
    found = scope.builder.dot(
        dims,
        (*windows.kernel, depth),
        Read(x, [axis(0, rank), channel, *places]),
        Read(table, [axis(1, rank), axis(2, rank), *terms]),
        result,
        scaling,
        layout=(0, *range(3, rank), 1, 2),
    )
    return scope.builder.reshape(found, (x.dims[0], channels, *windows.output))
