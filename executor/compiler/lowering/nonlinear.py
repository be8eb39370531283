"""Functions of one number, by table: Gelu, Sigmoid, Tanh, Exp and every region fused into one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from executor.compiler.builder import Read
from executor.compiler.functions import Floats
from executor.compiler.graph import Node
from executor.compiler.lowering.scope import Scope, lowers, quantise
from executor.compiler.plan import INT16
from executor.compiler.pointwise import OPERATOR, evaluate
from executor.compiler.tensors import Format, Tensor, axis
from executor.program.ir import Affine


@lowers(OPERATOR)
def pointwise(scope: Scope, node: Node) -> Tensor:
    """A table over every int16."""
    body = node.attributes["body"]
    variable = node.inputs[0]
    constants = {name: value.astype(np.float64) for name, value in node.attributes["constants"].items()}
    return by_table(
        scope,
        scope.narrow(variable, INT16),
        lambda x: evaluate(body, constants, variable, x),
        scope.target(node),
    )


def by_table(scope: Scope, x: Tensor, function: Callable[[Floats], Floats], result: Format) -> Tensor:
    """The function of every element of x, from a table with one entry for each integer that x can be."""
    low, high = x.format.element.interval
    points = np.arange(low, high + 1, dtype=np.float64) * float(x.format.scale)
    table = scope.builder.constant(quantise(function(points), result), result.scale, result.element)
    index = Read(x, [axis(at, x.rank) for at in range(x.rank)])
    entry = Read(table, [Affine(0, (0,) * x.rank)])
    return scope.builder.gather(x.dims, index, entry, result, offset=-low)
