"""Operators on elements that need no table: sums, products, quotients, bounds, comparisons, choices."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from executor.compiler.builder import magnitude
from executor.compiler.graph import Node
from executor.compiler.lowering.rounding import truncated
from executor.compiler.lowering.scope import Scope, lowers, power_of_two_unit, quantise
from executor.compiler.plan import INT32, INT64
from executor.compiler.tensors import Format, Tensor, scalar
from executor.program.ir import ElementType, Function

ONE = Fraction(1)


@lowers("Add", "Sub", "Sum")
def add(scope: Scope, node: Node) -> Tensor:
    """Sums of tensors in one wide format."""
    wanted = scope.target(node)
    wide = Format(max(wanted.element, INT32), wanted.scale)
    total, *others = [scope.as_format(name, wide) for name in node.inputs]
    function = Function.SUB if node.operator == "Sub" else Function.ADD
    for other in others[:-1]:
        total = scope.builder.map(function, [total, other], wide, wide.scale)
    if not others:
        return scope.to_target(node, total)
    return scope.builder.map(function, [total, others[-1]], wanted, wide.scale)


@lowers("Mean")
def mean(scope: Scope, node: Node) -> Tensor:
    """The mean of tensors, element by element."""
    wanted = scope.target(node)
    total, *others = [scope.as_format(name, wanted) for name in node.inputs]
    for other in others:
        total = scope.builder.map(Function.ADD, [total, other], Format(INT64, wanted.scale), wanted.scale)
    return scope.to_target(node, total.rescaled(Fraction(1, len(node.inputs))))


@lowers("Mul")
def mul(scope: Scope, node: Node) -> Tensor:
    """Products of elements; by one positive number, only the unit changes."""
    for name, other in (node.inputs, node.inputs[::-1]):
        value = scope.graph.scalar(other)
        if value is not None and scope.graph.types[node.outputs[0]].is_float:
            return by_number(scope, node, name, Fraction(value))
    a, b = (scope.read(name) for name in node.inputs)
    return multiply(scope, a, b, scope.target(node))


def by_number(scope: Scope, node: Node, name: str, value: Fraction) -> Tensor:
    """The tensor times a number."""
    tensor = scope.values[name]
    if value == 0:
        raise node.refuse("it multiplies by zero", "leave the branch out")
    tensor = tensor.rescaled(abs(value))
    if value > 0:
        return scope.to_target(node, tensor.broadcast(scope.dims(node.outputs[0])))
    zero = scalar(0, tensor.format.scale)
    return scope.builder.map(Function.SUB, [zero, tensor], scope.target(node), tensor.format.scale)


def multiply(scope: Scope, a: Tensor, b: Tensor, result: Format) -> Tensor:
    """Element by element; wide operands are narrowed where 63 bits would not hold product and multiplier."""

    def bits(tensor: Tensor) -> int:
        return magnitude(scope.builder.seen(tensor)).bit_length()

    exact = a.format.scale * b.format.scale / result.scale
    most = 62 if is_power_of_two(exact) and exact <= 1 else 43
    while bits(a) + bits(b) > most:
        a, b = sorted((a, b), key=bits)
        b = fitted(scope, b, bits(b) - min(8, bits(a) + bits(b) - most))
    return scope.builder.map(Function.MUL, [a, b], result, a.format.scale * b.format.scale)


def is_power_of_two(ratio: Fraction) -> bool:
    """Whether a multiplier of one, and a shift, scale by this ratio exactly."""
    return ratio.numerator.bit_count() == ratio.denominator.bit_count() == 1


def fitted(scope: Scope, tensor: Tensor, bits: int) -> Tensor:
    """The tensor in a coarser unit, in which its magnitude is below 2^bits."""
    excess = magnitude(scope.builder.seen(tensor)).bit_length() - bits
    if excess <= 0:
        return tensor
    element = next(element for element in ElementType if bits < 8 * element.width)
    return scope.builder.convert(tensor, Format(element, tensor.format.scale * 2**excess))


@lowers("Div")
def div(scope: Scope, node: Node) -> Tensor:
    """Quotients: by a number, only the unit changes; by constants, products with their reciprocals."""
    divisor = scope.constant(node.inputs[1])
    if not scope.graph.types[node.outputs[0]].is_float:
        raise node.refuse("it divides integers", "divide real numbers instead")
    if divisor is not None and divisor.size == 1:
        return by_number(scope, node, node.inputs[0], 1 / Fraction(float(divisor.reshape(-1)[0])))
    if divisor is not None:
        reciprocals = 1 / divisor.astype(np.float64)
        wide = Format(INT32, power_of_two_unit(reciprocals))
        factor = scope.builder.constant(quantise(reciprocals, wide), wide.scale, INT32)
        return multiply(scope, scope.read(node.inputs[0]), factor, scope.target(node))
    return quotient(scope, scope.wide(node.inputs[0]), scope.wide(node.inputs[1]), scope.target(node))


@lowers("Reciprocal")
def reciprocal(scope: Scope, node: Node) -> Tensor:
    """One over each element."""
    return quotient(scope, scalar(1 << 31, ONE / 2**31), scope.wide(node.inputs[0]), scope.target(node))


def quotient(scope: Scope, a: Tensor, b: Tensor, result: Format) -> Tensor:
    """a / b. Eight bits more than the result keeps come before the division's floor, if there is room.

    Below 2^52, so that floating point divides exactly too, and ten bits are left for the multiplier.
    """
    a = fitted(scope, a, 51)
    numerator, bits = magnitude(scope.builder.seen(a)), 0
    unit = a.format.scale / b.format.scale
    while bits < 30 and unit / 2**bits > result.scale / 256 and numerator << (bits + 1) < 1 << 52:
        bits += 1
    return scope.builder.map(Function.DIV, [a, b], result, unit / 2**bits, bits)


@lowers("Sqrt")
def sqrt(scope: Scope, node: Node) -> Tensor:
    """Square roots; of what is negative, zero."""
    return square_root(scope, scope.values[node.inputs[0]], scope.target(node))


def square_root(scope: Scope, x: Tensor, result: Format) -> Tensor:
    """The root of a tensor whose unit is a power of two, to about 30 bits."""
    exponent = x.format.scale.numerator.bit_length() - x.format.scale.denominator.bit_length()
    room = 61 - magnitude(scope.builder.seen(x)).bit_length()
    lift = room - (room + exponent) % 2
    if lift > 0:
        fine = Format(INT64, x.format.scale / 2**lift)
        x = scope.builder.map(Function.MUL, [x, scalar(1 << lift, ONE / 2**lift)], fine, fine.scale)
    elif exponent % 2:
        x = scope.builder.convert(x, Format(x.format.element, x.format.scale * 2))
    exponent = x.format.scale.numerator.bit_length() - x.format.scale.denominator.bit_length()
    return scope.builder.map(Function.ISQRT, [x], result, Fraction(2) ** (exponent // 2))


@lowers("Pow")
def power(scope: Scope, node: Node) -> Tensor:
    """Squares and square roots; other powers are tables."""
    exponent = scope.graph.scalar(node.inputs[1])
    if exponent == 2.0:
        x = scope.read(node.inputs[0])
        return multiply(scope, x, x, scope.target(node))
    if exponent == 0.5:
        return square_root(scope, scope.wide(node.inputs[0]), scope.target(node))
    if exponent == 1.0:
        return scope.to_target(node, scope.values[node.inputs[0]])
    raise node.refuse("its exponent is not one number", "give it a constant scalar exponent")


@lowers("Neg")
def neg(scope: Scope, node: Node) -> Tensor:
    """The negative."""
    x = scope.values[node.inputs[0]]
    return scope.builder.map(Function.SUB, [scalar(0, ONE), x], scope.target(node), x.format.scale)


@lowers("Abs")
def absolute(scope: Scope, node: Node) -> Tensor:
    """The magnitude: the larger of x and -x."""
    x = scope.values[node.inputs[0]]
    negative = scope.builder.map(
        Function.SUB, [scalar(0, ONE), x], Format(INT64, x.format.scale), x.format.scale
    )
    return scope.builder.map(Function.MAX, [x, negative], scope.target(node), x.format.scale)


@lowers("Relu")
def relu(scope: Scope, node: Node) -> Tensor:
    """The larger of x and zero."""
    x = scope.values[node.inputs[0]]
    return scope.builder.map(Function.MAX, [x, scalar(0, x.format.scale)], scope.target(node), x.format.scale)


@lowers("LeakyRelu")
def leaky_relu(scope: Scope, node: Node) -> Tensor:
    """x where it is positive, else alpha x."""
    x = scope.values[node.inputs[0]]
    alpha = Fraction(float(node.attributes.get("alpha", 0.01)))
    lowered = scope.builder.map(
        Function.MUL, [x, scalar(1, ONE)], Format(INT32, x.format.scale), x.format.scale * alpha
    )
    return scope.builder.map(Function.SELECT, [x, x, lowered], scope.target(node), x.format.scale)


@lowers("PRelu")
def parametric_relu(scope: Scope, node: Node) -> Tensor:
    """x where it is positive, else slope x."""
    x = scope.values[node.inputs[0]]
    lowered = multiply(scope, x, scope.read(node.inputs[1]), Format(INT32, x.format.scale))
    return scope.builder.map(Function.SELECT, [x, x, lowered], scope.target(node), x.format.scale)


@lowers("Clip")
def clip(scope: Scope, node: Node) -> Tensor:
    """Held between two numbers."""
    x = scope.values[node.inputs[0]]
    low, high = x.format.element.interval
    bounds = []
    for position, open_end in ((1, low), (2, high)):
        name = node.input(position)
        exact = (
            round(Fraction(float(scope.reals(node, name).reshape(-1)[0])) / x.format.scale)
            if name
            else open_end
        )
        bounds.append(scalar(min(max(exact, low), high), x.format.scale))
    return scope.builder.map(Function.CLAMP, [x, *bounds], scope.target(node), x.format.scale)


@lowers("Max", "Min")
def extreme(scope: Scope, node: Node) -> Tensor:
    """The largest or smallest of several tensors in one format."""
    wanted = scope.target(node)
    found, *others = [scope.as_format(name, wanted) for name in node.inputs]
    function = Function.MAX if node.operator == "Max" else Function.MIN
    for other in others:
        found = scope.builder.map(function, [found, other], wanted, wanted.scale)
    return found


@lowers("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual")
def compare(scope: Scope, node: Node) -> Tensor:
    """One where the comparison holds, else zero."""
    a, b = in_one_format(scope, node)
    if node.operator.startswith("Greater"):
        a, b = b, a
    function = {"Equal": Function.EQ}.get(
        node.operator, Function.LE if node.operator.endswith("OrEqual") else Function.LT
    )
    return scope.builder.map(function, [a, b], scope.target(node), ONE)


def in_one_format(scope: Scope, node: Node) -> list[Tensor]:
    """Both operands in the wide format of the one that is computed."""
    name = next(name for name in node.inputs if scope.constant(name) is None)
    wanted = scope.plan.wide(name) if scope.graph.types[name].is_float else Format(INT32, ONE)
    return [scope.as_format(name, wanted) for name in node.inputs]


@lowers("Not")
def negation(scope: Scope, node: Node) -> Tensor:
    """One where x is zero, else zero."""
    x = scope.values[node.inputs[0]]
    return scope.builder.map(Function.EQ, [x, scalar(0, ONE)], scope.target(node), ONE)


@lowers("And", "Or", "Xor")
def logic(scope: Scope, node: Node) -> Tensor:
    """Of truth values, which are zero or one."""
    operands = [scope.read(name) for name in node.inputs]
    if node.operator == "Xor":
        same = scope.builder.map(Function.EQ, operands, scope.target(node), ONE)
        return scope.builder.map(Function.EQ, [same, scalar(0, ONE)], scope.target(node), ONE)
    function = Function.MUL if node.operator == "And" else Function.MAX
    return scope.builder.map(function, operands, scope.target(node), ONE)


@lowers("Where")
def where(scope: Scope, node: Node) -> Tensor:
    """The second where the condition holds, else the third."""
    wanted = scope.target(node)
    chosen = [scope.as_unit(name, wanted) for name in node.inputs[1:]]
    return scope.builder.map(Function.SELECT, [scope.read(node.inputs[0]), *chosen], wanted, wanted.scale)


@lowers("Cast")
def cast(scope: Scope, node: Node) -> Tensor:
    """Between kinds of numbers; real ones become integers by rounding towards zero."""
    x = scope.values[node.inputs[0]]
    real = scope.graph.types[node.inputs[0]].is_float
    kind = scope.graph.types[node.outputs[0]]
    if kind.is_float or not real:
        if kind.dtype == np.bool_ and scope.graph.types[node.inputs[0]].dtype != np.bool_:
            return _truth(scope, node, x)
        return scope.to_target(node, x)
    if kind.dtype == np.bool_:
        return _truth(scope, node, x)
    return truncated(scope, scope.wide(node.inputs[0]))


def _truth(scope: Scope, node: Node, x: Tensor) -> Tensor:
    """One where x is not zero."""
    zero = scope.builder.map(Function.EQ, [x, scalar(0, ONE)], scope.target(node), ONE)
    return scope.builder.map(Function.EQ, [zero, scalar(0, ONE)], scope.target(node), ONE)
