"""LayerNormalization, InstanceNormalization, GroupNormalization, and BatchNormalization by itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from executor.compiler.builder import magnitude
from executor.compiler.functions import Floats
from executor.compiler.graph import Node
from executor.compiler.lowering.elementwise import quotient, square_root
from executor.compiler.lowering.reduction import bits_for_squares, sum_of_squares, sum_over
from executor.compiler.lowering.scope import Scope, lowers, power_of_two_unit, quantise
from executor.compiler.plan import INT32, INT64
from executor.compiler.tensors import Format, Tensor, scalar
from executor.program.ir import Function

NORMAL = Format(INT32, Fraction(1, 1 << 24))
"""The format of a quotient that is at most one."""

FACTOR_BITS = 20


@lowers("LayerNormalization")
def layer_normalization(scope: Scope, node: Node) -> Tensor:
    """(x - mean) / sqrt(variance + epsilon), then gain and bias, over the axes from `axis` on."""
    x = scope.wide(node.inputs[0])
    axes = list(range(int(node.attributes.get("axis", -1)) % x.rank, x.rank))
    normal = normalised(scope, x, axes, float(node.attributes.get("epsilon", 1e-5)))
    return affine(scope, node, normal, scope.dims(node.inputs[0])[axes[0] :])


@lowers("InstanceNormalization")
def instance_normalization(scope: Scope, node: Node) -> Tensor:
    """The same over the space of each channel."""
    x = scope.wide(node.inputs[0])
    normal = normalised(scope, x, list(range(2, x.rank)), float(node.attributes.get("epsilon", 1e-5)))
    return affine(scope, node, normal, (x.dims[1],) + (1,) * (x.rank - 2))


@lowers("GroupNormalization")
def group_normalization(scope: Scope, node: Node) -> Tensor:
    """The same over groups of channels and their space; gains are those of groups before opset 21."""
    x, groups = scope.wide(node.inputs[0]), int(node.attributes["num_groups"])
    dims, channels = x.dims, x.dims[1]
    split = scope.builder.reshape(x, (dims[0], groups, channels // groups, *dims[2:]))
    axes = list(range(2, split.rank))
    normal = normalised(scope, split, axes, float(node.attributes.get("epsilon", 1e-5)))
    gain, bias = (
        np.repeat(scope.reals(node, name), channels // scope.reals(node, name).size).reshape(
            (channels,) + (1,) * (len(dims) - 2)
        )
        for name in node.inputs[1:3]
    )
    return gained(scope, scope.builder.reshape(normal, dims), gain, bias, scope.target(node))


def normalised(scope: Scope, x: Tensor, axes: Sequence[int], epsilon: float) -> Tensor:
    """(x - mean) / sqrt(variance + epsilon).

    With n terms this is sqrt(n) times d / sqrt(sum of d^2 + n epsilon), whose magnitude is at most one: the
    sum of squares is exact, and sqrt(n) is part of the unit.
    """
    builder = scope.builder
    terms = math.prod(x.dims[at] for at in axes)
    mean = sum_over(scope, x, axes, x.format, Fraction(1, terms))
    far = sum(magnitude(builder.seen(tensor)) for tensor in (x, mean))
    excess = max(far.bit_length() - bits_for_squares(terms), 0)
    coarse = Format(INT32, x.format.scale * 2**excess)
    centred = builder.map(Function.SUB, [x, mean], coarse, x.format.scale)
    squares = sum_of_squares(scope, centred, axes)
    raised = scalar(max(round(terms * Fraction(epsilon) / squares.format.scale), 1), squares.format.scale)
    squares = builder.map(Function.ADD, [squares, raised], squares.format, squares.format.scale)
    root = square_root(scope, squares, Format(INT64, centred.format.scale))
    return quotient(scope, centred, root, NORMAL).rescaled(Fraction(math.sqrt(terms)))


def affine(scope: Scope, node: Node, normal: Tensor, dims: Sequence[int]) -> Tensor:
    """Times the gain, plus the bias; both have the trailing dimensions `dims`."""
    gain = scope.reals(node, node.inputs[1]).reshape(dims)
    bias = scope.reals(node, node.input(2)).reshape(dims) if node.input(2) else np.zeros(dims)
    return gained(scope, normal, gain, bias, scope.target(node))


def gained(scope: Scope, x: Tensor, gain: Floats, bias: Floats, result: Format) -> Tensor:
    """x * gain + bias, with constants that broadcast."""
    builder = scope.builder
    factor_unit = power_of_two_unit(gain, FACTOR_BITS)
    factors = builder.constant(quantise(gain, Format(INT32, factor_unit)), factor_unit, INT32)
    exact = x.format.scale * factor_unit
    addends = np.array([round(Fraction(value) / exact) for value in bias.reshape(-1).tolist()], np.int64)
    addend = builder.constant(addends.reshape(bias.shape), exact, INT64)
    return builder.map(Function.MUL, [x, factors], result, exact, addend=addend)


@lowers("BatchNormalization")
def batch_normalization(scope: Scope, node: Node) -> Tensor:
    """One factor and one addend a channel, where no convolution took them in."""
    gamma, beta, mean, variance = (scope.reals(node, name) for name in node.inputs[1:5])
    gain = gamma / np.sqrt(variance + float(node.attributes.get("epsilon", 1e-5)))
    x = scope.read(node.inputs[0])
    shape = (-1,) + (1,) * (x.rank - 2)
    return gained(scope, x, gain.reshape(shape), (beta - mean * gain).reshape(shape), scope.target(node))
