"""Which registers a pass needs: how wide they are, and where they lie.

A register is narrow if the interval of what it holds fits int32. Where an instruction has no form for the
widths at hand, its operands are widened first, or its result stays wide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from executor.backends.native.accesses import Access, Axes, Memory
from executor.backends.native.instructions import (
    COPY,
    DOT_ACROSS,
    DOT_ALONG,
    LOAD,
    LOOKUP,
    MAX_ACROSS,
    MAX_ALONG,
    NARROW,
    NARROWING,
    RARE,
    REDUCTIONS,
    SATURATE,
    STORE,
    TILE,
    WIDE,
    WIDENING,
)
from executor.backends.native.passes import Instruction
from executor.program.ir import ElementType, Interval


def width(interval: Interval) -> int:
    """Bytes of an element of a register that holds these numbers."""
    low, high = ElementType.INT32.interval
    return NARROW if low <= interval[0] and interval[1] <= high else WIDE


@dataclass(frozen=True)
class Line:
    """An instruction with the widths of what it reads and of what it writes; `fixed`: once a walk."""

    instruction: Instruction
    read: int
    written: int
    fixed: bool = False


@dataclass
class Lowering:
    """The instructions of a pass over these axes, and the registers that they take."""

    extents: Axes
    rank: int
    accesses: list[Access]
    lines: list[Line] = field(default_factory=list)
    places: list[tuple[int, ...]] = field(default_factory=list)
    """Of each line: target, operands, and what else it needs."""
    homes: list[int] = field(default_factory=list)
    """Where each register begins."""
    size: int = 0
    """Bytes of all of them."""

    def lower(self, code: list[Instruction]) -> None:
        """Choose widths and places."""
        widths: dict[int, int] = {}
        wide: dict[int, int] = {}
        fixed: set[int] = set()
        fresh = len(code)
        for instruction in code:
            named = replace(instruction, what=self._direction(instruction))
            registers = instruction.registers
            if instruction.what == LOOKUP and widths[registers[0]] == WIDE:
                ends = ElementType.INT32.interval  # a table has fewer rows than that
                held = Instruction(SATURATE, fresh, registers, numbers=(*ends, 0))
                self.lines.append(Line(held, WIDE, NARROW))
                registers, widths[fresh] = (fresh,), NARROW
                fresh += 1
            read, written = self._widths(instruction, [widths[register] for register in registers])
            if read == WIDE and instruction.what != LOOKUP:
                for register in registers:
                    if widths[register] == NARROW and register not in wide:
                        copy = Instruction(COPY, fresh, (register,))
                        self.lines.append(Line(copy, NARROW, WIDE, register in fixed))
                        fixed |= {fresh} if register in fixed else set()
                        wide[register], widths[fresh] = fresh, WIDE
                        fresh += 1
                registers = tuple(wide.get(register, register) for register in registers)
            once = instruction.what == LOAD and self._is_fixed(self.accesses[instruction.accesses[0]])
            fixed |= {instruction.target} if once else set()
            widths[instruction.target] = written
            self.lines.append(Line(replace(named, registers=registers), read, written, once))
        self.lines.sort(key=lambda line: not line.fixed)
        self._place()

    def _widths(self, instruction: Instruction, operands: list[int]) -> tuple[int, int]:
        """Of what an instruction reads and of what it writes."""
        what, own = instruction.what, width(instruction.within)
        if what == STORE:
            return operands[0], operands[0]
        if what == LOAD:
            return own, own
        if what == LOOKUP:
            assert operands == [NARROW]
            return NARROW, own
        if what in REDUCTIONS:
            return (width(instruction.through),) * 2
        read = WIDE if what in RARE else max(operands)
        if read == NARROW and own == WIDE and what not in WIDENING:
            read = WIDE
        if read == WIDE and own == NARROW and what not in NARROWING:
            own = WIDE
        return read, own

    def _is_fixed(self, access: Access) -> bool:
        """Whether every tile reads the same."""
        if access.memory is Memory.NOTHING:
            return True
        column = self.rank - 1
        others = any(stride for axis, stride in enumerate(access.strides) if axis != column)
        fits = access.strides[column] == 0 or self.extents[column] <= TILE
        return fits and not others and not access.bounds

    def _direction(self, instruction: Instruction) -> int:
        """Which way a reduction goes: a tile for each reduction index, or the last axis for each element.

        Either is quick where what it reads lies side by side in that direction, and the longer it is.
        """
        what = instruction.what
        if what not in REDUCTIONS or len(self.extents) == self.rank:
            return what
        listed = [self.accesses[number] for number in instruction.accesses]
        read = [access for access in listed if access.memory is not Memory.NOTHING]
        across = min(math.prod(self.extents[self.rank - 2 : self.rank]), TILE)
        along = min(self.extents[-1], TILE)
        if any(abs(access.strides[self.rank - 1]) > 1 for access in read):
            across = min(across, 8)
        if any(abs(access.strides[-1]) > 1 for access in read):
            along = min(along, 8)
        inward = {DOT_ACROSS: DOT_ALONG, MAX_ACROSS: MAX_ALONG}
        return inward.get(what, what) if along > across else what

    def _place(self) -> None:
        """As few registers as do, so that they stay near.

        A target is never a register that is read by the same instruction: a loop over two registers that may
        be one is not vectorised.
        """
        fixed = {line.instruction.target for line in self.lines if line.fixed}
        last = {register: n for n, line in enumerate(self.lines) for register in line.instruction.registers}
        places: dict[int, int] = {}
        free: dict[int, list[int]] = {NARROW: [], WIDE: []}
        widths: list[int] = []

        def take(size: int) -> int:
            if free[size]:
                return free[size].pop()
            self.homes.append(self.size)
            self.size += TILE * size
            widths.append(size)
            return len(widths) - 1

        for number, line in enumerate(self.lines):
            instruction = line.instruction
            operands = [places[register] for register in instruction.registers]
            more: list[int] = []
            if instruction.what == LOOKUP:
                more = [take(NARROW)]
            elif instruction.what in REDUCTIONS:
                more = [take(line.written), take(line.written)]
            spent = [*more]
            if instruction.what == STORE:
                target = operands[0]
            else:
                target = places[instruction.target] = take(line.written)
                if instruction.target not in last:  # nobody reads it
                    spent.append(places.pop(instruction.target))
            for register in set(instruction.registers):
                if last[register] == number and (line.fixed or register not in fixed):
                    spent.append(places.pop(register))
            for place in spent:
                free[widths[place]].append(place)
            self.places.append((target, *operands, *more))
