"""Reading an operand through its view: an affine offset, guards, and a fill outside of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from executor.program.ir import Affine, IntArray, Interval, View

Int64Array = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Box = tuple[range, ...]
"""A rectangle of indices: one range an axis, output axes first, then reduction axes."""


def evaluate(form: Affine, box: Box, step: int) -> Int64Array:
    """The form's value at every index of the box; axes on which it does not depend have length one."""
    value = np.full((1,) * len(box), form.constant + form.step * step, dtype=np.int64)
    for axis, (coefficient, indices) in enumerate(zip(form.axes, box, strict=True)):
        if coefficient:
            along = np.arange(indices.start, indices.stop, dtype=np.int64) * coefficient
            value = value + along.reshape((-1,) + (1,) * (len(box) - 1 - axis))
    return value


def read(
    view: View, source: IntArray, box: Box, step: int, row_offset: Int64Array | int = 0
) -> tuple[Int64Array, BoolArray]:
    """What the view reads at every index of the box, and where that is an element rather than the fill.

    `source` is flat; `row_offset` is added to the offset (the row that a gather has looked up). Both results
    have the shape of the box; axes on which nothing depends are broadcast and take no memory.
    """
    offset = evaluate(view.offset, box, step) + row_offset
    present = (offset >= 0) & (offset < source.size)
    for guard in view.guards:
        value = evaluate(guard.form, box, step)
        present = present & (value >= 0) & (value < guard.limit)
    values = np.full(present.shape, view.fill, dtype=np.int64)
    values[present] = source[np.broadcast_to(offset, present.shape)[present]]
    shape = tuple(len(indices) for indices in box)
    return np.broadcast_to(values, shape), np.broadcast_to(present, shape)


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
