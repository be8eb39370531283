"""Operators that only move elements: most become another way of reading the same tensor."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from executor.compiler.graph import Node
from executor.compiler.lowering.scope import Scope, lowers
from executor.compiler.tensors import Format, Tensor, axis, scalar
from executor.program.ir import Affine, ElementType, Function


@lowers("Identity", "Dropout")
def identity(scope: Scope, node: Node) -> Tensor:
    """The tensor itself."""
    return scope.values[node.inputs[0]]


@lowers("Reshape", "Flatten", "Squeeze", "Unsqueeze")
def reshape(scope: Scope, node: Node) -> Tensor:
    """Other dimensions, which shape inference has found."""
    return scope.builder.reshape(scope.values[node.inputs[0]], scope.dims(node.outputs[0]))


@lowers("Transpose")
def transpose(scope: Scope, node: Node) -> Tensor:
    """Another order of axes."""
    x = scope.values[node.inputs[0]]
    return x.transposed(tuple(node.attributes.get("perm", range(x.rank - 1, -1, -1))))


@lowers("Expand")
def expand(scope: Scope, node: Node) -> Tensor:
    """Repeated along axes of length one."""
    return scope.values[node.inputs[0]].broadcast(scope.dims(node.outputs[0]))


@lowers("Slice")
def slice_(scope: Scope, node: Node) -> Tensor:
    """Every step-th index from a start on, along some axes."""
    x = scope.values[node.inputs[0]]
    starts = scope.integers(node, node.inputs[1])
    axes = scope.integers(node, node.input(3)) if node.input(3) else list(range(len(starts)))
    steps = scope.integers(node, node.input(4)) if node.input(4) else [1] * len(starts)
    for start, position, step in zip(starts, axes, steps, strict=True):
        at = position % x.rank
        n = x.dims[at]
        first = min(max(start + n if start < 0 else start, 0), n if step > 0 else n - 1)
        x = x.sliced(at, first, step, scope.dims(node.outputs[0])[at])
    return x


@lowers("Split")
def split(scope: Scope, node: Node) -> list[Tensor]:
    """Parts of one axis, one after the other."""
    x = scope.values[node.inputs[0]]
    at, start, parts = int(node.attributes.get("axis", 0)) % x.rank, 0, []
    for name in node.outputs:
        length = scope.dims(name)[at]
        parts.append(x.sliced(at, start, 1, length))
        start += length
    return parts


@lowers("Concat")
def concat(scope: Scope, node: Node) -> Tensor:
    """Parts side by side: each is padded with zeros to the whole, and they are added, three at a time."""
    wanted = scope.target(node)
    parts = [scope.as_format(name, wanted) for name in node.inputs]
    return joined(scope, parts, int(node.attributes["axis"]) % parts[0].rank, wanted)


def joined(scope: Scope, parts: Sequence[Tensor], at: int, wanted: Format) -> Tensor:
    """The parts, all in one format, side by side along an axis."""
    total, start, padded = sum(part.dims[at] for part in parts), 0, []
    for part in parts:
        before = [start if position == at else 0 for position in range(part.rank)]
        after = [total - start - part.dims[at] if position == at else 0 for position in range(part.rank)]
        padded.append(_padded(scope, part, before, after, 0))
        start += part.dims[at]
    while len(padded) > 1:
        a, b, *rest = padded[:3]
        whole = scope.builder.map(
            Function.ADD, [a, b], wanted, wanted.scale, addend=rest[0] if rest else None
        )
        padded = [*padded[3:], whole]
    return padded[0]


def _padded(scope: Scope, x: Tensor, before: Sequence[int], after: Sequence[int], fill: int) -> Tensor:
    """The tensor with `fill` around it; copied first where its guards are used up."""
    found = x.padded(before, after, fill)
    return found or certain(scope.builder.copy(x).padded(before, after, fill))


def certain(tensor: Tensor | None) -> Tensor:
    """The tensor, where a movement needs no guard that there is no room for."""
    assert tensor is not None, "at most four axes are padded at once"
    return tensor


@lowers("Pad")
def pad(scope: Scope, node: Node) -> Tensor:
    """With a constant around it, or reflected at its ends, or its edge repeated."""
    x = scope.values[node.inputs[0]]
    pads = scope.integers(node, node.inputs[1])
    axes = scope.integers(node, node.input(3)) if node.input(3) else list(range(x.rank))
    before, after = [0] * x.rank, [0] * x.rank
    for number, position in enumerate(axes):
        before[position % x.rank], after[position % x.rank] = pads[number], pads[len(axes) + number]
    if min(*before, *after, 0) < 0:
        raise node.refuse("a padding is negative", "write it as a Slice")
    mode = node.attributes.get("mode", "constant")
    if mode == "constant":
        value = (
            Fraction(float(scope.reals(node, node.input(2)).reshape(-1)[0])) if node.input(2) else Fraction(0)
        )
        low, high = x.format.element.interval
        fill = min(max(round(value / x.format.scale), low), high)
        return _padded(scope, x, before, after, fill)
    if mode not in ("reflect", "edge"):
        raise node.refuse(f"its mode is {mode!r}", "constant, reflect and edge can be compiled")
    for at in range(x.rank):
        if before[at] or after[at]:
            x = _mirrored(scope, x, at, before[at], after[at], mode == "reflect")
    return x


def _mirrored(scope: Scope, x: Tensor, at: int, before: int, after: int, reflect: bool) -> Tensor:
    """One axis with its own elements before and after it: what lies there, zeros elsewhere, added."""
    if x.guards:
        x = scope.builder.copy(x)
    n = x.dims[at]
    step, first, last = (-1, before, n - 2) if reflect else (0, 0, n - 1)
    parts = [x]
    if before:
        parts.insert(0, x.sliced(at, first, step, before))
    if after:
        parts.append(x.sliced(at, last, step, after))
    return joined(scope, parts, at, x.format)


@lowers("DepthToSpace")
def depth_to_space(scope: Scope, node: Node) -> Tensor:
    """Channels to blocks of space."""
    x, size = scope.values[node.inputs[0]], int(node.attributes["blocksize"])
    n, channels, height, width = x.dims
    depth = channels // size**2
    if node.attributes.get("mode", "DCR") == "DCR":
        split_x = scope.builder.reshape(x, (n, size, size, depth, height, width))
        moved = split_x.transposed((0, 3, 4, 1, 5, 2))
    else:
        split_x = scope.builder.reshape(x, (n, depth, size, size, height, width))
        moved = split_x.transposed((0, 1, 4, 2, 5, 3))
    return scope.builder.reshape(moved, scope.dims(node.outputs[0]))


@lowers("SpaceToDepth")
def space_to_depth(scope: Scope, node: Node) -> Tensor:
    """Blocks of space to channels."""
    x, size = scope.values[node.inputs[0]], int(node.attributes["blocksize"])
    n, channels, height, width = x.dims
    split_x = scope.builder.reshape(x, (n, channels, height // size, size, width // size, size))
    return scope.builder.reshape(split_x.transposed((0, 3, 5, 1, 2, 4)), scope.dims(node.outputs[0]))


@lowers("Tile")
def tile(scope: Scope, node: Node) -> Tensor:
    """The whole tensor several times along each axis."""
    x, repeats = scope.values[node.inputs[0]], scope.integers(node, node.inputs[1])
    dims = [n for repeat, old in zip(repeats, x.dims, strict=True) for n in (repeat, old)]
    places = [at for at, n in enumerate(dims) if n > 1]
    rank = len(places)
    indices = [
        axis(places.index(2 * at + 1), rank) if dims[2 * at + 1] > 1 else Affine(0, (0,) * rank)
        for at in range(x.rank)
    ]
    wide = certain(x.remapped([dims[at] for at in places], indices))
    return scope.builder.reshape(wide, scope.dims(node.outputs[0]))


@lowers("Trilu")
def triangle(scope: Scope, node: Node) -> Tensor:
    """What lies on one side of a diagonal of the last two axes, and zeros."""
    x = scope.values[node.inputs[0]]
    (offset,) = scope.integers(node, node.input(1)) if node.input(1) else (0,)
    ones = np.ones(x.dims[-2:], np.int64)
    kept = np.triu(ones, offset) if node.attributes.get("upper", 1) else np.tril(ones, offset)
    mask = scope.builder.constant(kept, Fraction(1), ElementType.INT8)
    return scope.builder.map(Function.SELECT, [mask, x, scalar(0, x.format.scale)], x.format, x.format.scale)
