"""What the plan has to know of a program: where its tensors lie, and the range of every value."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from executor.backends.native.accesses import Axes, Layout
from executor.backends.native.products import Carrier, Matrices, as_matrices, carrier, is_worth_it, matrix
from executor.program.intervals import output_interval, union
from executor.program.ir import (
    ElementType,
    Interval,
    Opcode,
    Operation,
    Program,
    Source,
    TensorType,
    View,
)
from executor.program.views import Int64Array, read


@dataclass(frozen=True)
class Dot:
    """A dot that is a matrix product; `constant` is its right operand, if that never changes."""

    matrices: Matrices
    carrier: Carrier
    constant: Int64Array | None


class Facts:
    """Of a valid program, for batches of this size."""

    def __init__(self, program: Program, batch: int) -> None:
        self.program = program
        self.layout = Layout(program, batch)
        self.intervals: list[Interval] = []
        """Of every operation's output."""
        self.unsaturated: list[Interval] = []
        """The same before saturation."""
        for operation in program.operations:
            wide = replace(operation, result=TensorType(ElementType.INT64, operation.result.dims))
            self.unsaturated.append(output_interval(program, wide, self.intervals))
            self.intervals.append(output_interval(program, operation, self.intervals))

    def interval(self, view: View) -> Interval:
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

    def peak(self, view: View) -> int:
        """The largest magnitude of what an operand reads."""
        return max(map(abs, self.interval(view)))

    def dot(self, index: int, bytes_are_exact: bool) -> Dot | None:
        """Operation `index` as a matrix product; None if it is none, or if none is exact or worth it."""
        operation = self.program.operations[index]
        if operation.opcode is not Opcode.DOT:
            return None
        extents, rank = self.layout.extents(operation)
        swapped = self._is_constant(operation.operands[0])
        if not swapped and not self._is_constant(operation.operands[1]):  # the wider one may go by digits
            widths = [high - low for low, high in map(self.interval, operation.operands)]
            swapped = widths[1] > widths[0]
        first, second = (self.layout.read(operation, index, view) for view in operation.operands)
        found = as_matrices(first, second, extents, rank, swapped)
        left, right = operation.operands[:: -1 if swapped else 1]
        if found is None or not is_worth_it(found.shape, self._is_constant(right)):
            return None
        constant = self._constant(operation, right, found, extents) if self._is_constant(right) else None
        ends = self.interval(right) if constant is None else constant
        units = carrier(self.interval(left), ends, found.shape.depth, bytes_are_exact)
        return None if units is None else Dot(found, units, constant)

    def _is_constant(self, view: View) -> bool:
        forms = [view.offset, *(guard.form for guard in view.guards)]
        return view.source is Source.CONSTANT and not any(form.step for form in forms)

    def _constant(self, operation: Operation, view: View, found: Matrices, extents: Axes) -> Int64Array:
        """What the view of a constant reads, as a matrix."""
        dims = operation.result.dims + operation.reduction
        forms = [view.offset, *(guard.form for guard in view.guards)]
        used = np.any([form.axes for form in forms], axis=0)
        box = tuple(range(n if use else 1) for n, use in zip(dims, used, strict=True))
        values = read(view, self.program.constants[view.index].data, box, 0)[0]
        squeezed = values.reshape([values.shape[axis] for axis, n in enumerate(dims) if n > 1])
        return matrix(squeezed if self.layout.batch == 1 else squeezed[None], found, extents)
