"""Operators that yield whole numbers: Floor, Ceil, Round, Sign, Mod, and a Cast of real numbers."""

from __future__ import annotations

from fractions import Fraction

from executor.compiler.graph import Node
from executor.compiler.lowering.scope import Scope, lowers
from executor.compiler.plan import INT32, INT64
from executor.compiler.tensors import Format, Tensor, scalar
from executor.program.ir import Function

ONE = Fraction(1)
WHOLE = Format(INT32, ONE)


def floored(scope: Scope, x: Tensor) -> Tensor:
    """The largest whole number that is not above each element."""
    if x.format.scale >= 1:
        return scope.builder.convert(x, WHOLE)
    return scope.builder.map(Function.DIV, [x, units(x)], WHOLE, ONE)


def units(x: Tensor) -> Tensor:
    """How many units of the tensor make one; what is wide has a power of two of them."""
    return scalar(int(1 / x.format.scale), x.format.scale)


def negated(scope: Scope, x: Tensor) -> Tensor:
    """The negative, in the same unit, of a type in which the least number has one."""
    return scope.builder.map(
        Function.SUB, [scalar(0, x.format.scale), x], Format(INT64, x.format.scale), x.format.scale
    )


def truncated(scope: Scope, x: Tensor) -> Tensor:
    """Whole numbers, rounded towards zero."""
    down = floored(scope, x)
    up = scope.builder.map(Function.SUB, [scalar(0, ONE), floored(scope, negated(scope, x))], WHOLE, ONE)
    return scope.builder.map(Function.SELECT, [x, down, up], WHOLE, ONE)


@lowers("Floor")
def floor(scope: Scope, node: Node) -> Tensor:
    """Rounded down."""
    return scope.to_target(node, floored(scope, scope.wide(node.inputs[0])))


@lowers("Ceil")
def ceil(scope: Scope, node: Node) -> Tensor:
    """Rounded up: the negative of the negative, rounded down."""
    down = floored(scope, negated(scope, scope.wide(node.inputs[0])))
    return scope.builder.map(Function.SUB, [scalar(0, ONE), down], scope.target(node), ONE)


@lowers("Round")
def round_(scope: Scope, node: Node) -> Tensor:
    """The nearest whole number; of two as near, the even one.

    That is the floor of x + 1/2, less one where x + 1/2 is whole and odd.
    """
    x, build = scope.wide(node.inputs[0]), scope.builder
    unit = x.format.scale
    if unit >= 1:
        return scope.to_target(node, x)
    half, two = scalar(int(1 / unit) // 2, unit), scalar(2, ONE)
    raised = build.map(Function.ADD, [x, half], Format(INT64, unit), unit)
    up = floored(scope, raised)
    whole = build.map(Function.MUL, [up, units(x)], raised.format, unit)
    is_tie = build.map(Function.EQ, [raised, whole], WHOLE, ONE)
    pairs = build.map(Function.DIV, [up, two], WHOLE, ONE)
    even = build.map(Function.MUL, [pairs, two], WHOLE, ONE)
    odd = build.map(Function.SUB, [up, even], WHOLE, ONE)
    lowered = build.map(Function.MUL, [is_tie, odd], WHOLE, ONE)
    return build.map(Function.SUB, [up, lowered], scope.target(node), ONE)


@lowers("Sign")
def sign(scope: Scope, node: Node) -> Tensor:
    """One, zero or minus one."""
    x, zero = scope.values[node.inputs[0]], scalar(0, ONE)
    above = scope.builder.map(Function.LT, [zero, x], WHOLE, ONE)
    below = scope.builder.map(Function.LT, [x, zero], WHOLE, ONE)
    return scope.builder.map(Function.SUB, [above, below], scope.target(node), ONE)


@lowers("Mod")
def mod(scope: Scope, node: Node) -> Tensor:
    """What a division of whole numbers, rounded down, leaves; its sign is the divisor's."""
    if node.attributes.get("fmod", 0) or scope.graph.types[node.outputs[0]].is_float:
        raise node.refuse(
            "it divides real numbers, or rounds towards zero", "only Mod of integers can be compiled"
        )
    a, b = (scope.read(name) for name in node.inputs)
    quotient = scope.builder.map(Function.DIV, [a, b], WHOLE, ONE)
    whole = scope.builder.map(Function.MUL, [quotient, b], Format(INT64, ONE), ONE)
    return scope.builder.map(Function.SUB, [a, whole], scope.target(node), ONE)
