"""Programs whose disputes go every way, each with an input, and traces that lie."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from executor.program import Program, artifact
from executor.program.interpreter import Interpreter
from executor.program.ir import Affine, Function, IntArray, Opcode, Operation, Source, immediate
from executor.program.trace import Trace
from tests.program.build import INT8, INT16, INT32, INT64, add, constant, dot, maximum, pack, tensor, view

DIGITS = Path(__file__).parents[3] / "executor" / "artifacts" / "digits.program"


class Example(NamedTuple):
    """A program and bytes to run it on."""

    program: Program
    data: bytes

    @property
    def trace(self) -> Trace:
        """The true one."""
        return Trace(self.program, self.data)

    def lie(self, step: int, operation: int, element: int, chunk: int = 0) -> Trace:
        """A trace in which one element is one more, and everything later follows from it.

        chunk: where in the element's reduction the one is hidden.
        """
        return LyingTrace(self, (step, operation, element), chunk)


class LyingTrace(Trace):
    """Adds one to one element of one output, and to one chunk of its reduction."""

    def __init__(self, example: Example, place: tuple[int, int, int], chunk: int) -> None:
        self._place, self._chunk = place, chunk
        super().__init__(example.program, example.data, interpreter=liar(*place))

    def chunks(self, step: int, operation: int, element: int, height: int, index: int) -> list[int]:
        values = super().chunks(step, operation, element, height, index)
        below = height - min(5, height)
        lying = self._chunk >> below
        if (step, operation, element) == self._place and lying >> (height - below) == index:
            child = lying - (index << (height - below))
            adds = self.program.operations[operation].opcode is Opcode.DOT
            values[child] = values[child] + 1 if adds else self.element(*self._place)
        return values


def liar(step: int, operation: int, element: int) -> Any:
    """An interpreter that adds one to one element of one output."""

    class Liar(Interpreter):
        def _execute(self, executed: Operation, index: int, now: int) -> IntArray:
            output = super()._execute(executed, index, now)
            if (now, index) == (step, operation):
                output = output.copy()
                output[element] += 1
            return output

    return Liar


def digits() -> Example:
    """The model of the demonstration."""
    return Example(artifact.load(DIGITS), bytes(range(64)))


def increments(count: int) -> Example:
    """So many operations, each adds one to the last: a tree of outputs as deep as one likes."""
    first = add(operands=(view(0), immediate(1, 2)))
    later = [add(operands=(view(index, source=Source.OUTPUT), immediate(1, 2))) for index in range(count - 1)]
    values = pack(INT16, [5, -7, 300, 0, -1, 12])
    return Example(Program((first, *later), (tensor(INT16, 2, 3),)), values)


def reduction(chunks: int, build: Callable[..., Operation] = dot) -> Example:
    """A dot, or a maximum, of so many chunks of three, the last shorter; then negated."""
    terms = 3 * chunks - 1
    along = Affine(0, (0,), (1,))
    operands = [view(0, along), view(0, along, Source.CONSTANT)]
    reduced = build(
        operands=tuple(operands[: len(build().operands)]),
        result=tensor(INT32, 2),
        reduction=(terms,),
        chunk=3,
    )
    form = Affine(0, (1,))
    negated = add(
        function=Function.SUB,
        operands=(immediate(0, 1), view(0, form, Source.OUTPUT)),
        result=tensor(INT32, 2),
        multiplier=immediate(1, 1),
        bias=immediate(0, 1),
    )
    rng = np.random.default_rng(chunks)
    weights = (constant(INT8, [int(w) for w in rng.integers(-128, 128, terms)]),)
    program = Program((reduced, negated), (tensor(INT8, terms),), weights if build is dot else ())
    return Example(program, rng.integers(0, 256, terms, np.uint8).tobytes())


def table(rows: int) -> Example:
    """An int64 table of rows of 64, which take half a tile each, and the maximum of every row."""
    spread = add(
        operands=(view(0, Affine(0, (1, 1))), immediate(3, 2)),
        result=tensor(INT64, rows, 64),
    )
    highest = maximum(
        operands=(view(0, Affine(0, (64,), (1,)), Source.OUTPUT),),
        result=tensor(INT64, rows),
        reduction=(64,),
        chunk=64,
    )
    data = np.random.default_rng(rows).integers(0, 256, rows + 63, np.uint8).tobytes()
    return Example(Program((spread, highest), (tensor(INT8, rows + 63),)), data)


def recurrence(steps: int, asked: int | None = None) -> Example:
    """x(t) = the input + an eighth of the sum of all x before; the input may say how many steps."""
    form = Affine(0, (0,), (1,))
    before = dot(
        operands=(view(1, form, Source.HISTORY), immediate(1, 1, 1)),
        result=tensor(INT32, 1),
        reduction=(steps,),
        chunk=steps,
        shift=3,
    )
    one = {"result": tensor(INT32, 1), "multiplier": immediate(1, 1), "bias": immediate(0, 1)}
    here = Affine(0, (1,))
    total = add(operands=(view(0, here), view(0, here, Source.OUTPUT)), **one)
    inputs = [tensor(INT8, 1)] + [tensor(INT8, 1)] * (asked is not None)
    program = Program(
        (before, total),
        tuple(inputs),
        step_bound=steps,
        step_input=None if asked is None else 1,
    )
    data = b"\x03" if asked is None else b"\x03" + bytes(31) + bytes([asked])
    return Example(program, data)
