"""Writes operations into passes, and a product's packing and sums around it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from executor.backends.native.accesses import Access, Axes, Kind, Memory, dense
from executor.backends.native.facts import Dot, Facts
from executor.backends.native.instructions import (
    ADD,
    CLAMP,
    DIGIT,
    DIV,
    DIV_FLOAT,
    DOT_ACROSS,
    EQ,
    ISQRT,
    ISQRT_FLOAT,
    JOIN,
    LE,
    LOOKUP,
    LT,
    MAX,
    MAX_ACROSS,
    MIN,
    MUL,
    NARROW,
    SATURATE,
    SCALE,
    SELECT,
    SHIFT,
    SUB,
)
from executor.backends.native.passes import Pass
from executor.backends.native.products import Carrier, Digit, Shape
from executor.backends.native.registers import width
from executor.program.intervals import function_interval, saturated, union
from executor.program.ir import (
    ElementType,
    Function,
    IntArray,
    Interval,
    Opcode,
    Operation,
    Source,
    View,
)
from executor.program.views import Int64Array

FLOAT = 1 << 52
"""Integers below it divide and have roots in fp64."""

FUNCTIONS = {
    Function.ADD: ADD,
    Function.SUB: SUB,
    Function.MUL: MUL,
    Function.MIN: MIN,
    Function.MAX: MAX,
    Function.CLAMP: CLAMP,
    Function.EQ: EQ,
    Function.LT: LT,
    Function.LE: LE,
    Function.SELECT: SELECT,
}


@dataclass
class Product:
    """Pack the operands, multiply. The scratch memories are named by their numbers in the plan."""

    carrier: Carrier
    shape: Shape
    right: Interval
    """Of the right operand's elements."""
    constant: Int64Array | None
    pack: list[Pass]
    left_memory: int
    right_memory: int
    result_memory: int


LINE = 64
"""Every tensor begins at a multiple of it."""


@dataclass
class Memories:
    """What a plan needs beside the program's values."""

    constants: list[IntArray]
    """Those of the program, then those of the plan."""
    laid_out: dict[tuple[int, int], tuple[int, Axes]] = field(default_factory=dict)
    """Constants in another order, by operation and operand: number and strides."""
    scratch: list[tuple[int, int]] = field(default_factory=list)
    """Thread, and offset in what this thread has: its kernels run one after the other and share it."""
    sizes: dict[int, int] = field(default_factory=dict)
    """Bytes, by thread."""

    def take(self, thread: int, begin: int, elements: int, kind: Kind) -> tuple[int, int]:
        """Scratch memory of a thread from offset `begin` on: its number, and where it ends."""
        self.scratch.append((thread, begin))
        end = begin + -(-elements * kind.width // LINE) * LINE
        self.sizes[thread] = max(self.sizes.get(thread, 0), end)
        return len(self.scratch) - 1, end


@dataclass(frozen=True)
class Slice:
    """Part of an output axis: `count` indices from `start` on."""

    axis: int
    start: int
    count: int


class Writer:
    """One pass over the axes of a group of operations, or over a slice of them."""

    def __init__(
        self,
        facts: Facts,
        memories: Memories,
        head: Operation,
        *,
        dot: Dot | None,
        part: Slice | None,
        thread: int,
    ) -> None:
        self._facts = facts
        self._memories = memories
        self._part = part
        self._thread = thread
        self._taken = 0  # bytes of the thread's scratch memory
        self._extents, rank = facts.layout.extents(head)
        if part is not None:
            sliced = (part.count if axis == part.axis else n for axis, n in enumerate(self._extents))
            self._extents = tuple(sliced)
        self.made = Pass(self._extents if dot is None else self._extents[:rank], rank)
        self._sums: int | None = None  # register of a product's sums
        self._has_bias = False  # they have theirs already
        self._values: dict[int, int] = {}

    def multiply(self, index: int, dot: Dot) -> Product:
        """The product behind which this pass goes; the next operation written is the dot."""
        operation = self._facts.program.operations[index]
        found, units, digits = dot.matrices, dot.carrier.units, dot.carrier.digits
        groups, rows, depth, columns = (
            tuple(self._extents[axis] for axis in axes)
            for axes in (found.groups, found.rows, found.depth, found.columns)
        )
        shape = Shape(math.prod(groups), math.prod(rows), math.prod(depth), math.prod(columns))
        height = shape.rows * len(digits)
        left, right = operation.operands[:: -1 if found.swapped else 1]
        left_memory = self._take(shape.groups * height * shape.depth, units.left)
        packing = Pass(groups + rows + depth, len(groups + rows + depth))
        order = (*found.groups, *found.rows, *found.depth)
        access = self._moved(self._facts.layout.read(operation, index, left)).over(order)
        read = packing.load(access, self._facts.interval(left))
        strides = (*(height * shape.depth * s for s in dense(groups)), *dense(rows + depth))
        for place, digit in enumerate(digits):
            taken = read
            if digit != Digit(0, 0, -1):
                numbers = digit.zero, digit.mask, digit.shift
                taken = packing.emit(DIGIT, read, within=digit.ends, numbers=numbers)
            base = place * shape.rows * shape.depth
            packing.store(Access(Memory.SCRATCH, left_memory, units.left, strides, base), taken)
        pack, right_memory = [packing], -1
        if dot.constant is None:
            right_memory = self._take(shape.groups * shape.depth * shape.columns, units.right)
            axes = groups + depth + columns
            packing = Pass(axes, len(axes))
            order = (*found.groups, *found.depth, *found.columns)
            access = self._moved(self._facts.layout.read(operation, index, right)).over(order)
            read = packing.load(access, self._facts.interval(right))
            packing.store(Access(Memory.SCRATCH, right_memory, units.right, dense(axes)), read)
            pack.append(packing)
        stacked, wide = None, shape.columns * len(dot.carrier.right_shifts)
        result_memory = self._take(shape.groups * height * wide, units.result)
        self._sums = self._add_digits(operation, dot, shape, result_memory)
        if dot.constant is not None:
            stacked = np.concatenate([self._own(part, found.groups) for part in dot.digits], axis=2)
        return Product(
            dot.carrier,
            replace(shape, columns=wide),
            self._facts.interval(right),
            stacked,
            pack,
            left_memory,
            right_memory,
            result_memory,
        )

    def _take(self, elements: int, kind: Kind) -> int:
        number, self._taken = self._memories.take(self._thread, self._taken, elements, kind)
        return number

    def _own(self, constant: Int64Array, groups: Axes) -> Int64Array:
        """Of constants by groups those of this slice; only the outermost axis of groups is ever cut."""
        part = self._part
        if part is None or part.axis not in groups:
            return constant
        inner = math.prod(self._extents[axis] for axis in groups[1:])
        return constant[part.start * inner : (part.start + part.count) * inner]

    def _add_digits(self, operation: Operation, dot: Dot, shape: Shape, memory: int) -> int:
        """The exact sums in a register: digits put together, what they are short of and the bias added.

        On the way there, only what the numbers are modulo the width of the whole counts.
        """
        found, made, carried = dot.matrices, self.made, dot.carrier
        row = shape.columns * len(carried.right_shifts)
        height = shape.rows * len(carried.digits)
        strides = self._strides((found.groups, height * row), (found.rows, row), (found.columns, 1))
        bias = self._facts.bias(operation, dot)
        exact = self._facts.sums(operation, dot)
        whole = exact if bias is None else self._facts.sums(operation, dot, bias)
        alone = len(carried.digits) * len(carried.right_shifts) == 1 and not carried.zero
        total = None
        for place, digit in enumerate(carried.digits):
            for number, right_shift in enumerate(carried.right_shifts):
                base = place * shape.rows * row + number * shape.columns
                access = Access(Memory.SCRATCH, memory, carried.units.result, strides, base)
                part = made.load(access, exact if alone else carried.units.sums)
                shift = digit.shift + right_shift
                total = part if total is None else made.emit(JOIN, total, part, within=whole, numbers=[shift])
        assert total is not None
        added = np.zeros((found.shape.groups, shape.columns), np.int64)
        if dot.negated is not None:
            signs = self._by_column(np.where(dot.negated, -1, 1), dot, shape)
            total = made.emit(MUL, total, signs, within=whole)
        if dot.constant is not None:
            added = added + dot.constant.sum(axis=1) * carried.zero
        if bias is not None:
            self._has_bias = True
            added = added + bias
        if added.any():
            total = made.emit(ADD, total, self._by_column(added, dot, shape), within=whole)
        return total

    def _by_column(self, values: Int64Array, dot: Dot, shape: Shape) -> int:
        """A register with numbers [groups, columns]."""
        found = dot.matrices
        ends = int(values.min()), int(values.max())
        kind = Kind.INT32 if width(ends) == NARROW else Kind.INT64
        flat = np.ascontiguousarray(self._own(values, found.groups), f"int{8 * kind.width}").reshape(-1)
        self._memories.constants.append(flat)
        number = len(self._memories.constants) - 1
        strides = self._strides((found.groups, shape.columns), (found.columns, 1))
        return self.made.load(Access(Memory.CONSTANT, number, kind, strides), ends)

    def _strides(self, *sorts: tuple[Axes, int]) -> Axes:
        """Strides over the output axes: of each sort those of a dense tensor whose elements are so long."""
        strides = [0] * self.made.rank
        for axes, length in sorts:
            inner = dense([self._extents[axis] for axis in axes])
            for axis, stride in zip(axes, inner, strict=True):
                strides[axis] = stride * length
        return tuple(strides)

    def write(self, index: int, store: bool) -> None:
        """Append the operation, and its store."""
        operation = self._facts.program.operations[index]
        exact = self._exact(operation, index) if self._sums is None else self._sums
        self._sums = None
        self._values[index] = self._finished(operation, index, exact)
        if store:
            written = self._widened(self._moved(self._facts.layout.written(index)))
            self.made.store(written, self._values[index])

    def _moved(self, access: Access) -> Access:
        """The access, from where this slice begins."""
        return access if self._part is None else access.moved(self._part.axis, self._part.start)

    def _widened(self, access: Access) -> Access:
        """The access over the output axes as one over the axes of the pass: a reduction changes nothing."""
        depth = len(self.made.extents) - self.made.rank
        there = access.over(range(self.made.rank))
        bounds = (replace(b, coefficients=b.coefficients + (0,) * depth) for b in there.bounds)
        return replace(there, strides=there.strides + (0,) * depth, bounds=tuple(bounds))

    def _operand(self, operation: Operation, index: int, view: View) -> int:
        if view.source is Source.OUTPUT and view.index in self._values:
            return self._values[view.index]
        access = self._facts.layout.read(operation, index, view)
        within = self._facts.interval(view, misses=bool(access.bounds))
        return self.made.load(self._widened(self._moved(access)), within)

    def _exact(self, operation: Operation, index: int) -> int:
        """What the opcode computes, in a register."""
        made, layout = self.made, self._facts.layout
        match operation.opcode:
            case Opcode.DOT:
                accesses = [self._term(operation, index, number) for number in (0, 1)]
                reads = [self._facts.interval(view) for view in operation.operands]
                low, high = function_interval(Function.MUL, reads, 0)
                within = low * operation.terms, high * operation.terms
                return made.emit(DOT_ACROSS, within=within, reads=reads, accesses=accesses)
            case Opcode.MAX:
                view = operation.operands[0]
                lowest = self._facts.program.source_type(view).element.interval[0]
                access = replace(self._moved(layout.read(operation, index, view)), fill=lowest)
                within = self._facts.interval(view)
                within = union(within, (lowest, lowest)) if access.bounds else within
                return made.emit(MAX_ACROSS, within=within, accesses=[access, access])
            case Opcode.GATHER:
                row = self._row(self._operand(operation, index, operation.operands[0]), operation.immediate)
                table = layout.read(operation, index, operation.operands[1], table=True)
                within = self._facts.interval(operation.operands[1])
                return made.emit(LOOKUP, row, within=within, accesses=[self._widened(self._moved(table))])
        operands = [self._operand(operation, index, view) for view in operation.operands]
        return self._map(operation, operands)

    def _row(self, index: int, offset: int) -> int:
        """A register with the rows of a table: the machine takes those beyond its ends for its first or last.
        A table has fewer than 2^31 rows, so that narrow numbers are enough."""
        made, (low, high) = self.made, self.made.within(index)
        if offset:
            shift = self._immediate(offset)
            index = made.emit(ADD, index, shift, within=(low + offset, high + offset))
        if width(made.within(index)) == NARROW:
            return index
        ends = ElementType.INT32.interval
        within = saturated(made.within(index), ElementType.INT32)
        return made.emit(SATURATE, index, within=within, numbers=ends)

    def _immediate(self, value: int) -> int:
        strides = (0,) * len(self.made.extents)
        return self.made.load(Access(Memory.NOTHING, 0, Kind.INT64, strides, fill=value), (value, value))

    def _term(self, operation: Operation, index: int, number: int) -> Access:
        """How a dot reads an operand. Constants are laid out anew, side by side where they are read so."""
        view = operation.operands[number]
        access = self._facts.layout.read(operation, index, view)
        rank = self.made.rank
        if self._facts.is_constant(view) and rank and access.depends(rank - 1):
            key = index, number
            if key not in self._memories.laid_out:
                if self._facts.is_too_long(view, self._facts.values_read(operation, view)):
                    return self._moved(access)
                values = self._facts.values(operation, view)
                order = (*range(rank, values.ndim), *range(rank))
                moved = np.ascontiguousarray(values.transpose(order))
                steps = np.array(moved.strides) // moved.itemsize * (np.array(moved.shape) > 1)
                strides = tuple(int(steps[order.index(axis)]) for axis in range(values.ndim))
                native = self._facts.program.constants[view.index].data.dtype
                self._memories.constants.append(moved.astype(native).reshape(-1))
                self._memories.laid_out[key] = len(self._memories.constants) - 1, strides
            place, strides = self._memories.laid_out[key]
            access = Access(Memory.CONSTANT, place, access.kind, strides)
        return self._moved(access)

    def _map(self, operation: Operation, operands: list[int]) -> int:
        made, p, function = self.made, operation.immediate, operation.function
        intervals = [made.within(register) for register in operands]
        peaks = [max(map(abs, interval)) for interval in intervals]
        within = function_interval(function, intervals, p)
        match function:
            case Function.ADD if (0, 0) in intervals:
                return operands[1 - intervals.index((0, 0))]
            case Function.DIV:
                floats = peaks[0] << p < FLOAT and peaks[1] < FLOAT
                return made.emit(DIV_FLOAT if floats else DIV, *operands, within=within, numbers=[p])
            case Function.SHIFT:
                return made.emit(SHIFT, *operands, within=within, numbers=(*within, p))
            case Function.ISQRT:
                return made.emit(ISQRT_FLOAT if peaks[0] < FLOAT else ISQRT, *operands, within=within)
        return made.emit(FUNCTIONS[function], *operands, within=within)

    def _finished(self, operation: Operation, index: int, exact: int) -> int:
        """Bias, rescale and saturation: to the ends of what the operation gives, which lie in its type."""
        made, bias, multiplier = self.made, operation.bias, operation.multiplier
        within = self._facts.intervals[index]
        has_bias, self._has_bias = self._has_bias, False
        if not has_bias and (bias.source is not Source.IMMEDIATE or bias.fill):
            (low, high), added = made.within(exact), self._facts.interval(bias)
            total = low + added[0], high + added[1]
            exact = made.emit(ADD, exact, self._operand(operation, index, bias), within=total)
        if multiplier.source is not Source.IMMEDIATE or multiplier.fill != 1:
            scale = self._operand(operation, index, multiplier)
            return made.emit(SCALE, exact, scale, within=within, numbers=(*within, operation.shift))
        if operation.shift:
            return made.emit(SHIFT, exact, within=within, numbers=(*within, operation.shift))
        if within == self._facts.unsaturated[index]:
            return exact
        return made.emit(SATURATE, exact, within=within, numbers=within)
