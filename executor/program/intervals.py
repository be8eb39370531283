"""Static intervals: the proof that no value of a program reaches 2^63, and no offset into a tensor 2^62.

Every output gets an interval from the intervals of its operands: constants have theirs by inspection, inputs
and histories the range of their type, outputs the one found here. A view that can miss its source also reads
its fill.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

from executor.program.arithmetic import half
from executor.program.ir import (
    ElementType,
    Function,
    Interval,
    InvalidProgram,
    Opcode,
    Operation,
    Program,
    Source,
    View,
)
from executor.program.views import always_present, form_interval

LIMIT = 1 << 63
OFFSET_LIMIT = 1 << 62
"""No offset and no guard may reach it, so that they, too, are exact in int64."""


def output_interval(program: Program, operation: Operation, outputs: Sequence[Interval]) -> Interval:
    """Interval of the operation's output, given those of all operations before it.

    InvalidProgram if something on the way to it may reach 2^63.
    """
    found: list[Interval] = []
    skipped = None
    dims = operation.result.dims + operation.reduction
    for name, view in operation.named_views:
        if view.source is Source.IMMEDIATE:
            found.append((view.fill, view.fill))
            continue
        tensor, interval = program.source_type(view), _source_interval(program, view, outputs)
        is_table = operation.opcode is Opcode.GATHER and name == "operand 1"
        last_row = tensor.count - tensor.count // tensor.dims[0] if is_table else 0
        reaches = _reaches(view, name, dims, program.step_bound)
        may_miss = view.source is Source.HISTORY or not always_present(view, reaches, tensor.count, last_row)
        if operation.opcode is Opcode.MAX and name == "operand 0":
            lowest = tensor.element.interval[0]
            skipped = (lowest, lowest) if may_miss else None
        elif may_miss:
            interval = union(interval, (view.fill, view.fill))
        found.append(interval)
    return _rescaled(operation, found[:-2], skipped, multiplier=found[-2], bias=found[-1])


def _reaches(view: View, name: str, dims: Sequence[int], steps: int) -> list[Interval]:
    """Intervals of the view's offset and of its guards."""
    reaches = [form_interval(form, dims, steps) for form in view.forms]
    for number, (low, high) in enumerate(reaches):
        if max(-low, high) >= OFFSET_LIMIT:
            where = f"guard {number - 1}" if number else "offset"
            raise InvalidProgram(f"{name}: {where} may reach {max(-low, high)}, above 2^62")
    return reaches


def _source_interval(program: Program, view: View, outputs: Sequence[Interval]) -> Interval:
    match view.source:
        case Source.CONSTANT:
            return program.constants[view.index].interval
        case Source.OUTPUT:
            return outputs[view.index]
    return program.source_type(view).element.interval


def _rescaled(
    operation: Operation,
    operands: Sequence[Interval],
    skipped: Interval | None,
    multiplier: Interval,
    bias: Interval,
) -> Interval:
    """Interval of the output, given those of what the views read.

    `skipped` is what a `max` yields where it skips every element, None if it never does.
    """
    exact, largest = _exact_interval(operation, operands, skipped)
    biased = largest + _magnitude(bias)
    rescaled = biased * max(_magnitude(multiplier), 1) + half(operation.shift)
    if rescaled >= LIMIT:
        raise InvalidProgram(f"(|acc| + |bias|) * |m| + h may reach {rescaled}, which is not below 2^63")
    scaled = _products((exact[0] + bias[0], exact[1] + bias[1]), multiplier)
    low, high = ((bound + half(operation.shift)) >> operation.shift for bound in scaled)
    return saturated((low, high), operation.result.element)


def _exact_interval(
    operation: Operation, operands: Sequence[Interval], skipped: Interval | None
) -> tuple[Interval, int]:
    """Interval before bias and rescale, and the largest magnitude of it or of a partial sum in any order."""
    match operation.opcode:
        case Opcode.DOT:
            low, high = _products(operands[0], operands[1])
            return (low * operation.terms, high * operation.terms), _magnitude((low, high)) * operation.terms
        case Opcode.MAX:
            exact = union(operands[0], skipped) if skipped else operands[0]
        case Opcode.GATHER:
            _bounded("|index| + |offset|", _magnitude(operands[0]) + abs(operation.immediate))
            exact = operands[1]
        case Opcode.MAP:
            exact = function_interval(operation.function, operands, operation.immediate)
    return exact, _magnitude(exact)


def function_interval(function: Function, operands: Sequence[Interval], p: int) -> Interval:
    """Interval of a `map` before bias and rescale."""
    a, b, c = (*operands, *operands[:1], *operands[:1])[:3]
    match function:
        case Function.ADD:
            return a[0] + b[0], a[1] + b[1]
        case Function.SUB:
            return a[0] - b[1], a[1] - b[0]
        case Function.MUL:
            return _products(a, b)
        case Function.DIV:
            _bounded("|a| * 2^p", _magnitude(a) << p)
            return _quotients((a[0] << p, a[1] << p), b)
        case Function.SHIFT:
            _bounded("|a| + half", _magnitude(a) + half(p))
            return (a[0] + half(p)) >> p, (a[1] + half(p)) >> p
        case Function.MIN:
            return min(a[0], b[0]), min(a[1], b[1])
        case Function.MAX:
            return max(a[0], b[0]), max(a[1], b[1])
        case Function.CLAMP:
            return min(max(a[0], b[0]), c[0]), min(max(a[1], b[1]), c[1])
        case Function.EQ | Function.LT | Function.LE:
            return 0, 1
        case Function.SELECT:
            return union(b, c)
        case Function.ISQRT:
            return math.isqrt(max(a[0], 0)), math.isqrt(max(a[1], 0))
    raise InvalidProgram(f"a map does not compute {function.name}")


def union(a: Interval, b: Interval) -> Interval:
    """The smallest interval that holds both."""
    return min(a[0], b[0]), max(a[1], b[1])


def saturated(interval: Interval, element: ElementType) -> Interval:
    """The interval after saturation to the element type."""
    low, high = element.interval
    return min(max(interval[0], low), high), min(max(interval[1], low), high)


def _products(a: Interval, b: Interval) -> Interval:
    corners = [x * y for x, y in product(a, b)]
    return min(corners), max(corners)


def _quotients(a: Interval, b: Interval) -> Interval:
    """Interval of floor(a / b), and of 0 where b = 0: extremes lie at the ends of b and next to zero."""
    divisors = [d for d in (b[0], -1, 1, b[1]) if b[0] <= d <= b[1] and d != 0]
    corners = [x // d for x, d in product(a, divisors)]
    if b[0] <= 0 <= b[1]:
        corners.append(0)
    return min(corners), max(corners)


def _magnitude(interval: Interval) -> int:
    return max(abs(interval[0]), abs(interval[1]))


def _bounded(what: str, value: int) -> None:
    if value >= LIMIT:
        raise InvalidProgram(f"{what} may reach {value}, which is not below 2^63")
