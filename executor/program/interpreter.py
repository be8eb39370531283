"""The interpreter: what a program means. Every backend and the Referee must equal it bit for bit.

It is written to be read. Exactness needs no care here, because validation has bounded every value below 2^63;
memory is bounded by computing an operation in pieces.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import reduce
from typing import Protocol

import numpy as np

from executor.program.arithmetic import apply, rescale, saturate
from executor.program.commitments import Bytes, InputTooLong
from executor.program.ir import IntArray, Opcode, Operation, Program, Source, View
from executor.program.views import BoolArray, Box, Int64Array, read, split

PIECE = 1 << 22
"""Most indices (output times reduction) that are computed at once."""


class Outputs(Protocol):
    """Where a run's outputs lie while later operations read them; flat, in the type's own width."""

    def put(self, step: int, operation: int, output: IntArray) -> None:
        """Keep an operation's output. They come in the order of the trace."""

    def output(self, step: int, operation: int) -> IntArray:
        """An earlier output of the step that is being computed."""

    def history(self, operation: int, steps: int) -> IntArray:
        """An operation's outputs of the first `steps` steps, one after the other."""


class Recent:
    """In memory, and only what an operation may still read: this step's outputs, and the histories."""

    def __init__(self, program: Program, steps: int) -> None:
        self._outputs: list[IntArray] = []
        self._histories = {
            view.index: np.empty(
                (steps, program.operations[view.index].result.count),
                program.operations[view.index].result.element.native,
            )
            for operation in program.operations
            for view in operation.views
            if view.source is Source.HISTORY
        }

    def put(self, step: int, operation: int, output: IntArray) -> None:
        if operation == 0:
            self._outputs.clear()
        self._outputs.append(output)
        if operation in self._histories:
            self._histories[operation][step] = output

    def output(self, step: int, operation: int) -> IntArray:  # noqa: ARG002  # only one step's are here
        return self._outputs[operation]

    def history(self, operation: int, steps: int) -> IntArray:
        return self._histories[operation][:steps].reshape(-1)


def run(program: Program, data: Bytes) -> bytes:
    """The output bytes of a valid program on the input bytes; InputTooLong if they exceed `input_size`."""
    ((_, _, output),) = deque(Interpreter(program, data).outputs(), maxlen=1)
    return output.astype(program.output_type.element.canonical).tobytes()


class Interpreter:
    """One run of a valid program on one input. keep: makes what holds its outputs, from program and steps."""

    def __init__(
        self, program: Program, data: Bytes, keep: Callable[[Program, int], Outputs] = Recent
    ) -> None:
        if len(data) > program.input_size:
            raise InputTooLong(f"{len(data)} bytes of input where {program.input_size} are allowed")
        self.program = program
        self.inputs = _input_tensors(program, bytes(data) + bytes(program.input_size - len(data)))
        self.steps = _count_steps(program, self.inputs)
        self._kept = keep(program, self.steps)

    def outputs(self) -> Iterator[tuple[int, int, IntArray]]:
        """Every operation's output in the order of the trace: step, index of the operation, flat elements."""
        for step in range(self.steps):
            for index, operation in enumerate(self.program.operations):
                output = self._execute(operation, index, step)
                self._kept.put(step, index, output)
                yield step, index, output

    def _execute(self, operation: Operation, index: int, step: int) -> IntArray:
        """The operation's output at this step, flat."""
        dims = operation.result.dims
        rank = len(dims)
        result = np.empty(dims, operation.result.element.native)
        whole = tuple(range(n) for n in dims + operation.reduction)
        for box in split(whole, range(rank), PIECE):
            outputs = box[:rank] + tuple(range(1) for _ in operation.reduction)
            shape = tuple(len(indices) for indices in box[:rank])
            exact = self._exact(operation, index, step, box)
            bias = self._read(operation.bias, index, step, outputs)[0].reshape(shape)
            multiplier = self._read(operation.multiplier, index, step, outputs)[0].reshape(shape)
            place = tuple(slice(indices.start, indices.stop) for indices in box[:rank])
            result[place] = saturate(
                rescale(exact, bias, multiplier, operation.shift), operation.result.element
            )
        return result.reshape(-1)

    def _exact(self, operation: Operation, index: int, step: int, box: Box) -> Int64Array:
        """What the opcode computes, before bias, rescale and saturation, over the box's output indices."""
        pieces = split(box, range(len(operation.result.dims), len(box)), PIECE)
        match operation.opcode:
            case Opcode.DOT:
                return reduce(np.add, (self._sum(operation, index, step, piece) for piece in pieces))
            case Opcode.MAX:
                return reduce(np.maximum, (self._maximum(operation, index, step, piece) for piece in pieces))
            case Opcode.GATHER:
                table, first = self.source(operation.operands[1], index, step)
                row = table.size // first if first else 0
                a, _ = self._read(operation.operands[0], index, step, box)
                looked_up = np.minimum(np.maximum(a + operation.immediate, 0), first - 1) * row
                return read(operation.operands[1], table, box, step, looked_up)[0]
            case Opcode.MAP:
                operands = [self._read(view, index, step, box)[0] for view in operation.operands]
                return apply(operation.function, operands, operation.immediate)

    def _sum(self, operation: Operation, index: int, step: int, box: Box) -> Int64Array:
        """Sum over the box's reduction indices of the products of both operands."""
        a, b = (self._read(view, index, step, box)[0] for view in operation.operands)
        axes = list(range(len(box)))
        return np.asarray(np.einsum(a, axes, b, axes, axes[: len(operation.result.dims)]))

    def _maximum(self, operation: Operation, index: int, step: int, box: Box) -> Int64Array:
        """Maximum over the box's reduction indices of the elements that are there."""
        (view,) = operation.operands
        values, present = self._read(view, index, step, box)
        lowest = np.iinfo(self.source(view, index, step)[0].dtype).min
        reduced = tuple(range(len(operation.result.dims), len(box)))
        return np.asarray(np.where(present, values, lowest).max(axis=reduced))

    def _read(self, view: View, index: int, step: int, box: Box) -> tuple[Int64Array, BoolArray]:
        return read(view, self.source(view, index, step)[0], box, step)

    def source(self, view: View, index: int, step: int) -> tuple[IntArray, int]:
        """The flat elements that a view of operation `index` reads from, and their first dimension."""
        match view.source:
            case Source.IMMEDIATE:
                return np.empty(0, np.int64), 0
            case Source.INPUT:
                return self.inputs[view.index], self.program.inputs[view.index].dims[0]
            case Source.CONSTANT:
                constant = self.program.constants[view.index]
                return constant.data, constant.type.dims[0]
            case Source.OUTPUT:
                return self._kept.output(step, view.index), self.program.operations[view.index].result.dims[0]
            case Source.HISTORY:
                so_far = step + 1 if view.index < index else step
                return self._kept.history(view.index, so_far), so_far


def _input_tensors(program: Program, data: bytes) -> list[IntArray]:
    """The input tensors in the bytes, flat and native; `data` has the program's input size."""
    return [
        np.frombuffer(data, tensor.element.canonical, tensor.count, offset).astype(tensor.element.native)
        for tensor, offset in zip(program.inputs, program.input_offsets, strict=True)
    ]


def _count_steps(program: Program, inputs: list[IntArray]) -> int:
    """The number of steps that this input asks for, at least one and at most the bound."""
    if program.step_input is None:
        return program.step_bound
    return min(max(int(inputs[program.step_input][0]), 1), program.step_bound)
