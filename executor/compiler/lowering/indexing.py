"""Gather, and one-hot vectors times weights: rows of a table that an index names."""

from __future__ import annotations

import math

import numpy as np

from executor.compiler.builder import Read
from executor.compiler.graph import Node
from executor.compiler.lookup import LOOKUP
from executor.compiler.lowering.scope import Scope, lowers, quantise, unit_of
from executor.compiler.plan import INT16
from executor.compiler.tensors import Format, Tensor, axis
from executor.program.ir import Affine


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
    table = scope.builder.copy(table)
    found = _rows(scope, node, table, scope.read(index))
    rank_index, rank_rest = len(scope.dims(index)), table.rank - 1
    order = [
        *range(rank_index, rank_index + at),
        *range(rank_index),
        *range(rank_index + at, rank_index + rank_rest),
    ]
    return found.transposed(order)


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
    table_read = Read(table, [Affine(0, (0,) * rank), *row])
    return scope.builder.gather(dims, index_read, table_read, result, offset)
