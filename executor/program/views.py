"""Reading an operand through its view: an affine offset, guards, and a fill outside of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from executor.program.ir import Affine, IntArray, Interval, View

Int64Array = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Indices = Sequence[Int64Array]
"""Where to read: one array an axis, output axes first, then reduction axes, that broadcast to one shape."""
Box = tuple[range, ...]
"""A rectangle of indices: one range an axis."""


def grid(box: Box) -> Indices:
    """All indices of the box, each axis along its own dimension."""
    rank = len(box)
    return [
        np.arange(indices.start, indices.stop, dtype=np.int64).reshape((-1,) + (1,) * (rank - 1 - axis))
        for axis, indices in enumerate(box)
    ]


def unravel(flat: Int64Array, dims: Sequence[int]) -> Indices:
    """The indices of these row-major elements; none where there is no axis."""
    return [axis.astype(np.int64) for axis in np.unravel_index(flat, dims)] if dims else []


def evaluate(form: Affine, indices: Indices, step: int) -> Int64Array:
    """The form's value at the indices, in a shape that broadcasts to theirs."""
    value = np.full(1, form.constant + form.step * step, np.int64)
    for coefficient, index in zip(form.axes, indices, strict=True):
        if coefficient:
            value = value + coefficient * index
    return value


def locate(
    view: View, indices: Indices, step: int, count: int, row_offset: Int64Array | int = 0
) -> tuple[Int64Array, BoolArray]:
    """The flat offsets that the view names, and where one of `count` elements is read rather than the fill.

    `row_offset` is added to the offset (the row that a gather has looked up). Both results have one shape,
    which broadcasts to that of the indices.
    """
    offset = evaluate(view.offset, indices, step) + row_offset
    present = (offset >= 0) & (offset < count)
    for guard in view.guards:
        value = evaluate(guard.form, indices, step)
        present = present & (value >= 0) & (value < guard.limit)
    return np.broadcast_to(offset, present.shape), present


def read_at(
    view: View, source: IntArray, indices: Indices, step: int, row_offset: Int64Array | int = 0
) -> tuple[Int64Array, BoolArray]:
    """What the view reads of the flat source at the indices, and where that is an element, not the fill.

    Both results have the indices' shape; axes on which nothing depends are broadcast and take no memory.
    """
    offset, present = locate(view, indices, step, source.size, row_offset)
    values = np.full(present.shape, view.fill, np.int64)
    values[present] = source[offset[present]]
    shape = np.broadcast(*indices).shape
    return np.broadcast_to(values, shape), np.broadcast_to(present, shape)


def read(
    view: View, source: IntArray, box: Box, step: int, row_offset: Int64Array | int = 0
) -> tuple[Int64Array, BoolArray]:
    """The same at every index of the box."""
    return read_at(view, source, grid(box), step, row_offset)


def form_interval(form: Affine, dims: Sequence[int], steps: int) -> Interval:
    """Smallest and largest value of the form over all indices below `dims` and all steps below `steps`."""
    low = high = form.constant
    for coefficient, n in zip((*form.axes, form.step), (*dims, steps), strict=True):
        if coefficient > 0:
            high += coefficient * (n - 1)
        elif coefficient < 0:
            low += coefficient * (n - 1)
    return low, high


def always_present(view: View, reaches: Sequence[Interval], count: int, row_offset: int = 0) -> bool:
    """Whether the view never reads its fill from a source of `count` elements.

    `reaches` are the intervals of its forms; `row_offset` is the largest that is added to the offset.
    """
    limits = [count - row_offset, *(guard.limit for guard in view.guards)]
    return all(low >= 0 and high < limit for (low, high), limit in zip(reaches, limits, strict=True))


def split(box: Box, axes: range, limit: int) -> Iterator[Box]:
    """The box in pieces of at most `limit` indices each, cut along `axes` only."""
    long = [axis for axis in axes if len(box[axis]) > 1]
    if math.prod(map(len, box)) <= limit or not long:
        yield box
        return
    axis = max(long, key=lambda a: len(box[a]))
    middle = (box[axis].start + box[axis].stop) // 2
    for half in (range(box[axis].start, middle), range(middle, box[axis].stop)):
        yield from split((*box[:axis], half, *box[axis + 1 :]), axes, limit)
