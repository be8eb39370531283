"""Programs of any number of multiply-accumulates, for the gas of a dispute by size.

`out[i, j] = sum over k of x[i + j, k] * w[i + 2j, k]`: n * n distinct elements of k products each, and both
operands depend on every index. w and most of x are constants; the output is the largest element.
"""

from __future__ import annotations

import numpy as np

from executor.program import Interpreter, Program, validate
from executor.program.arithmetic import rescale, saturate
from executor.program.ir import (
    Affine,
    Constant,
    ElementType,
    Function,
    IntArray,
    Opcode,
    Operation,
    Source,
    TensorType,
    View,
    immediate,
)

INPUT_SIZE = 32
PRODUCT = 1
"""Index of the operation that holds nearly all of the work."""

LONGEST_STEP = 1_024  # products in one step of a dispute
MULTIPLIER, SHIFT = 15, 16  # brings sums of a thousand products back to int8


def product(n: int, k: int) -> Program:
    """A valid program of n * n * k multiply-accumulates."""
    x, w = TensorType(ElementType.INT8, (2 * n - 1, k)), TensorType(ElementType.INT8, (3 * n - 2, k))
    draw = np.random.default_rng(n * k)
    constants = tuple(Constant(t, draw.integers(-128, 128, t.count, np.int8)) for t in (x, w))
    rows = Affine(0, (k, 1))
    activations = Operation(
        opcode=Opcode.MAP,
        function=Function.ADD,
        result=x,
        operands=(View(Source.CONSTANT, 0, rows), View(Source.INPUT, 0, rows)),
        multiplier=immediate(1, 2),
        bias=immediate(0, 2),
    )
    products = Operation(
        opcode=Opcode.DOT,
        result=TensorType(ElementType.INT8, (n, n)),
        operands=(
            View(Source.OUTPUT, 0, Affine(0, (k, k), (1,))),
            View(Source.CONSTANT, 1, Affine(0, (k, 2 * k), (1,))),
        ),
        multiplier=immediate(MULTIPLIER, 2, 1),
        bias=immediate(0, 2, 1),
        shift=SHIFT,
        reduction=(k,),
        chunk=min(k, LONGEST_STEP),
    )
    largest = Operation(
        opcode=Opcode.MAX,
        result=TensorType(ElementType.INT8, (1,)),
        operands=(View(Source.OUTPUT, PRODUCT, Affine(0, (0,), (n, 1))),),
        multiplier=immediate(1, 1, 2),
        bias=immediate(0, 1, 2),
        reduction=(n, n),
        chunk=min(n * n, LONGEST_STEP),
    )
    program = Program(
        operations=(activations, products, largest),
        inputs=(TensorType(ElementType.INT8, (INPUT_SIZE,)),),
        constants=constants,
    )
    assert validate(program).macs == n * n * k
    return program


class Multiplier(Interpreter):
    """The interpreter with a shorter way through the one large operation."""

    def _execute(self, operation: Operation, index: int, step: int) -> IntArray:
        if index != PRODUCT:
            return super()._execute(operation, index, step)
        n, k = operation.result.dims[0], operation.terms
        x = self.source(operation.operands[0], index, step)[0].reshape(-1, k).astype(np.int32)
        w = self.source(operation.operands[1], index, step)[0].reshape(-1, k).astype(np.int32)
        exact = np.empty((n, n), np.int64)
        for j in range(n):
            exact[:, j] = np.einsum("ik,ik->i", x[j : j + n], w[2 * j : 2 * j + n])
        bias, multiplier = np.array([0]), np.array([MULTIPLIER])
        scaled = rescale(exact, bias, multiplier, operation.shift)
        return saturate(scaled, operation.result.element).reshape(-1)
