"""The row machine's sums and maxima over reduction axes, in registers of one type T."""

from __future__ import annotations

from typing import Any

import numpy as np

from executor.backends.native.instructions import FILL, KIND, NOTHING, TILE
from executor.backends.native.memory import get, inline, least, native, put, word
from executor.backends.native.views import fill, read


@native
def _turn(at: Any, extents: int, axes: int, first: int) -> bool:
    """The next index of the reduction axes, from axis `first` to the last; False after all."""
    for axis in range(axes - 1, first - 1, -1):
        at[axis] += 1
        if at[axis] < word(extents, axis):
            return True
        at[axis] = 0
    return False


@native
def across(
    t: Any, largest: bool, a: int, b: int, at: Any, extents: int, axes: int,
    row: int, rows: int, n: int, target: int, x: int, y: int,
) -> None:  # fmt: skip
    """Sum of products, or the largest element, over the reduction axes: a whole tile for each index."""
    count = rows * n
    fill(t, target, least(t) if largest else t(0), count)
    while True:
        left = read(t, a, axes, at, row, rows, row + 1, n, x)
        if largest:
            for i in range(count):
                put(target, i, max(get(target, i, t), get(left, i, t)))
        else:
            right = read(t, b, axes, at, row, rows, row + 1, n, y)
            for i in range(count):
                put(target, i, t(get(target, i, t) + get(left, i, t) * get(right, i, t)))
        if not _turn(at, extents, axes, row + 2):
            return


@inline
def _most(t: Any, largest: Any, x: int, n: int) -> Any:
    """The largest of a register and one more."""
    for i in range(n):
        largest = max(largest, get(x, i, t))
    return largest


@inline
def _total(t: Any, x: int, n: int) -> Any:
    """The sum of a register."""
    total = t(0)
    for i in range(n):
        total = t(total + get(x, i, t))
    return total


@inline
def _inner(t: Any, x: int, y: int, n: int) -> Any:
    """The sum of two registers' products."""
    total = t(0)
    for i in range(n):
        total = t(total + get(x, i, t) * get(y, i, t))
    return total


@native
def along(
    t: Any, largest: bool, a: int, b: int, at: Any, extents: int, axes: int,
    row: int, rows: int, n: int, target: int, x: int, y: int,
) -> None:  # fmt: skip
    """The same, the last reduction axis in runs: for each element of the tile by itself."""
    last = axes - 1
    one: Any = np.int64(1)  # of the same type as a number of rows
    length = word(extents, last)
    top, left = at[row], at[row + 1]
    for element in range(rows * n):
        at[row], at[row + 1] = top + element // n, left + element % n
        found = least(t) if largest else t(0)
        while True:
            for start in range(0, length, TILE):
                run = min(TILE, length - start)
                at[last] = start
                first = read(t, a, axes, at, last, one, last, run, x)
                if largest:
                    found = _most(t, found, first, run)
                elif word(b, KIND) == NOTHING:
                    found = t(found + _total(t, first, run) * word(b, FILL))
                elif a == b:
                    found = t(found + _inner(t, first, first, run))
                else:
                    second = read(t, b, axes, at, last, one, last, run, y)
                    found = t(found + _inner(t, first, second, run))
            at[last] = length - 1
            if not _turn(at, extents, axes, row + 2):
                break
        put(target, element, found)
    at[row], at[row + 1] = top, left
