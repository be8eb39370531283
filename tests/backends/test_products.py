"""Units of products: each at the bound at which it is exact, and refused one beyond."""

from __future__ import annotations

import numpy as np
import pytest

from executor.backends.native.products import Units, carrier, signed_digits
from executor.program.ir import Interval
from executor.program.views import Int64Array


def column(*values: tuple[int, int]) -> Int64Array:
    """A constant column: (value, how often)."""
    return np.concatenate([np.full(n, value, np.int64) for value, n in values]).reshape(1, -1, 1)


def units(left: Interval, right: Interval | Int64Array, depth: int, bytes_are_exact: bool = False) -> str:
    found = carrier(left, right, depth, bytes_are_exact)
    if found is None:
        return "rows"
    return f"{found.units.name} {len(found.digits)} by {len(found.right_shifts)}"


INT8, INT16 = (-128, 127), (-(1 << 15), (1 << 15) - 1)


@pytest.mark.parametrize(
    ("left", "right", "depth", "expected"),
    [
        (INT8, INT8, 1024, "SINGLE 1 by 1"),  # 128 * 128 * 1024 = 2^24
        (INT8, INT8, 1025, "DOUBLE 1 by 1"),
        ((-127, 127), (-127, 127), 1040, "SINGLE 1 by 1"),
        ((-127, 127), (-127, 127), 1041, "DOUBLE 1 by 1"),
        (INT16, INT8, 4, "SINGLE 1 by 1"),
        (INT16, INT8, 5, "SINGLE 2 by 1"),
        (INT16, INT8, 514, "SINGLE 2 by 1"),  # 255 * 128 * 514 = 2^24 - 1,536
        (INT16, INT8, 515, "DOUBLE 1 by 1"),
        ((0, 1 << 15), INT8, 5, "DOUBLE 1 by 1"),  # its upper half may be 128
        ((-(1 << 31), (1 << 31) - 1), INT16, 127, "DOUBLE 1 by 1"),
        ((-(1 << 31), (1 << 31) - 1), INT16, 128, "rows"),
        ((0, 1 << 54), (0, 0), 3, "rows"),  # no fp64 number, though it counts for nothing
    ],
)
def test_carrier__between_activations__is_the_cheapest_exact(
    left: Interval, right: Interval, depth: int, expected: str
) -> None:
    assert units(left, right, depth) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (INT8, column((-128, 65_793)), "BYTES 1 by 1"),  # 255 * 128 * 65,793 = 2^31 - 128
        (INT8, column((-128, 65_793), (1, 1)), "DOUBLE 1 by 1"),
        (INT16, column((127, 9)), "BYTES 2 by 1"),
        ((-1, 1 << 16), column((127, 9)), "BYTES 3 by 1"),
        ((0, (1 << 32) - 1), column((127, 9)), "BYTES 4 by 1"),
        ((0, 1 << 32), column((127, 9)), "DOUBLE 1 by 1"),
        (INT8, column((128, 9)), "BYTES 1 by 2"),
        (INT8, column((32_767, 1), (-32_639, 1)), "BYTES 1 by 2"),
        (INT8, column((32_767, 1), (-32_640, 1)), "BYTES 1 by 3"),
        (INT8, column((32_768, 1)), "SINGLE 1 by 1"),
    ],
)
def test_carrier__of_constants_where_bytes_are_exact__is_the_cheapest_exact(
    left: Interval, right: Int64Array, expected: str
) -> None:
    assert units(left, right, right.shape[1], bytes_are_exact=True) == expected
    assert not units(left, right, right.shape[1]).startswith(Units.BYTES.name)


def test_carrier__of_constants__counts_their_real_sum() -> None:
    assert units(INT8, column((-128, 1024), (0, 9_000)), 10_024) == "SINGLE 1 by 1"
    assert units(INT8, column((-128, 1024), (1, 1)), 1_025) == "DOUBLE 1 by 1"


@pytest.mark.parametrize(
    "ends", [INT16, (-(1 << 15), 5), (-3, (1 << 15) - 1), (-129, 0), (0, 128), (-128, 127)]
)
def test_signed_digits__of_16_bits__add_up(ends: Interval) -> None:
    rng = np.random.default_rng(3)
    right = rng.integers(ends[0], ends[1], (2, 50, 7), endpoint=True)
    right[:, 0], right[:, 1] = ends
    digits = signed_digits(right)
    assert digits is not None
    total = sum((part << shift for part, shift in zip(digits.values, digits.shifts, strict=True)), start=0)
    assert all(part.min() >= -128 and part.max() <= 127 for part in digits.values)
    signs = 1 if digits.negated is None else np.where(digits.negated, -1, 1)[:, None, :]
    assert (total * signs == right).all()
