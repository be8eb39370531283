"""The row machine's arithmetic: loops over registers alone, from elements of type T to elements of type U.

What does not fit T on its way is computed in 64 bits. Sums and products are the same modulo 2^32 in any case:
a narrow one is right if the whole of it is a narrow number, whatever its parts are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from executor.backends.native.instructions import (
    ADD,
    CLAMP,
    COPY,
    DIGIT,
    DIV,
    DIV_FLOAT,
    EQ,
    ISQRT,
    ISQRT_FLOAT,
    JOIN,
    LE,
    LT,
    MAX,
    MIN,
    MUL,
    SATURATE,
    SCALE,
    SELECT,
    SHIFT,
    SUB,
)
from executor.backends.native.memory import get, inline, native, put


@native
def _copy(t: Any, u: Any, target: int, a: int, n: int) -> None:
    for i in range(n):
        put(target, i, u(get(a, i, t)))


@native
def _saturate(t: Any, u: Any, target: int, a: int, p: int, q: int, n: int) -> None:
    low, high = t(p), t(q)
    for i in range(n):
        put(target, i, u(min(max(get(a, i, t), low), high)))


@native
def _scale(t: Any, u: Any, target: int, a: int, b: int, p: int, q: int, s: int, n: int) -> None:
    half = (np.int64(1) << s) >> 1
    for i in range(n):
        value = (np.int64(get(a, i, t)) * np.int64(get(b, i, t)) + half) >> s
        put(target, i, u(min(max(value, p), q)))


@native
def _shift(t: Any, u: Any, target: int, a: int, p: int, q: int, s: int, n: int) -> None:
    half = (np.int64(1) << s) >> 1
    for i in range(n):
        value = (np.int64(get(a, i, t)) + half) >> s
        put(target, i, u(min(max(value, p), q)))


@native
def _digit(t: Any, u: Any, target: int, a: int, p: int, q: int, s: int, n: int) -> None:
    zero, mask = t(p), t(q)
    for i in range(n):
        put(target, i, u((t(get(a, i, t) - zero) >> s) & mask))


@native
def _join(t: Any, u: Any, target: int, a: int, b: int, p: int, n: int) -> None:
    for i in range(n):
        put(target, i, u(u(get(a, i, t)) + (u(get(b, i, t)) << p)))


@native
def _add(t: Any, u: Any, target: int, a: int, b: int, n: int) -> None:
    for i in range(n):
        put(target, i, u(u(get(a, i, t)) + u(get(b, i, t))))


@native
def _sub(t: Any, u: Any, target: int, a: int, b: int, n: int) -> None:
    for i in range(n):
        put(target, i, u(u(get(a, i, t)) - u(get(b, i, t))))


@native
def _mul(t: Any, u: Any, target: int, a: int, b: int, n: int) -> None:
    for i in range(n):
        put(target, i, u(u(get(a, i, t)) * u(get(b, i, t))))


@native
def _div(target: int, a: int, b: int, p: int, n: int) -> None:
    for i in range(n):
        divisor = get(b, i, np.int64)
        quotient = np.int64(0)
        if divisor != 0:
            quotient = (get(a, i, np.int64) << p) // divisor
        put(target, i, quotient)


@native
def _div_float(t: Any, u: Any, target: int, a: int, b: int, p: int, n: int) -> None:
    """Where |a * 2^p| + |b| < 2^53: a quotient lies further from the next integer than it is rounded."""
    one = np.float64(np.int64(1) << p)
    for i in range(n):
        divisor = get(b, i, t)
        safe = np.float64(divisor) if divisor != 0 else np.float64(1)
        quotient = u(np.floor(np.float64(get(a, i, t)) * one / safe))
        put(target, i, quotient if divisor != 0 else u(0))


@native
def _isqrt(target: int, a: int, n: int) -> None:
    for i in range(n):
        value = get(a, i, np.int64)
        positive = max(value, np.int64(1))
        root = np.int64(np.sqrt(np.float64(positive)))
        if root > positive // root:
            root -= 1
        if root + 1 <= positive // (root + 1):
            root += 1
        put(target, i, root if value > 0 else np.int64(0))


@native
def _isqrt_float(target: int, a: int, n: int) -> None:
    """Where a < 2^52: likewise."""
    for i in range(n):
        put(target, i, np.int64(np.sqrt(np.float64(max(get(a, i, np.int64), np.int64(0))))))


@inline
def _choose(what: int, t: Any, target: int, a: int, b: int, c: int, n: int) -> None:
    """What picks one of its operands."""
    if what == MIN:
        for i in range(n):
            put(target, i, min(get(a, i, t), get(b, i, t)))
    elif what == MAX:
        for i in range(n):
            put(target, i, max(get(a, i, t), get(b, i, t)))
    elif what == CLAMP:
        for i in range(n):
            put(target, i, min(max(get(a, i, t), get(b, i, t)), get(c, i, t)))
    elif what == SELECT:
        for i in range(n):
            x, y = get(b, i, t), get(c, i, t)
            put(target, i, x if get(a, i, t) > 0 else y)


@inline
def _compare(what: int, target: int, a: int, b: int, n: int) -> None:
    """One where it holds, else zero."""
    if what == EQ:
        for i in range(n):
            put(target, i, np.int64(get(a, i, np.int64) == get(b, i, np.int64)))
    elif what == LT:
        for i in range(n):
            put(target, i, np.int64(get(a, i, np.int64) < get(b, i, np.int64)))
    elif what == LE:
        for i in range(n):
            put(target, i, np.int64(get(a, i, np.int64) <= get(b, i, np.int64)))


@inline
def alike(what: int, t: Any, target: int, a: int, b: int, c: int, p: int, q: int, s: int, n: int) -> None:
    """What has a form for registers that are all of one width, whichever."""
    if what == ADD:
        _add(t, t, target, a, b, n)
    elif what == SUB:
        _sub(t, t, target, a, b, n)
    elif what == MUL:
        _mul(t, t, target, a, b, n)
    elif what == SCALE:
        _scale(t, t, target, a, b, p, q, s, n)
    elif what == SHIFT:
        _shift(t, t, target, a, p, q, s, n)
    elif what == SATURATE:
        _saturate(t, t, target, a, p, q, n)
    elif what == DIGIT:
        _digit(t, t, target, a, p, q, s, n)
    elif what == JOIN:
        _join(t, t, target, a, b, p, n)
    elif what == DIV_FLOAT:
        _div_float(t, t, target, a, b, p, n)
    else:
        _choose(what, t, target, a, b, c, n)


@inline
def rare(what: int, target: int, a: int, b: int, p: int, n: int) -> None:
    """What has a form for wide registers only."""
    if what == DIV:
        _div(target, a, b, p, n)
    elif what == ISQRT:
        _isqrt(target, a, n)
    elif what == ISQRT_FLOAT:
        _isqrt_float(target, a, n)
    else:
        _compare(what, target, a, b, n)


@inline
def widening(what: int, target: int, a: int, b: int, p: int, n: int) -> None:
    """From narrow to wide: what a narrow register may be too small for."""
    if what == COPY:
        _copy(np.int32, np.int64, target, a, n)
    elif what == ADD:
        _add(np.int32, np.int64, target, a, b, n)
    elif what == SUB:
        _sub(np.int32, np.int64, target, a, b, n)
    elif what == MUL:
        _mul(np.int32, np.int64, target, a, b, n)
    elif what == JOIN:
        _join(np.int32, np.int64, target, a, b, p, n)
    elif what == DIV_FLOAT:
        _div_float(np.int32, np.int64, target, a, b, p, n)


@inline
def narrowing(what: int, target: int, a: int, b: int, p: int, q: int, s: int, n: int) -> None:
    """From wide to narrow: what brings a number back."""
    if what == SCALE:
        _scale(np.int64, np.int32, target, a, b, p, q, s, n)
    elif what == SHIFT:
        _shift(np.int64, np.int32, target, a, p, q, s, n)
    elif what == SATURATE:
        _saturate(np.int64, np.int32, target, a, p, q, n)
    elif what == DIGIT:
        _digit(np.int64, np.int32, target, a, p, q, s, n)
