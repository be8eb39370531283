"""The built-in backend: exact, and fast where that is worth it.

Small programs are run by the interpreter itself. Larger ones are compiled (executor/backends/native) and run
in batches; then all programs are, the golden ones too, so that they prove what will serve.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from executor.program import InputTooLong, Program, run

if TYPE_CHECKING:
    from executor.backends.native.compiled import Compiled

WEIGHT = 0.2  # of the newest measurement in the running mean
SMALL = 1 << 24
"""Indices (output times reduction) of a program, each operation counted as 2^12 more, up to which the
interpreter takes less time than it takes to make the fast path ready: some tenths of a second."""


class Runner(Protocol):
    """A program that can be run on several inputs at a time."""

    def parts(self, inputs: Sequence[bytes]) -> Iterator[list[int]]:
        """Which inputs are run together."""

    def run_part(self, inputs: Sequence[bytes], *, spread: bool = False) -> list[bytes]:
        """Their outputs. spread: over several threads, if that is possible: nothing else is being done."""

    def close(self) -> None:
        """Let go of threads."""


def compiled(program: Program, threads: int = 1, device: str | None = None) -> Compiled:
    """The program ready to run fast: `compiled(program).run(inputs)` gives a list of output bytes.

    device: of torch, for the products. BackendError if this machine's arithmetic proves inexact.
    """
    from executor.backends.native.compiled import Compiled  # numba and onnxruntime take a second to import

    return Compiled(program, threads, device=device)


def is_small(program: Program) -> bool:
    """Whether the interpreter is quick enough for it."""
    indices = sum(operation.result.count * max(operation.terms, 1) + 4096 for operation in program.operations)
    return indices * program.step_bound <= SMALL


class ExactBackend:
    """Runs programs bit for bit as the specification says, in `threads` threads.

    device: of torch, for the products of programs that are not small.
    """

    def __init__(
        self, programs: Mapping[bytes, Program], threads: int = 1, device: str | None = None
    ) -> None:
        small = all(map(is_small, programs.values()))
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="infer")
        self._lock = Lock()
        self._waiting = 0  # parts that are being run, or wait for it
        self._runners: dict[bytes, Runner] = {
            root: Interpreted(program) if small else compiled(program, threads, device)
            for root, program in programs.items()
        }
        self._seconds = {root: _measure(program, self._runners[root]) for root, program in programs.items()}

    def submit(self, root: bytes, inputs: Sequence[bytes]) -> Future[list[bytes]]:
        given = list(inputs)
        answer: Future[list[bytes]] = Future()
        try:
            parts = list(self._runners[root].parts(given))
        except InputTooLong as error:
            answer.set_exception(error)
            return answer
        with self._lock:
            spread = len(parts) == 1 and self._waiting == 0
            self._waiting += len(parts)
        futures = [self._pool.submit(self._run, root, [given[i] for i in part], spread) for part in parts]
        Collected(answer, len(given), len(parts)).follow(list(zip(parts, futures, strict=True)))
        return answer

    def seconds(self, root: bytes) -> float:
        return self._seconds[root]

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        for runner in self._runners.values():
            runner.close()

    def _run(self, root: bytes, inputs: list[bytes], spread: bool) -> list[bytes]:
        begun = time.perf_counter()
        try:
            outputs = self._runners[root].run_part(inputs, spread=spread)
        finally:
            with self._lock:
                self._waiting -= 1
        taken = (time.perf_counter() - begun) / len(inputs)
        self._seconds[root] += WEIGHT * (taken - self._seconds[root])
        return outputs


class Interpreted:
    """The specification's own interpreter, one input at a time."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def parts(self, inputs: Sequence[bytes]) -> Iterator[list[int]]:
        return iter([[index] for index in range(len(inputs))])

    def run_part(self, inputs: Sequence[bytes], *, spread: bool = False) -> list[bytes]:  # noqa: ARG002
        return [run(self._program, data) for data in inputs]

    def close(self) -> None:
        """It has none."""


class Collected:
    """One answer from several parts, which end in any order and in any thread."""

    def __init__(self, answer: Future[list[bytes]], inputs: int, parts: int) -> None:
        self._answer = answer
        self._outputs = [b""] * inputs
        self._missing = parts
        self._lock = Lock()
        if not parts:
            answer.set_result([])

    def follow(self, parts: Sequence[tuple[list[int], Future[list[bytes]]]]) -> None:
        """Take over what these futures end in: the outputs at these indices, or the first error."""
        for indices, future in parts:
            future.add_done_callback(lambda done, indices=indices: self._take(indices, done))  # type: ignore[misc]

    def _take(self, indices: list[int], done: Future[list[bytes]]) -> None:
        with self._lock:
            if self._answer.done():
                return
            if done.cancelled():
                self._answer.cancel()
            elif (error := done.exception()) is not None:
                self._answer.set_exception(error)
            else:
                for index, output in zip(indices, done.result(), strict=True):
                    self._outputs[index] = output
                self._missing -= 1
                if not self._missing:
                    self._answer.set_result(self._outputs)


def _measure(program: Program, runner: Runner) -> float:
    """Seconds of the longest run: only the number of steps matters, and an empty input asks for one."""
    begun = time.perf_counter()
    runner.run_part([b""])
    taken = time.perf_counter() - begun
    return taken * (1 if program.step_input is None else program.step_bound)
