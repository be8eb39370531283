"""Resize: nearest neighbours at whole factors are another way of reading, interpolation is a linear map."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from executor.compiler.builder import Read, Scaling
from executor.compiler.functions import Floats
from executor.compiler.graph import Node
from executor.compiler.lowering.movement import certain
from executor.compiler.lowering.scope import Scope, lowers
from executor.compiler.plan import INT32
from executor.compiler.tensors import Format, Tensor, axis
from executor.program.ir import Affine

WEIGHT_BITS = 14
"""Weights of neighbours are multiples of 2^-14: exact for whole factors that are powers of two."""


@lowers("Resize")
def resize(scope: Scope, node: Node) -> Tensor:
    """Nearest neighbours at whole factors: every element repeated; linear between neighbours at any size."""
    x, dims = scope.values[node.inputs[0]], scope.dims(node.outputs[0])
    mode = node.attributes.get("mode", "nearest")
    if mode == "linear":
        return _interpolated(scope, node, x, dims)
    if mode != "nearest":
        raise node.refuse(f"its mode is {mode!r}", "export it with mode nearest or linear")
    if any(new % old for new, old in zip(dims, x.dims, strict=True)):
        raise node.refuse(f"it goes from {x.dims} to {dims}", "only whole factors can be compiled")
    return repeated(scope, x, [new // old for new, old in zip(dims, x.dims, strict=True)])


def repeated(scope: Scope, x: Tensor, factors: Sequence[int]) -> Tensor:
    """Each element `factors` times along each axis."""
    dims = [n for old, factor in zip(x.dims, factors, strict=True) for n in (old, factor)]
    rank = len(dims)
    split_dims = [n for n in dims if n > 1]
    places = [at for at, n in enumerate(dims) if n > 1]
    indices = [
        axis(places.index(2 * at), len(split_dims)) if dims[2 * at] > 1 else Affine(0, (0,) * len(split_dims))
        for at in range(rank // 2)
    ]
    wide = certain(x.remapped(split_dims, indices))
    return scope.builder.reshape(wide, [old * factor for old, factor in zip(x.dims, factors, strict=True)])


def _interpolated(scope: Scope, node: Node, x: Tensor, dims: Sequence[int]) -> Tensor:
    """One axis after the other, from the innermost: products with the weights of two neighbours."""
    changed = [at for at, (old, new) in enumerate(zip(x.dims, dims, strict=True)) if old != new]
    if node.attributes.get("antialias", 0) or node.attributes.get("exclude_outside", 0):
        raise node.refuse("it smooths, or leaves out what is outside", "export it without")
    result = scope.target(node)
    between = Format(INT32, result.scale / 256) if len(changed) > 1 else result
    for at in reversed(changed):
        weights = _weights(scope, node, at, x.dims[at], dims[at])
        x = _mixed(scope, x, at, weights, result if at == changed[0] else between)
    return scope.to_target(node, x)


def _mixed(scope: Scope, x: Tensor, position: int, weights: Floats, result: Format) -> Tensor:
    """Sums along one axis with weights [new, old]."""
    whole = np.rint(weights * (1 << WEIGHT_BITS)).astype(np.int64)
    table = scope.builder.constant(whole, Fraction(1, 1 << WEIGHT_BITS), INT32)
    dims = [len(weights) if at == position else n for at, n in enumerate(x.dims)]
    rank, term = len(dims), Affine(0, (0,) * len(dims), (1,))
    places = [term if at == position else axis(at, rank) for at in range(rank)]
    ratio = x.format.scale * table.format.scale / result.scale
    return scope.builder.dot(
        dims,
        (x.dims[position],),
        Read(x, places),
        Read(table, [axis(position, rank), term]),
        result,
        Scaling([ratio]),
    )


def _weights(scope: Scope, node: Node, position: int, old: int, new: int) -> Floats:
    """[new, old]: how much of each element is in each new one; what lies beyond the ends is the end."""
    mode = node.attributes.get("coordinate_transformation_mode", "half_pixel")
    scale = _scale(scope, node, position, old, new)
    at = np.arange(new, dtype=np.float64)
    if mode in ("half_pixel", "pytorch_half_pixel"):
        places = (at + 0.5) / scale - 0.5 if new > 1 or mode == "half_pixel" else np.zeros(1)
    elif mode == "asymmetric":
        places = at / scale
    elif mode == "align_corners":
        places = at * (old - 1) / (new - 1) if new > 1 else np.zeros(1)
    else:
        raise node.refuse(f"its coordinates are {mode!r}", "export it with half_pixel or align_corners")
    places = np.clip(places, 0, old - 1)
    low = np.minimum(np.floor(places).astype(np.int64), old - 1)
    share = places - low
    weights = np.zeros((new, old))
    rows = np.arange(new)
    weights[rows, low] += 1 - share
    weights[rows, np.minimum(low + 1, old - 1)] += share
    return weights


def _scale(scope: Scope, node: Node, position: int, old: int, new: int) -> float:
    """By how much an axis grows: as the node says, or as its sizes do."""
    if not node.input(2):
        return new / old
    scales = scope.reals(node, node.inputs[2]).reshape(-1)
    named = list(node.attributes.get("axes", range(len(scales))))
    rank = len(scope.dims(node.inputs[0]))
    return {at % rank: float(scale) for at, scale in zip(named, scales, strict=True)}.get(position, new / old)
