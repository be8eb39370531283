"""Gather, GatherElements, OneHot, and one-hot vectors times weights: what an index names."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from executor.compiler.builder import Read
from executor.compiler.graph import Node
from executor.compiler.lookup import LOOKUP
from executor.compiler.lowering.scope import Scope, lowers, quantise, unit_of
from executor.compiler.plan import INT8, INT16, INT32
from executor.compiler.tensors import Format, Tensor, axis, scalar
from executor.program.ir import Affine, Function

ONE = Fraction(1)


@lowers("Gather")
def gather(scope: Scope, node: Node) -> Tensor:
    """Slices of `data` along an axis, by constant or computed indices."""
    data, index = node.inputs[:2]
    places = scope.constant(index)
    at = int(node.attributes.get("axis", 0)) % len(scope.dims(data))
    if scope.constant(data) is None and places is not None:
        sliced = _as_slice(scope, node, at, places.astype(np.int64))
        if sliced is not None:
            return sliced
    table = (
        scope.narrow(data, INT16)
        if scope.graph.constants.get(data) is not None and _is_real(scope, data)
        else scope.read(data)
    )
    if at:
        table = table.transposed((at, *(n for n in range(table.rank) if n != at)))
    found = _rows(scope, node, table, scope.read(index))
    rank_index, rank_rest = len(scope.dims(index)), table.rank - 1
    order = [
        *range(rank_index, rank_index + at),
        *range(rank_index),
        *range(rank_index + at, rank_index + rank_rest),
    ]
    return found.transposed(order)


@lowers("GatherElements")
def gather_elements(scope: Scope, node: Node) -> Tensor:
    """For each index the element of `data` at it, along one axis, and at the same place along the others."""
    data, index = scope.read(node.inputs[0]), scope.read(node.inputs[1])
    at, dims = int(node.attributes.get("axis", 0)) % data.rank, index.dims
    strides = [math.prod(data.dims[after + 1 :]) for after in range(data.rank)]
    strides_of_others = [0 if n == at else stride for n, stride in enumerate(strides)]
    places = np.tensordot(np.array(strides_of_others), np.indices(dims), 1)
    base = scope.builder.constant(places, ONE, INT32)
    inside = scope.builder.map(
        Function.CLAMP,
        [_from_the_start(scope, index, data.dims[at]), scalar(0, ONE), scalar(data.dims[at] - 1, ONE)],
        Format(INT32, ONE),
        ONE,
    )
    flat = scope.builder.map(
        Function.MUL, [inside, scalar(strides[at], ONE)], Format(INT32, ONE), ONE, addend=base
    )
    return _rows(scope, node, scope.builder.reshape(data, (data.count,)), flat)


@lowers("OneHot")
def one_hot(scope: Scope, node: Node) -> Tensor:
    """One value where the index names the place along a new axis, another elsewhere."""
    result, dims = scope.target(node), scope.dims(node.outputs[0])
    off, on = (round(Fraction(value) / result.scale) for value in scope.reals(node, node.inputs[2]).tolist())
    at = int(node.attributes.get("axis", -1)) % len(dims)
    index = _from_the_start(scope, scope.read(node.inputs[0]), dims[at])
    index = scope.builder.reshape(index, (*dims[:at], 1, *dims[at + 1 :]))
    places = np.arange(dims[at]).reshape([-1 if n == at else 1 for n in range(len(dims))])
    table = scope.builder.constant(places, ONE, INT32)
    equal = scope.builder.map(Function.EQ, [index, table], Format(INT8, ONE), ONE)
    values = [scalar(on, result.scale), scalar(off, result.scale)]
    return scope.builder.map(Function.SELECT, [equal, *values], result, result.scale)


def _from_the_start(scope: Scope, index: Tensor, length: int) -> Tensor:
    """Indices of which negative ones count from the end."""
    wide = Format(INT32, ONE)
    from_end = scope.builder.map(Function.ADD, [index, scalar(length, ONE)], wide, ONE)
    negative = scope.builder.map(Function.LT, [index, scalar(0, ONE)], Format(INT8, ONE), ONE)
    return scope.builder.map(Function.SELECT, [negative, from_end, index], wide, ONE)


@lowers(LOOKUP)
def lookup(scope: Scope, node: Node) -> Tensor:
    """Rows of constants by a computed index, in the format that is asked for if that is narrow."""
    dims, wanted = scope.dims(node.outputs[0]), scope.target(node)
    rows = scope.reals(node, node.inputs[1])
    entry = wanted if wanted.element <= INT16 else Format(INT16, unit_of(rows, INT16))
    table = scope.builder.constant(quantise(rows, entry), entry.scale, entry.element)
    index = scope.builder.reshape(scope.read(node.inputs[0]), dims[:-1])
    return _rows(scope, node, table, index, offset=-int(node.attributes["first"]))


def _is_real(scope: Scope, name: str) -> bool:
    return bool(np.issubdtype(scope.graph.constants[name].dtype, np.floating))


def _as_slice(
    scope: Scope, node: Node, at: int, places: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
) -> Tensor | None:
    """The result as a view, where the indices lie at equal distances."""
    x = scope.values[node.inputs[0]]
    flat = (places % x.dims[at]).reshape(-1)
    steps = np.diff(flat)
    if len(steps) and (steps != steps[0]).any():
        return None
    sliced = x.sliced(at, int(flat[0]), int(steps[0]) if len(steps) else 0, len(flat))
    return scope.builder.reshape(sliced, scope.dims(node.outputs[0]))


def _rows(scope: Scope, node: Node, table: Tensor, index: Tensor, offset: int = 0) -> Tensor:
    """Index dimensions, then those of a row; an index outside of the table takes its nearest end."""
    dims = (*index.dims, *table.dims[1:])
    rank, lead = len(dims), index.rank
    index_read = Read(index, [axis(number, rank) for number in range(lead)])
    row = [axis(lead + number, rank) for number in range(table.rank - 1)]
    result = scope.target(node)
    if not math.prod(dims):
        raise node.refuse("it gathers nothing", "leave it out")
    if table.dims[0] == 1:  # whatever the index
        return scope.builder.convert(scope.builder.reshape(table, table.dims[1:]).broadcast(dims), result)
    table_read = Read(scope.builder.table(table), [Affine(0, (0,) * rank), *row])
    return scope.builder.gather(dims, index_read, table_read, result, offset)
