"""A pass: one walk over some axes, and what it does at every index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

from executor.backends.native.accesses import Access, Axes
from executor.backends.native.instructions import LOAD, STORE
from executor.program.intervals import union
from executor.program.ir import Interval


@dataclass(frozen=True)
class Instruction:
    """What the row machine does to a tile. Registers are numbered as if there were as many as one likes.

    within: interval of what it computes; through: of that and of what it reads from memory.
    """

    what: int
    target: int = 0
    registers: tuple[int, ...] = ()
    accesses: tuple[int, ...] = ()
    numbers: tuple[int, int, int] = (0, 0, 0)
    within: Interval = (0, 0)
    through: Interval = (0, 0)


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
        self,
        what: int,
        *registers: int,
        within: Interval,
        reads: Sequence[Interval] = (),
        accesses: Sequence[Access] = (),
        numbers: Sequence[int] = (),
    ) -> int:
        """Append an instruction that computes numbers within an interval; the register with them.

        reads: intervals of what it reads from memory.
        """
        named = tuple(self.access(access) for access in accesses)
        p, q, s = (*numbers, 0, 0, 0)[:3]
        through = reduce(union, reads, within)
        self.code.append(Instruction(what, self.registers, registers, named, (p, q, s), within, through))
        self.registers += 1
        return self.registers - 1

    def within(self, register: int) -> Interval:
        """Interval of what a register holds; registers are numbered by the instructions that write them."""
        return self.code[register].within

    def load(self, access: Access, within: Interval) -> int:
        """The register with what the access reads; read once, however often it is asked for."""
        number = self.access(access)
        for instruction in self.code:
            if instruction.what == LOAD and instruction.accesses == (number,):
                return instruction.target
        return self.emit(LOAD, accesses=[access], within=within)

    def store(self, access: Access, register: int) -> None:
        """Write a register."""
        self.emit(STORE, register, accesses=[access], within=self.within(register))


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
    written = {i.accesses[0] for i in given.code if i.what == STORE}
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
