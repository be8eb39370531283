"""A plan with its memory: runs the program for a batch of requests of equally many steps."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

from executor.backends.base import BackendError
from executor.backends.native.accesses import Memory
from executor.backends.native.devices import TorchMultiply
from executor.backends.native.matrices import Multiplier, Multiply, names, prove
from executor.backends.native.meeting import Left, Meeting
from executor.backends.native.passes import Pass
from executor.backends.native.plan import Plan, passes
from executor.backends.native.walks import Walk, assemble, runner
from executor.backends.native.writer import LINE, Product
from executor.program.ir import IntArray, Program

Call = Callable[[], None]


class Weights:
    """Products with constants: one session each, which all batches and threads share."""

    def __init__(self, device: str | None = None) -> None:
        self._device = device
        self._made: dict[tuple[Any, ...], Multiplier] = {}

    def multiply(self, product: Product) -> Multiplier:
        """What computes this product's matrices."""
        units, data = product.carrier.units, None
        if product.constant is not None:
            data = product.constant.astype(names(units)[1])
            data = data[0] if product.shape.groups == 1 else data
        key = (units, None if data is None else (data.shape, sha256(data.tobytes()).digest()))
        if key not in self._made:
            device = self._device
            self._made[key] = Multiply(units, data) if device is None else TorchMultiply(units, data, device)
        return self._made[key]


class Engine:
    """One run at a time. Raises BackendError if one of its products is not exact on this machine, or if the
    memory that it keeps is more than this machine has."""

    def __init__(self, plan: Plan, weights: Weights) -> None:
        self.program: Program = plan.layout.program
        self.batch = plan.layout.batch
        self._plan = plan
        _hold(self.batch * sum(tensor.size for tensor in self.program.inputs))
        self._inputs = [np.zeros((self.batch, t.count), t.element.native) for t in self.program.inputs]
        self._values, size = _arrange(plan)
        self._scratch: dict[int, int] = {}
        for thread, needed in plan.memories.sizes.items():
            self._scratch[thread], size = size, size + needed
        _hold(size)
        self._arena, self._start = _aligned(size)
        self._moving: dict[int, list[Walk]] = defaultdict(list)
        self._stages = [
            [self._calls(thread, chain, weights) for thread, chain in enumerate(chains)]
            for chains in plan.stages
        ]

    @property
    def size(self) -> int:
        """Bytes of its memory."""
        return self._arena.size

    def run(
        self, inputs: Sequence[Sequence[IntArray]], steps: int, helpers: ThreadPoolExecutor | None = None
    ) -> IntArray:
        """The last operation's outputs, [batch, elements]; `inputs` holds the tensors of each request.

        helpers: one idle thread for each chain of a stage but the first.
        """
        for place, tensors in zip(self._inputs, zip(*inputs, strict=True), strict=True):
            for row, tensor in zip(place, tensors, strict=True):
                row[:] = tensor
        threads = len(self._stages[0])
        if threads == 1:
            self._work(0, steps)
        else:
            assert helpers is not None
            self._spread(threads, steps, helpers)
        last = len(self.program.operations) - 1
        count = self.program.output_type.count
        native = self.program.output_type.element.native
        values = self._at(Memory.VALUE, last, native, (self.batch, self._plan.layout.elements(last)))
        start = (steps - 1) * count if last in self._plan.layout.stacked else 0
        return values[:, start : start + count].copy()

    def _spread(self, threads: int, steps: int, helpers: ThreadPoolExecutor) -> None:
        """All chains at the same time; the first error of any of them, after all have ended."""
        meeting = Meeting(threads)
        helping: list[Future[None]] = []
        try:
            for thread in range(1, threads):
                helping.append(helpers.submit(self._work, thread, steps, meeting))
            with suppress(Left):
                self._work(0, steps, meeting)
        finally:
            meeting.leave(0)
            wait(helping)
        for future in helping:
            error = future.exception()
            if error is not None and not isinstance(error, Left):
                raise error

    def _work(self, thread: int, steps: int, meeting: Meeting | None = None) -> None:
        """One thread's chains of every stage and step."""
        try:
            for step in range(steps):
                for walk in self._moving[thread]:
                    walk.at(step)
                for chains in self._stages:
                    for call in chains[thread]:
                        call()
                    if meeting is not None:
                        meeting.wait(thread)
        except BaseException:
            if meeting is not None:
                meeting.leave(thread)
            raise

    def _calls(self, thread: int, chain: Sequence[Pass | Product], weights: Weights) -> list[Call]:
        """A chain of kernels, bound to their memory; walks that follow each other are one call."""
        parts: list[list[Walk] | Product] = []
        for kernel in chain:
            walks = [assemble(given, self._address) for given in passes(kernel)]
            self._moving[thread] += [walk for walk in walks if walk.slope is not None]
            if parts and isinstance(parts[-1], list):
                parts[-1] += walks
            else:
                parts.append(walks)
            if isinstance(kernel, Product):
                parts.append(kernel)
        most = max((walk.size for part in parts if isinstance(part, list) for walk in part), default=0)
        memory, registers = _aligned(most)
        return [
            runner(part, memory, registers) if isinstance(part, list) else self._product(part, weights)
            for part in parts
        ]

    def _product(self, product: Product, weights: Weights) -> Call:
        multiply, shape = weights.multiply(product), product.shape
        left, right, result = names(product.carrier.units)
        rows, b = shape.rows * len(product.carrier.digits), multiply.constant
        groups = () if b is not None and b.ndim == 2 else (shape.groups,)
        a = self._at(Memory.SCRATCH, product.left_memory, np.dtype(left), (*groups, rows, shape.depth))
        y = self._at(Memory.SCRATCH, product.result_memory, np.dtype(result), (*groups, rows, shape.columns))
        if b is None:
            dims = (*groups, shape.depth, shape.columns)
            b = self._at(Memory.SCRATCH, product.right_memory, np.dtype(right), dims)
        prove(multiply, shape, product.carrier, product.right)
        return multiply.bind(a, b, y)

    def _address(self, memory: Memory, index: int) -> int:
        match memory:
            case Memory.INPUT:
                return self._inputs[index].ctypes.data
            case Memory.CONSTANT:
                return self._plan.memories.constants[index].ctypes.data
            case Memory.VALUE:
                return self._start + self._values[index]
        thread, offset = self._plan.memories.scratch[index]
        return self._start + self._scratch[thread] + offset

    def _at(
        self, memory: Memory, index: int, dtype: np.dtype[Any], shape: tuple[int, ...]
    ) -> npt.NDArray[Any]:
        begin = self._address(memory, index) - self._arena.ctypes.data
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        return self._arena[begin : begin + size].view(dtype).reshape(shape)


def _aligned(size: int) -> tuple[npt.NDArray[np.uint8], int]:
    """Memory, and the address in it from which on there are that many bytes, at the beginning of a line."""
    memory = np.zeros(size + LINE, np.uint8)
    return memory, memory.ctypes.data + -memory.ctypes.data % LINE


def _hold(size: int) -> None:
    """BackendError if there are not so many bytes: the system would promise them and kill us later."""
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if size > there:
        raise BackendError(
            f"backend: a run of this program keeps {size / 2**30:,.1f} GiB, and this machine has "
            f"{there / 2**30:,.1f} GiB: serve it elsewhere"
        )


def _arrange(plan: Plan) -> tuple[dict[int, int], int]:
    """Where every operation's value lies in one block of memory, and the size of it: what is not needed at
    the same time may lie in the same place."""
    layout, final = plan.layout, len(plan.stages) - 1
    wanted: list[tuple[int, int, int, int]] = []  # first and last stage, bytes, operation
    for index, (begin, end) in plan.lifetimes().items():
        size = layout.batch * layout.elements(index) * layout.program.operations[index].result.element.width
        first, last = (0, final) if index in layout.stacked else (begin, end)
        wanted.append((first, last, -(-size // LINE) * LINE, index))
    places: dict[int, int] = {}
    taken: list[tuple[int, int, int]] = []  # begin, end, last stage of what is in use
    total = 0
    for first, last, size, index in sorted(wanted, key=lambda w: (w[0], -w[2])):
        taken = sorted(t for t in taken if t[2] >= first)
        at = 0
        for begin, end, _ in taken:
            if begin - at >= size:
                break
            at = max(at, end)
        taken.append((at, at + size, last))
        places[index] = at
        total = max(total, at + size)
    return places, total
