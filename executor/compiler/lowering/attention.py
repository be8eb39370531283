"""Attention: what a MatMul makes of the shares of a Softmax, as sums of powers that are divided at the end.

A quotient for each element of the result is fewer than one for each share; and powers, unlike shares, fill
their type however many there are.
"""

from __future__ import annotations

from fractions import Fraction

from executor.compiler.builder import magnitude
from executor.compiler.fusion import ATTEND
from executor.compiler.graph import Node
from executor.compiler.lowering.elementwise import quotient
from executor.compiler.lowering.linear import product
from executor.compiler.lowering.scope import Scope, lowers
from executor.compiler.lowering.softmax import powers
from executor.compiler.plan import INT16, INT32, INT64
from executor.compiler.tensors import Format, Tensor
from executor.program.ir import ElementType

EXACT_SUM = 1 << 24
"""Products whose magnitudes add up to no more are exact in single precision, undivided."""
LEAST_LEVELS = 255
"""Powers of fewer levels are too coarse to gain that."""
MOST_LEVELS = {INT16: (1 << 15) - 1, INT32: 1 << 20}


@lowers(ATTEND)
def attend(scope: Scope, node: Node) -> Tensor:
    """The values' mean in each row, weighed with e to the scores."""
    scores, values = scope.exponents(node.inputs[0]), scope.narrow(node.inputs[1])
    one = _power_format(scope, values, scores.dims[-1])
    _, weights, total = powers(scope, scores, -1, scores.format.scale, one)
    alpha = Fraction(float(node.attributes.get("alpha", 1.0)))
    unit = one.scale * values.format.scale * alpha
    most = scores.dims[-1] * magnitude(scope.builder.seen(values)) * magnitude(weights.interval)
    exact = Format(INT32 if most < 1 << 31 else INT64, unit)
    rank = len(scope.dims(node.outputs[0]))
    # Heads side by side in each row, as they are read afterwards.
    layout = [*range(rank - 3), rank - 2, rank - 3, rank - 1] if rank > 2 else None
    sums = product(scope, node, weights, values, alpha, exact, layout)
    return quotient(scope, sums, total, scope.target(node))


def _power_format(scope: Scope, values: Tensor, terms: int) -> Format:
    """As many levels as the type has, or as keep the sums of that many terms exact in single precision."""
    element: ElementType = max(values.format.element, INT16)
    levels = EXACT_SUM // (terms * magnitude(scope.builder.seen(values)))
    most = MOST_LEVELS[element]
    return Format(element, Fraction(1, min(levels, most) if levels >= LEAST_LEVELS else most))
