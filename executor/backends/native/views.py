"""How the row machine reads and writes memory through views.

K is the type of an element in memory, T the type in a register. Views, registers and memory are addresses.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from executor.backends.native.instructions import (
    ADDRESS,
    BASE,
    BOUNDS,
    ELEMENTS,
    FILL,
    FIRST,
    FLOAT32,
    INT8,
    INT16,
    INT32,
    INT64,
    KIND,
    NARROW,
    NOTHING,
    STRIDES,
    UINT8,
)
from executor.backends.native.memory import get, inline, native, put, width, word


@inline
def _copied(k: Any, t: Any, address: int, at: int, stride: int, target: int, n: int) -> None:
    """n elements, the first from index `at`, the others a stride apart."""
    if stride == 1:
        for i in range(n):
            put(target, i, t(get(address, at + i, k)))
    else:
        for i in range(n):
            put(target, i, t(get(address, at + i * stride, k)))


@inline
def _element(t: Any, kind: int, address: int, at: int) -> Any:
    """One element."""
    if kind == INT8:
        return t(get(address, at, np.int8))
    if kind == INT16:
        return t(get(address, at, np.int16))
    if kind == INT32:
        return t(get(address, at, np.int32))
    if kind == INT64:
        return t(get(address, at, np.int64))
    if kind == FLOAT32:
        return t(get(address, at, np.float32))
    return t(get(address, at, np.float64))


@inline
def fill(t: Any, target: int, value: Any, n: int) -> None:
    """The same n times."""
    for i in range(n):
        put(target, i, t(value))


@native
def _fetch(t: Any, kind: int, address: int, at: int, stride: int, target: int, n: int) -> None:
    """n elements of that kind of memory into a register."""
    if stride == 0:
        fill(t, target, _element(t, kind, address, at), n)
    elif kind == INT8:
        _copied(np.int8, t, address, at, stride, target, n)
    elif kind == INT16:
        _copied(np.int16, t, address, at, stride, target, n)
    elif kind == INT32:
        _copied(np.int32, t, address, at, stride, target, n)
    elif kind == INT64:
        _copied(np.int64, t, address, at, stride, target, n)
    elif kind == FLOAT32:
        _copied(np.float32, t, address, at, stride, target, n)
    else:
        _copied(np.float64, t, address, at, stride, target, n)


@native
def _span(
    view: int, axes: int, at: Any, row: int, r: int, column: int, n: int, first: int
) -> tuple[Any, Any]:
    """Which columns lie within all bounds from the `first` on, r rows below `at`: from, to."""
    begin, end = np.int64(0), np.int64(n)
    for number in range(first, word(view, BOUNDS)):
        bound = view + 8 * (STRIDES + axes + number * (2 + axes))
        value = word(bound, 0)
        for axis in range(axes):
            value += word(bound, 2 + axis) * at[axis]
        value += word(bound, 2 + row) * r
        limit, slope = word(bound, 1), word(bound, 2 + column)
        if slope == 0:
            if value < 0 or value >= limit:
                return 0, 0
        elif slope > 0:
            begin = max(begin, -(value // slope))
            end = min(end, (limit - 1 - value) // slope + 1)
        else:
            begin = max(begin, -((limit - 1 - value) // -slope))
            end = min(end, value // -slope + 1)
    if begin >= end:
        return 0, 0
    return begin, end


@native
def _offset(view: int, axes: int, at: Any) -> Any:
    """Of the element at an index."""
    offset = word(view, BASE)
    for axis in range(axes):
        offset += word(view, STRIDES + axis) * at[axis]
    return offset


@native
def read(t: Any, view: int, axes: int, at: Any, row: int, rows: int, column: int, n: int, target: int) -> Any:
    """rows x n elements from index `at` on, along the axes `row` and `column`. The address of where they are:
    a register, or their own memory if they lie there side by side in the same type."""
    kind, address = word(view, KIND), word(view, ADDRESS)
    if kind == NOTHING:
        fill(t, target, word(view, FILL), rows * n)
        return target
    offset = _offset(view, axes, at)
    down, along = word(view, STRIDES + row), word(view, STRIDES + column)
    if word(view, BOUNDS) == 0:
        if rows > 1 and down == n * along:
            rows, n = 1, rows * n
        own = INT32 if width(t) == NARROW else INT64
        if rows == 1 and along == 1 and kind == own:
            return address + offset * width(t)
        for r in range(rows):
            _fetch(t, kind, address, offset + r * down, along, target + width(t) * n * r, n)
        return target
    for r in range(rows):
        begin, end = _span(view, axes, at, row, r, column, n, 0)
        first = target + width(t) * n * r
        fill(t, first, word(view, FILL), begin)
        if begin < end:
            start = offset + r * down + begin * along
            _fetch(t, kind, address, start, along, first + width(t) * begin, end - begin)
        fill(t, first + width(t) * end, word(view, FILL), n - end)
    return target


@inline
def _stored(k: Any, t: Any, address: int, at: int, source: int, n: int) -> None:
    """n elements side by side."""
    for i in range(n):
        put(address, at + i, k(get(source, i, t)))


@native
def write(t: Any, view: int, axes: int, at: Any, row: int, rows: int, n: int, source: int) -> None:
    """A register into memory; its columns lie side by side."""
    kind, address = word(view, KIND), word(view, ADDRESS)
    down, offset = word(view, STRIDES + row), _offset(view, axes, at)
    if rows > 1 and down == n:
        rows, n = 1, rows * n
    for r in range(rows):
        place, first = offset + r * down, source + width(t) * n * r
        if kind in (INT8, UINT8):
            _stored(np.int8, t, address, place, first, n)
        elif kind == INT16:
            _stored(np.int16, t, address, place, first, n)
        elif kind == INT32:
            _stored(np.int32, t, address, place, first, n)
        elif kind == INT64:
            _stored(np.int64, t, address, place, first, n)
        elif kind == FLOAT32:
            _stored(np.float32, t, address, place, first, n)
        else:
            _stored(np.float64, t, address, place, first, n)


@inline
def _picked(k: Any, address: int, at: int, row: int, along: int, numbers: int, target: int, n: int) -> None:
    """Elements of the numbered rows of a table, each of so many elements."""
    if row == 1 and along == 0:
        first = address + at * width(k)
        for i in range(n):
            put(target, i, np.int32(get(first, np.int64(get(numbers, i, np.int32)), k)))
    else:
        for i in range(n):
            put(target, i, np.int32(get(address, at + get(numbers, i, np.int32) * row + i * along, k)))


@native
def look_up(
    t: Any, view: int, axes: int, at: Any, row: int, rows: int, column: int, n: int,
    target: int, index: int, numbers: int,
) -> None:  # fmt: skip
    """Elements of a table's rows, which the narrow register `index` counts; `numbers` is another.

    The table's first bound is the offset within the source, to which the row's is added.
    """
    kind, address = word(view, KIND), word(view, ADDRESS)
    elements, first = word(view, ELEMENTS), word(view, FIRST)
    offset, down, along = _offset(view, axes, at), word(view, STRIDES + row), word(view, STRIDES + column)
    bound = view + 8 * (STRIDES + axes)
    within = word(bound, 0)
    for axis in range(axes):
        within += word(bound, 2 + axis) * at[axis]
    last = np.int32(first - 1)
    size: Any = elements // first if first > 0 else np.int64(0)
    for i in range(rows * n):
        put(numbers, i, np.int32(min(max(get(index, i, np.int32), np.int32(0)), last)))
    right, below = word(bound, 2 + column), word(bound, 2 + row)
    low = within + min(below * (rows - 1), 0) + min(right * (n - 1), 0)
    high = within + max(below * (rows - 1), 0) + max(right * (n - 1), 0)
    simple = width(t) == NARROW and word(view, BOUNDS) == 1  # tables of wide numbers are rare
    if simple and low >= 0 and first > 0 and high + last * size < elements:
        if down == 0 and along == 0:
            rows, n = 1, rows * n
        for r in range(rows):
            place, chosen, there = offset + r * down, numbers + NARROW * n * r, target + width(t) * n * r
            if kind == INT8:
                _picked(np.int8, address, place, size, along, chosen, there, n)
            elif kind == INT16:
                _picked(np.int16, address, place, size, along, chosen, there, n)
            elif kind == INT32:
                _picked(np.int32, address, place, size, along, chosen, there, n)
            else:
                _picked(np.int64, address, place, size, along, chosen, there, n)
        return
    for r in range(rows):
        begin, end = _span(view, axes, at, row, r, column, n, 1)
        for i in range(n):
            number = get(numbers, r * n + i, np.int32)
            inside = within + r * below + i * right + number * size
            value = t(word(view, FILL))
            if begin <= i and i < end and inside >= 0 and inside < elements:
                value = _element(t, kind, address, offset + r * down + i * along + number * size)
            put(target, r * n + i, value)
