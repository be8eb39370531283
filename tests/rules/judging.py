"""Programs judged as a whole: every step of them by the deployed Referee, beside both evaluators."""

from __future__ import annotations

from executor.program import Program, run, validate
from executor.program.ir import ElementType, Function, immediate
from tests.program.build import (
    INT8,
    INT16,
    INT64,
    add,
    pack,
    program,
    tensor,
    unpack,
)
from tests.soundness.bench import Bench
from tests.soundness.cases import every_step
from tests.soundness.trace import Statement, Trace

SIX = [1, 2, 3, 4, 5, 6]


def judged(bench: Bench, tested: Program, data: bytes) -> list[int]:
    """The output of a valid program, after the Referee has found every step of it so."""
    validate(tested)
    honest = Trace(Statement(tested, data))
    cases = list(every_step(honest))
    assert list(bench.answers([case.question() for case in cases])) == [case.truth for case in cases]
    assert run(tested, data) == honest.output
    return unpack(tested.output_type.element, honest.output)


def of_two(bench: Bench, tested: Program, first: list[int] = SIX, second: list[int] = [0] * 6) -> list[int]:
    """The same for two inputs of int16[2, 3]."""
    return judged(bench, tested, pack(INT16, first).ljust(32, b"\0") + pack(INT16, second))


def mapped(bench: Bench, function: Function, *operands: int, p: int = 0, result: ElementType = INT64) -> int:
    """A map of immediates."""
    operation = add(
        function=function,
        immediate=p,
        result=tensor(result, 1),
        operands=tuple(immediate(value, 1) for value in operands),
        multiplier=immediate(1, 1),
        bias=immediate(0, 1),
    )
    (value,) = judged(bench, program(operation, inputs=(tensor(INT8, 1),)), b"")
    return value
