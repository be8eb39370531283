"""Layers by hand, as a compiler would write them: products, convolutions, attention, norms, with full-range
weights from a seed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from executor.program.ir import (
    Affine,
    Constant,
    ElementType,
    Function,
    Guard,
    IntArray,
    Opcode,
    Operation,
    Program,
    Source,
    TensorType,
    View,
    immediate,
)

INT8, INT16, INT32, INT64 = ElementType
PLAIN = 1, 0, 0
"""Multiplier, bias and shift of an operation that is not rescaled."""


class Sketch:
    """A program while it is written; methods append an operation and return the view of what it wrote."""

    def __init__(self, seed: int, *inputs: TensorType, steps: int = 1) -> None:
        self.rng = np.random.default_rng(seed)
        self.inputs = inputs
        self.steps = steps
        self.constants: list[Constant] = []
        self.operations: list[Operation] = []

    def program(self) -> Program:
        """What has been written."""
        return Program(tuple(self.operations), self.inputs, tuple(self.constants), self.steps)

    def input(self, number: int = 0) -> Tensor:
        """An input tensor."""
        return Tensor(Source.INPUT, number, self.inputs[number].dims)

    def constant(self, element: ElementType, values: npt.NDArray[np.int64]) -> Tensor:
        """A constant with these values."""
        flat: IntArray = values.astype(element.native).reshape(-1)
        self.constants.append(Constant(TensorType(element, values.shape), flat))
        return Tensor(Source.CONSTANT, len(self.constants) - 1, values.shape)

    def random(
        self, element: ElementType, *dims: int, low: int | None = None, high: int | None = None
    ) -> Tensor:
        """A constant over the whole range of its type, ends included, or between `low` and `high`."""
        ends = element.interval
        bottom, top = ends[0] if low is None else low, ends[1] if high is None else high
        values = self.rng.integers(bottom, top + 1, dims)
        values.reshape(-1)[: min(2, values.size)] = [bottom, top][: min(2, values.size)]
        return self.constant(element, values)

    def append(
        self,
        opcode: Opcode,
        element: ElementType,
        dims: Sequence[int],
        operands: Sequence[View],
        *,
        reduction: Sequence[int] = (),
        function: Function = Function.NONE,
        value: int = 0,
        scale: tuple[int | View, int | View, int] = PLAIN,
    ) -> Tensor:
        """An operation; `scale` is multiplier, bias and shift."""
        multiplier, bias, shift = scale
        rank, depth = len(dims), len(reduction)

        def view(given: int | View) -> View:
            return immediate(given, rank, depth) if isinstance(given, int) else given

        self.operations.append(
            Operation(
                *(opcode, TensorType(element, tuple(dims)), tuple(operands), view(multiplier), view(bias)),
                *(shift, function, value, tuple(reduction), min(math.prod(reduction), 512) if depth else 0),
            )
        )
        return Tensor(Source.OUTPUT, len(self.operations) - 1, tuple(dims))

    def linear(
        self, x: Tensor, columns: int, element: ElementType, shift: int, weights: ElementType = INT8
    ) -> Tensor:
        """[rows, depth] times [columns, depth], rescaled a column by itself."""
        rows, depth = x.dims
        w = self.random(weights, columns, depth)
        multiplier = self.random(INT32, columns, low=1 << 14, high=1 << 15)
        bias = self.random(INT32, columns, low=-(1 << 14), high=1 << 14)
        operands = x.view((depth, 0), (1,)), w.view((0, depth), (1,))
        scale = multiplier.view((0, 1), (0,)), bias.view((0, 1), (0,)), shift
        return self.append(Opcode.DOT, element, (rows, columns), operands, reduction=(depth,), scale=scale)

    def each(
        self, function: Function, element: ElementType, dims: Sequence[int], *operands: View | int,
        value: int = 0, scale: tuple[int | View, int | View, int] = PLAIN,
    ) -> Tensor:  # fmt: skip
        """A map."""
        views = [immediate(o, len(dims)) if isinstance(o, int) else o for o in operands]
        return self.append(Opcode.MAP, element, dims, views, function=function, value=value, scale=scale)

    def table(self, x: Tensor, element: ElementType, table: Tensor, offset: int) -> Tensor:
        """A table's entry for every element."""
        dims = x.dims
        operands = x.dense(), table.view((0,) * len(dims), ())
        return self.append(Opcode.GATHER, element, dims, operands, value=offset)


class Tensor:
    """Something that can be viewed."""

    def __init__(self, source: Source, index: int, dims: tuple[int, ...]) -> None:
        self.source, self.index, self.dims = source, index, dims

    @property
    def strides(self) -> tuple[int, ...]:
        """Row-major."""
        return tuple(math.prod(self.dims[axis + 1 :]) for axis in range(len(self.dims)))

    def view(
        self, output: Sequence[int], reduction: Sequence[int] = (), constant: int = 0, fill: int = 0,
        guards: tuple[Guard, ...] = (), step: int = 0,
    ) -> View:  # fmt: skip
        """By strides."""
        offset = Affine(constant, tuple(output), tuple(reduction), step)
        return View(self.source, self.index, offset, fill, guards)

    def dense(self) -> View:
        """Element by element."""
        return self.view(self.strides)
