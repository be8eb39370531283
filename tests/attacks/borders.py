"""Random programs whose intervals end where an implementation may change its ways: at the widths of
registers, at what floating-point numbers hold exactly, at the ends of types, and one beside each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import numpy as np

from executor.program import InvalidProgram, Program, validate
from executor.program.intervals import output_interval
from executor.program.ir import (
    Affine,
    Constant,
    ElementType,
    Function,
    Guard,
    Interval,
    Opcode,
    Operation,
    Source,
    TensorType,
    View,
    immediate,
)
from tests.program.strategies import prune

ELEMENTS = list(ElementType)
POWERS = (0, 7, 8, 15, 16, 23, 24, 30, 31, 32, 33, 51, 52, 53, 54, 61, 62)
BORDERS = sorted({sign * (1 << power) + by for power in POWERS for by in (-1, 0, 1) for sign in (1, -1)})
LENGTHS = (1, 2, 3, 5, 8, 17, 100, 257, 511, 513, 1023, 1025)
SHIFTS = (0, 1, 7, 8, 15, 24, 31, 32, 33, 47, 62)
MOST = 2_500
"""Elements of a tensor."""


def value(rng: Random, low: int, high: int) -> int:
    """A number between these, most often an end or a border."""
    chosen = [low, high, *(border for border in BORDERS if low <= border <= high)]
    if rng.random() < 0.7:
        return rng.choice(chosen)
    reach = 1 << rng.randint(0, 62)
    return max(low, min(high, rng.randint(-reach, reach)))


def values(rng: Random, element: ElementType, count: int) -> list[int]:
    """Of a tensor: now and then all of them near one end, so that sums come near theirs."""
    low, high = element.interval
    if rng.random() < 0.3:
        return [high - rng.randint(0, 2)] * count if rng.random() < 0.5 else [low + rng.randint(0, 2)] * count
    return [value(rng, low, high) for _ in range(count)]


def data(rng: Random, program: Program) -> bytes:
    """Input bytes."""
    found = b""
    for offset, tensor in zip(program.input_offsets, program.inputs, strict=True):
        drawn = np.array(values(rng, tensor.element, tensor.count), tensor.element.native)
        found += bytes(offset - len(found)) + drawn.astype(tensor.element.canonical).tobytes()
    return found


def program(rng: Random) -> Program | None:
    """A valid one, or None where what was drawn is none."""
    made = _Drawing(rng)
    for _ in range(rng.randint(3, 14)):
        made.draw()
    if not made.operations:
        return None
    found = prune(made.program())
    try:
        validate(found)
    except InvalidProgram:
        return None
    return found


class _Drawing:
    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.dims = self._dims()
        self.inputs = [
            TensorType(rng.choice(ELEMENTS), self.dims if at else self._dims())
            for at in range(rng.randint(2, 3))
        ]
        self.constants: list[Constant] = []
        self.operations: list[Operation] = []
        self.intervals: list[Interval] = []

    def program(self) -> Program:
        return Program(tuple(self.operations), tuple(self.inputs), tuple(self.constants))

    def draw(self) -> None:
        """One more operation, if its values are bounded; what is bounded by nothing else is clamped first."""
        rng = self.rng
        dims = self.dims if rng.random() < 0.8 else self._dims()
        opcode = rng.choice([Opcode.MAP] * 5 + [Opcode.GATHER] * 2 + [Opcode.DOT, Opcode.MAX])
        function, number = Function.NONE, 0
        reduction: tuple[int, ...] = ()
        if opcode is Opcode.MAP:
            function = rng.choice(list(Function)[1:])
            number = {Function.DIV: rng.choice([0, 1, 15, 30]), Function.SHIFT: rng.choice(SHIFTS)}.get(
                function, 0
            )
            arity = function.arity
        elif opcode is Opcode.GATHER:
            number, arity = rng.choice([0, 0, 1, -1, 128, 1 << 31, -(1 << 62)]), 2
        else:
            reduction, arity = (rng.choice([1, 3, 8, 33]),), 1 if opcode is Opcode.MAX else 2
            dims = dims if math.prod(dims) * reduction[0] <= 8 * MOST else (rng.choice([1, 7, 40]),)
        operands = [
            immediate(value(rng, *ElementType.INT64.interval), len(dims), len(reduction))
            if opcode in (Opcode.MAP, Opcode.DOT) and rng.random() < 0.15
            else self._view(dims, reduction, table=opcode is Opcode.GATHER and at == 1)
            for at in range(arity)
        ]
        operation = Operation(
            opcode,
            TensorType(rng.choice(ELEMENTS), dims),
            tuple(operands),
            immediate(1, len(dims), len(reduction)),
            immediate(0, len(dims), len(reduction)),
            function=function,
            immediate=number,
            reduction=reduction,
            chunk=math.prod(reduction) if reduction else 0,
        )
        if not (self._append(self._scaled(operation)) or self._append(operation)):
            self._clamp()

    def _clamp(self) -> None:
        """A wide tensor between two borders."""
        sources = [s for s in self._sources() if self._type(s).element >= ElementType.INT32]
        if sources:
            source = self.rng.choice(sources)
            tensor = self._type(source)
            low, high = sorted(value(self.rng, *tensor.element.interval) for _ in range(2))
            rank = len(tensor.dims)
            dense = View(*source, Affine(0, _strides(tensor.dims)))
            bounds = immediate(low, rank), immediate(high, rank)
            self._append(
                Operation(
                    *(Opcode.MAP, tensor, (dense, *bounds), immediate(1, rank), immediate(0, rank)),
                    function=Function.CLAMP,
                )
            )

    def _append(self, operation: Operation) -> bool:
        listed = replace(self.program(), operations=(*self.operations, operation))
        try:
            self.intervals.append(output_interval(listed, operation, self.intervals))
        except InvalidProgram:
            return False
        self.operations.append(operation)
        return True

    def _scaled(self, operation: Operation) -> Operation:
        """With bias, multiplier and shift; as numbers, or a multiplier and a bias for each element."""
        rng, rank, depth = self.rng, len(operation.result.dims), len(operation.reduction)
        if rng.random() < 0.4:
            return operation
        if rng.random() < 0.3:
            views = [self._view(operation.result.dims, ()) for _ in range(2)]
            multiplier, bias = (
                replace(view, offset=replace(view.offset, reduction=(0,) * depth), guards=())
                for view in views
            )
        else:
            numbers = rng.choice([1, -1, 3, value(rng, -(1 << 33), 1 << 33)]), value(rng, -(1 << 33), 1 << 33)
            multiplier, bias = (immediate(number, rank, depth) for number in numbers)
        return replace(operation, multiplier=multiplier, bias=bias, shift=rng.choice(SHIFTS))

    def _sources(self) -> list[tuple[Source, int]]:
        found = [(Source.INPUT, at) for at in range(len(self.inputs))]
        newest = [(Source.OUTPUT, at) for at in range(len(self.operations))][-3:]
        return found + newest * 4  # so that most of what is drawn is part of the program

    def _type(self, source: tuple[Source, int]) -> TensorType:
        kind, at = source
        lists = {Source.INPUT: self.inputs, Source.CONSTANT: [constant.type for constant in self.constants]}
        return lists[kind][at] if kind in lists else self.operations[at].result

    def _constant(self) -> tuple[Source, int]:
        rng = self.rng
        tensor = TensorType(rng.choice(ELEMENTS), rng.choice([self.dims, (rng.choice([1, 3, 256]),)]))
        drawn = np.array(values(rng, tensor.element, tensor.count), tensor.element.native)
        self.constants.append(Constant(tensor, drawn))
        return Source.CONSTANT, len(self.constants) - 1

    def _view(self, dims: tuple[int, ...], reduction: tuple[int, ...], *, table: bool = False) -> View:
        """Element by element, backwards, repeated or wild; with a fill that may be far, and guards."""
        rng = self.rng
        source = self._constant() if rng.random() < 0.25 else rng.choice(self._sources())
        tensor = self._type(source)
        style = rng.choice(["dense"] * 4 + ["backwards", "last", "wild"])
        strides, constant = [0] * len(dims), 0
        if table or (style == "last" and tensor.dims[-1] == dims[-1]):
            strides[-1] = 0 if table else 1
        elif tensor.dims == dims and style == "dense":
            strides = list(_strides(dims))
        elif tensor.dims == dims and style == "backwards":
            strides, constant = [-stride for stride in _strides(dims)], tensor.count - 1
        else:
            strides = [rng.choice([0, 1, -1, 2, tensor.dims[-1]]) for _ in dims]
            constant = rng.choice([0, -1, tensor.count // 2, tensor.count - 1])
        guards = []
        if rng.random() < 0.15:
            axis = rng.randrange(len(dims))
            form = Affine(
                rng.choice([0, -1]), tuple(int(at == axis) for at in range(len(dims))), (0,) * len(reduction)
            )
            guards.append(Guard(form, max(dims[axis] - 1, 1)))
        offset = Affine(constant, tuple(strides), tuple(rng.choice([0, 1, 1, 2]) for _ in reduction))
        fill = 0 if rng.random() < 0.5 else value(rng, *tensor.element.interval)
        return View(*source, offset, fill, tuple(guards))

    def _dims(self) -> tuple[int, ...]:
        rng = self.rng
        while True:
            dims = tuple(rng.choice(LENGTHS) for _ in range(rng.choice([1, 1, 2, 2, 3])))
            if math.prod(dims) <= MOST:
                return dims


def _strides(dims: Sequence[int]) -> tuple[int, ...]:
    return tuple(math.prod(dims[at + 1 :]) for at in range(len(dims)))
