"""The interpreter against the plain evaluator, on random programs and inputs."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from executor.program import Interpreter, Program, interpreter, run
from executor.program.ir import Affine, Guard, Operation, immediate
from tests.program.build import INT16, dot, maximum, pack, program, unpack, view
from tests.program.effort import bytes_of
from tests.program.plain import evaluate
from tests.program.strategies import VALID_PROGRAMS

SLOW = settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


def traced(program: Program, data: bytes) -> list[list[list[int]]]:
    steps: list[list[list[int]]] = []
    for step, operation, output in Interpreter(program, data).outputs():
        if operation == 0:
            steps.append([])
        assert step == len(steps) - 1
        assert operation == len(steps[-1])
        steps[-1].append(output.tolist())
    return steps


@SLOW
@given(VALID_PROGRAMS, st.binary(max_size=200))
def test_interpreter__random_programs__equals_the_plain_evaluator(program: Program, data: bytes) -> None:
    data = data[: program.input_size]
    expected = evaluate(program, data)
    assert traced(program, data) == expected
    width = program.output_type.element.width
    output = b"".join(x.to_bytes(width, "big", signed=True) for x in expected[-1][-1])
    assert run(program, data) == output
    assert len(output) == program.output_size


@pytest.mark.parametrize("made", [dot, maximum])
def test_interpreter__longer_reduction_than_a_piece__takes_memory_for_a_piece(
    monkeypatch: pytest.MonkeyPatch, made: Callable[..., Operation]
) -> None:
    monkeypatch.setattr(interpreter, "PIECE", 1 << 8)
    wrapped = view(0, Affine(-5, (4,), (1,)), guards=(Guard(Affine(0, (0,), (1,)), 1000),), fill=-3)
    operation = made(operands=(wrapped, immediate(2, 1, 1))[: len(made().operands)], reduction=(1 << 16,))
    tested = program(operation)
    data = pack(INT16, [9, -4, 5, 7, 300, 1])
    assert unpack(operation.result.element, run(tested, data)) == evaluate(tested, data)[0][0]
    assert bytes_of(lambda: run(tested, data)) < 1 << 16
