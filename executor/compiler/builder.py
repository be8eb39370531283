"""Writing a program: operations with proven bounds, constants once each, reductions cut to provable steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from executor.compiler.graph import Array
from executor.compiler.rescale import multipliers
from executor.compiler.tensors import Format, Tensor, axis, row_major, scalar
from executor.program import Program
from executor.program.cost import MAX_GAS, MAX_PROOF, step_cost
from executor.program.intervals import function_interval, output_interval
from executor.program.ir import (
    Affine,
    Constant,
    ElementType,
    Function,
    Guard,
    Interval,
    Opcode,
    Operation,
    Source,
    TensorType,
    View,
    immediate,
)

Index = Sequence[Affine]


@dataclass(frozen=True)
class Read:
    """An operand: a tensor, and its indices as forms over output and reduction axes."""

    tensor: Tensor
    indices: Index


@dataclass(frozen=True)
class Scaling:
    """One ratio for all elements, or one for each index of an output axis; likewise what is added before."""

    ratios: Sequence[Fraction]
    bias: Sequence[int] = (0,)
    axes: tuple[int, ...] = ()
    """Output axes, in order, over which `ratios` and `bias` run row by row where they have more than one."""
    addend: Read | None = None
    """A tensor that is added before scaling, in place of `bias`."""


@dataclass
class Builder:
    """A program under construction. Tensors that it returns stay valid; what nobody reads is left out."""

    inputs: list[TensorType] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    origins: list[str] = field(default_factory=list)
    """For each operation the node of the network that it belongs to."""
    node: str = ""
    _constants: list[Constant] = field(default_factory=list)
    _known: dict[tuple[ElementType, bytes], int] = field(default_factory=dict)
    _intervals: list[Interval] = field(default_factory=list)

    def input(self, dims: Sequence[int], format: Format) -> Tensor:  # noqa: A002  # what it is called
        """The next input of the program."""
        self.inputs.append(TensorType(format.element, tuple(dims) or (1,)))
        place = row_major(dims)
        return Tensor(Source.INPUT, len(self.inputs) - 1, format, tuple(dims), place, format.element.interval)

    def constant(self, values: Array, scale: Fraction, element: ElementType) -> Tensor:
        """A tensor of the artifact; the same numbers are kept once."""
        data = np.ascontiguousarray(values, element.native)
        key = element, bytes(str(data.shape[:1]), "ascii") + data.tobytes()
        if key not in self._known:
            self._known[key] = len(self._constants)
            dims = data.shape or (1,)
            self._constants.append(Constant(TensorType(element, dims), data.reshape(-1)))
        index = self._known[key]
        return Tensor(
            Source.CONSTANT,
            index,
            Format(element, scale),
            data.shape,
            row_major(data.shape),
            self._constants[index].interval,
        )

    # Operations

    def map(
        self,
        function: Function,
        operands: Sequence[Tensor],
        result: Format,
        exact: Fraction,
        number: int = 0,
        addend: Tensor | None = None,
        layout: Sequence[int] | None = None,
    ) -> Tensor:
        """A function of elements of tensors that broadcast; one unit of what it computes is worth `exact`.

        Without a layout, it lies as the first operand does that has all elements.
        """
        everything = [*operands, *([addend] if addend else [])]
        dims = np.broadcast_shapes(*(tensor.dims for tensor in everything))
        reads = [_whole(tensor, dims) for tensor in everything]
        largest = magnitude(function_interval(function, [self.seen(tensor) for tensor in operands], number))
        if addend:
            largest += magnitude(self.seen(addend))
        scaling = Scaling([exact / result.scale], addend=reads.pop() if addend else None)
        lying = (found for read in reads if (found := read.tensor.layout))
        return self.write(
            Opcode.MAP,
            dims,
            result,
            reads,
            largest,
            scaling,
            layout=layout or next(lying, None),
            function=function,
            number=number,
        )

    def dot(
        self,
        dims: Sequence[int],
        reduction: Sequence[int],
        a: Read,
        b: Read,
        result: Format,
        scaling: Scaling,
        layout: Sequence[int] | None = None,
    ) -> Tensor:
        """The sum of products over the reduction axes; indices are forms over `dims`, then `reduction`."""
        products = [x * y for x in self.seen(a.tensor) for y in self.seen(b.tensor)]
        terms = math.prod(reduction)
        if not terms:
            raise OverflowError("a sum of nothing")
        largest = max(map(abs, products)) * terms + max(map(abs, scaling.bias))
        return self.write(
            Opcode.DOT, dims, result, [a, b], largest, scaling, reduction=reduction, layout=layout
        )

    def maximum(
        self,
        dims: Sequence[int],
        reduction: Sequence[int],
        a: Read,
        result: Format,
        layout: Sequence[int] | None = None,
    ) -> Tensor:
        """The largest element over the reduction axes; places outside of the tensor do not count."""
        if a.tensor.guards:  # its fill counts: it is an element
            a = Read(self.copy(a.tensor), a.indices)
        scaling = Scaling([a.tensor.format.scale / result.scale])
        misses = a.tensor.leaves(a.indices, (*dims, *reduction))
        largest = magnitude(a.tensor.format.element.interval if misses else a.tensor.interval)
        return self.write(Opcode.MAX, dims, result, [a], largest, scaling, reduction=reduction, layout=layout)

    def gather(
        self, dims: Sequence[int], index: Read, table: Read, result: Format, offset: int = 0
    ) -> Tensor:
        """Rows of a table; `index + offset` is held within it. `table` is read at row 0."""
        lying = index.tensor.layout if tuple(dims) == index.tensor.dims else None
        scaling = Scaling([table.tensor.format.scale / result.scale])
        return self.write(
            Opcode.GATHER,
            dims,
            result,
            [index, table],
            magnitude(table.tensor.interval),
            scaling,
            layout=lying,
            number=offset,
        )

    def convert(self, tensor: Tensor, result: Format, layout: Sequence[int] | None = None) -> Tensor:
        """The tensor in another format, without guards."""
        zero = scalar(0, tensor.format.scale)
        return self.map(Function.ADD, [tensor, zero], result, tensor.format.scale, layout=layout)

    def copy(self, tensor: Tensor) -> Tensor:
        """The tensor row by row, with no guards."""
        return tensor if tensor.is_plain else self._by_rows(tensor)

    def table(self, tensor: Tensor) -> Tensor:
        """The tensor for a gather to read: row by row in a record that has its rows, and no others."""
        kept = {
            Source.INPUT: lambda: self.inputs[tensor.index],
            Source.CONSTANT: lambda: self._constants[tensor.index].type,
            Source.OUTPUT: lambda: self.operations[tensor.index].result,
        }[tensor.source]()
        is_whole = tensor.is_plain and kept.count == tensor.count and kept.dims[0] == tensor.dims[0]
        return tensor if is_whole else self._by_rows(tensor)

    def _by_rows(self, tensor: Tensor) -> Tensor:
        return self.convert(tensor, tensor.format, range(tensor.rank))

    def reshape(self, tensor: Tensor, dims: Sequence[int]) -> Tensor:
        """The same elements under other dimensions, copied only where no view can say it."""
        found = tensor.reshaped(dims) or self.copy(tensor).reshaped(dims)
        assert found is not None, "a plain tensor takes any shape of its size"
        return found

    def seen(self, tensor: Tensor) -> Interval:
        """Interval of what is read of the tensor, its fill included."""
        low, high = tensor.interval
        return (min(low, tensor.fill), max(high, tensor.fill)) if tensor.guards else (low, high)

    def write(
        self,
        opcode: Opcode,
        dims: Sequence[int],
        result: Format,
        reads: Sequence[Read],
        largest: int,
        scaling: Scaling,
        *,
        reduction: Sequence[int] = (),
        layout: Sequence[int] | None = None,
        function: Function = Function.NONE,
        number: int = 0,
    ) -> Tensor:
        """Append an operation and return its output. layout: the order in which its axes lie in memory."""
        order = [at for at in (layout or range(len(dims))) if dims[at] > 1] or ([0] if dims else [])
        kept = [at for at, n in enumerate(reduction) if n > 1] or ([0] if reduction else [])
        axes = _Axes(tuple(dims), tuple(reduction), tuple(order), tuple(kept))
        numbers, shift = multipliers(scaling.ratios, max(largest, 1))
        operation = Operation(
            opcode,
            TensorType(result.element, tuple(dims[at] for at in order) or (1,)),
            tuple(axes.view(self, read) for read in reads),
            axes.values(self, numbers, scaling.axes),
            axes.view(self, scaling.addend)
            if scaling.addend
            else axes.values(self, list(scaling.bias), scaling.axes),
            shift,
            function,
            number,
            tuple(reduction[at] for at in kept),
            math.prod(reduction) if reduction else 0,
        )
        program = Program(tuple(self.operations), tuple(self.inputs), tuple(self._constants))
        interval = output_interval(program, operation, self._intervals)
        self.operations.append(operation)
        self.origins.append(self.node)
        self._intervals.append(interval)
        strides = row_major([dims[at] for at in order]).output
        offset = Affine(0, tuple(strides[order.index(at)] if at in order else 0 for at in range(len(dims))))
        return Tensor(Source.OUTPUT, len(self.operations) - 1, result, tuple(dims), offset, interval)

    def finish(self, output: Tensor) -> tuple[Program, list[int]]:
        """The program that ends with this tensor, and for each of its operations its number here."""
        last = output.source is Source.OUTPUT and output.is_plain
        if not last or output.count != self.operations[output.index].result.count:
            output = self._by_rows(output)
        return _finished(self, output.index)


@dataclass(frozen=True)
class _Axes:
    """How the axes that lowering speaks of become those of a record: permuted, without axes of length one."""

    dims: tuple[int, ...]
    reduction: tuple[int, ...]
    order: tuple[int, ...]
    kept: tuple[int, ...]

    def view(self, builder: Builder, read: Read) -> View:
        dims, depth = self.dims + self.reduction, len(self.reduction)
        found = read.tensor.view(read.indices, dims, depth)
        if found is None:
            copied = builder.convert(read.tensor, read.tensor.format)
            found = copied.view(read.indices, dims, depth)
            assert found is not None, "at most one guard an axis, and no operation needs five"
        guards = tuple(Guard(self._form(guard.form), guard.limit) for guard in found.guards)
        return View(found.source, found.index, self._form(found.offset), found.fill, guards)

    def values(self, builder: Builder, numbers: Sequence[int], axes: tuple[int, ...]) -> View:
        """One number everywhere, or a constant that runs over some output axes."""
        if len(set(numbers)) == 1:
            return immediate(numbers[0], max(len(self.order), 1), len(self.kept))
        widest = max(map(abs, numbers))
        element = next(e for e in list(ElementType)[2:] if widest <= e.interval[1])
        shape = [self.dims[at] for at in axes]
        tensor = builder.constant(np.array(numbers, np.int64).reshape(shape), Fraction(1), element)
        return self.view(builder, Read(tensor, [axis(at, len(self.dims)) for at in axes]))

    def _form(self, form: Affine) -> Affine:
        output = tuple(form.output[at] if self.dims[at] > 1 else 0 for at in self.order)
        reduction = tuple(form.reduction[at] if self.reduction[at] > 1 else 0 for at in self.kept)
        return Affine(form.constant, output or (0,), reduction)


def _whole(tensor: Tensor, dims: Sequence[int]) -> Read:
    """The tensor, broadcast to `dims`."""
    wide = tensor.broadcast(dims)
    return Read(wide, [axis(at, len(dims)) for at in range(len(dims))])


def magnitude(interval: Interval) -> int:
    """The greatest absolute value."""
    return max(abs(interval[0]), abs(interval[1]))


def _finished(builder: Builder, output: int) -> tuple[Program, list[int]]:
    """Without what the output does not depend on, and with reductions in chunks that a dispute can prove."""
    live, constants, waiting = {output}, set[int](), [output]
    while waiting:
        for view in builder.operations[waiting.pop()].views:
            if view.source is Source.CONSTANT:
                constants.add(view.index)
            elif view.source is Source.OUTPUT and view.index not in live:
                live.add(view.index)
                waiting.append(view.index)
    places = {
        Source.OUTPUT: {old: new for new, old in enumerate(sorted(live))},
        Source.CONSTANT: {old: new for new, old in enumerate(sorted(constants))},
    }

    def moved(view: View) -> View:
        return replace(view, index=places[view.source][view.index]) if view.source in places else view

    operations = [
        replace(
            operation,
            operands=tuple(map(moved, operation.operands)),
            multiplier=moved(operation.multiplier),
            bias=moved(operation.bias),
        )
        for operation in (builder.operations[old] for old in sorted(live))
    ]
    kept = tuple(builder._constants[old] for old in sorted(constants))
    program = Program(tuple(operations), tuple(builder.inputs), kept)
    chunked = tuple(_chunked(program, operation) for operation in program.operations)
    return replace(program, operations=chunked), sorted(live)


def _chunked(program: Program, operation: Operation) -> Operation:
    """The operation with the longest chunk, of a series of lengths, whose step can be proven."""
    pieces = 1
    while operation.reduction:
        candidate = replace(operation, chunk=-(-operation.terms // pieces))
        cost = step_cost(program, candidate)
        if (cost.gas <= MAX_GAS and cost.proof <= MAX_PROOF) or candidate.chunk == 1:
            return candidate
        pieces += 1 if pieces < 64 else pieces
    return operation
