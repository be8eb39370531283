"""Vectors for views: which element of its source an operand reads at one index, if any."""

import random
from typing import Any

import numpy as np

from executor.program.encoding import encode_record
from executor.program.ir import (
    Affine,
    ElementType,
    Guard,
    Opcode,
    Operation,
    Source,
    TensorType,
    View,
    immediate,
)
from executor.program.views import read


def view_cases() -> dict[str, Any]:
    """Reads of operand 0 of a `dot`: record, step and indices, size of the source, and flat offset read.

    `offset` is null where a guard fails or the offset is outside the source; then the operand reads `fill`.
    """
    rng = random.Random(20)
    cases = []
    for _ in range(80):
        rank, depth = rng.randint(1, 8), rng.randint(1, 7)
        dims = tuple(rng.randint(1, 5) for _ in range(rank))
        reduction = tuple(rng.randint(1, 5) for _ in range(depth))

        def form(axes: int = rank + depth, rank: int = rank) -> Affine:
            coefficients = [rng.choice([0, 1, 2, 3, -1, 5]) for _ in range(axes)]
            if rng.random() < 0.05:
                coefficients[rng.randrange(axes)] = rng.choice([-(2**31), 2**31 - 1])
            constant, step = rng.randint(-4, 30), rng.choice([0, 1, -3])
            return Affine(constant, tuple(coefficients[:rank]), tuple(coefficients[rank:]), step)

        guards = tuple(Guard(form(), rng.choice([20, 40, 2**31 - 1])) for _ in range(rng.randint(0, 4)))
        view = View(Source.INPUT, 0, form(), rng.randint(-128, 127), guards)
        operation = Operation(
            opcode=Opcode.DOT,
            result=TensorType(ElementType.INT32, dims),
            operands=(view, immediate(1, rank, depth)),
            multiplier=immediate(1, rank, depth),
            bias=immediate(0, rank, depth),
            reduction=reduction,
            chunk=1,
        )
        index = [rng.randrange(n) for n in dims + reduction]
        step, count = rng.randrange(4), rng.choice([10, 50, 200])
        box = tuple(range(i, i + 1) for i in index)
        values, present = read(view, np.arange(count, dtype=np.int64), box, step)
        cases.append(
            {
                "record": "0x" + encode_record(operation).hex(),
                "step": step,
                "output_index": index[:rank],
                "reduction_index": index[rank:],
                "count": count,
                "offset": int(values.flat[0]) if present.flat[0] else None,
                "fill": view.fill,
            }
        )
    return {"cases": cases}
