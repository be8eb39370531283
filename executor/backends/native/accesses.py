"""How a pass reads and writes: the views of a program, over the axes of a batch of requests.

The axes of an operation here are the batch, its output axes and its reduction axes, those of length one left
out. Whatever must hold for an element to exist, its offset being within the source included, is a bound; a
bound that always holds is dropped, so that a dense tensor is recognised however its view was written.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from executor.program.ir import Affine, Operation, Program, Source, View
from executor.program.views import form_interval

Axes = tuple[int, ...]


class Memory(Enum):
    """What lies where an access points; all but constants have the batch as their first axis."""

    INPUT = auto()
    CONSTANT = auto()
    VALUE = auto()
    """An operation's output, or the stack of them over all steps where somebody reads its history."""
    SCRATCH = auto()
    """What a product takes and gives."""
    NOTHING = auto()
    """Every element is the fill."""


class Kind(Enum):
    """Type of an element in memory: name and bytes."""

    INT8 = 1
    INT16 = 2
    INT32 = 4
    INT64 = 8
    UINT8 = -1
    FLOAT32 = -4
    FLOAT64 = -8

    @property
    def width(self) -> int:
        """Bytes of an element."""
        return abs(self.value)


@dataclass(frozen=True)
class Bound:
    """Holds where 0 <= constant + step * t + coefficients * indices < limit + entries * t."""

    constant: int
    coefficients: Axes
    limit: int
    step: int = 0
    entries: int = 0


@dataclass(frozen=True)
class Access:
    """The element at base + step * t + strides * indices, or the fill where a bound fails."""

    memory: Memory
    index: int
    kind: Kind
    strides: Axes
    base: int = 0
    step: int = 0
    fill: int = 0
    bounds: tuple[Bound, ...] = ()
    elements: int = 0
    """Of the source, per request; a history has `elements_step` more each step."""
    elements_step: int = 0
    first: int = 0
    """First dimension of the source, and how it grows: a table's number of rows."""
    first_step: int = 0

    def over(self, axes: Sequence[int]) -> Access:
        """The same access where only these axes are walked over, in this order."""
        bounds = (replace(b, coefficients=tuple(b.coefficients[a] for a in axes)) for b in self.bounds)
        return replace(self, strides=tuple(self.strides[a] for a in axes), bounds=tuple(bounds))

    def moved(self, axis: int, by: int) -> Access:
        """The same access where index `by` of the axis is where its walk begins."""
        bounds = (replace(b, constant=b.constant + by * b.coefficients[axis]) for b in self.bounds)
        return replace(self, base=self.base + by * self.strides[axis], bounds=tuple(bounds))

    def depends(self, axis: int) -> bool:
        """Whether anything changes along the axis."""
        return self.strides[axis] != 0 or any(bound.coefficients[axis] for bound in self.bounds)


def dense(extents: Sequence[int]) -> Axes:
    """Strides of a row-major tensor."""
    return tuple(math.prod(extents[axis + 1 :]) for axis in range(len(extents)))


class Layout:
    """Where the tensors of a program lie for a batch of requests, and how its views read them there."""

    def __init__(self, program: Program, batch: int) -> None:
        self.program = program
        self.batch = batch
        self.stacked = {
            view.index
            for operation in program.operations
            for view in operation.views
            if view.source is Source.HISTORY
        }

    def elements(self, index: int) -> int:
        """Of an operation's value, for one request."""
        count = self.program.operations[index].result.count
        return count * (self.program.step_bound if index in self.stacked else 1)

    def extents(self, operation: Operation) -> tuple[Axes, int]:
        """Lengths of the operation's axes without those of length one, and how many are no reduction."""
        outputs = [n for n in (self.batch, *operation.result.dims) if n > 1]
        return (*outputs, *(n for n in operation.reduction if n > 1)), len(outputs)

    def written(self, index: int) -> Access:
        """Where an operation's output goes, over its output axes."""
        result = self.program.operations[index].result
        strides = (self.elements(index), *dense(result.dims))
        kept = [axis for axis, n in enumerate((self.batch, *result.dims)) if n > 1]
        step = result.count if index in self.stacked else 0
        kind = Kind(result.element.width)
        return Access(Memory.VALUE, index, kind, tuple(strides[axis] for axis in kept), step=step)

    def read(self, operation: Operation, index: int, view: View, *, table: bool = False) -> Access:
        """How operation `index` reads this view, over all of its axes.

        A table's first bound is its offset before a row has been looked up.
        """
        dims = operation.result.dims + operation.reduction
        kept = [axis for axis, n in enumerate((self.batch, *dims)) if n > 1]
        if view.source is Source.IMMEDIATE:
            return Access(Memory.NOTHING, 0, Kind.INT64, (0,) * len(kept), fill=view.fill)
        tensor = self.program.source_type(view)
        count, first = tensor.count, tensor.dims[0]
        memory = Memory.VALUE
        elements, elements_step, first_step, stride, step = count, 0, 0, count, view.offset.step
        match view.source:
            case Source.INPUT:
                memory = Memory.INPUT
            case Source.CONSTANT:
                memory, stride = Memory.CONSTANT, 0
            case Source.OUTPUT:
                stride = self.elements(view.index)
                step += count if view.index in self.stacked else 0
            case Source.HISTORY:
                now = int(view.index < index)  # whether this step's entry is there
                stride = self.elements(view.index)
                elements, elements_step, first, first_step = count * now, count, now, 1
        whole = Bound(view.offset.constant, (0, *view.offset.axes), elements, view.offset.step, elements_step)
        bounds = [whole if table else self._needed(whole, dims)]
        for guard in view.guards:
            bound = Bound(guard.form.constant, (0, *guard.form.axes), guard.limit, guard.form.step)
            bounds.append(self._needed(bound, dims))
        found = Access(
            *(memory, view.index, Kind(tensor.element.width)),
            strides=(stride, *view.offset.axes),
            base=view.offset.constant,
            step=step,
            fill=view.fill,
            bounds=tuple(bound for bound in bounds if bound is not None),
            elements=elements,
            elements_step=elements_step,
            first=first,
            first_step=first_step,
        )
        return found.over(kept)

    def _needed(self, bound: Bound, dims: Axes) -> Bound | None:
        """The bound, unless it holds at every index and step."""
        form = Affine(bound.constant, bound.coefficients[1:], (), bound.step)
        low, high = form_interval(form, dims, self.program.step_bound)
        return None if low >= 0 and high < bound.limit else bound
