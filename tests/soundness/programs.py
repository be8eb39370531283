"""Random small programs, each written around one kind of operation, from a seeded generator.

A failure names its seed: `random_program(Random(seed), kind)` is the same program again.
"""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random

import numpy as np

from executor.program import InvalidProgram, validate
from executor.program.intervals import output_interval
from executor.program.ir import (
    Constant,
    ElementType,
    Function,
    Interval,
    Opcode,
    Operation,
    Program,
    Source,
    TensorType,
    View,
)
from tests.program.strategies import prune
from tests.soundness.views import Readable, constant_view, some_scaling, some_value, some_view

FUNCTIONS = tuple(function for function in Function if function is not Function.NONE)
KINDS = ("dot", "max", "gather", *(f"map {function.name.lower()}" for function in FUNCTIONS))
"""What an operation computes."""

INT8, INT16, INT32, INT64 = ElementType
ELEMENTS = (INT8, INT8, INT8, INT16, INT16, INT32, INT32, INT64)
RANKS = (1, 1, 1, 2, 2, 2, 3, 3, 4, 8)
TRIES = 400


def kind_of(operation: Operation) -> str:
    """Which of KINDS an operation is."""
    name = operation.opcode.name.lower()
    return f"map {operation.function.name.lower()}" if operation.opcode is Opcode.MAP else name


def random_program(rng: Random, kind: str) -> Program:
    """A valid program whose last operation is of this kind."""
    for _ in range(TRIES):
        program = Sketch(rng, kind).program()
        if program is not None:
            try:
                validate(program)
            except InvalidProgram:
                continue
            return program
    raise AssertionError(f"{TRIES} programs around {kind} in a row are not valid")


def random_data(rng: Random, program: Program) -> bytes:
    """Input bytes, sometimes fewer than the program takes; a step input asks for few steps."""
    data = bytearray()
    for number, tensor in enumerate(program.inputs):
        data += bytes(program.input_offsets[number] - len(data))
        element = tensor.element
        values = [some_value(rng, element) for _ in range(tensor.count)]
        if number == program.step_input:
            values[0] = rng.randint(-1, program.step_bound + 1)
        data += b"".join(value.to_bytes(element.width, "big", signed=True) for value in values)
    return bytes(data[: rng.randint(0, len(data))] if rng.random() < 0.1 else data)


class Sketch:
    """A program while it is written: an operation is kept only if no value of it can reach 2^63."""

    def __init__(self, rng: Random, kind: str) -> None:
        self.rng = rng
        self.kind = kind
        self.long_rows = kind == "dot" and rng.random() < 0.6
        self.recurrent = not self.long_rows and rng.random() < (0.5 if kind in ("dot", "max") else 0.25)
        self.steps = rng.choice([3, 4, 5]) if self.recurrent else rng.choice([1, 1, 2, 3, 4])
        self.inputs = [self.tensor() for _ in range(rng.randint(1, 2))]
        self.constants = [self.constant() for _ in range(rng.randint(0, 3))]
        repeated = self.steps > 1 and rng.random() < 0.3
        self.step_input = rng.randrange(len(self.inputs)) if repeated else None
        self.results: list[TensorType] = []
        self.operations: list[Operation] = []
        self.intervals: list[Interval] = []

    def program(self) -> Program | None:
        """The whole, its last operation of the wanted kind; None where no such operation was found."""
        rng = self.rng
        kinds = [*(rng.choice(KINDS) for _ in range(rng.choice([0, 1, 1, 2, 3]))), self.kind]
        self.results = [self.result() for _ in kinds]
        for number, wanted in enumerate(kinds):
            if not any(self.keep(self.operation(wanted, number)) for _ in range(12)):
                return None
        return prune(self.whole(self.operations))

    def whole(self, operations: list[Operation]) -> Program:
        return Program(
            tuple(operations), tuple(self.inputs), tuple(self.constants), self.steps, self.step_input
        )

    def keep(self, operation: Operation) -> bool:
        """Keep an operation whose values are bounded."""
        # a history may name what is not written yet: of that the types are known
        listed = [replace(operation, result=result) for result in self.results]
        try:
            interval = output_interval(self.whole(listed), operation, self.intervals)
        except InvalidProgram:
            return False
        self.operations.append(operation)
        self.intervals.append(interval)
        return True

    def tensor(self) -> TensorType:
        """An input or a constant, sometimes of several tiles."""
        rng = self.rng
        if self.long_rows:
            return TensorType(INT8, rng.choice([(rng.randint(900, 2600),), (rng.randint(3, 9), 400)]))
        if rng.random() < 0.35:
            dims = rng.choice(
                [(rng.randint(900, 2600),), (rng.randint(3, 40), 64), (3, rng.randint(300, 700))]
            )
            return TensorType(rng.choice(ELEMENTS[:5]), dims)
        return self.small(60)

    def result(self) -> TensorType:
        """An output, rarely of several tiles."""
        rng = self.rng
        if rng.random() < 0.05:
            return TensorType(rng.choice(ELEMENTS[:5]), (rng.randint(500, 1300),))
        return self.small(30)

    def small(self, most: int) -> TensorType:
        rng = self.rng
        dims = [rng.choice([1, 2, 3, 4, 5]) for _ in range(rng.choice(RANKS))]
        while math.prod(dims) > most:
            dims[rng.randrange(len(dims))] = 1
        return TensorType(rng.choice(ELEMENTS), tuple(dims))

    def constant(self) -> Constant:
        tensor = self.tensor()
        values = [some_value(self.rng, tensor.element) for _ in range(tensor.count)]
        return Constant(tensor, np.array(values, tensor.element.native))

    def readable(self, number: int) -> list[Readable]:
        """What operation `number` may read."""
        found = [Readable(Source.INPUT, i, tensor) for i, tensor in enumerate(self.inputs)]
        found += [Readable(Source.CONSTANT, i, constant.type) for i, constant in enumerate(self.constants)]
        found += [Readable(Source.OUTPUT, i, tensor) for i, tensor in enumerate(self.results[:number])] * 2
        if self.steps > 1 or self.rng.random() < 0.2:
            histories = enumerate(self.results)
            found += [Readable(Source.HISTORY, i, tensor, self.steps) for i, tensor in histories]
        return found

    def operation(self, kind: str, number: int) -> Operation:
        """A random operation of this kind in that place."""
        rng, result = self.rng, self.results[number]
        opcode = Opcode.MAP if kind.startswith("map") else Opcode[kind.upper()]
        function, chunk, value = Function.NONE, 0, 0
        reduction: tuple[int, ...] = ()
        if opcode is Opcode.MAP:
            function = Function[kind.removeprefix("map ").upper()]
            if function is Function.DIV:
                value = rng.choice([0, 1, 8, 20, 30])
            elif function is Function.SHIFT:
                value = rng.choice([0, 1, 2, 7, 31, 62])
        elif opcode is Opcode.GATHER:
            value = rng.choice([0, 0, 1, -1, 8, -8])
        else:
            reduction = self.reduction(result.count)
            terms = math.prod(reduction)
            chunk = max(rng.choice([terms, terms, rng.randint(1, terms), -(-terms // 3)]), -(-terms // 40))
        operation = Operation(
            opcode=opcode,
            result=result,
            operands=self.operands(opcode, function, number, reduction),
            multiplier=constant_view(1, result.dims, len(reduction)),
            bias=constant_view(0, result.dims, len(reduction)),
            function=function,
            immediate=value,
            reduction=reduction,
            chunk=chunk,
        )
        return self.scaled(operation, number)

    def reduction(self, outputs: int) -> tuple[int, ...]:
        """Few terms, or long rows where there are few outputs."""
        rng = self.rng
        if self.recurrent:
            return rng.choice([(rng.randint(2, 4),), (rng.randint(2, 4), rng.randint(1, 3))])
        if self.long_rows or (outputs < 8 and rng.random() < 0.3):
            most = 400 if outputs < 8 else 80
            return rng.choice([(rng.randint(30, most),), (rng.randint(2, 4), rng.randint(30, most // 2))])
        return tuple(rng.choice([1, 2, 3, 4]) for _ in range(rng.choice([1, 1, 2, 2, 3, 7])))[:7]

    def operands(
        self, opcode: Opcode, function: Function, number: int, reduction: tuple[int, ...]
    ) -> tuple[View, ...]:
        """As many views as the operation takes; where it may be, one of them is an immediate now and then."""
        rng, dims = self.rng, self.results[number].dims
        sources = self.readable(number)
        arity = {Opcode.DOT: 2, Opcode.MAX: 1, Opcode.GATHER: 2}.get(opcode, function.arity)
        if opcode is Opcode.MAX:  # of a history that may be empty nothing has a type
            sources = [read for read in sources if read.source is not Source.HISTORY or read.index < number]
        if opcode is Opcode.DOT and (self.long_rows or rng.random() < 0.5):
            sources = [read for read in sources if read.tensor.element is INT8] or sources
        rows = self.long_rows and opcode is Opcode.DOT and rng.random() < 0.9
        histories = [read for read in sources if read.source is Source.HISTORY]
        if self.recurrent and number == len(self.results) - 1:
            sources = histories or sources
        if rows:
            sources = [read for read in sources if read.tensor.count > 400] or sources
        views = []
        for place in range(arity):
            read = rng.choice(sources)
            replaceable = opcode in (Opcode.DOT, Opcode.MAP) or (opcode is Opcode.GATHER and place == 0)
            if replaceable and rng.random() < 0.15:
                views.append(
                    constant_view(some_value(rng, rng.choice(list(ElementType))), dims, len(reduction))
                )
            elif opcode is Opcode.GATHER and place == 1:  # its offset is within a row of the table
                row = TensorType(read.tensor.element, read.tensor.dims[1:] or (1,))
                views.append(some_view(rng, replace(read, tensor=row, entries=1), dims, (), self.steps))
            else:
                views.append(some_view(rng, read, dims, reduction, self.steps, rows))
        return tuple(views)

    def scaled(self, operation: Operation, number: int) -> Operation:
        """With a random multiplier, bias and shift, none of them more often than not."""
        rng, dims, depth = self.rng, operation.result.dims, len(operation.reduction)
        shift, multiplier, bias = (
            rng.choice([0, 0, 0, 1, 5, 20, 40, 62]),
            operation.multiplier,
            operation.bias,
        )
        style = rng.choice(["none", "none", "number", "number", "large", "view"])
        if style == "number":
            multiplier = constant_view(
                rng.choice([-1, 1, 3, -7, 0, rng.randint(-(1 << 15), 1 << 15)]), dims, depth
            )
        elif style == "large":
            bits = rng.randint(24, 58)
            multiplier = constant_view(rng.choice([1, -1]) * rng.randint(1, 1 << bits), dims, depth)
        elif style == "view":
            multiplier = some_scaling(rng, self.readable(number), dims, depth, self.steps)
        style = rng.choice(["none", "none", "number", "view"])
        if style == "number":
            bias = constant_view(rng.choice([-1, 1, rng.randint(-(1 << 20), 1 << 20)]), dims, depth)
        elif style == "view":
            bias = some_scaling(rng, self.readable(number), dims, depth, self.steps)
        return replace(operation, multiplier=multiplier, bias=bias, shift=shift)
