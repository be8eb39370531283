"""What a trace costs beside the run that it records: time as a ratio within one process, and memory."""

from __future__ import annotations

import time
import tracemalloc
from collections import deque
from collections.abc import Callable
from pathlib import Path

from executor.program import Interpreter
from executor.program.trace import Trace
from scripts._products import INPUT_SIZE, product

SIDE, TERMS = 313, 1_024  # 10^8 multiply-accumulates
MEMORY = 256 << 10  # of outputs kept in memory, below the 740 kB that this trace has
RUNS = 3

INPUT = bytes(range(INPUT_SIZE))


def tracing(folder: Path) -> dict[str, float]:
    """`trace/time_ratio`: seconds to trace and root, over seconds to infer, best of three each.

    `trace/peak_mb`: most memory held at once while tracing, in 10^6 bytes, outputs beyond MEMORY spilled to a
    file in `folder`; `trace/peak_of_infer`: the same over that of inference.
    """
    program = product(SIDE, TERMS)
    assert program.root  # hashing the constants is no part of either

    def infer() -> None:
        deque(Interpreter(program, INPUT).outputs(), maxlen=1)

    def trace() -> None:
        assert Trace(program, INPUT, directory=folder, memory=MEMORY).root

    most = peak(trace)
    return {
        "trace/time_ratio": seconds(trace) / seconds(infer),
        "trace/peak_mb": most / 10**6,
        "trace/peak_of_infer": most / peak(infer),
    }


def seconds(work: Callable[[], object]) -> float:
    """The best of several runs."""
    taken = []
    for _ in range(RUNS):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


def peak(work: Callable[[], object]) -> int:
    """Most bytes allocated at once, numpy's included."""
    tracemalloc.start()
    work()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most
