"""A pass in the row machine's numbers, ready to be walked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from executor.backends.native import instructions as at
from executor.backends.native import machine
from executor.backends.native.accesses import Access, Kind, Memory
from executor.backends.native.passes import Pass, merged
from executor.backends.native.registers import Line, Lowering

Numbers = npt.NDArray[np.int64]

KINDS = {
    Kind.INT8: at.INT8,
    Kind.INT16: at.INT16,
    Kind.INT32: at.INT32,
    Kind.INT64: at.INT64,
    Kind.UINT8: at.UINT8,
    Kind.FLOAT32: at.FLOAT32,
    Kind.FLOAT64: at.FLOAT64,
}


@dataclass
class Walk:
    """A pass for the row machine."""

    code: Numbers
    views: Numbers
    extents: Numbers
    homes: Numbers
    header: Numbers
    """What the machine is given: where all this lies."""
    size: int
    """Bytes of its registers."""
    first: Numbers
    """The views at the first step."""
    slope: Numbers | None
    """What they gain each step; None if nothing."""

    def at(self, step: int) -> None:
        """Make it that step's walk."""
        if self.slope is not None:
            np.add(self.first, self.slope * step, out=self.views)


def runner(walks: list[Walk], memory: npt.NDArray[np.uint8], registers: int) -> Callable[[], None]:
    """Call what this returns to do walks in turn, with the registers at that address in `memory`."""
    headers = np.stack([walk.header for walk in walks])
    headers[:, at.MEMORY] = registers
    alive = headers, walks, memory  # the machine knows addresses only: this keeps them alive
    address = headers.ctypes.data

    def run(_alive: object = alive) -> None:
        machine.run(address, len(walks))

    return run


def assemble(given: Pass, address: Callable[[Memory, int], int]) -> Walk:
    """The pass in the row machine's numbers; `address` says where a memory begins."""
    extents, rank, accesses = merged(given)
    width = at.STRIDES + len(extents)
    width += max((len(access.bounds) for access in accesses), default=0) * (2 + len(extents))
    first = np.zeros((max(len(accesses), 1), width), np.int64)
    slope = np.zeros_like(first)
    for row, access in enumerate(accesses):
        _encode(access, first[row], slope[row], address)
    lowered = Lowering(extents, rank, accesses)
    lowered.lower(given.code)
    code = np.array([_line(*pair) for pair in zip(lowered.lines, lowered.places, strict=True)], np.int64)
    views, lengths = first.copy(), np.array(extents, np.int64)
    homes, header = np.array(lowered.homes, np.int64), np.zeros(at.HEADER, np.int64)
    for field, array in ((at.CODE, code), (at.VIEWS, views), (at.EXTENTS, lengths), (at.HOMES, homes)):
        header[field] = array.ctypes.data
    header[[at.LINES, at.FIXED]] = len(code), sum(line.fixed for line in lowered.lines)
    header[[at.WIDTH, at.AXES, at.RANK, at.REGISTERS]] = width, len(extents), rank, len(homes)
    header[at.TILES] = machine.count_tiles(extents, rank)
    return Walk(code, views, lengths, homes, header, lowered.size, first, slope if slope.any() else None)


def _line(line: Line, places: tuple[int, ...]) -> list[int]:
    """The machine's numbers of an instruction, and of the registers that it names."""
    instruction, (target, *others) = line.instruction, places
    what = instruction.what
    row = [0] * at.FIELDS
    row[at.WHAT], row[at.FROM], row[at.TO], row[at.TARGET] = what, line.read, line.written, target
    row[at.P : at.S + 1] = instruction.numbers
    named = [
        *instruction.accesses,
        *others,
    ]  # a reduction: two accesses, then two registers to read them into
    row[at.A : at.A + len(named)] = named
    return row


def _encode(access: Access, row: Numbers, slope: Numbers, address: Callable[[Memory, int], int]) -> None:
    row[at.FILL] = access.fill
    if access.memory is Memory.NOTHING:
        row[at.KIND] = at.NOTHING
        return
    row[at.ADDRESS] = address(access.memory, access.index)
    row[at.KIND] = KINDS[access.kind]
    row[at.ELEMENTS], slope[at.ELEMENTS] = access.elements, access.elements_step
    row[at.FIRST], slope[at.FIRST] = access.first, access.first_step
    row[at.BOUNDS] = len(access.bounds)
    row[at.BASE], slope[at.BASE] = access.base, access.step
    place = at.STRIDES + len(access.strides)
    row[at.STRIDES : place] = access.strides
    for bound in access.bounds:
        end = place + 2 + len(bound.coefficients)
        row[place:end] = (bound.constant, bound.limit, *bound.coefficients)
        slope[place : place + 2] = (bound.step, bound.entries)
        place = end
