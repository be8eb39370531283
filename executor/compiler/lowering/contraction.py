"""Einsum of two operands, and CumSum: sums of products over axes that are named."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from executor.compiler.builder import Read, Scaling
from executor.compiler.graph import Node
from executor.compiler.lowering.elementwise import fitted
from executor.compiler.lowering.scope import Scope, lowers
from executor.compiler.plan import INT8
from executor.compiler.tensors import Tensor, axis
from executor.program.ir import Affine


@lowers("Einsum")
def einsum(scope: Scope, node: Node) -> Tensor:
    """Products of two operands over the letters that both have and the result has not."""
    first, second, result = _letters(node)
    a, b = (
        scope.narrow(name, scope.plan.weights(name) if scope.constant(name) is not None else None)
        for name in node.inputs
    )
    summed = [letter for letter in first if letter in second and letter not in result]
    lengths = dict(zip(first + second, a.dims + b.dims, strict=True))
    rank, depth = len(result), len(summed)

    def place(letter: str) -> Affine:
        if letter in result:
            return Affine(0, axis(result.index(letter), rank).output, (0,) * depth)
        return Affine(0, (0,) * rank, tuple(int(letter == other) for other in summed))

    wanted = scope.target(node)
    return scope.builder.dot(
        [lengths[letter] for letter in result],
        [lengths[letter] for letter in summed],
        Read(a, [place(letter) for letter in first]),
        Read(b, [place(letter) for letter in second]),
        wanted,
        Scaling([a.format.scale * b.format.scale / wanted.scale]),
    )


def _letters(node: Node) -> tuple[str, str, str]:
    """What the equation calls the axes of both operands, and of the result."""
    equation = str(node.attributes["equation"]).replace(" ", "")
    left, _, result = equation.partition("->")
    operands = left.split(",")
    if len(operands) != 2 or "." in equation or "->" not in equation:
        raise node.refuse(
            f"its equation is {equation!r}", "write it with two operands, an arrow and a letter for each axis"
        )
    first, second = operands
    shared = set(first) & set(second)
    repeats = any(len(set(letters)) != len(letters) for letters in (first, second, result))
    if repeats or (set(first) ^ set(second)) - set(result) or not shared - set(result):
        raise node.refuse(
            f"its equation is {equation!r}",
            "sum letters of both operands only, and write the rest as ReduceSum, Mul and Transpose",
        )
    return first, second, result


@lowers("CumSum")
def cumulative_sum(scope: Scope, node: Node) -> Tensor:
    """The sum of all elements up to each: a product with ones below the diagonal."""
    x = (
        scope.wide(node.inputs[0])
        if scope.graph.types[node.inputs[0]].is_float
        else scope.read(node.inputs[0])
    )
    (named,) = scope.integers(node, node.inputs[1])
    position, rank = named % x.rank, x.rank
    length = x.dims[position]
    counted = np.tri(length, k=-1 if node.attributes.get("exclusive", 0) else 0, dtype=np.int64)
    if node.attributes.get("reverse", 0):
        counted = counted[::-1, ::-1]
    table = scope.builder.constant(counted, Fraction(1), INT8)
    x = fitted(scope, x, 48 - length.bit_length())
    term, result = Affine(0, (0,) * rank, (1,)), scope.target(node)
    places = [term if at == position else axis(at, rank) for at in range(rank)]
    return scope.builder.dot(
        x.dims,
        (length,),
        Read(x, places),
        Read(table, [axis(position, rank), term]),
        result,
        Scaling([x.format.scale / result.scale]),
    )
