"""From a program to what is done for a batch of requests: passes and products, in the order of the data.

Operations that follow each other over the same axes become one pass as long as each reads the others'
outputs only where it writes its own: these stay in registers, and in memory only if somebody else reads them.
A dot that is a matrix product packs its operands, multiplies, and hands its sums to the pass behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from executor.backends.native import machine
from executor.backends.native.accesses import Access, Axes, Kind, Layout, Memory, dense
from executor.backends.native.passes import Pass
from executor.backends.native.products import (
    Carrier,
    Matrices,
    Shape,
    Units,
    as_matrices,
    carrier,
    is_worth_it,
    matrix,
)
from executor.program.intervals import output_interval, union
from executor.program.ir import (
    ElementType,
    Function,
    IntArray,
    Interval,
    Opcode,
    Operation,
    Program,
    Source,
    TensorType,
    View,
)
from executor.program.views import Int64Array, read

LONGEST = 16
"""Most operations of one pass."""

ROOM = 1 << 25
"""Bytes that a product may take beside its operands and its result, about: larger ones go by slices."""

FLOAT = 1 << 52
"""Integers below it divide and have roots in fp64."""

FUNCTIONS = {
    Function.ADD: machine.ADD,
    Function.SUB: machine.SUB,
    Function.MUL: machine.MUL,
    Function.MIN: machine.MIN,
    Function.MAX: machine.MAX,
    Function.CLAMP: machine.CLAMP,
    Function.EQ: machine.EQ,
    Function.LT: machine.LT,
    Function.LE: machine.LE,
    Function.SELECT: machine.SELECT,
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


@dataclass
class Plan:
    """Kernels in order; what they need of memory, by the kernels between which it is needed."""

    layout: Layout
    kernels: list[Pass | Product] = field(default_factory=list)
    scratch: list[tuple[int, int, int]] = field(default_factory=list)
    """Bytes, first kernel, last kernel."""
    constants: list[IntArray] = field(default_factory=list)
    """Those of the program, then those of the plan."""
    stored: set[int] = field(default_factory=set)
    """Operations whose outputs go to memory."""

    def lifetimes(self) -> dict[int, tuple[int, int]]:
        """First and last kernel that touch an operation's value."""
        found: dict[int, tuple[int, int]] = {}
        for number, kernel in enumerate(self.kernels):
            for each in [kernel] if isinstance(kernel, Pass) else kernel.pack:
                for access in each.accesses:
                    if access.memory is Memory.VALUE:
                        first, _ = found.get(access.index, (number, number))
                        found[access.index] = first, number
        final = len(self.layout.program.operations) - 1
        found[final] = found[final][0], len(self.kernels) - 1
        return found


@dataclass(frozen=True)
class Slice:
    """Part of an axis: `count` indices from `start` on."""

    axis: int
    start: int
    count: int


def plan(program: Program, batch: int, bytes_are_exact: bool, products: bool = True) -> Plan:
    """What is done for `batch` requests at once; without `products`, the row machine does everything."""
    return _Planner(program, batch, bytes_are_exact, products).plan


class _Planner:
    def __init__(self, program: Program, batch: int, bytes_are_exact: bool, products: bool) -> None:
        self.program = program
        self.layout = Layout(program, batch)
        self.bytes_are_exact = bytes_are_exact
        self.plan = Plan(self.layout, constants=[constant.data for constant in program.constants])
        self.intervals: list[Interval] = []
        self.unsaturated: list[Interval] = []
        for operation in program.operations:
            wide = replace(operation, result=TensorType(ElementType.INT64, operation.result.dims))
            self.unsaturated.append(output_interval(program, wide, self.intervals))
            self.intervals.append(output_interval(program, operation, self.intervals))
        self.matrices = {
            index: found
            for index in range(len(program.operations) if products else 0)
            if (found := self._product(index)) is not None
        }
        for group in self._groups():
            self.plan.stored |= {index for index in group if self._is_read_outside(index, group)}
            for part in self._slices(group[0]):
                self._build(group, part)

    # Which operations go together

    def _groups(self) -> Iterator[list[int]]:
        group: list[int] = []
        for index in range(len(self.program.operations)):
            if group and not self._may_join(index, group):
                yield group
                group = []
            group.append(index)
        yield group

    def _may_join(self, index: int, group: list[int]) -> bool:
        operation = self.program.operations[index]
        extents, rank = self.layout.extents(operation)
        of_group, group_rank = self.layout.extents(self.program.operations[group[0]])
        if operation.reduction or extents[:rank] != of_group[:group_rank] or len(group) >= LONGEST:
            return False
        for number, view in enumerate(operation.views):
            if view.source in (Source.OUTPUT, Source.HISTORY) and view.index in group:
                looks_up = operation.opcode is Opcode.GATHER and number == 1
                if looks_up or not self._is_same_place(index, view):
                    return False
        return True

    def _is_same_place(self, index: int, view: View) -> bool:
        """Whether the operation reads another's output exactly where it writes its own."""
        operation = self.program.operations[index]
        access = self.layout.read(operation, index, view)
        written = self.layout.written(view.index)
        _, rank = self.layout.extents(operation)
        there = access.over(range(rank))
        return (
            view.source is Source.OUTPUT
            and not there.bounds
            and (there.strides, there.base, there.step) == (written.strides, written.base, written.step)
        )

    def _is_read_outside(self, index: int, group: list[int]) -> bool:
        if index == len(self.program.operations) - 1 or index in self.layout.stacked:
            return True
        return any(
            view.source is Source.OUTPUT and view.index == index
            for number, operation in enumerate(self.program.operations)
            if number not in group
            for view in operation.views
        )

    # Which dots are products

    def _product(self, index: int) -> tuple[Matrices, Carrier, Int64Array | None] | None:
        operation = self.program.operations[index]
        if operation.opcode is not Opcode.DOT:
            return None
        extents, rank = self.layout.extents(operation)
        swapped = self._is_constant(operation.operands[0])
        if not swapped and not self._is_constant(operation.operands[1]):  # the wider one may be cut in digits
            widths = [np.ptp(self._interval(view)) for view in operation.operands]
            swapped = bool(widths[1] > widths[0])
        first, second = (self.layout.read(operation, index, view) for view in operation.operands)
        found = as_matrices(first, second, extents, rank, swapped)
        left, right = operation.operands[:: -1 if swapped else 1]
        constant = found is not None and self._is_constant(right)
        if found is None or not is_worth_it(found.shape, constant):
            return None
        values = self._constant(operation, right, found, extents) if constant else None
        ends = values if values is not None else self._interval(right)
        units = carrier(self._interval(left), ends, found.shape.depth, self.bytes_are_exact)
        return None if units is None else (found, units, values)

    def _is_constant(self, view: View) -> bool:
        forms = [view.offset, *(guard.form for guard in view.guards)]
        return view.source is Source.CONSTANT and not any(form.step for form in forms)

    def _constant(self, operation: Operation, view: View, found: Matrices, extents: Axes) -> Int64Array:
        """What the view of a constant reads, as a matrix."""
        dims = operation.result.dims + operation.reduction
        data = self.program.constants[view.index].data
        needed = [axis for form in (view.offset, *(g.form for g in view.guards)) for axis in form.axes]
        used = [any(needed[axis :: len(dims)]) for axis in range(len(dims))]
        box = tuple(range(n if use else 1) for n, use in zip(dims, used, strict=True))
        values = read(view, data, box, 0)[0]
        kept = [axis for axis, n in enumerate(dims) if n > 1]
        squeezed = values.reshape([values.shape[axis] for axis in kept])
        if self.layout.batch > 1:
            squeezed = squeezed[None]
        return matrix(squeezed, found, extents)

    def _interval(self, view: View) -> Interval:
        """Of what an operand reads; the fill counts as if it were read."""
        match view.source:
            case Source.IMMEDIATE:
                return view.fill, view.fill
            case Source.CONSTANT:
                interval = self.program.constants[view.index].interval
            case Source.OUTPUT:
                interval = self.intervals[view.index]
            case _:
                interval = self.program.source_type(view).element.interval
        return union(interval, (view.fill, view.fill))

    # Building

    def _slices(self, index: int) -> list[Slice | None]:
        """The whole, or parts of a product's longest row axis that are small enough."""
        if index not in self.matrices:
            return [None]
        found, carried, _ = self.matrices[index]
        shape, units = found.shape, carried.units
        digits = len(carried.digits)
        taken = (
            shape.groups
            * shape.rows
            * digits
            * (shape.depth * units.left.width + shape.columns * units.result.width)
        )
        extents, _ = self.layout.extents(self.program.operations[index])
        axis = max(found.rows, key=lambda a: extents[a], default=0)
        pieces = min(-(-taken // ROOM), extents[axis]) if found.rows else 1
        if pieces < 2:
            return [None]
        size = -(-extents[axis] // pieces)
        return [Slice(axis, at, min(size, extents[axis] - at)) for at in range(0, extents[axis], size)]

    def _build(self, group: list[int], part: Slice | None) -> None:
        head = self.program.operations[group[0]]
        extents, rank = self.layout.extents(head)
        if part is not None:
            extents = tuple(part.count if axis == part.axis else n for axis, n in enumerate(extents))
        is_product = group[0] in self.matrices
        writer = _Writer(self, Pass(extents[:rank] if is_product else extents, rank), part)
        if is_product:
            writer.sums = self._multiply(group[0], extents, writer)
        for index in group:
            writer.write(index, index in self.plan.stored)
        self.plan.kernels.append(writer.made)

    def _multiply(self, index: int, extents: Axes, writer: _Writer) -> int:
        """Append the product; the register that holds its sums in the pass behind it."""
        operation = self.program.operations[index]
        found, carried, constant = self.matrices[index]
        units, digits = carried.units, carried.digits
        sizes = (
            tuple(extents[a] for a in axes) for axes in (found.groups, found.rows, found.depth, found.columns)
        )
        groups, rows, depth, columns = sizes
        shape = Shape(*(int(np.prod(size, dtype=np.int64)) for size in (groups, rows, depth, columns)))
        left, right = operation.operands[:: -1 if found.swapped else 1]
        number, height = len(self.plan.kernels), shape.rows * len(digits)
        left_memory = self._scratch(shape.groups * height * shape.depth * units.left.width, number, number)
        result_memory = self._scratch(
            shape.groups * height * shape.columns * units.result.width, number, number + 1
        )
        packing = Pass(groups + rows + depth, len(groups + rows + depth))
        order = (*found.groups, *found.rows, *found.depth)
        loaded = packing.load(writer.moved(self.layout.read(operation, index, left)).over(order))
        for place, digit in enumerate(digits):
            taken = loaded
            if (digit.zero, digit.shift, digit.mask) != (0, 0, -1):
                taken = packing.emit(machine.DIGIT, loaded, numbers=(digit.zero, digit.mask, digit.shift))
            strides = (*(height * shape.depth * s for s in dense(groups)), *dense(rows + depth))
            base = place * shape.rows * shape.depth
            packing.store(Access(Memory.SCRATCH, left_memory, units.left, strides, base), taken)
        pack, right_memory = [packing], -1
        if constant is None:
            right_memory = self._scratch(
                shape.groups * shape.depth * shape.columns * units.right.width, number, number
            )
            axes = groups + depth + columns
            packing = Pass(axes, len(axes))
            order = (*found.groups, *found.depth, *found.columns)
            loaded = packing.load(writer.moved(self.layout.read(operation, index, right)).over(order))
            packing.store(Access(Memory.SCRATCH, right_memory, units.right, dense(axes)), loaded)
            pack.append(packing)
        interval = self._interval(right)
        self.plan.kernels.append(
            Product(carried, shape, interval, constant, pack, left_memory, right_memory, result_memory)
        )
        return self._sums(found, carried, constant, shape, (groups, rows, columns), result_memory, writer)

    def _sums(
        self, found: Matrices, carried: Carrier, constant: Int64Array | None, shape: Shape,
        sizes: tuple[Axes, Axes, Axes], memory: int, writer: _Writer,
    ) -> int:  # fmt: skip
        """The exact sums in a register: digits put together, and what they are short of added."""
        groups, rows, columns = sizes
        made, height = writer.made, shape.rows * len(carried.digits)
        strides = [0] * made.rank
        for axes, sub in (
            (found.groups, [height * shape.columns * s for s in dense(groups)]),
            (found.rows, [shape.columns * s for s in dense(rows)]),
            (found.columns, list(dense(columns))),
        ):
            for axis, stride in zip(axes, sub, strict=True):
                strides[axis] = stride
        total = -1
        for place, digit in enumerate(carried.digits):
            base = place * shape.rows * shape.columns
            part = made.load(Access(Memory.SCRATCH, memory, carried.units.result, tuple(strides), base))
            if digit.shift:
                weight = made.load(_immediate(1 << digit.shift, made.rank))
                part = made.emit(machine.MUL, part, weight)
            total = part if total < 0 else made.emit(machine.ADD, total, part)
        if carried.zero:
            assert constant is not None
            short = np.ascontiguousarray(constant.sum(axis=1) * carried.zero).reshape(-1)
            self.plan.constants.append(short)
            strides = [0] * made.rank
            for axes, sub in (
                (found.groups, [shape.columns * s for s in dense(groups)]),
                (found.columns, list(dense(columns))),
            ):
                for axis, stride in zip(axes, sub, strict=True):
                    strides[axis] = stride
            number = len(self.plan.constants) - 1
            missing = made.load(Access(Memory.CONSTANT, number, Kind.INT64, tuple(strides)))
            total = made.emit(machine.ADD, total, missing)
        return total

    def _scratch(self, size: int, first: int, last: int) -> int:
        self.plan.scratch.append((size, first, last))
        return len(self.plan.scratch) - 1


class _Writer:
    """Writes operations into one pass."""

    def __init__(self, planner: _Planner, made: Pass, part: Slice | None) -> None:
        self.planner = planner
        self.made = made
        self.part = part
        self.sums = -1  # register of a product's sums
        self.values: dict[int, int] = {}

    def moved(self, access: Access) -> Access:
        """The access, from where this part begins."""
        return access if self.part is None else access.moved(self.part.axis, self.part.start)

    def write(self, index: int, store: bool) -> None:
        """Append the operation, and its store."""
        operation = self.planner.program.operations[index]
        exact = self.sums if self.sums >= 0 else self._exact(operation, index)
        self.sums = -1
        value = self._finished(operation, index, exact)
        self.values[index] = value
        if store:
            self.made.store(self._widened(self.moved(self.planner.layout.written(index))), value)

    def _operand(self, operation: Operation, index: int, view: View) -> int:
        if view.source is Source.OUTPUT and view.index in self.values:
            return self.values[view.index]
        access = self.planner.layout.read(operation, index, view)
        return self.made.load(self._widened(self.moved(access)))

    def _widened(self, access: Access) -> Access:
        """The access over the output axes as one over the axes of the pass: a reduction changes nothing."""
        depth = len(self.made.extents) - self.made.rank
        there = access.over(range(self.made.rank))
        bounds = (replace(b, coefficients=b.coefficients + (0,) * depth) for b in there.bounds)
        return replace(there, strides=there.strides + (0,) * depth, bounds=tuple(bounds))

    def _exact(self, operation: Operation, index: int) -> int:
        made, layout = self.made, self.planner.layout
        match operation.opcode:
            case Opcode.DOT | Opcode.MAX:
                accesses = [self.moved(layout.read(operation, index, view)) for view in operation.operands]
                what = machine.DOT_ACROSS
                if operation.opcode is Opcode.MAX:
                    lowest = self.planner.program.source_type(operation.operands[0]).element.interval[0]
                    accesses, what = [replace(accesses[0], fill=lowest)] * 2, machine.MAX_ACROSS
                return made.emit(what, accesses=accesses)
            case Opcode.GATHER:
                row = self._operand(operation, index, operation.operands[0])
                table = layout.read(operation, index, operation.operands[1], table=True)
                table = self._widened(self.moved(table))
                return made.emit(machine.LOOKUP, row, accesses=[table], numbers=[operation.immediate])
        operands = [self._operand(operation, index, view) for view in operation.operands]
        return self._map(operation, operands)

    def _map(self, operation: Operation, operands: list[int]) -> int:
        made, p = self.made, operation.immediate
        peaks = [max(map(abs, self.planner._interval(view))) for view in operation.operands]
        match operation.function:
            case Function.DIV:
                floats = peaks[0] << p < FLOAT and peaks[1] < FLOAT
                return made.emit(machine.DIV_FLOAT if floats else machine.DIV, *operands, numbers=[p])
            case Function.SHIFT:
                return made.emit(machine.SHIFT, *operands, numbers=[p])
            case Function.ISQRT:
                return made.emit(machine.ISQRT_FLOAT if peaks[0] < FLOAT else machine.ISQRT, *operands)
        return made.emit(FUNCTIONS[operation.function], *operands)

    def _finished(self, operation: Operation, index: int, exact: int) -> int:
        """Bias, rescale and saturation."""
        made, bias, multiplier = self.made, operation.bias, operation.multiplier
        low, high = operation.result.element.interval
        if bias.source is not Source.IMMEDIATE or bias.fill:
            exact = made.emit(machine.ADD, exact, self._operand(operation, index, bias))
        if operation.shift or multiplier.source is not Source.IMMEDIATE or multiplier.fill != 1:
            scale = self._operand(operation, index, multiplier)
            return made.emit(machine.SCALE, exact, scale, numbers=(low, high, operation.shift))
        least, most = self.planner.unsaturated[index]
        if low <= least and most <= high:
            return exact
        return made.emit(machine.SATURATE, exact, numbers=(low, high))


def _immediate(value: int, rank: int) -> Access:
    return Access(Memory.NOTHING, 0, Kind.INT64, (0,) * rank, fill=value)


__all__ = ["Plan", "Product", "Units", "plan"]
