"""The row machine: what runs the passes, in machine code.

A pass walks over axes in tiles: some rows of the last axis but one, some columns of the last. For every tile
it carries out a list of instructions, each a plain loop over the tile's elements in int64 registers that stay
in the nearest cache. So one compiled function serves every program: nothing is compiled for a model, and an
instruction's own cost vanishes behind the hundreds of elements that it works on.

Memory is safe whatever a program says: a view's offset is either proved to lie in its source for the whole
walk, when the pass is planned, or is one of the view's bounds, which every read checks.

All loops stand in this file because numba's cache on disk notices changes of one file only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from executor.backends.native.memory import get, native, put

TILE = 512
"""Elements of a register."""

FIELDS = 8
"""Of an instruction: what it does, target register, registers (or views) a, b and c, and three numbers."""

# What an instruction does.
LOAD, STORE, LOOKUP, DOT_ACROSS, DOT_ALONG, MAX_ACROSS, MAX_ALONG, SATURATE, SCALE, DIGIT, JOIN = range(11)
ADD, SUB, MUL, DIV, DIV_FLOAT, SHIFT, MIN, MAX, CLAMP, EQ, LT, LE, SELECT, ISQRT, ISQRT_FLOAT = range(11, 26)

# What lies in a view's memory: the four element types, what products take and give, or nothing but the fill.
INT8, INT16, INT32, INT64, UINT8, FLOAT32, FLOAT64, NOTHING = range(8)

# A view's numbers: these, the stride of every axis, then every bound: its constant, limit and coefficients.
ADDRESS, KIND, FILL, FIRST, ELEMENTS, BOUNDS, BASE, STRIDES = range(8)

Numbers = npt.NDArray[np.int64]


@native
def _fetch(kind: int, address: int, at: int, stride: int, target: int, n: int) -> None:
    """n elements from memory into a register, the first from offset `at`, the others a stride apart."""
    if stride == 0:
        _fill(target, _element(kind, address, at), n)
    elif kind == INT8:
        source = address + at
        if stride == 1:
            for i in range(n):
                put(target, i, np.int64(get(source, i, np.int8)))
        else:
            for i in range(n):
                put(target, i, np.int64(get(source, i * stride, np.int8)))
    elif kind == INT16:
        source = address + 2 * at
        if stride == 1:
            for i in range(n):
                put(target, i, np.int64(get(source, i, np.int16)))
        else:
            for i in range(n):
                put(target, i, np.int64(get(source, i * stride, np.int16)))
    elif kind == INT32:
        source = address + 4 * at
        if stride == 1:
            for i in range(n):
                put(target, i, np.int64(get(source, i, np.int32)))
        else:
            for i in range(n):
                put(target, i, np.int64(get(source, i * stride, np.int32)))
    elif kind == INT64:
        source = address + 8 * at
        for i in range(n):
            put(target, i, get(source, i * stride, np.int64))
    elif kind == FLOAT32:
        source = address + 4 * at
        for i in range(n):
            put(target, i, np.int64(get(source, i * stride, np.float32)))
    elif kind == FLOAT64:
        source = address + 8 * at
        for i in range(n):
            put(target, i, np.int64(get(source, i * stride, np.float64)))


@native
def _element(kind: int, address: int, at: int) -> Any:
    """One element."""
    if kind == INT8:
        return np.int64(get(address, at, np.int8))
    if kind == INT16:
        return np.int64(get(address, at, np.int16))
    if kind == INT32:
        return np.int64(get(address, at, np.int32))
    if kind == INT64:
        return get(address, at, np.int64)
    if kind == FLOAT32:
        return np.int64(get(address, at, np.float32))
    return np.int64(get(address, at, np.float64))


@native
def _fill(target: int, value: Any, n: int) -> None:
    for i in range(n):
        put(target, i, np.int64(value))


@native
def _span(view: Numbers, at: Numbers, row: int, r: int, column: int, n: int, first: int) -> tuple[Any, Any]:
    """Which columns lie within all bounds from the `first` on, r rows below `at`: from, to."""
    begin, end = np.int64(0), np.int64(n)
    width = at.size
    for number in range(first, view[BOUNDS]):
        bound = STRIDES + width + number * (2 + width)
        value = view[bound]
        for axis in range(width):
            value += view[bound + 2 + axis] * at[axis]
        value += view[bound + 2 + row] * r
        limit, slope = view[bound + 1], view[bound + 2 + column]
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
def _offset(view: Numbers, at: Numbers) -> Any:
    """Of the element at an index."""
    offset = view[BASE]
    for axis in range(at.size):
        offset += view[STRIDES + axis] * at[axis]
    return offset


@native
def _read(view: Numbers, at: Numbers, row: int, rows: int, column: int, n: int, target: int) -> None:
    """rows x n elements from index `at` on, along the axes `row` and `column`, into a register."""
    if view[KIND] == NOTHING:
        _fill(target, view[FILL], rows * n)
        return
    offset, down, along = _offset(view, at), view[STRIDES + row], view[STRIDES + column]
    if view[BOUNDS] == 0:
        if rows > 1 and down == n * along:
            rows, n = 1, rows * n
        for r in range(rows):
            _fetch(view[KIND], view[ADDRESS], offset + r * down, along, target + 8 * n * r, n)
        return
    for r in range(rows):
        begin, end = _span(view, at, row, r, column, n, 0)
        first = target + 8 * n * r
        _fill(first, view[FILL], begin)
        if begin < end:
            start = offset + r * down + begin * along
            _fetch(view[KIND], view[ADDRESS], start, along, first + 8 * begin, end - begin)
        _fill(first + 8 * end, view[FILL], n - end)


@native
def _write(view: Numbers, at: Numbers, row: int, rows: int, n: int, source: int) -> None:
    """A register into memory; its columns lie side by side."""
    kind, down, offset = view[KIND], view[STRIDES + row], _offset(view, at)
    if rows > 1 and down == n:
        rows, n = 1, rows * n
    for r in range(rows):
        place, first = offset + r * down, source + 8 * n * r
        if kind in (INT8, UINT8):
            target = view[ADDRESS] + place
            for i in range(n):
                put(target, i, np.int8(get(first, i, np.int64)))
        elif kind == INT16:
            target = view[ADDRESS] + 2 * place
            for i in range(n):
                put(target, i, np.int16(get(first, i, np.int64)))
        elif kind == INT32:
            target = view[ADDRESS] + 4 * place
            for i in range(n):
                put(target, i, np.int32(get(first, i, np.int64)))
        elif kind == INT64:
            target = view[ADDRESS] + 8 * place
            for i in range(n):
                put(target, i, get(first, i, np.int64))
        elif kind == FLOAT32:
            target = view[ADDRESS] + 4 * place
            for i in range(n):
                put(target, i, np.float32(get(first, i, np.int64)))
        elif kind == FLOAT64:
            target = view[ADDRESS] + 8 * place
            for i in range(n):
                put(target, i, np.float64(get(first, i, np.int64)))


@native
def _pick(
    kind: int, address: int, row: Any, along: int, index: int, addend: int, last: int, target: int, n: int
) -> None:
    """Elements of a table whose rows have `row` elements; all of them exist."""
    if kind == INT8:
        for i in range(n):
            number = min(max(get(index, i, np.int64) + addend, 0), last)
            put(target, i, np.int64(get(address, number * row + i * along, np.int8)))
    elif kind == INT16:
        for i in range(n):
            number = min(max(get(index, i, np.int64) + addend, 0), last)
            put(target, i, np.int64(get(address, number * row + i * along, np.int16)))
    elif kind == INT32:
        for i in range(n):
            number = min(max(get(index, i, np.int64) + addend, 0), last)
            put(target, i, np.int64(get(address, number * row + i * along, np.int32)))
    else:
        for i in range(n):
            number = min(max(get(index, i, np.int64) + addend, 0), last)
            put(target, i, get(address, number * row + i * along, np.int64))


@native
def _lookup(
    view: Numbers, at: Numbers, row: int, rows: int, column: int, n: int, target: int, index: int, addend: int
) -> None:
    """Elements of a table's rows; the row's number stands in register `index`, less the addend.

    The table's first bound is the offset within the source, to which the row's is added.
    """
    kind, address, fill, elements = view[KIND], view[ADDRESS], view[FILL], view[ELEMENTS]
    offset, down, along = _offset(view, at), view[STRIDES + row], view[STRIDES + column]
    bound = STRIDES + at.size
    within = view[bound]
    for axis in range(at.size):
        within += view[bound + 2 + axis] * at[axis]
    last = view[FIRST] - 1
    size = elements // view[FIRST] if view[FIRST] > 0 else np.int64(0)
    below, right = (rows - 1) * view[bound + 2 + row], (n - 1) * view[bound + 2 + column]
    low, high = within + min(below, 0) + min(right, 0), within + max(below, 0) + max(right, 0)
    if view[BOUNDS] == 1 and low >= 0 and last >= 0 and high + last * size < elements:
        width = 1 << min(kind, 3)
        if down == 0 and along == 0:
            rows, n = 1, rows * n
        for r in range(rows):
            place, moved = address + (offset + r * down) * width, 8 * r * n
            _pick(kind, place, size, along, index + moved, addend, last, target + moved, n)
        return
    for r in range(rows):
        begin, end = _span(view, at, row, r, column, n, 1)
        for i in range(n):
            number = min(max(get(index, r * n + i, np.int64) + addend, 0), last)
            inside = within + r * view[bound + 2 + row] + i * view[bound + 2 + column] + number * size
            value = fill
            if begin <= i and i < end and inside >= 0 and inside < elements:
                value = _element(kind, address, offset + r * down + i * along + number * size)
            put(target, r * n + i, value)


@native
def _turn(at: Numbers, extents: Numbers, first: int) -> bool:
    """The next index of the reduction axes, from axis `first` to the last of `extents`; False after all."""
    for axis in range(extents.size - 1, first - 1, -1):
        at[axis] += 1
        if at[axis] < extents[axis]:
            return True
        at[axis] = 0
    return False


@native
def _across(
    largest: bool, a: Numbers, b: Numbers, at: Numbers, extents: Numbers, row: int, rows: int, n: int,
    target: int, x: int, y: int,
) -> None:  # fmt: skip
    """Sum of products, or the largest element, over the reduction axes: a whole tile for each index."""
    count = rows * n
    _fill(target, np.int64(-(2**63)) if largest else np.int64(0), count)
    while True:
        _read(a, at, row, rows, row + 1, n, x)
        if largest:
            for i in range(count):
                put(target, i, max(get(target, i, np.int64), get(x, i, np.int64)))
        else:
            _read(b, at, row, rows, row + 1, n, y)
            for i in range(count):
                product = get(x, i, np.int64) * get(y, i, np.int64)
                put(target, i, get(target, i, np.int64) + product)
        if not _turn(at, extents, row + 2):
            return


@native
def _along(
    largest: bool, a: Numbers, b: Numbers, at: Numbers, extents: Numbers, row: int, rows: int, n: int,
    target: int, x: int, y: int,
) -> None:  # fmt: skip
    """The same, the last reduction axis in runs: for each element of the tile by itself."""
    last = extents.size - 1
    top, left = at[row], at[row + 1]
    for element in range(rows * n):
        at[row], at[row + 1] = top + element // n, left + element % n
        total = np.int64(-(2**63)) if largest else np.int64(0)
        while True:
            for start in range(0, extents[last], TILE):
                run = min(TILE, extents[last] - start)
                at[last] = start
                _read(a, at, last, 1, last, run, x)
                if largest:
                    for i in range(run):
                        total = max(total, get(x, i, np.int64))
                else:
                    _read(b, at, last, 1, last, run, y)
                    for i in range(run):
                        total += get(x, i, np.int64) * get(y, i, np.int64)
            at[last] = extents[last] - 1
            if not _turn(at, extents, row + 2):
                break
        put(target, element, total)
    at[row], at[row + 1] = top, left


@native
def _elementwise(what: int, target: int, a: int, b: int, c: int, p: int, q: int, s: int, n: int) -> None:
    """What needs nothing but registers."""
    if what == SATURATE:
        for i in range(n):
            put(target, i, min(max(get(a, i, np.int64), p), q))
    elif what == SCALE:
        half = (np.int64(1) << s) >> 1
        for i in range(n):
            value = (get(a, i, np.int64) * get(b, i, np.int64) + half) >> s
            put(target, i, min(max(value, p), q))
    elif what == DIGIT:
        for i in range(n):
            put(target, i, ((get(a, i, np.int64) - p) >> s) & q)
    elif what == JOIN:
        for i in range(n):
            put(target, i, get(a, i, np.int64) + (get(b, i, np.int64) << p))
    elif what == ADD:
        for i in range(n):
            put(target, i, get(a, i, np.int64) + get(b, i, np.int64))
    elif what == SUB:
        for i in range(n):
            put(target, i, get(a, i, np.int64) - get(b, i, np.int64))
    elif what == MUL:
        for i in range(n):
            put(target, i, get(a, i, np.int64) * get(b, i, np.int64))
    elif what == DIV:
        for i in range(n):
            divisor = get(b, i, np.int64)
            quotient = np.int64(0)
            if divisor != 0:
                quotient = (get(a, i, np.int64) << p) // divisor
            put(target, i, quotient)
    elif what == DIV_FLOAT:  # |a| + |b| < 2^53: a quotient lies further from the next integer than it rounds
        for i in range(n):
            dividend, divisor = get(a, i, np.int64) << p, get(b, i, np.int64)
            safe = divisor if divisor != 0 else np.int64(1)
            quotient = np.int64(np.floor(np.float64(dividend) / np.float64(safe)))
            put(target, i, quotient if divisor != 0 else np.int64(0))
    elif what == SHIFT:
        half = (np.int64(1) << p) >> 1
        for i in range(n):
            put(target, i, (get(a, i, np.int64) + half) >> p)
    elif what == MIN:
        for i in range(n):
            put(target, i, min(get(a, i, np.int64), get(b, i, np.int64)))
    elif what == MAX:
        for i in range(n):
            put(target, i, max(get(a, i, np.int64), get(b, i, np.int64)))
    elif what == CLAMP:
        for i in range(n):
            raised = max(get(a, i, np.int64), get(b, i, np.int64))
            put(target, i, min(raised, get(c, i, np.int64)))
    elif what == EQ:
        for i in range(n):
            put(target, i, np.int64(get(a, i, np.int64) == get(b, i, np.int64)))
    elif what == LT:
        for i in range(n):
            put(target, i, np.int64(get(a, i, np.int64) < get(b, i, np.int64)))
    elif what == LE:
        for i in range(n):
            put(target, i, np.int64(get(a, i, np.int64) <= get(b, i, np.int64)))
    elif what == SELECT:
        for i in range(n):
            x, y = get(b, i, np.int64), get(c, i, np.int64)
            put(target, i, x if get(a, i, np.int64) > 0 else y)
    elif what == ISQRT:
        for i in range(n):
            value = get(a, i, np.int64)
            positive = max(value, np.int64(1))
            root = np.int64(np.sqrt(np.float64(positive)))
            if root > positive // root:
                root -= 1
            if root + 1 <= positive // (root + 1):
                root += 1
            put(target, i, root if value > 0 else np.int64(0))
    elif what == ISQRT_FLOAT:  # a < 2^52: likewise for roots
        for i in range(n):
            put(target, i, np.int64(np.sqrt(np.float64(max(get(a, i, np.int64), np.int64(0))))))


@native
def walk(
    code: Numbers, views: Numbers, extents: Numbers, rank: int, registers: int, first: int, last: int
) -> None:
    """Run the tiles `first` to `last` of a pass.

    code: instructions, one a row. views: one a row. extents: lengths of the axes: `rank` output axes, of
    which the last two are the rows and columns of the tiles, then the reduction axes. registers: where they
    lie, TILE times 8 bytes each.
    """
    row, column = rank - 2, rank - 1
    wide, tall = min(extents[column], TILE), 1
    if extents[column] <= TILE:
        tall = min(max(TILE // extents[column], 1), extents[row])
    across = (extents[column] + wide - 1) // wide
    down = (extents[row] + tall - 1) // tall
    at = np.zeros(extents.size, np.int64)
    for tile in range(first, last):
        rest = tile
        at[column] = rest % across * wide
        rest //= across
        at[row] = rest % down * tall
        rest //= down
        for axis in range(row - 1, -1, -1):
            at[axis] = rest % extents[axis]
            rest //= extents[axis]
        n = min(wide, extents[column] - at[column])
        rows = min(tall, extents[row] - at[row])
        for number in range(code.shape[0]):
            line = code[number]
            what = line[0]
            target = registers + line[1] * (8 * TILE)
            a, b = registers + line[2] * (8 * TILE), registers + line[3] * (8 * TILE)
            if what == LOAD:
                _read(views[line[2]], at, row, rows, column, n, target)
            elif what == STORE:
                _write(views[line[2]], at, row, rows, n, target)
            elif what == LOOKUP:
                _lookup(views[line[2]], at, row, rows, column, n, target, b, line[5])
            elif what in (DOT_ACROSS, MAX_ACROSS):
                _across(
                    what == MAX_ACROSS, views[line[2]], views[line[3]], at, extents, row, rows, n,
                    target, registers + line[4] * (8 * TILE), registers + line[5] * (8 * TILE),
                )  # fmt: skip
            elif what in (DOT_ALONG, MAX_ALONG):
                _along(
                    what == MAX_ALONG, views[line[2]], views[line[3]], at, extents, row, rows, n,
                    target, registers + line[4] * (8 * TILE), registers + line[5] * (8 * TILE),
                )  # fmt: skip
            else:
                c = registers + line[4] * (8 * TILE)
                _elementwise(what, target, a, b, c, line[5], line[6], line[7], rows * n)


def count_tiles(extents: tuple[int, ...], rank: int) -> int:
    """Tiles of a pass over these axes."""
    *outer, rows, columns = extents[:rank]
    wide = min(columns, TILE)
    tall = min(max(TILE // columns, 1), rows) if columns <= TILE else 1
    count = -(-columns // wide) * -(-rows // tall)
    for extent in outer:
        count *= extent
    return count
