"""Every step has a proof, which shows what it reads and is no longer than the program's header says."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from executor.program import Program, validate
from executor.program.commitments import TILE
from executor.program.encoding import MAX_RECORD
from executor.program.ir import Affine, Source, View, immediate
from executor.program.proof import chunk_proof, element_proof, rescale_proof
from executor.program.trace import Trace
from tests.program.build import INT8, gather, program, tensor, view
from tests.program.strategies import VALID_PROGRAMS

WIDTH = TILE
ROWS = tuple(bytes([row + 1] * WIDTH) for row in range(3))
LISTED = view(1, Affine(0, (0, 0)))


@pytest.mark.parametrize(
    ("index", "named", "row"),
    [
        (immediate(1, 2), 0, 1),
        (immediate(-7, 2), 0, 0),
        (immediate(9, 2), 0, 2),
        (LISTED, 2, 2),
        (LISTED, -3, 0),
        (view(1, Affine(5, (0, 0)), Source.INPUT, fill=1), 2, 1),
    ],
)
def test_element_proof__of_a_gather__shows_the_row_that_is_looked_up(
    index: View, named: int, row: int
) -> None:
    taken = gather(operands=(index, view(0, Affine(0, (0, 1)))), result=tensor(INT8, 2, WIDTH))
    tested = program(taken, inputs=(tensor(INT8, 3, WIDTH), tensor(INT8, 1)))
    validate(tested)
    trace = Trace(tested, b"".join(ROWS) + bytes([named % 256]))
    assert trace.output == ROWS[row] * 2
    proof = element_proof(trace, 0, 0, WIDTH + 3)
    assert [each in proof for each in ROWS] == [at == row for at in range(3)]


def every_proof(trace: Trace, step: int, number: int) -> Iterator[bytes]:
    """Of every step about one output but the combining of chunk results, which reads no tensor."""
    operation = trace.program.operations[number]
    chunks = -(-operation.terms // operation.chunk) if operation.chunk else 1
    for element in range(operation.result.count):
        if chunks == 1:
            yield element_proof(trace, step, number, element)
        else:
            yield from (chunk_proof(trace, step, number, element, chunk) for chunk in range(chunks))
            yield rescale_proof(trace, step, number, element)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
@given(VALID_PROGRAMS, st.binary(max_size=200))
def test_proofs__every_step_of_random_programs__are_no_longer_than_the_header_says(
    tested: Program, data: bytes
) -> None:
    stated = validate(tested)
    trace = Trace(tested, data[: tested.input_size])
    for step in range(trace.steps):
        for number in range(len(tested.operations)):
            for proof in every_proof(trace, step, number):
                assert len(proof) + MAX_RECORD <= stated.worst_proof
