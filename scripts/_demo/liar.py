"""A dishonest executor, for the demonstration: `python -m scripts._demo.liar`, in an operator's folder.

It passes its examination, then flips one element of a hidden layer so that another digit comes out, answers
what follows from that, and defends the answer as far as anybody can defend one.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from concurrent.futures import Future
from functools import cache
from itertools import product
from typing import Any

from executor.backends.exact import ExactBackend
from executor.backends.golden import goldens
from executor.commands.run import start_log
from executor.commands.session import unlock
from executor.node.assemble import opened_node
from executor.program import Program, load
from executor.program.interpreter import Interpreter
from executor.program.ir import IntArray, Operation
from executor.program.trace import Trace
from executor.settings import Settings
from scripts._demo.drawings import PROGRAM
from scripts._demo.record import DIGIT_BYTES

HIDDEN = 5
"""The pooled output of the second convolution of the digits program."""


def bent(element: int, value: int) -> type[Interpreter]:
    """The interpreter, but for one element of the hidden layer."""

    class Bent(Interpreter):
        def _execute(self, operation: Operation, index: int, step: int) -> IntArray:
            output = super()._execute(operation, index, step)
            if index == HIDDEN:
                output = output.copy()
                output[element] = value
            return output

    return Bent


@cache
def bent_trace(program: Program, data: bytes) -> Trace:
    """The trace of the first flip that makes another digit of the drawing."""
    hidden = program.operations[HIDDEN].result
    truth = Trace(program, data).output[:DIGIT_BYTES]
    for flip in product(range(hidden.count), hidden.element.interval):
        trace = Trace(program, data, interpreter=bent(*flip))
        if trace.output[:DIGIT_BYTES] != truth:
            return trace
    raise ValueError("no single flip changes this digit")


class Liar:
    """A backend that computes truly until it is told not to."""

    def __init__(self) -> None:
        self._program = load(PROGRAM)
        known = {golden.program.root: golden.program for golden in goldens()}
        self._honest = ExactBackend({**known, self._program.root: self._program})
        self.lying = False

    def submit(self, root: bytes, inputs: Sequence[bytes]) -> Future[list[bytes]]:
        if not self.lying:
            return self._honest.submit(root, inputs)
        future: Future[list[bytes]] = Future()
        future.set_result([bent_trace(self._program, data).output for data in inputs])
        return future

    def seconds(self, root: bytes) -> float:
        return self._honest.seconds(root)

    def close(self) -> None:
        self._honest.close()


def main() -> None:
    """Answer wrongly until a signal to stop."""
    start_log(False)
    settings = Settings.load()
    backend = Liar()
    with opened_node(settings, unlock(settings), backend=backend, traces=bent_trace) as node:
        backend.lying = True

        def stop(*_: Any) -> None:
            node.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        node.start()
        node.run(drain_seconds=0)


if __name__ == "__main__":
    main()
