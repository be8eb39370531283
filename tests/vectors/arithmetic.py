"""Vectors for the arithmetic of one element: rescale with saturation, and the functions of `map`."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from executor.program.arithmetic import apply, rescale, saturate
from executor.program.ir import ElementType, Function

RESCALES = [
    *product([3, 1, -1, -3, 0], [0], [1], [1], [ElementType.INT8]),
    *product([6, 5, -5, -6], [0, -1], [3, -3], [0, 1, 2], [ElementType.INT16]),
    *product([127, 128, -128, -129], [0], [1], [0], [ElementType.INT8]),
    *product([32767, 32768, -32768, -32769], [0], [1], [0], [ElementType.INT16, ElementType.INT32]),
    *product([2**31 - 1, 2**31, -(2**31), -(2**31) - 1], [0, 1], [1], [0], [ElementType.INT32]),
    *product([2**40, -(2**40)], [2**39], [2**20 - 1, -(2**20)], [0, 20, 61, 62], [ElementType.INT64]),
    *product([2**62, -(2**62)], [2**62 - 1, 1 - 2**62], [1, 0], [0], [ElementType.INT64, ElementType.INT8]),
    *product([254, 255, 256, -256, -257, -258], [0], [1], [1], [ElementType.INT8]),
]
"""exact, bias, multiplier, shift, type."""

SOME = [0, 1, -1, 2, -2, 7, -7, 127, -128, 2**31 - 1, -(2**31)]


def rescales() -> dict[str, Any]:
    """saturate(floor(((exact + bias) * multiplier + half) / 2^shift))."""
    cases = []
    for exact, bias, multiplier, shift, element in RESCALES:
        exact_, bias_, multiplier_ = (np.array([x], np.int64) for x in (exact, bias, multiplier))
        scaled = rescale(exact_, bias_, multiplier_, shift)
        cases.append(
            {
                "exact": exact,
                "bias": bias,
                "multiplier": multiplier,
                "shift": shift,
                "type": int(element),
                "result": int(saturate(scaled, element)[0]),
            }
        )
    return {"cases": cases}


def functions() -> dict[str, Any]:
    """Every function of `map` over its operands and immediate."""
    cases = []
    for function, operands, p in function_inputs():
        arrays = [np.array([x], np.int64) for x in operands]
        cases.append(
            {
                "function": int(function),
                "name": function.name.lower(),
                "operands": list(operands),
                "immediate": p,
                "result": int(apply(function, arrays, p)[0]),
            }
        )
    return {"cases": cases}


def function_inputs() -> Iterator[tuple[Function, tuple[int, ...], int]]:
    """Function, operands and immediate of every case; none may leave int64 on its way."""
    pairs = (Function.ADD, Function.SUB, Function.MUL, Function.MIN, Function.MAX, Function.EQ)
    for function in (*pairs, Function.LT, Function.LE):
        for a, b in product(SOME, [0, 1, -2, 127, -(2**31)]):
            yield function, (a, b), 0
    for a, b, p in product(SOME, [0, 1, -1, 3, -3, 2**31 - 1], [0, 1, 30]):
        yield Function.DIV, (a, b), p
    for a, p in product([*SOME, 2**62, -(2**62), 3 << 60], [0, 1, 2, 31, 62]):
        if abs(a) + (1 << p >> 1) < 2**63:
            yield Function.SHIFT, (a,), p
    for a in [*SOME, 3, 4, 8, 9, 10, 2**62, 2**63 - 1, 3037000499**2, 3037000499**2 - 1, 94906267**2 - 1]:
        yield Function.ISQRT, (a,), 0
    for a, (b, c) in product(SOME, [(-2, 2), (5, 1), (0, 0)]):
        yield Function.CLAMP, (a, b, c), 0
        yield Function.SELECT, (a, b, c), 0
