"""A program made ready to run fast: for single requests and for batches, in any number of threads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock

from executor.backends.native.engine import Engine, Weights
from executor.backends.native.matrices import bytes_are_exact
from executor.backends.native.plan import plan
from executor.program import Program
from executor.program.interpreter import Interpreter, Recent

WORKING_SET = 1 << 22
"""Bytes that one thread works on at a time: about what the caches next to it hold."""

LARGEST = 32
"""Most requests of one batch."""


@dataclass(frozen=True)
class Way:
    """How requests run: so many together, in so many threads."""

    batch: int
    threads: int = 1


class Compiled:
    """A valid program. Every product is proved exact, for each way that is used, when this is made;
    BackendError if one is not.

    threads: most that a single request is spread over. products: False leaves everything to the row machine,
    which is slow for products and needs no trust in any other library. device: where products are computed
    by torch, "cuda" say; None is the processor, by onnxruntime.
    """

    def __init__(
        self, program: Program, threads: int = 1, *, products: bool = True, device: str | None = None
    ) -> None:
        self.program = program
        self.threads = threads
        self._weights = Weights(device)
        self._products = products
        self._bytes = products and device is None and bytes_are_exact()
        self._outputs = Recent(program, 0)
        self._lock = Lock()
        self._spreading = Lock()
        self._idle: dict[Way, list[Engine]] = defaultdict(list)
        self._pool = ThreadPoolExecutor(max(threads - 1, 1), thread_name_prefix="spread")
        alone = self._make(Way(1))
        self._idle[Way(1)].append(alone)
        self.batch = 1
        """Requests of a batch."""
        while self.batch < LARGEST and 2 * self.batch * alone.size <= WORKING_SET:
            self.batch *= 2
        for way in {Way(self.batch), Way(1, threads)} - {Way(1)}:
            self._idle[way].append(self._make(way))

    def run(self, inputs: Sequence[bytes]) -> list[bytes]:
        """The output bytes of each input; InputTooLong if one exceeds the program's."""
        indices = list(self.parts(inputs))
        parts = [[inputs[index] for index in part] for part in indices]
        if len(parts) < self.threads:
            done = [self.run_part(part, spread=True) for part in parts]
        elif self.threads == 1:
            done = [self.run_part(part) for part in parts]
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                done = list(pool.map(self.run_part, parts))
        outputs = [b""] * len(inputs)
        for part, found in zip(indices, done, strict=True):
            for index, output in zip(part, found, strict=True):
                outputs[index] = output
        return outputs

    def parts(self, inputs: Sequence[bytes]) -> Iterator[list[int]]:
        """Which inputs run together: whole batches of those that ask for equally many steps, others alone."""
        by_steps: dict[int, list[int]] = defaultdict(list)
        for index, data in enumerate(inputs):
            by_steps[self._read(data).steps].append(index)
        for indices in by_steps.values():
            whole = len(indices) - len(indices) % self.batch
            for start in range(0, whole, self.batch):
                yield indices[start : start + self.batch]
            for index in indices[whole:]:
                yield [index]

    def run_part(self, inputs: Sequence[bytes], *, spread: bool = False) -> list[bytes]:
        """The outputs of inputs that run together. Any thread may call it at any time.

        spread: over all threads, if it is a single input: for when nothing else is to be done.
        """
        read = [self._read(data) for data in inputs]
        way = Way(1, self.threads) if spread and len(inputs) == 1 else Way(len(inputs))
        with self._lock:
            idle = self._idle[way]
            engine = idle.pop() if idle else None
        if engine is None:
            engine = self._make(way)
        try:
            tensors, steps = [each.inputs for each in read], read[0].steps
            if way.threads == 1:
                values = engine.run(tensors, steps)
            else:
                with self._spreading:  # a run needs all the helpers at the same time
                    values = engine.run(tensors, steps, self._pool)
        finally:
            with self._lock:
                self._idle[way].append(engine)
        canonical = self.program.output_type.element.canonical
        return [row.astype(canonical).tobytes() for row in values]

    def close(self) -> None:
        """Let go of the threads."""
        self._pool.shutdown()

    def _make(self, way: Way) -> Engine:
        made = plan(self.program, way.batch, self._bytes, products=self._products, threads=way.threads)
        return Engine(made, self._weights)

    def _read(self, data: bytes) -> Interpreter:
        """The input as the interpreter reads it; it keeps no outputs."""
        return Interpreter(self.program, data, lambda _program, _steps: self._outputs)
