"""A plan with its memory: runs the program for a batch of requests of equally many steps, in one thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from executor.backends.native import machine
from executor.backends.native.accesses import Memory
from executor.backends.native.matrices import Multiply, names, prove
from executor.backends.native.passes import Pass, Walk, assemble
from executor.backends.native.plan import Plan, Product
from executor.program.ir import IntArray, Program

LINE = 64
"""Every tensor begins at a multiple of it."""


class Weights:
    """Products with constants: one session each, which all batches and threads share."""

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], Multiply] = {}

    def multiply(self, product: Product) -> Multiply:
        """What computes this product's matrices."""
        units, constant = product.carrier.units, product.constant
        data = None if constant is None else constant.astype(names(units)[1])
        if data is not None and product.shape.groups == 1:
            data = data[0]
        key = (units, None if data is None else (data.shape, data.tobytes()))
        if key not in self._made:
            self._made[key] = Multiply(units, data)
        return self._made[key]


class Engine:
    """Not for two threads at a time. Raises BackendError if one of its products is not exact here."""

    def __init__(self, plan: Plan, weights: Weights) -> None:
        self.program: Program = plan.layout.program
        self.batch = plan.layout.batch
        self._plan = plan
        self._constants = plan.constants
        self._places, size = _arrange(plan)
        self._arena, self._start = _aligned(size)
        self._inputs = [np.zeros((self.batch, t.count), t.element.native) for t in self.program.inputs]
        self._walks: list[Walk] = []
        self._calls: list[Callable[[], None]] = []
        for kernel in plan.kernels:
            if isinstance(kernel, Product):
                for packing in kernel.pack:
                    self._walk(packing)
                self._product(kernel, weights)
            else:
                self._walk(kernel)
        most = max((walk.registers for walk in self._walks), default=0)
        self._registers, self._first_register = _aligned(most * machine.TILE * 8)
        self._moving = [walk for walk in self._walks if walk.slope is not None]

    def run(self, inputs: Sequence[Sequence[IntArray]], steps: int) -> IntArray:
        """The last operation's outputs, [batch, elements]; `inputs` holds the tensors of each request."""
        for place, tensors in zip(self._inputs, zip(*inputs, strict=True), strict=True):
            for row, tensor in zip(place, tensors, strict=True):
                row[:] = tensor
        for step in range(steps):
            for walk in self._moving:
                walk.at(step)
            for call in self._calls:
                call()
        last = len(self.program.operations) - 1
        count = self.program.output_type.count
        values = self._value(last)
        start = (steps - 1) * count if last in self._plan.layout.stacked else 0
        return values[:, start : start + count].copy()

    @property
    def size(self) -> int:
        """Bytes of its memory."""
        return self._arena.size

    def _walk(self, given: Pass) -> None:
        walk = assemble(given, self._address)
        self._walks.append(walk)
        self._calls.append(lambda: walk.run(self._first_register, 0, walk.tiles))

    def _product(self, product: Product, weights: Weights) -> None:
        multiply, shape = weights.multiply(product), product.shape
        left, right, result = names(product.carrier.units)
        rows = shape.rows * len(product.carrier.digits)
        groups: tuple[int, ...] = (shape.groups,)
        if multiply.constant is not None and multiply.constant.ndim == 2:
            groups = ()
        a = self._scratch(product.left_memory, left, (*groups, rows, shape.depth))
        y = self._scratch(product.result_memory, result, (*groups, rows, shape.columns))
        b = multiply.constant
        if b is None:
            b = self._scratch(product.right_memory, right, (*groups, shape.depth, shape.columns))
        prove(multiply, shape, product.carrier, product.right)
        self._calls.append(multiply.bind(a, b, y))

    def _address(self, memory: Memory, index: int) -> int:
        match memory:
            case Memory.INPUT:
                return self._inputs[index].ctypes.data
            case Memory.CONSTANT:
                return self._constants[index].ctypes.data
        return self._start + self._places[memory, index]

    def _value(self, index: int) -> IntArray:
        elements = self._plan.layout.elements(index)
        native = self.program.operations[index].result.element.native
        return self._at(Memory.VALUE, index, native, (self.batch, elements))

    def _scratch(self, index: int, name: str, shape: tuple[int, ...]) -> npt.NDArray[Any]:
        return self._at(Memory.SCRATCH, index, np.dtype(name), shape)

    def _at(
        self, memory: Memory, index: int, dtype: np.dtype[Any], shape: tuple[int, ...]
    ) -> npt.NDArray[Any]:
        begin = self._start - self._arena.ctypes.data + self._places[memory, index]
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        return self._arena[begin : begin + size].view(dtype).reshape(shape)


def _aligned(size: int) -> tuple[npt.NDArray[np.uint8], int]:
    """Memory, and the address in it from which on there are that many bytes, at the beginning of a line."""
    memory = np.zeros(size + LINE, np.uint8)
    return memory, memory.ctypes.data + -memory.ctypes.data % LINE


def _arrange(plan: Plan) -> tuple[dict[tuple[Memory, int], int], int]:
    """Where everything lies in one block of memory, and the size of it: what is not needed at the same time
    may lie in the same place."""
    layout, last = plan.layout, len(plan.kernels) - 1
    wanted: list[tuple[int, int, int, tuple[Memory, int]]] = []
    for index, (begin, end) in plan.lifetimes().items():
        width = layout.program.operations[index].result.element.width
        size = layout.batch * layout.elements(index) * width
        first, after = (0, last) if index in layout.stacked else (begin, end)
        wanted.append((first, after, size, (Memory.VALUE, index)))
    for number, (size, begin, end) in enumerate(plan.scratch):
        wanted.append((begin, end, size, (Memory.SCRATCH, number)))
    places: dict[tuple[Memory, int], int] = {}
    taken: list[tuple[int, int, int]] = []  # begin, end, last kernel of what is in use
    total = 0
    for first, after, size, name in sorted(wanted, key=lambda w: (w[0], -w[2])):
        taken = sorted(t for t in taken if t[2] >= first)
        at, padded = 0, -(-size // LINE) * LINE
        for begin, end, _ in taken:
            if begin - at >= padded:
                break
            at = max(at, end)
        taken.append((at, at + padded, after))
        places[name] = at
        total = max(total, at + padded)
    return places, total
