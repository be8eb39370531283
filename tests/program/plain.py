"""A second evaluator of programs: slow loops over Python integers, written from the rules alone.

It shares the program's classes with the interpreter and no arithmetic, no view and no numpy.
"""

from __future__ import annotations

from itertools import product
from math import prod

from executor.program.ir import Function, Opcode, Operation, Program, Source, View

LOWEST = {0: -(2**7), 1: -(2**15), 2: -(2**31), 3: -(2**63)}


def evaluate(program: Program, data: bytes) -> list[list[list[int]]]:
    """Outputs of every step and operation, flat."""
    data = data + bytes(program.input_size - len(data))
    inputs, position = [], 0
    for tensor in program.inputs:
        position = (position + 31) // 32 * 32
        width, values = 2**tensor.element, []
        for _ in range(prod(tensor.dims)):
            values.append(int.from_bytes(data[position : position + width], "big", signed=True))
            position += width
        inputs.append(values)
    steps = program.step_bound
    if program.step_input is not None:
        steps = max(1, min(inputs[program.step_input][0], program.step_bound))
    trace: list[list[list[int]]] = []
    for t in range(steps):
        trace.append([])
        for number, operation in enumerate(program.operations):
            run = Step(program, inputs, trace, number, t)
            trace[t].append([run.element(operation, index) for index in indices(operation.result.dims)])
    return trace


def indices(dims: tuple[int, ...]) -> list[tuple[int, ...]]:
    return list(product(*(range(n) for n in dims)))


class Step:
    """One operation at one step, with everything that exists by then."""

    def __init__(
        self,
        program: Program,
        inputs: list[list[int]],
        trace: list[list[list[int]]],
        number: int,
        t: int,
    ) -> None:
        self.program, self.inputs, self.trace, self.number, self.t = program, inputs, trace, number, t
        self.found: dict[tuple[Source, int], tuple[list[int], int, int]] = {}

    def tensor(self, view: View) -> tuple[list[int], int, int]:
        """Elements, first dimension, and type of what the view reads; the same all through the operation."""
        if (view.source, view.index) not in self.found:
            self.found[view.source, view.index] = self.find(view)
        return self.found[view.source, view.index]

    def find(self, view: View) -> tuple[list[int], int, int]:
        program = self.program
        if view.source is Source.INPUT:
            tensor = program.inputs[view.index]
            return self.inputs[view.index], tensor.dims[0], tensor.element
        if view.source is Source.CONSTANT:
            constant = program.constants[view.index]
            return [int(x) for x in constant.data], constant.type.dims[0], constant.type.element
        result = program.operations[view.index].result
        if view.source is Source.OUTPUT:
            return self.trace[self.t][view.index], result.dims[0], result.element
        last = self.t + 1 if view.index < self.number else self.t
        stack = [x for t in range(last) for x in self.trace[t][view.index]]
        return stack, last, result.element

    def locate(self, view: View, out: tuple[int, ...], red: tuple[int, ...] = (), row: int = 0) -> int | None:
        """The flat offset of the element that is read; None where that is the fill."""
        if view.source is Source.IMMEDIATE:
            return None
        for guard in view.guards:
            form = guard.form
            value = form.constant + form.step * self.t
            value += sum(g * i for g, i in zip(form.output, out, strict=True))
            value += sum(g * i for g, i in zip(form.reduction, red, strict=True)) if red else 0
            if not 0 <= value < guard.limit:
                return None
        flat = row + view.offset.constant + view.offset.step * self.t
        flat += sum(s * i for s, i in zip(view.offset.output, out, strict=True))
        flat += sum(s * i for s, i in zip(view.offset.reduction, red, strict=True)) if red else 0
        return flat if 0 <= flat < len(self.tensor(view)[0]) else None

    def read(
        self, view: View, out: tuple[int, ...], red: tuple[int, ...] = (), row: int = 0
    ) -> tuple[int, bool]:
        """The value, and whether it is an element (else it is the fill)."""
        flat = self.locate(view, out, red, row)
        return (view.fill, False) if flat is None else (self.tensor(view)[0][flat], True)

    def row(self, op: Operation, out: tuple[int, ...]) -> int:
        """Where in the table of a gather the row begins that its first operand names."""
        elements, first, _ = self.tensor(op.operands[1])
        index = self.read(op.operands[0], out)[0] + op.immediate
        index = min(max(index, 0), first - 1)
        return index * (len(elements) // first) if first else 0

    def exact(self, op: Operation, out: tuple[int, ...], reduced: list[tuple[int, ...]]) -> int:
        """What the opcode computes; a reduction over the given ones of its indices."""
        if op.opcode is Opcode.DOT:
            total = 0
            for red in reduced:
                total += self.read(op.operands[0], out, red)[0] * self.read(op.operands[1], out, red)[0]
            return total
        if op.opcode is Opcode.MAX:
            best = LOWEST[self.tensor(op.operands[0])[2]]
            for red in reduced:
                value, is_element = self.read(op.operands[0], out, red)
                if is_element:
                    best = max(best, value)
            return best
        if op.opcode is Opcode.GATHER:
            return self.read(op.operands[1], out, row=self.row(op, out))[0]
        return function(op.function, [self.read(view, out)[0] for view in op.operands], op.immediate)

    def rescaled(self, op: Operation, out: tuple[int, ...], exact: int) -> int:
        """The element that an exact value becomes."""
        bias = self.read(op.bias, out, (0,) * len(op.reduction))[0]
        m = self.read(op.multiplier, out, (0,) * len(op.reduction))[0]
        return finish(exact, bias, m, op.shift, op.result.element)

    def element(self, op: Operation, out: tuple[int, ...]) -> int:
        return self.rescaled(op, out, self.exact(op, out, indices(op.reduction)))


def finish(exact: int, bias: int, m: int, s: int, element: int) -> int:
    """Rescale by floor, then saturate."""
    h = 2 ** (s - 1) if s > 0 else 0
    value = ((exact + bias) * m + h) // 2**s
    return max(LOWEST[element], min(-LOWEST[element] - 1, value))


def function(name: Function, x: list[int], p: int) -> int:
    a = x[0]
    b = x[1] if len(x) > 1 else 0
    c = x[2] if len(x) > 2 else 0
    if name is Function.ADD:
        return a + b
    if name is Function.SUB:
        return a - b
    if name is Function.MUL:
        return a * b
    if name is Function.DIV:
        return 0 if b == 0 else a * 2**p // b
    if name is Function.SHIFT:
        return a if p == 0 else (a + 2 ** (p - 1)) // 2**p
    if name is Function.MIN:
        return a if a < b else b
    if name is Function.MAX:
        return a if a > b else b
    if name is Function.CLAMP:
        raised = b if a < b else a
        return c if raised > c else raised
    if name is Function.EQ:
        return 1 if a == b else 0
    if name is Function.LT:
        return 1 if a < b else 0
    if name is Function.LE:
        return 1 if a <= b else 0
    if name is Function.SELECT:
        return b if a > 0 else c
    assert name is Function.ISQRT
    if a <= 0:
        return 0
    low, high = 0, 2**32
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle * middle <= a else (low, middle)
    return low
