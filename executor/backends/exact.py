"""The built-in backend: the interpreter itself, in a few threads (numpy lets go of the interpreter lock)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from executor.program import Program, run

WEIGHT = 0.2  # of the newest measurement in the running mean


class ExactBackend:
    """Runs programs with the specification's own interpreter."""

    def __init__(self, programs: Mapping[bytes, Program], threads: int = 1) -> None:
        self._programs = programs
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="infer")
        self._seconds = {root: _measure(program) for root, program in programs.items()}

    def submit(self, root: bytes, inputs: Sequence[bytes]) -> Future[list[bytes]]:
        return self._pool.submit(self._run, root, list(inputs))

    def seconds(self, root: bytes) -> float:
        return self._seconds[root]

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, root: bytes, inputs: list[bytes]) -> list[bytes]:
        program = self._programs[root]
        outputs = []
        for data in inputs:
            begun = time.perf_counter()
            outputs.append(run(program, data))
            taken = time.perf_counter() - begun
            self._seconds[root] += WEIGHT * (taken - self._seconds[root])
        return outputs


def _measure(program: Program) -> float:
    """Seconds of the longest run: only the number of steps matters, and an empty input asks for one."""
    begun = time.perf_counter()
    run(program, b"")
    taken = time.perf_counter() - begun
    return taken * (1 if program.step_input is None else program.step_bound)
