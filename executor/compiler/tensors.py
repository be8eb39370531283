"""A tensor as lowering handles it: integers in some source, read through an affine map, worth a scale each.

Transposes, slices, broadcasts, padding and most reshapes only change the map: they cost no operation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from executor.program.ir import Affine, ElementType, Guard, Interval, Source, View
from executor.program.views import form_interval

MAX_GUARDS = 4


@dataclass(frozen=True)
class Format:
    """What the integers of a tensor are: their type, and the real value of one unit."""

    element: ElementType
    scale: Fraction


def axis(position: int, rank: int, coefficient: int = 1, constant: int = 0) -> Affine:
    """The form that is `coefficient` times one output index, among `rank`."""
    return Affine(constant, tuple(coefficient if at == position else 0 for at in range(rank)))


def plus(a: Affine, b: Affine) -> Affine:
    """The sum of two forms over the same axes; either may have no reduction axes."""
    depth = max(len(a.reduction), len(b.reduction))
    first, second = a.reduction or (0,) * depth, b.reduction or (0,) * depth
    return Affine(
        a.constant + b.constant,
        tuple(x + y for x, y in zip(a.output, b.output, strict=True)),
        tuple(x + y for x, y in zip(first, second, strict=True)),
    )


def substitute(form: Affine, indices: Sequence[Affine], rank: int, depth: int) -> Affine:
    """The form over `indices`, as a form over what they are made of."""
    constant, output, reduction = form.constant, [0] * rank, [0] * depth
    for coefficient, index in zip(form.output, indices, strict=True):
        constant += coefficient * index.constant
        for at, value in enumerate(index.output):
            output[at] += coefficient * value
        for at, value in enumerate(index.reduction):
            reduction[at] += coefficient * value
    return Affine(constant, tuple(output), tuple(reduction))


@dataclass(frozen=True)
class Tensor:
    """At an index within `dims`: the element at offset(index) of the source; outside the guards, the fill."""

    source: Source
    index: int
    format: Format
    dims: tuple[int, ...]
    offset: Affine
    interval: Interval
    guards: tuple[Guard, ...] = ()
    fill: int = 0

    @property
    def rank(self) -> int:
        """Number of axes."""
        return len(self.dims)

    @property
    def count(self) -> int:
        """Number of elements."""
        return math.prod(self.dims)

    @property
    def is_plain(self) -> bool:
        """Whether it lies row by row, from the beginning, without guards."""
        return not self.guards and self.offset == row_major(self.dims)

    @property
    def layout(self) -> list[int] | None:
        """Its axes from the outermost in memory to the innermost; None if it repeats elements."""
        strides = [abs(stride) for stride in self.offset.output]
        if not all(stride or n == 1 for stride, n in zip(strides, self.dims, strict=True)):
            return None
        return sorted(range(self.rank), key=lambda at: -strides[at])

    def remapped(self, dims: Sequence[int], indices: Sequence[Affine]) -> Tensor | None:
        """The tensor of `dims` whose index is `indices` here; None where that takes more than four guards.

        Where an index is outside this tensor, the result is its fill.
        """
        rank = len(dims)
        guards = [
            Guard(substitute(guard.form, indices, rank, 0), guard.limit)
            for guard in (*self.guards, *self._bounds(indices, dims))
        ]
        if len(guards) > MAX_GUARDS:
            return None
        offset = substitute(self.offset, indices, rank, 0)
        return replace(self, dims=tuple(dims), offset=offset, guards=tuple(guards))

    def view(self, indices: Sequence[Affine], dims: Sequence[int], depth: int) -> View | None:
        """How an operation over `dims`, of which it reduces the last `depth`, reads what is at `indices`."""
        rank = len(dims) - depth
        if self.source is Source.IMMEDIATE:
            return View(self.source, 0, Affine(0, (0,) * rank, (0,) * depth), self.fill)
        guards = tuple(
            Guard(substitute(guard.form, indices, rank, depth), guard.limit)
            for guard in (*self.guards, *self._bounds(indices, dims))
        )
        if len(guards) > MAX_GUARDS:
            return None
        offset = substitute(self.offset, indices, rank, depth)
        return View(self.source, self.index, offset, self.fill, guards)

    def leaves(self, indices: Sequence[Affine], dims: Sequence[int]) -> bool:
        """Whether some of these indices are outside of the tensor."""
        return bool(self._bounds(indices, dims))

    def _bounds(self, indices: Sequence[Affine], dims: Sequence[int]) -> list[Guard]:
        """Guards that keep each index inside this tensor, where it may leave it."""
        found = []
        for position, (form, limit) in enumerate(zip(indices, self.dims, strict=True)):
            low, high = form_interval(
                Affine(form.constant, (form.output + form.reduction + (0,) * len(dims))[: len(dims)]), dims, 1
            )
            if low < 0 or high >= limit:
                found.append(Guard(axis(position, self.rank), limit))
        return found

    # Movements

    def transposed(self, order: Sequence[int]) -> Tensor:
        """Axis i of the result is axis order[i] of this."""
        indices = [axis(list(order).index(position), self.rank) for position in range(self.rank)]
        return _certain(self.remapped([self.dims[position] for position in order], indices))

    def sliced(self, position: int, start: int, step: int, length: int) -> Tensor:
        """`length` indices of one axis: start, start + step, ..."""
        dims = [length if at == position else n for at, n in enumerate(self.dims)]
        indices = [
            axis(at, self.rank, step, start) if at == position else axis(at, self.rank)
            for at in range(self.rank)
        ]
        return _certain(self.remapped(dims, indices))

    def broadcast(self, dims: Sequence[int]) -> Tensor:
        """Repeated along new leading axes and along axes of length one."""
        rank, lead = len(dims), len(dims) - self.rank
        indices = [
            Affine(0, (0,) * rank) if n == 1 else axis(lead + position, rank)
            for position, n in enumerate(self.dims)
        ]
        return _certain(self.remapped(dims, indices))

    def padded(self, before: Sequence[int], after: Sequence[int], fill: int = 0) -> Tensor | None:
        """With `fill` around it; None where the guards do not suffice or another fill is in use."""
        if self.guards and fill != self.fill:
            return None
        dims = [b + n + a for b, n, a in zip(before, self.dims, after, strict=True)]
        indices = [axis(at, self.rank, 1, -b) for at, b in enumerate(before)]
        moved = self.remapped(dims, indices)
        low, high = self.interval
        return moved and replace(moved, fill=fill, interval=(min(low, fill), max(high, fill)))

    def reshaped(self, dims: Sequence[int]) -> Tensor | None:
        """The same elements in the same order under other dimensions, where an affine map can say it."""
        if tuple(dims) == self.dims:
            return self
        groups = _regrouped(self.dims, dims)
        if groups is None:
            return None
        forms = [self.offset, *(guard.form for guard in self.guards)]
        split = []
        for form in forms:
            coefficients: list[int] = []
            for old_axes, new_dims in groups:
                stride = _merged_stride([(self.dims[at], form.output[at]) for at in old_axes])
                if stride is None:
                    return None
                tail = [math.prod(new_dims[at + 1 :]) for at in range(len(new_dims))]
                coefficients += [stride * size for size in tail]
            split.append(Affine(form.constant, tuple(coefficients)))
        guards = tuple(Guard(form, guard.limit) for form, guard in zip(split[1:], self.guards, strict=True))
        return replace(self, dims=tuple(dims), offset=split[0], guards=guards)

    def rescaled(self, factor: Fraction) -> Tensor:
        """The same integers, each worth `factor` times as much."""
        return replace(self, format=Format(self.format.element, self.format.scale * factor))


def row_major(dims: Sequence[int]) -> Affine:
    """Offset of an index in a tensor that lies row by row; zero along axes of length one."""
    tail = [math.prod(dims[at + 1 :]) for at in range(len(dims))]
    return Affine(0, tuple(size if n > 1 else 0 for size, n in zip(tail, dims, strict=True)))


def scalar(value: int, scale: Fraction, dims: Sequence[int] = ()) -> Tensor:
    """One value everywhere, without a tensor behind it."""
    return Tensor(
        Source.IMMEDIATE,
        0,
        Format(ElementType.INT64, scale),
        tuple(dims),
        Affine(0, (0,) * len(dims)),
        (value, value),
        fill=value,
    )


def _certain(tensor: Tensor | None) -> Tensor:
    assert tensor is not None, "no new guard, so no fifth one"
    return tensor


def _regrouped(old: Sequence[int], new: Sequence[int]) -> list[tuple[list[int], list[int]]] | None:
    """Old axes and new dimensions side by side, in the smallest groups of equal size."""
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(old) or j < len(new):
        axes: list[int] = []
        dims: list[int] = []
        size = made = 1
        while size != made or not (axes or dims):
            if i < len(old) and (size <= made or j >= len(new)):
                axes.append(i)
                size *= old[i]
                i += 1
            elif j < len(new):
                dims.append(new[j])
                made *= new[j]
                j += 1
            else:
                return None
        while i < len(old) and old[i] == 1:
            axes.append(i)
            i += 1
        while j < len(new) and new[j] == 1:
            dims.append(new[j])
            j += 1
        groups.append((axes, dims))
    return groups


def _merged_stride(axes: Sequence[tuple[int, int]]) -> int | None:
    """The stride of one axis that runs over these (dimension, stride) in order, or None."""
    real = [(n, stride) for n, stride in axes if n > 1]
    for (_, outer), (n, inner) in pairwise(real):
        if outer != n * inner:
            return None
    return real[-1][1] if real else 0
