"""The row machine: what runs the passes, in machine code.

A pass walks over axes in tiles: some rows of the last axis but one, some columns of the last. For every tile
it carries out a list of instructions, each a plain loop over the tile's elements in registers that stay in
the nearest cache. So one compiled function serves every program: nothing is compiled for a model, and an
instruction's own cost vanishes behind the hundreds of elements that it works on.

A register is narrow, int32, where every number that it may hold has been proved to fit, when the pass was
planned; else wide, int64.

Memory is safe whatever a program says: a view's offset is either proved to lie in its source for the whole
walk, when the pass is planned, or is one of the view's bounds, which every read checks.
"""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from executor.backends.native.arithmetic import alike, narrowing, rare, widening
from executor.backends.native.instructions import (
    AXES,
    CODE,
    DIV,
    DOT_ACROSS,
    EXTENTS,
    FIELDS,
    FIXED,
    FROM,
    HEADER,
    HOMES,
    LINES,
    LOAD,
    LOOKUP,
    MAX_ACROSS,
    MAX_ALONG,
    MEMORY,
    NARROW,
    RANK,
    REGISTERS,
    STORE,
    TARGET,
    TILE,
    TILES,
    TO,
    VIEWS,
    WHAT,
    WIDTH,
    A,
    B,
    C,
    P,
    Q,
    S,
)
from executor.backends.native.memory import inline, kept, word
from executor.backends.native.reductions import across, along
from executor.backends.native.views import look_up, read, write

Numbers = npt.NDArray[np.int64]
PARTS = "arithmetic", "instructions", "machine", "memory", "reductions", "views"
"""Of the machine code: one changed letter in any of these files, and it is made anew."""


@inline
def _touch(t: Any, walk: int, line: int, places: Any, at: Any, rows: int, n: int, target: int) -> Any:
    """An instruction that reads or writes memory, on registers of type t; where its result is."""
    what, axes, row = word(line, WHAT), word(walk, AXES), word(walk, RANK) - 2
    views, width = word(walk, VIEWS), 8 * word(walk, WIDTH)
    view = views + word(line, A) * width
    # where a register is may be in the program's own memory: what is written over has to be at home
    homes, memory = word(walk, HOMES), word(walk, MEMORY)
    third, fourth = memory + word(homes, word(line, C)), memory + word(homes, word(line, P))
    if what == LOAD:
        return read(t, view, axes, at, row, rows, row + 1, n, target)
    if what == STORE:
        write(t, view, axes, at, row, rows, n, places[word(line, B)])
        return places[word(line, TARGET)]
    if what == LOOKUP:
        look_up(t, view, axes, at, row, rows, row + 1, n, target, places[word(line, B)], third)
    else:
        other, extents = views + word(line, B) * width, word(walk, EXTENTS)
        x, y = third, fourth
        if what in (DOT_ACROSS, MAX_ACROSS):
            across(t, what == MAX_ACROSS, view, other, at, extents, axes, row, rows, n, target, x, y)
        else:
            along(t, what == MAX_ALONG, view, other, at, extents, axes, row, rows, n, target, x, y)
    return target


@inline
def _carry_out(walk: int, first: int, last: int, places: Any, at: Any, rows: int, n: int) -> None:
    """Some instructions, for one tile."""
    homes, memory = word(walk, HOMES), word(walk, MEMORY)
    for number in range(first, last):
        line = word(walk, CODE) + 8 * FIELDS * number
        what, number_of_target = word(line, WHAT), word(line, TARGET)
        target = memory + word(homes, number_of_target)
        if what <= MAX_ALONG:
            if word(line, TO) == NARROW:
                target = _touch(np.int32, walk, line, places, at, rows, n, target)
            else:
                target = _touch(np.int64, walk, line, places, at, rows, n, target)
        else:
            a, b, c = places[word(line, A)], places[word(line, B)], places[word(line, C)]
            p, q, s = word(line, P), word(line, Q), word(line, S)
            if word(line, FROM) == word(line, TO):
                if what >= DIV:
                    rare(what, target, a, b, p, rows * n)
                elif word(line, TO) == NARROW:
                    alike(what, np.int32, target, a, b, c, p, q, s, rows * n)
                else:
                    alike(what, np.int64, target, a, b, c, p, q, s, rows * n)
            elif word(line, TO) == NARROW:
                narrowing(what, target, a, b, p, q, s, rows * n)
            else:
                widening(what, target, a, b, p, rows * n)
        places[number_of_target] = target


@inline
def _walk(walk: int) -> None:
    """Every tile of a pass."""
    axes, rank, extents = word(walk, AXES), word(walk, RANK), word(walk, EXTENTS)
    row, column = rank - 2, rank - 1
    height, length = word(extents, row), word(extents, column)
    wide: Any = min(length, TILE)
    tall: Any = np.int64(1)
    if length <= TILE:
        tall = min(TILE // length, height)
    across_tiles = (length + wide - 1) // wide
    down_tiles = (height + tall - 1) // tall
    at = np.zeros(axes, np.int64)
    places = np.empty(word(walk, REGISTERS), np.int64)
    for register in range(places.size):
        places[register] = word(walk, MEMORY) + word(word(walk, HOMES), register)
    rows, n = tall, wide
    first: Any = np.int64(0)
    last = word(walk, FIXED)
    for tile in range(-1, word(walk, TILES)):
        if tile >= 0:
            rest = tile
            at[column] = rest % across_tiles * wide
            rest //= across_tiles
            at[row] = rest % down_tiles * tall
            rest //= down_tiles
            for axis in range(row - 1, -1, -1):
                at[axis] = rest % word(extents, axis)
                rest //= word(extents, axis)
            n = min(wide, length - at[column])
            rows = min(tall, height - at[row])
            first, last = word(walk, FIXED), word(walk, LINES)
        _carry_out(walk, first, last, places, at, rows, n)


def _compiled(sources: str) -> Any:
    """The function that walks. numba keeps machine code by the file that a function stands in and by what it
    closes over: so it closes over what all files say."""

    @kept
    def run(walks: int, count: int) -> bool:
        """Walks, one after the other; where their numbers begin, and how many they are."""
        for number in range(count):
            _walk(walks + 8 * HEADER * number)
        return sources != ""

    return run


def _sources() -> str:
    here = files(__package__)
    return sha256(b"".join((here / f"{part}.py").read_bytes() for part in PARTS)).hexdigest()


run = _compiled(_sources())


def count_tiles(extents: tuple[int, ...], rank: int) -> int:
    """Tiles of a pass over these axes."""
    *outer, rows, columns = extents[:rank]
    wide = min(columns, TILE)
    tall = min(TILE // columns, rows) if columns <= TILE else 1
    count = -(-columns // wide) * -(-rows // tall)
    for extent in outer:
        count *= extent
    return count
