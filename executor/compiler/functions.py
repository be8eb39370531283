"""Elementary functions in plain IEEE arithmetic, so that tables have the same entries on every machine.

Math libraries differ in the last bit, and a table's entry is rounded from such bits. Here only addition,
multiplication, division and scaling by powers of two are used, which IEEE 754 defines exactly.
Inputs and results are float64 arrays; errors are a few units in the last place.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LN2 = float.fromhex("0x1.62e42fefa39efp-1")
LN2_HIGH = float.fromhex("0x1.62e42fee00000p-1")  # 33 leading bits, so that k * LN2_HIGH is exact
LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
SQRT_HALF = float.fromhex("0x1.6a09e667f3bcdp-1")
TWO_OVER_SQRT_PI = float.fromhex("0x1.20dd750429b6dp+0")
LARGEST_EXPONENT = 700.0


def exp(x: Floats) -> Floats:
    """e to the x; x is held within +-700."""
    x = np.clip(x, -LARGEST_EXPONENT, LARGEST_EXPONENT)
    k = np.rint(x / LN2)
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    series = np.ones_like(r)
    for n in range(18, 0, -1):
        series = 1 + series * r / n
    return np.asarray(np.ldexp(series, k.astype(np.int32)))


def log(x: Floats) -> Floats:
    """Natural logarithm; of what is not positive, that of the smallest positive number."""
    mantissa, exponent = np.frexp(np.maximum(x, np.finfo(np.float64).tiny))
    small = mantissa < SQRT_HALF
    mantissa, exponent = np.where(small, 2 * mantissa, mantissa), exponent - small
    z = (mantissa - 1) / (mantissa + 1)
    square, series = z * z, np.zeros_like(z)
    for n in range(29, 0, -2):
        series = series * square + 1 / n
    return np.asarray(exponent * LN2_HIGH + (exponent * LN2_LOW + 2 * z * series))


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + e^-x)."""
    return 1 / (1 + exp(-x))


def tanh(x: Floats) -> Floats:
    """Hyperbolic tangent."""
    grown = exp(-2.0 * np.abs(x))
    return np.asarray(np.sign(x) * (1 - grown) / (1 + grown))


def erf(x: Floats) -> Floats:
    """The error function, by the series whose terms are all of one sign."""
    x = np.clip(x, -6.0, 6.0)
    square = 2 * x * x
    series = np.ones_like(x)
    for n in range(140, 0, -1):
        series = 1 + series * square / (2 * n + 1)
    return TWO_OVER_SQRT_PI * x * exp(-(x * x)) * series


def power(x: Floats, exponent: float) -> Floats:
    """x to the exponent; a base that is not positive needs a whole exponent."""
    if exponent == int(exponent) and abs(exponent) <= 64:
        result = np.ones_like(x)
        for _ in range(abs(int(exponent))):
            result = result * x
        return result if exponent >= 0 else 1 / result
    return exp(exponent * log(x))
