"""Random views: dense, strided, backwards, broadcast, windows over padding, guarded, wild."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from executor.program.ir import Affine, ElementType, Guard, Source, TensorType, View, immediate


@dataclass(frozen=True)
class Readable:
    """Something that a view may read; `entries` is how often a history repeats it at most."""

    source: Source
    index: int
    tensor: TensorType
    entries: int = 1

    @property
    def count(self) -> int:
        return self.tensor.count * self.entries


def some_value(rng: Random, element: ElementType) -> int:
    """A value of the type, often an extreme one; of int64 mostly a moderate one, for the intervals' sake."""
    low, high = element.interval
    if element is ElementType.INT64:
        low, high = -(1 << 40), 1 << 40
    if rng.random() < 0.3:
        return rng.choice([low, high, -1, 0, 1, low + 1])
    reach = rng.choice([2, 100, high + 1])
    return rng.randint(max(low, -reach), min(high, reach))


def span(coefficients: list[int], dims: list[int]) -> tuple[int, int]:
    """Smallest and largest value of a form without its constant."""
    ends = [c * (n - 1) for c, n in zip(coefficients, dims, strict=True)]
    return sum(end for end in ends if end < 0), sum(end for end in ends if end > 0)


def some_view(
    rng: Random,
    read: Readable,
    dims: tuple[int, ...],
    reduction: tuple[int, ...],
    steps: int,
    rows: bool = False,
) -> View:
    """A view of `read` over these axes; most of what it reads exists. `rows` run along the last axis."""
    axes, cut = [*dims, *reduction], len(dims)
    room = -1
    for _ in range(8):
        coefficients = some_coefficients(rng, read, axes, len(dims))
        if rows:
            coefficients[-1] = 1
        step = some_step(rng, read, steps)
        low, high = span([*coefficients, step], [*axes, steps])
        room = read.count - 1 - (high - low)
        if room >= 0:
            break
    if room >= 0 and rng.random() < 0.8:
        constant = -low + rng.randint(0, room)
    else:  # over the edges of what there is
        constant = -low + rng.randint(-2 - read.count // 8, max(room, 0) + 2)
    offset = Affine(constant, tuple(coefficients[:cut]), tuple(coefficients[cut:]), step)
    number = rng.choice([0, 0, 0, 0, 0, 0, 1, 2] if rows else [0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4])
    guards = [some_guard(rng, axes, cut, steps) for _ in range(number)]
    return View(read.source, read.index, offset, some_value(rng, read.tensor.element), tuple(guards))


def some_step(rng: Random, read: Readable, steps: int) -> int:
    """How far a view moves from one step to the next; a history's mostly entry by entry."""
    if read.source is Source.HISTORY:
        return rng.choice([0, read.tensor.count, read.tensor.count])
    return rng.choice([0, 0, 0, 1, -1, read.tensor.dims[-1]]) if steps > 1 else rng.choice([0, 0, 0, 3])


def some_coefficients(rng: Random, read: Readable, axes: list[int], cut: int) -> list[int]:
    """Strides: dense, dense in another order, along rows, a history's entries, or anything."""
    style = rng.choice(["dense", "order", "row", "row", "wild"])
    if style == "wild":
        return [rng.choice([0, 0, 1, 1, 2, 3, -1, -2, 5]) for _ in axes]
    order = list(range(len(axes)))
    if style == "order":
        rng.shuffle(order)
    coefficients, stride = [0] * len(axes), 1
    for axis in reversed(order):
        coefficients[axis] = stride
        stride *= axes[axis]
    if style == "row":
        row = read.tensor.dims[-1]
        for axis in order[:-1]:
            coefficients[axis] = rng.choice([0, row, axes[-1], rng.randint(0, row + 1), -row, 1])
    if read.source is Source.HISTORY and rng.random() < 0.6:
        coefficients[rng.randrange(cut if cut < len(axes) else 0, len(axes))] = read.tensor.count
    if read.tensor.count > 800 and cut < len(axes) and rng.random() < 0.5:  # from tile to tile
        axis = rng.randrange(cut, len(axes))
        coefficients[axis] = rng.randint(150, max(read.tensor.count // axes[axis], 160))
    for axis in order:
        if rng.random() < 0.1:
            coefficients[axis] = rng.choice([0, -coefficients[axis], 2 * coefficients[axis]])
    return coefficients


def some_guard(rng: Random, axes: list[int], cut: int, steps: int) -> Guard:
    """A guard that holds for some indices, mostly not for all."""
    coefficients = [0] * len(axes)
    if rng.random() < 0.5:
        coefficients = [rng.choice([0, 0, 0, 1, -1, 2]) for _ in axes]
    elif cut < len(axes):  # a window that slides along an axis, as a convolution's does
        coefficients[rng.randrange(cut, len(axes))] = rng.choice([1, 2, -1])
    coefficients[rng.randrange(cut)] = 1
    step = rng.choice([0, 0, 0, 1, -1]) if steps > 1 else 0
    low, high = span([*coefficients, step], [*axes, steps])
    margin = rng.choice([0, 0, 1, 2, (high - low) // 3])  # where it is not 0, the ends are padding
    constant, limit = -low - margin, max(high - low + 1 - rng.choice([0, margin, 2 * margin]), 1)
    return Guard(Affine(constant, tuple(coefficients[:cut]), tuple(coefficients[cut:]), step), limit)


def some_scaling(rng: Random, sources: list[Readable], dims: tuple[int, ...], depth: int, steps: int) -> View:
    """A view that depends on no reduction index, as multiplier and bias are."""
    view = some_view(rng, rng.choice(sources), dims, (), steps)
    bare = (0,) * depth

    def widened(form: Affine) -> Affine:
        return Affine(form.constant, form.output, bare, form.step)

    guards = tuple(Guard(widened(guard.form), guard.limit) for guard in view.guards)
    return View(view.source, view.index, widened(view.offset), view.fill, guards)


def constant_view(value: int, dims: tuple[int, ...], depth: int) -> View:
    """One value everywhere."""
    return immediate(value, len(dims), depth)
