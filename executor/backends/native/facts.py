"""What the plan has to know of a program: where its tensors lie, and the range of every value."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from executor.backends.native.accesses import Layout
from executor.backends.native.products import (
    Carrier,
    Matrices,
    Units,
    as_matrices,
    carrier,
    is_worth_it,
    matrix,
    signed_digits,
)
from executor.program.intervals import function_interval, output_interval, union
from executor.program.ir import (
    ElementType,
    Function,
    Interval,
    Opcode,
    Operation,
    Program,
    Source,
    TensorType,
    View,
)
from executor.program.views import Int64Array, read

MOST_COPIED = 4
"""Times its own size that a constant may take when it is laid out anew."""

SHORT = 1 << 20
"""Elements of a constant for which that is no matter."""


@dataclass(frozen=True)
class Dot:
    """A dot that is a matrix product.

    constant: its right operand [groups, depth, columns], if that never changes; digits: the same digit by
    digit, after the columns that are `negated` have been.
    """

    matrices: Matrices
    carrier: Carrier
    constant: Int64Array | None = None
    digits: tuple[Int64Array, ...] = ()
    negated: npt.NDArray[np.bool_] | None = None


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

    def interval(self, view: View, *, misses: bool = True) -> Interval:
        """Of what an operand reads; misses: the fill counts as if it were read."""
        match view.source:
            case Source.IMMEDIATE:
                return view.fill, view.fill
            case Source.CONSTANT:
                interval = self.program.constants[view.index].interval
            case Source.OUTPUT:
                interval = self.intervals[view.index]
            case _:
                interval = self.program.source_type(view).element.interval
        return union(interval, (view.fill, view.fill)) if misses else interval

    def peak(self, view: View) -> int:
        """The largest magnitude of what an operand reads."""
        return max(map(abs, self.interval(view)))

    def dot(self, index: int, bytes_are_exact: bool) -> Dot | None:
        """Operation `index` as a matrix product; None if it is none, or if none is exact or worth it."""
        operation = self.program.operations[index]
        if operation.opcode is not Opcode.DOT:
            return None
        extents, rank = self.layout.extents(operation)
        swapped = self.is_constant(operation.operands[0])
        if not swapped and not self.is_constant(operation.operands[1]):  # the wider one may go by digits
            widths = [high - low for low, high in map(self.interval, operation.operands)]
            swapped = widths[1] > widths[0]
        first, second = (self.layout.read(operation, index, view) for view in operation.operands)
        found = as_matrices(first, second, extents, rank, swapped)
        left, right = operation.operands[:: -1 if swapped else 1]
        if found is None or not is_worth_it(found.shape, self.is_constant(right)):
            return None
        constant = None
        if self.is_constant(right):
            shape = found.shape
            if self.is_too_long(right, shape.groups * shape.depth * shape.columns):
                return None
            constant = matrix(self.values(operation, right), found, extents)
        ends = self.interval(right) if constant is None else constant
        units = carrier(self.interval(left), ends, found.shape.depth, bytes_are_exact)
        if units is None or constant is None:
            return None if units is None else Dot(found, units)
        digits = signed_digits(constant) if units.units is Units.BYTES else None
        if digits is None:
            return Dot(found, units, constant, (constant,))
        return Dot(found, units, constant, digits.values, digits.negated)

    def sums(self, operation: Operation, dot: Dot, bias: Int64Array | None = None) -> Interval:
        """Between which the sums of a product lie, plus constants [groups, columns].

        Of constants it counts how large each column really is.
        """
        left, right = operation.operands[:: -1 if dot.matrices.swapped else 1]
        ends = self.interval(left)
        if dot.constant is None:
            added = (0, 0) if bias is None else (int(bias.min()), int(bias.max()))
            depth = dot.matrices.shape.depth
            low, high = function_interval(Function.MUL, [ends, self.interval(right)], 0)
            return low * depth + added[0], high * depth + added[1]
        above, below = (part.sum(axis=1) for part in (dot.constant.clip(min=0), dot.constant.clip(max=0)))
        offset = 0 if bias is None else bias
        lows = above * ends[0] + below * ends[1] + offset
        highs = above * ends[1] + below * ends[0] + offset
        return int(lows.min()), int(highs.max())

    def is_constant(self, view: View) -> bool:
        """Whether the view reads the same constants at every step."""
        forms = [view.offset, *(guard.form for guard in view.guards)]
        return view.source is Source.CONSTANT and not any(form.step for form in forms)

    def is_too_long(self, view: View, elements: int) -> bool:
        """Whether a constant laid out anew in so many elements is too much longer than it is: its view may
        read the same ones again and again, and a short artifact ask for terabytes."""
        return elements > MOST_COPIED * max(self.program.constants[view.index].type.count, SHORT)

    def values_read(self, operation: Operation, view: View) -> int:
        """How many `values` has."""
        return math.prod(len(indices) for indices in self._box(operation, view))

    def _box(self, operation: Operation, view: View) -> tuple[range, ...]:
        dims = operation.result.dims + operation.reduction
        forms = [view.offset, *(guard.form for guard in view.guards)]
        used = np.any([form.axes for form in forms], axis=0)
        return tuple(range(n if use else 1) for n, use in zip(dims, used, strict=True))

    def values(self, operation: Operation, view: View) -> Int64Array:
        """What the view of a constant reads, over the axes of the operation; of length one where it does
        not change."""
        dims, box = operation.result.dims + operation.reduction, self._box(operation, view)
        values = read(view, self.program.constants[view.index].data, box, 0)[0]
        squeezed = values.reshape([values.shape[axis] for axis, n in enumerate(dims) if n > 1])
        return squeezed if self.layout.batch == 1 else squeezed[None]

    def bias(self, operation: Operation, dot: Dot) -> Int64Array | None:
        """A product's bias, [groups, columns], if it is constant and the same for every row."""
        view = operation.bias
        columns = dot.matrices.shape.columns
        if view.source is Source.IMMEDIATE:
            return np.full((dot.matrices.shape.groups, columns), view.fill, np.int64)
        if not self.is_constant(view):
            return None
        values, (extents, _) = self.values(operation, view), self.layout.extents(operation)
        axes = (*dot.matrices.groups, *dot.matrices.columns)
        if any(n > 1 for axis, n in enumerate(values.shape) if axis not in axes):
            return None
        whole = np.broadcast_to(values, [n if axis in axes else 1 for axis, n in enumerate(extents)])
        order = (*axes, *(axis for axis in range(values.ndim) if axis not in axes))
        return np.ascontiguousarray(whole.transpose(order)).reshape(-1, columns)
