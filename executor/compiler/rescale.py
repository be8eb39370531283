"""Turning a ratio of scales into the multiplier and shift that every operation ends with."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

MAX_SHIFT = 62
MULTIPLIER_BITS = 30
"""Multipliers stay below 2^30, so that they are int32 and a relative error of 2^-29 is theirs."""
LEAST_BITS = 9
"""A multiplier of fewer bits is only good where it is exact."""


def multipliers(ratios: Sequence[Fraction], largest: int) -> tuple[list[int], int]:
    """One multiplier a ratio and the common shift: ratio is close to multiplier / 2^shift.

    largest: the greatest magnitude that will be multiplied. Its product with any multiplier, and what
    rounding adds, stays below 2^63; the multipliers are as precise as that allows.
    """
    top = max(map(abs, ratios))
    for shift in range(MAX_SHIFT, -1, -1):
        most = _nearest(top, shift)
        half = 1 << (shift - 1) if shift else 0
        if most < 1 << MULTIPLIER_BITS and largest * max(most, 1) + half < 1 << 63:
            found = [_nearest(ratio, shift) for ratio in ratios]
            if most < 1 << LEAST_BITS and Fraction(most, 1 << shift) != top:
                break
            while shift and all(number % 2 == 0 for number in found):
                found, shift = [number // 2 for number in found], shift - 1
            return found, shift
    raise OverflowError(
        f"a value of up to {largest} cannot be scaled by {float(top):.3g} precisely within 63 bits"
    )


def _nearest(ratio: Fraction, shift: int) -> int:
    scaled = ratio.numerator << (shift + 1)
    return (scaled // ratio.denominator + 1) >> 1
