"""The interpreter against the plain evaluator, on random programs and inputs."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from executor.program import Interpreter, Program, run
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
