"""Traces, made when a game needs them and kept while games go on: the only slow part of playing."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path

from executor.program import Program
from executor.program.trace import Trace

KEPT = 8  # traces at a time; each keeps to its own bound of memory and spills the rest

MakeTrace = Callable[[Program, bytes], Trace]


def honest(directory: Path | None = None, memory: int = 64 << 20) -> MakeTrace:
    """Makes true traces; those of more than `memory` bytes go to a file in `directory`."""
    return lambda program, data: Trace(program, data, directory=directory, memory=memory)


class Traces:
    """The traces of the games that were moved in lately. Used by one thread."""

    def __init__(self, programs: Mapping[bytes, Program], make: MakeTrace, kept: int = KEPT) -> None:
        self._programs = programs
        self._make = make
        self._kept = kept
        self._traces: OrderedDict[tuple[bytes, bytes], Trace] = OrderedDict()

    def get(self, root: bytes, data: bytes) -> Trace:
        """The trace of the program with this root on an input; KeyError if the program is not held."""
        name = root, data
        if name in self._traces:
            self._traces.move_to_end(name)
            return self._traces[name]
        while len(self._traces) >= self._kept:
            self._traces.popitem(last=False)
        trace = self._make(self._programs[root], data)
        self._traces[name] = trace
        return trace


def measure(program: Program, make: MakeTrace) -> float:
    """Seconds that the longest trace of a program takes: an empty input asks for the fewest steps."""
    begun = time.perf_counter()
    trace = make(program, b"")
    taken = time.perf_counter() - begun
    return taken * program.step_bound / trace.steps
