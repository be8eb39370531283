"""Which dots are matrix products, and in which units they may be carried exactly.

An output axis along which only the left operand changes is one of the rows, only the right one, of the
columns; both, of a group; and the reduction axes are the depth. So plain products, convolutions (the views
are the windows), attention by heads and grouped convolutions all become [groups, rows, depth] x [groups,
depth, columns].

Units and their bounds. `peak` is the largest magnitude of a left element, `weight` the largest sum over the
depth of magnitudes of right elements: of constants the real one, else depth times the right operand's peak.

    bytes    u8 x s8 -> int32: 255 * weight < 2^31, and only on machines whose kernel proved itself
    single   fp32: peak * weight <= 2^24; every partial sum is an integer below that, in any order
    double   fp64: peak * weight < 2^53

An operand too wide for its units is taken digit by digit, to the base 256, in one product of that many times
the rows, or columns. Where nothing is exact, the row machine computes the dot with int64.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from executor.backends.native.accesses import Access, Axes, Kind
from executor.program.ir import Interval
from executor.program.views import Int64Array

SINGLE = 1 << 24
DOUBLE = 1 << 53
INT32 = 1 << 31
DIGIT = 255
MOST_DIGITS = 4
WORTH = 1 << 14
"""Multiply-accumulates from which on packing operands pays."""


class Units(Enum):
    """What a product is carried in."""

    BYTES = (Kind.UINT8, Kind.INT8, Kind.INT32)
    SINGLE = (Kind.FLOAT32, Kind.FLOAT32, Kind.FLOAT32)
    DOUBLE = (Kind.FLOAT64, Kind.FLOAT64, Kind.FLOAT64)

    @property
    def left(self) -> Kind:
        """Type of the left operand."""
        return self.value[0]

    @property
    def right(self) -> Kind:
        """Type of the right operand."""
        return self.value[1]

    @property
    def result(self) -> Kind:
        """Type of the sums."""
        return self.value[2]

    @property
    def sums(self) -> Interval:
        """Between which all of them lie."""
        if self is Units.BYTES:
            return -INT32, INT32 - 1
        most = SINGLE if self is Units.SINGLE else DOUBLE
        return -most, most


@dataclass(frozen=True)
class Digit:
    """The digit ((x - zero) >> shift) & mask of a left element, which weighs 2^shift."""

    zero: int
    shift: int
    mask: int

    @property
    def ends(self) -> Interval:
        """Smallest and largest value of a digit of 16 bits."""
        return (-128, 127) if self.mask == -1 else (0, DIGIT)


@dataclass(frozen=True)
class Carrier:
    """Units, and the digits of the left operand: x = zero + sum of digit * 2^shift."""

    units: Units
    digits: tuple[Digit, ...]
    left: Interval
    """Of the left operand's elements."""
    right_shifts: tuple[int, ...] = (0,)
    """Weights of the digits of the right operand: see `SignedDigits`."""

    @property
    def ends(self) -> list[Interval]:
        """Smallest and largest value of each digit."""
        return [self.left if digit.mask == -1 and not digit.shift else digit.ends for digit in self.digits]

    @property
    def zero(self) -> int:
        """What every left element is short of, times the right one, the product lacks."""
        return self.digits[0].zero


@dataclass(frozen=True)
class Shape:
    """[groups, rows, depth] x [groups, depth, columns]."""

    groups: int
    rows: int
    depth: int
    columns: int

    @property
    def work(self) -> int:
        """Multiply-accumulates."""
        return self.groups * self.rows * self.depth * self.columns


@dataclass(frozen=True)
class Matrices:
    """A dot as a product: which of its axes are which. `swapped`: its second operand is the left one."""

    groups: Axes
    rows: Axes
    columns: Axes
    depth: Axes
    shape: Shape
    swapped: bool


def as_matrices(first: Access, second: Access, extents: Axes, rank: int, swapped: bool) -> Matrices | None:
    """The dot of these operands as a product, or None where an output axis changes neither of them."""
    left, right = (second, first) if swapped else (first, second)
    sorts: dict[tuple[bool, bool], list[int]] = {(x, y): [] for x in (True, False) for y in (True, False)}
    for axis in range(rank):
        sorts[left.depends(axis), right.depends(axis)].append(axis)
    if sorts[False, False]:
        return None
    groups, rows, columns = sorts[True, True], sorts[True, False], sorts[False, True]
    depth = range(rank, len(extents))
    shape = Shape(*(math.prod(extents[a] for a in axes) for axes in (groups, rows, depth, columns)))
    return Matrices(tuple(groups), tuple(rows), tuple(columns), tuple(depth), shape, swapped)


def is_worth_it(shape: Shape, constant: bool) -> bool:
    """Whether packing the operands costs less than it saves."""
    least = 1 if constant else 4
    return shape.work >= WORTH and shape.columns >= 4 and shape.rows >= least and shape.depth >= 4


def carrier(
    left: Interval, right: Interval | Int64Array, depth: int, bytes_are_exact: bool
) -> Carrier | None:
    """The cheapest exact units; `right` is an interval, or constants [groups, depth, columns]."""
    peak = max(abs(left[0]), abs(left[1]))
    if isinstance(right, tuple):
        tallest = max(abs(right[0]), abs(right[1]))
        weight = depth * tallest
    else:
        tallest = max(abs(int(right.max())), abs(int(right.min())))
        weight = int(np.abs(right).sum(axis=1).max())
        bytes_carrier = _bytes_carrier(left, right) if bytes_are_exact else None
        if bytes_carrier is not None:
            return bytes_carrier
    if max(peak, tallest, peak * weight) <= SINGLE:
        return Carrier(Units.SINGLE, (Digit(0, 0, -1),), left)
    if left[0] >= -(1 << 15) and left[1] < 1 << 15 and max(tallest, DIGIT * weight) <= SINGLE:
        return Carrier(Units.SINGLE, (Digit(0, 0, DIGIT), Digit(0, 8, -1)), left)
    if max(peak, 1) * max(weight, 1) < DOUBLE:
        return Carrier(Units.DOUBLE, (Digit(0, 0, -1),), left)
    return None


def _bytes_carrier(left: Interval, right: Int64Array) -> Carrier | None:
    digits = max(-(-(left[1] - left[0]).bit_length() // 8), 1)
    parts = signed_digits(right)
    if digits > MOST_DIGITS or parts is None:
        return None
    if any(DIGIT * int(np.abs(part).sum(axis=1).max()) >= INT32 for part in parts.values):
        return None
    taken = tuple(Digit(left[0], 8 * number, DIGIT) for number in range(digits))
    return Carrier(Units.BYTES, taken, left, parts.shifts)


@dataclass(frozen=True)
class SignedDigits:
    """Constants [groups, depth, columns] as the sum of values[i] * 2^shifts[i], all of them int8.

    Two digits reach from -32,896 to 32,639: a column with elements above that is `negated` first, and where
    that does not help, a third digit makes up for it.
    """

    values: tuple[Int64Array, ...]
    shifts: tuple[int, ...]
    negated: npt.NDArray[np.bool_] | None = None
    """[groups, columns]"""


def signed_digits(right: Int64Array) -> SignedDigits | None:
    """The constants digit by digit; None if they have more than 16 bits."""
    if right.min() >= -128 and right.max() <= 127:
        return SignedDigits((right,), (0,))
    if right.min() < -(1 << 15) or right.max() >= 1 << 15:
        return None
    reach = 256 * 127 + 127
    negated = (right.max(axis=1) > reach) & (right.min(axis=1) >= -reach)
    turned = np.where(negated[:, None, :], -right, right)
    low = ((turned + 128) & 255) - 128
    high = (turned - low) >> 8
    excess = np.maximum(high - 127, 0)
    found = negated if negated.any() else None
    if excess.any():
        return SignedDigits((low, high - excess, excess), (0, 8, 8), found)
    return SignedDigits((low, high), (0, 8), found)


def matrix(values: Int64Array, found: Matrices, extents: Sequence[int]) -> Int64Array:
    """Constants over all axes of a dot, of length one where nothing changes, as [groups, depth, columns]."""
    order = (*found.groups, *found.depth, *found.columns)
    picked = values.transpose(*order, *(a for a in range(values.ndim) if a not in order))
    full = np.broadcast_to(picked, (*(extents[a] for a in order), *picked.shape[len(order) :]))
    shape = found.shape
    return np.ascontiguousarray(full).reshape(shape.groups, shape.depth, shape.columns)
