"""ConvTranspose: each output is a sum over the inputs that a stride brings to it, phase by phase."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from executor.compiler.builder import Read
from executor.compiler.graph import Array, Node
from executor.compiler.lowering.linear import channel_scaling, quantise_weights
from executor.compiler.lowering.scope import Scope, lowers
from executor.compiler.tensors import Tensor, axis, plus
from executor.program.ir import Affine


@lowers("ConvTranspose")
def conv_transpose(scope: Scope, node: Node) -> Tensor:
    """The whole of it, and what the padding leaves of that.

    The output at q * stride + phase sums over t what the input at q - t and the kernel at t * stride + phase
    make, so that for each phase it is a convolution with every stride-th element of the kernel.
    """
    weights = scope.reals(node, node.inputs[1])
    bias = scope.reals(node, node.input(2)) if node.input(2) else None
    groups, (depth, each), kernel = int(node.attributes.get("group", 1)), weights.shape[:2], weights.shape[2:]
    space, channels = len(kernel), groups * each
    if any(n != 1 for n in node.attributes.get("dilations", ())):
        raise node.refuse("its kernel is dilated", "export it without dilation")
    if node.attributes.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        raise node.refuse("its padding is found by itself", "export it with pads")
    strides = tuple(node.attributes.get("strides", (1,) * space))
    x = scope.narrow(node.inputs[0])
    if x.fill:  # around it, the kernel meets zeros
        x = scope.builder.copy(x)
    wanted = scope.dims(node.outputs[0])[2:]
    before = tuple(node.attributes.get("pads", (0,) * (2 * space)))[:space]
    taps = tuple(-(-n // stride) for n, stride in zip(kernel, strides, strict=True))
    places = tuple(-(-(low + n) // s) for low, n, s in zip(before, wanted, strides, strict=True))
    # Axes: batch, groups, channels of the group, places, phases; reduced: taps, then channels of the input.
    dims = (x.dims[0], groups, each, *places, *strides)
    rank, within = len(dims), depth // groups
    terms = [Affine(0, (0,) * rank, tuple(int(at == n) for at in range(space + 1))) for n in range(space + 1)]
    sources = [
        plus(axis(3 + at, rank), Affine(0, (0,) * rank, tuple(-n for n in terms[at].reduction)))
        for at in range(space)
    ]
    element = scope.plan.weights(node.inputs[1])
    split = weights.reshape(groups, within, each, *kernel).swapaxes(1, 2)
    quantised, units = quantise_weights(split.reshape(channels, within, *kernel), element)
    table = scope.builder.constant(
        _phases(quantised.reshape(split.shape), taps, strides), Fraction(1), element
    )
    result = scope.target(node)
    scaling = channel_scaling(x.format.scale, units, bias, 1.0, result, (1, 2))
    phases = [axis(3 + space + at, rank) for at in range(space)]
    found = scope.builder.dot(
        dims,
        (*taps, within),
        Read(x, [axis(0, rank), plus(axis(1, rank, within), terms[-1]), *sources]),
        Read(table, [axis(1, rank), axis(2, rank), *phases, *terms]),
        result,
        scaling,
        layout=(0, *(at for n in range(space) for at in (3 + n, 3 + space + n)), 1, 2),
    )
    order = (0, 1, 2, *(at for n in range(space) for at in (3 + n, 3 + space + n)))
    whole = [n * stride for n, stride in zip(places, strides, strict=True)]
    found = scope.builder.reshape(found.transposed(order), (x.dims[0], channels, *whole))
    for at in range(space):
        found = found.sliced(2 + at, before[at], 1, wanted[at])
    return found


def _phases(weights: Array, taps: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    """Weights [groups, each, within, kernel...] as [groups, each, phases..., taps..., within]."""
    kernel, space = weights.shape[3:], len(taps)
    missing = [(0, tap * stride - n) for tap, stride, n in zip(taps, strides, kernel, strict=True)]
    padded = np.pad(weights, [(0, 0)] * 3 + missing)
    pairs = [n for pair in zip(taps, strides, strict=True) for n in pair]
    split = padded.reshape(*weights.shape[:3], *pairs)
    return split.transpose(0, 1, *range(4, 4 + 2 * space, 2), *range(3, 3 + 2 * space, 2), 2)
