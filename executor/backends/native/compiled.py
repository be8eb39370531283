"""A program made ready to run fast: for single requests and for batches, in any number of threads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
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


class Compiled:
    """A valid program. Every product was proved exact, for each batch size that is used, when this is made;
    BackendError if one is not.

    products: False leaves everything to the row machine, which is slow for products and needs no trust in
    any other library.
    """

    def __init__(self, program: Program, *, products: bool = True) -> None:
        self.program = program
        self._weights = Weights()
        self._products = products
        self._lock = Lock()
        self._idle: dict[int, list[Engine]] = defaultdict(list)
        alone = self._make(1)
        self._idle[1].append(alone)
        self.batch = 1
        """Requests of a batch."""
        while self.batch < LARGEST and 2 * self.batch * alone.size <= WORKING_SET:
            self.batch *= 2
        if self.batch > 1:
            self._idle[self.batch].append(self._make(self.batch))

    def run(self, inputs: Sequence[bytes], threads: int = 1) -> list[bytes]:
        """The output bytes of each input; InputTooLong if one exceeds the program's."""
        parts = list(self.parts(inputs))
        if threads == 1 or len(parts) == 1:
            done = [self.run_part([inputs[i] for i in part]) for part in parts]
        else:
            with ThreadPoolExecutor(threads) as pool:
                done = list(pool.map(lambda part: self.run_part([inputs[i] for i in part]), parts))
        outputs = [b""] * len(inputs)
        for part, found in zip(parts, done, strict=True):
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

    def run_part(self, inputs: Sequence[bytes]) -> list[bytes]:
        """The outputs of inputs that run together. Any thread may call it at any time."""
        read = [self._read(data) for data in inputs]
        with self._lock:
            idle = self._idle[len(inputs)]
            engine = idle.pop() if idle else None
        if engine is None:
            engine = self._make(len(inputs))
        try:
            values = engine.run([each.inputs for each in read], read[0].steps)
        finally:
            with self._lock:
                self._idle[len(inputs)].append(engine)
        canonical = self.program.output_type.element.canonical
        return [row.astype(canonical).tobytes() for row in values]

    def _make(self, batch: int) -> Engine:
        exact = self._products and bytes_are_exact()
        return Engine(plan(self.program, batch, exact, self._products), self._weights)

    def _read(self, data: bytes) -> Interpreter:
        """The input as the interpreter reads it; it keeps no outputs."""
        return Interpreter(self.program, data, lambda program, _steps: Recent(program, 0))
