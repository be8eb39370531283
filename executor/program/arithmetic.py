"""The arithmetic of one element, over numpy int64 arrays.

Validation has proved that no value here reaches 2^63, so int64 is the integers.
"""

from __future__ import annotations

import numpy as np

from executor.program.ir import ElementType, Function, IntArray
from executor.program.views import Int64Array


def half(shift: int) -> int:
    """What is added before a shift so that it rounds to the nearest, ties upwards."""
    return 1 << (shift - 1) if shift else 0


def rescale(exact: Int64Array, bias: Int64Array, multiplier: Int64Array, shift: int) -> Int64Array:
    """floor(((exact + bias) * multiplier + half) / 2^shift)."""
    return ((exact + bias) * multiplier + half(shift)) >> shift


def saturate(values: Int64Array, element: ElementType) -> IntArray:
    """The nearest values of the element type, in its native width."""
    low, high = element.interval
    return np.clip(values, low, high).astype(element.native)


def apply(function: Function, operands: list[Int64Array], p: int) -> Int64Array:
    """The elementwise function of a `map`; `p` is its immediate."""
    a, b, c = (*operands, *operands[:1], *operands[:1])[:3]
    match function:
        case Function.ADD:
            return a + b
        case Function.SUB:
            return a - b
        case Function.MUL:
            return a * b
        case Function.DIV:
            return np.where(b == 0, 0, (a << p) // np.where(b == 0, 1, b)).astype(np.int64)
        case Function.SHIFT:
            return (a + half(p)) >> p
        case Function.MIN:
            return np.minimum(a, b)
        case Function.MAX:
            return np.maximum(a, b)
        case Function.CLAMP:
            raised: Int64Array = np.maximum(a, b)
            return np.minimum(raised, c)
        case Function.EQ:
            return np.equal(a, b).astype(np.int64)
        case Function.LT:
            return (a < b).astype(np.int64)
        case Function.LE:
            return (a <= b).astype(np.int64)
        case Function.SELECT:
            return np.where(a > 0, b, c)
        case Function.ISQRT:
            return integer_square_root(a)
    raise ValueError(f"a map does not compute {function.name}")


def integer_square_root(values: Int64Array) -> Int64Array:
    """Largest r with r * r <= value, 0 where the value is not positive."""
    positive = np.maximum(values, 1)
    root = np.sqrt(positive.astype(np.float64)).astype(
        np.int64
    )  # off by one at most; mended without squaring
    root -= root > positive // root
    root += root + 1 <= positive // (root + 1)
    return np.where(values > 0, root, 0)
