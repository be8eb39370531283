"""Every element, chunk and rescale of random programs: the Referee equals the interpreter."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from executor.program.ir import Opcode, Program
from executor.program.trace import Trace
from tests.contract import Contract
from tests.judge.referee.judge import Judge
from tests.program.strategies import VALID_PROGRAMS


def check_everything(judge: Judge, limit: int) -> None:
    """Compare at most `limit` elements of every output, with all of their chunks."""
    trace, program = judge.trace, judge.trace.program
    if program.step_input is not None:
        assert judge.steps() == trace.steps
    for number, operation in enumerate(program.operations):
        chunks = -(-operation.terms // operation.chunk) if operation.chunk else 1
        result = operation.result
        assert judge.shape(number) == (
            *(int(result.element), result.size, result.count),
            *(operation.terms, operation.chunk, chunks),
        )
        for step in range(trace.steps):
            for element in range(min(result.count, limit)):
                claimed = trace.element(step, number, element)
                assert judge.element(step, number, element) == claimed
                if operation.chunk:
                    parts = [judge.chunk(step, number, element, chunk) for chunk in range(chunks)]
                    exact = sum(parts) if operation.opcode is Opcode.DOT else max(parts)
                    assert judge.rescaled(step, number, element, exact) == claimed


@settings(max_examples=60)
@given(VALID_PROGRAMS, st.data())
def test_steps__of_random_programs__equal_the_interpreter(
    referee: Contract, program: Program, data: st.DataObject
) -> None:
    size = data.draw(st.integers(0, program.input_size))
    question = data.draw(st.binary(min_size=size, max_size=size))
    check_everything(Judge(referee, Trace(program, question)), 3)
