"""Where threads wait for each other between the stages of a run.

A run has a dozen and a half stages of some hundred microseconds, and to wake a sleeping thread takes fifty.
So whoever is early looks again and again for a while, in machine code that does not hold the interpreter's
lock, and only then gives the processor away.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numba.core import types
from numba.extending import intrinsic

from executor.backends.native.memory import kept

LINE = 8
"""Numbers of a line of the cache: each thread writes to its own."""

LOOKS = 100_000
"""At the others, before the processor is given away: about a tenth of a millisecond."""

MOMENT = 5e-5
"""Seconds for which it is given away, each time."""

GONE = 1 << 62
"""What a thread has reached that will not come again."""


class Left(Exception):
    """Another thread has left before its work was done."""


class Meeting:
    """Of so many threads, as often as they like: nobody goes on before all have come."""

    def __init__(self, threads: int) -> None:
        self._reached = np.zeros((threads, LINE), np.int64)

    def wait(self, thread: int) -> None:
        """Come, and wait for the others. Raises Left if one of them has left."""
        reached, threads = self._reached, len(self._reached)
        turn = int(reached[thread, 0]) + 1
        while not _meet(reached.ctypes.data, threads, thread, turn, LOOKS):
            time.sleep(MOMENT)
        if (reached[:, 0] >= GONE).any():
            raise Left

    def leave(self, thread: int) -> None:
        """Come no more: the others need not wait."""
        self._reached[thread, 0] = GONE


@intrinsic  # type: ignore[untyped-decorator]
def _published(_context: Any, _address: Any, _value: Any) -> Any:
    """Write a number so that who reads it also sees all that was written before."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        place = builder.inttoptr(arguments[0], context.get_value_type(types.int64).as_pointer())
        builder.store_atomic(arguments[1], place, "release", 8)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


@intrinsic  # type: ignore[untyped-decorator]
def _seen(_context: Any, _address: Any) -> Any:
    """Read such a number."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        place = builder.inttoptr(arguments[0], context.get_value_type(types.int64).as_pointer())
        return builder.load_atomic(place, "acquire", 8)

    return types.int64(types.int64), generate


@kept
def _meet(reached: int, threads: int, thread: int, turn: int, looks: int) -> bool:
    """Say that a thread has come to its turn; whether all have, within so many looks."""
    _published(reached + 8 * LINE * thread, turn)
    other = 0
    for _ in range(looks):
        while other < threads and _seen(reached + 8 * LINE * other) >= turn:
            other += 1
        if other == threads:
            return True
    return False
