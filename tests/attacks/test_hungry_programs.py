"""Short artifacts of valid programs that ask for more memory than any machine has."""

from __future__ import annotations

import tracemalloc

import pytest

from executor.backends.base import BackendError
from executor.backends.native.compiled import Compiled
from executor.program import validate
from executor.program.ir import ElementType, Opcode, TensorType
from tests.backends.layers import Sketch
from tests.program.maximal import most_inputs

SIDE = 1 << 15


@pytest.mark.parametrize("products", [True, False])
def test_compiled__a_constant_read_again_and_again__is_not_laid_out(products: bool) -> None:
    made = Sketch(7, TensorType(ElementType.INT8, (2, SIDE)))
    band = made.random(ElementType.INT8, 2 * SIDE)  # a matrix of 2^30 elements whose diagonals are all alike
    operands = made.input().view((SIDE, 0), (1,)), band.view((0, 1), (1,))
    made.append(Opcode.DOT, ElementType.INT32, (2, SIDE), operands, reduction=(SIDE,))
    program = made.program()
    validate(program)
    tracemalloc.start()
    try:
        Compiled(program, products=products).close()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 26


def test_compiled__inputs_beyond_the_memory_there_is__are_refused() -> None:
    with pytest.raises(BackendError, match=r"keeps .* GiB, and this machine has .* GiB: serve it elsewhere"):
        Compiled(most_inputs())
