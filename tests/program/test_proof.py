"""What a proof shows where the tiles it needs follow from more than a view."""

import pytest

from executor.program import validate
from executor.program.commitments import TILE
from executor.program.ir import Affine, Source, View, immediate
from executor.program.proof import element_proof
from executor.program.trace import Trace
from tests.program.build import INT8, gather, program, tensor, view

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
