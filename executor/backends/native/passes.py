"""A pass: one walk over some axes, and what it does at every index; and its form for the row machine."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from executor.backends.native import machine
from executor.backends.native.accesses import Access, Axes, Bound, Kind, Memory

KINDS = {
    Kind.INT8: machine.INT8,
    Kind.INT16: machine.INT16,
    Kind.INT32: machine.INT32,
    Kind.INT64: machine.INT64,
    Kind.UINT8: machine.UINT8,
    Kind.FLOAT32: machine.FLOAT32,
    Kind.FLOAT64: machine.FLOAT64,
}
REDUCTIONS = (machine.DOT_ACROSS, machine.DOT_ALONG, machine.MAX_ACROSS, machine.MAX_ALONG)
TOUCHING = (machine.LOAD, machine.STORE, machine.LOOKUP, *REDUCTIONS)
"""Instructions that name accesses."""


@dataclass(frozen=True)
class Instruction:
    """What the row machine does to a tile. Registers are numbered as if there were as many as one likes."""

    what: int
    target: int = 0
    registers: tuple[int, ...] = ()
    accesses: tuple[int, ...] = ()
    numbers: tuple[int, int, int] = (0, 0, 0)


@dataclass
class Pass:
    """extents: lengths of the axes, `rank` output axes first, then those of the reductions."""

    extents: Axes
    rank: int
    code: list[Instruction] = field(default_factory=list)
    accesses: list[Access] = field(default_factory=list)
    registers: int = 0

    def access(self, access: Access) -> int:
        """Its number in this pass."""
        if access not in self.accesses:
            self.accesses.append(access)
        return self.accesses.index(access)

    def emit(
        self, what: int, *registers: int, accesses: Sequence[Access] = (), numbers: Sequence[int] = ()
    ) -> int:
        """Append an instruction; the register with what it computes."""
        named = tuple(self.access(access) for access in accesses)
        p, q, s = (*numbers, 0, 0, 0)[:3]
        self.code.append(Instruction(what, self.registers, registers, named, (p, q, s)))
        self.registers += 1
        return self.registers - 1

    def load(self, access: Access) -> int:
        """The register with what the access reads; read once, however often it is asked for."""
        number = self.access(access)
        for instruction in self.code:
            if instruction.what == machine.LOAD and instruction.accesses == (number,):
                return instruction.target
        return self.emit(machine.LOAD, accesses=[access])

    def store(self, access: Access, register: int) -> None:
        """Write a register."""
        self.emit(machine.STORE, register, accesses=[access])


def merged(given: Pass) -> tuple[Axes, int, list[Access]]:
    """Extents, rank and accesses where neighbouring axes that every access walks over as one are one."""
    extents, rank, accesses = list(given.extents), given.rank, list(given.accesses)
    axis = 0
    while axis + 1 < len(extents):
        inner = axis + 1
        if inner != rank and all(_is_one(access, axis, extents[inner]) for access in accesses):
            kept = [a for a in range(len(extents)) if a != axis]
            accesses = [access.over(kept) for access in accesses]
            extents[inner] *= extents[axis]
            del extents[axis]
            rank -= inner < rank
        else:
            axis += 1
    written = {i.accesses[0] for i in given.code if i.what == machine.STORE}
    if rank and any(accesses[number].strides[rank - 1] != 1 for number in written):
        extents.insert(rank, 1)  # the batch alone: what is written has to lie side by side
        accesses = [_deeper(access, rank) for access in accesses]
        rank += 1
    while rank < 2:
        extents.insert(0, 1)
        accesses = [_deeper(access, 0) for access in accesses]
        rank += 1
    return tuple(extents), rank, accesses


def _is_one(access: Access, axis: int, length: int) -> bool:
    """Whether the axis goes on where the next one, of that length, ends."""
    forms = [access.strides, *(bound.coefficients for bound in access.bounds)]
    return all(form[axis] == form[axis + 1] * length for form in forms)


def _deeper(access: Access, axis: int) -> Access:
    """The access with one more axis, of length one, in that place."""

    def longer(form: Axes) -> Axes:
        return (*form[:axis], 0, *form[axis:])

    bounds = (replace(bound, coefficients=longer(bound.coefficients)) for bound in access.bounds)
    return replace(access, strides=longer(access.strides), bounds=tuple(bounds))


@dataclass
class Walk:
    """A pass for the row machine."""

    code: machine.Numbers
    views: machine.Numbers
    extents: machine.Numbers
    rank: int
    registers: int
    """How many it needs."""
    tiles: int
    first: machine.Numbers
    """The views at the first step."""
    slope: machine.Numbers | None
    """What they gain each step; None if nothing."""

    def at(self, step: int) -> None:
        """Make it that step's walk."""
        if self.slope is not None:
            np.add(self.first, self.slope * step, out=self.views)

    def run(self, memory: npt.NDArray[np.uint8], registers: int) -> None:  # noqa: ARG002  # keeps it alive
        """Do it, with the registers at that address in `memory`."""
        machine.walk(self.code, self.views, self.extents, self.rank, registers, 0, self.tiles)


def assemble(given: Pass, address: Callable[[Memory, int], int]) -> Walk:
    """The pass in the row machine's numbers; `address` says where a memory begins."""
    extents, rank, accesses = merged(given)
    width = machine.STRIDES + len(extents)
    width += max((len(access.bounds) for access in accesses), default=0) * (2 + len(extents))
    first = np.zeros((max(len(accesses), 1), width), np.int64)
    slope = np.zeros_like(first)
    for row, access in enumerate(accesses):
        _encode(access, first[row], slope[row], address)
    code, registers = _allocate(given, extents, rank, accesses)
    return Walk(
        code=code,
        views=first.copy(),
        extents=np.array(extents, np.int64),
        rank=rank,
        registers=registers,
        tiles=machine.count_tiles(extents, rank),
        first=first,
        slope=slope if slope.any() else None,
    )


def _encode(
    access: Access, row: machine.Numbers, slope: machine.Numbers, address: Callable[[Memory, int], int]
) -> None:
    row[machine.FILL] = access.fill
    if access.memory is Memory.NOTHING:
        row[machine.KIND] = machine.NOTHING
        return
    row[machine.ADDRESS] = address(access.memory, access.index)
    row[machine.KIND] = KINDS[access.kind]
    row[machine.ELEMENTS], slope[machine.ELEMENTS] = access.elements, access.elements_step
    row[machine.FIRST], slope[machine.FIRST] = access.first, access.first_step
    row[machine.BOUNDS] = len(access.bounds)
    row[machine.BASE], slope[machine.BASE] = access.base, access.step
    at = machine.STRIDES + len(access.strides)
    row[machine.STRIDES : at] = access.strides
    for bound in access.bounds:
        end = at + 2 + len(bound.coefficients)
        row[at:end] = (bound.constant, bound.limit, *bound.coefficients)
        slope[at : at + 2] = (bound.step, bound.entries)
        at = end


def _allocate(given: Pass, extents: Axes, rank: int, accesses: list[Access]) -> tuple[machine.Numbers, int]:
    """The code with as few registers as do, so that they stay near, and how many.

    A target is never a register that is read by the same instruction: a loop over two registers that may be
    one is not vectorised.
    """
    last = {register: line for line, i in enumerate(given.code) for register in i.registers}
    places: dict[int, int] = {}
    free: list[int] = []
    count = 0
    code = np.zeros((len(given.code), machine.FIELDS), np.int64)

    def take() -> int:
        nonlocal count
        if not free:
            free.append(count)
            count += 1
        return free.pop()

    for line, instruction in enumerate(given.code):
        what = _reduction(instruction, extents, rank, accesses)
        target = take()
        operands = [places[register] for register in instruction.registers]
        row = [what, target, *((*operands, 0, 0, 0)[:3]), *instruction.numbers]
        if what in TOUCHING:
            row[2 : 2 + len(instruction.accesses)] = instruction.accesses
        spent = [places.pop(register) for register in set(instruction.registers) if last[register] == line]
        if what == machine.STORE:
            row[1] = operands[0]
            row[2] = instruction.accesses[0]
            spent.append(target)
        elif what == machine.LOOKUP:
            row[3] = operands[0]
        elif what in REDUCTIONS:
            row[4], row[5] = take(), take()
            spent += row[4:6]
        if what != machine.STORE:
            places[instruction.target] = target
            if instruction.target not in last:  # nobody reads it
                spent.append(places.pop(instruction.target))
        free += spent
        code[line] = row
    return code, count


def _reduction(instruction: Instruction, extents: Axes, rank: int, accesses: list[Access]) -> int:
    """Which way a reduction goes: a tile for each reduction index, or the last axis for each element.

    Either is quick where what it reads lies side by side in that direction, and the longer it is.
    """
    what = instruction.what
    if what not in REDUCTIONS or len(extents) == rank:
        return what
    read = [
        accesses[number] for number in instruction.accesses if accesses[number].memory is not Memory.NOTHING
    ]
    across = min(math.prod(extents[rank - 2 : rank]), machine.TILE)
    along = min(extents[-1], machine.TILE)
    if any(abs(access.strides[rank - 1]) > 1 for access in read):
        across = min(across, 8)
    if any(abs(access.strides[-1]) > 1 for access in read):
        along = min(along, 8)
    inward = {machine.DOT_ACROSS: machine.DOT_ALONG, machine.MAX_ACROSS: machine.MAX_ALONG}
    return inward.get(what, what) if along > across else what


__all__ = ["Bound", "Instruction", "Pass", "Walk", "assemble", "merged"]
