"""Chunks: the exact result of a part of one element's reduction, as a dispute halves it.

The reduction elements of one output element, row-major, are cut into chunks of the length that the record
states. Over them stands a binary tree: a node's value is the sum (dot) or the maximum (max) of what it spans.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from executor.program.ir import IntArray, Opcode, Operation, View
from executor.program.views import read_at, unravel

FAN_LEVELS = 5
"""A reveal shows the nodes that many levels further down: at most 32."""

RUN = 1 << 20
"""Most reduction elements that are computed at once."""

Source = Callable[[View], IntArray]
"""The flat elements that a view reads from."""


def children(
    operation: Operation, source: Source, step: int, element: int, height: int, index: int
) -> list[int]:
    """The exact results that a reveal of a node shows, from the left; those without a chunk are left out.

    element: the output element, flat. The node is `height` levels above the single chunks and `index` from
    the left; its children here are min(5, height) levels below it.
    """
    below = height - min(FAN_LEVELS, height)
    first, after = index << height >> below, (index + 1) << height >> below
    width = operation.chunk << below
    return [
        exact(operation, source, step, element, child * width, min((child + 1) * width, operation.terms))
        for child in range(first, min(after, -(-operation.terms // width)))
    ]


def exact(operation: Operation, source: Source, step: int, element: int, first: int, after: int) -> int:
    """What a dot or a max computes of the reduction elements `first` to `after`, without bias."""
    runs = [range(at, min(at + RUN, after)) for at in range(first, after, RUN)]
    parts = [_part(operation, source, step, element, run) for run in runs]
    return sum(parts) if operation.opcode is Opcode.DOT else max(parts)


def _part(operation: Operation, source: Source, step: int, element: int, run: range) -> int:
    indices = [
        *unravel(np.array([element]), operation.result.dims),
        *unravel(np.arange(run.start, run.stop), operation.reduction),
    ]
    (values, present), *others = [read_at(view, source(view), indices, step) for view in operation.operands]
    if operation.opcode is Opcode.DOT:
        return int(np.dot(values, others[0][0]))
    lowest = np.iinfo(source(operation.operands[0]).dtype).min
    return int(np.where(present, values, lowest).max())
