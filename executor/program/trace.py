"""The trace: every output of one run, its roots, and what a dispute asks of it.

The honest path never makes one; whoever defends or challenges a result does. All outputs of the run are kept:
in memory while they are small, else in a file, so that memory stays bounded however long the run is. Hashes
of tiles are computed when they are asked for; those of tensors and steps are kept beside the outputs:

    outputs         by operation, then by step, so that a history lies in one piece
    tensor roots    32 bytes each, by step, then by operation
    step leaves     32 bytes each
"""

from __future__ import annotations

import mmap
import os
import tempfile
import weakref
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Protocol

import numpy as np

from executor.program.chunks import children
from executor.program.commitments import (
    TILE,
    WORD,
    Bytes,
    Tree,
    count_tiles,
    hash_step,
    hash_tensor,
    hash_tile,
    hash_trace,
)
from executor.program.interpreter import Interpreter, Outputs
from executor.program.ir import ElementType, IntArray, Program

MEMORY = 256 << 20
"""Bytes up to which a trace is kept in memory."""


class Run(Protocol):
    """Makes the run that is traced: the class `Interpreter`, or in tests one like it that lies."""

    def __call__(
        self, program: Program, data: Bytes, keep: Callable[[Program, int], Outputs], /
    ) -> Interpreter: ...


class Trace:
    """All outputs of a valid program on one input.

    data: the input bytes; InputTooLong if they exceed the program's input size. directory: where a trace that
    takes more than `memory` bytes is spilled; if None, the system's place for temporary files.
    """

    def __init__(
        self,
        program: Program,
        data: Bytes,
        *,
        directory: Path | None = None,
        memory: int = MEMORY,
        interpreter: Run = Interpreter,
    ) -> None:
        self.program = program
        self._directory, self._memory = directory, memory
        self._run = interpreter(program, data, self._begin)
        self.input: bytes = bytes(data) + bytes(program.input_size - len(data))
        for step, operation, _ in self._run.outputs():
            if operation == len(program.operations) - 1:
                self._kept.put_leaf(step, hash_step(self.outputs_tree(step).root))

    def _begin(self, program: Program, steps: int) -> Outputs:
        """Called once the run knows its number of steps, before its first output."""
        self.steps = steps
        self._kept = _Kept(program, steps, self._directory, self._memory)
        return self._kept

    @property
    def root(self) -> bytes:
        """The trace root."""
        return hash_trace(self.steps, self.steps_tree.root)

    @property
    def steps_tree(self) -> Tree:
        """The tree over the steps."""
        return Tree(self.steps, self.steps, self._kept.leaf)

    def outputs_tree(self, step: int) -> Tree:
        """The tree over a step's outputs: tensor roots, in program order."""
        count = len(self.program.operations)
        return Tree(count, count, lambda operation: self._kept.root(step, operation))

    def tiles_tree(self, step: int, operation: int) -> Tree:
        """The tree over the tiles of an output."""
        return self._kept.tiles_tree(step, operation)

    def tile(self, step: int, operation: int, index: int) -> bytes:
        """The used bytes of one tile of an output: 1024, or what is left for the last one."""
        return self._kept.tile(step, operation, index)

    def element(self, step: int, operation: int, flat: int) -> int:
        """One element of an output."""
        return int(self._kept.array(step, operation, flat, 1)[0])

    def chunks(self, step: int, operation: int, element: int, height: int, index: int) -> list[int]:
        """Exact results under a node of an element's reduction, as `chunks.children` orders them."""
        return children(
            self.program.operations[operation],
            lambda view: self._run.source(view, operation, step)[0],
            *(step, element, height, index),
        )

    @property
    def output(self) -> bytes:
        """The program's output bytes."""
        result = self.program.output_type
        array = self._kept.array(self.steps - 1, len(self.program.operations) - 1, 0, result.count)
        return array.astype(result.element.canonical).tobytes()


class _Kept:
    """Outputs and roots of a run, each at its place in one block of bytes."""

    def __init__(self, program: Program, steps: int, directory: Path | None, memory: int) -> None:
        self._types = [operation.result for operation in program.operations]
        sizes = (-(-tensor.size * steps // WORD) * WORD for tensor in self._types)
        *self._places, self._roots = accumulate(sizes, initial=0)
        self._leaves = self._roots + WORD * steps * len(self._types)
        size = self._leaves + WORD * steps
        self._block: _Memory | _File = _Memory(size) if size <= memory else _File(size, directory)

    # What the run writes and reads

    def put(self, step: int, operation: int, output: IntArray) -> None:
        self._block.write(self._place(step, operation), np.ascontiguousarray(output).data.cast("B"))
        tensor = self._types[operation]
        root = hash_tensor(tensor.element, tensor.dims, tensor.size, self.tiles_tree(step, operation).root)
        self._block.write(self._root_place(step, operation), root)

    def output(self, step: int, operation: int) -> IntArray:
        return self.array(step, operation, 0, self._types[operation].count)

    def history(self, operation: int, steps: int) -> IntArray:
        return self.array(0, operation, 0, steps * self._types[operation].count)

    def put_leaf(self, step: int, leaf: bytes) -> None:
        self._block.write(self._leaves + WORD * step, leaf)

    # What the trace shows

    def array(self, step: int, operation: int, first: int, count: int) -> IntArray:
        """`count` elements of an operation's outputs, from element `first` of that step on."""
        element = self._types[operation].element
        return self._block.array(self._place(step, operation) + first * element.width, element, count)

    def tile(self, step: int, operation: int, index: int) -> bytes:
        tensor = self._types[operation]
        at = index * TILE
        native = self._block.read(self._place(step, operation) + at, min(TILE, tensor.size - at))
        elements = np.frombuffer(native, tensor.element.native)
        return elements.astype(tensor.element.canonical).tobytes()

    def tiles_tree(self, step: int, operation: int) -> Tree:
        count = count_tiles(self._types[operation].size)
        return Tree(count, count, lambda index: hash_tile(self.tile(step, operation, index)))

    def root(self, step: int, operation: int) -> bytes:
        return self._block.read(self._root_place(step, operation), WORD)

    def leaf(self, step: int) -> bytes:
        return self._block.read(self._leaves + WORD * step, WORD)

    def _place(self, step: int, operation: int) -> int:
        return self._places[operation] + step * self._types[operation].size

    def _root_place(self, step: int, operation: int) -> int:
        return self._roots + WORD * (step * len(self._types) + operation)


class _Memory:
    """A block of bytes in memory."""

    def __init__(self, size: int) -> None:
        self._bytes = np.zeros(size, np.uint8)

    def write(self, at: int, data: Bytes) -> None:
        self._bytes[at : at + len(data)] = np.frombuffer(data, np.uint8)

    def read(self, at: int, length: int) -> bytes:
        return self._bytes[at : at + length].tobytes()

    def array(self, at: int, element: ElementType, count: int) -> IntArray:
        return self._bytes[at : at + count * element.width].view(element.native)


class _File:
    """A block of bytes in a file without a name, which is gone when the block is."""

    def __init__(self, size: int, directory: Path | None) -> None:
        self._descriptor, name = tempfile.mkstemp(prefix="trace-", dir=directory)
        weakref.finalize(self, os.close, self._descriptor)
        os.unlink(name)
        os.truncate(self._descriptor, size)

    def write(self, at: int, data: Bytes) -> None:
        rest = memoryview(data)
        while rest:
            written = os.pwrite(self._descriptor, rest, at)
            rest, at = rest[written:], at + written

    def read(self, at: int, length: int) -> bytes:
        return os.pread(self._descriptor, length, at)

    def array(self, at: int, element: ElementType, count: int) -> IntArray:
        """Mapped, so that only what is looked at takes memory, and gives it back."""
        if count == 0:
            return np.empty(0, element.native)
        start = at // mmap.ALLOCATIONGRANULARITY * mmap.ALLOCATIONGRANULARITY
        length = at - start + count * element.width
        mapped = mmap.mmap(self._descriptor, length, prot=mmap.PROT_READ, offset=start)
        return np.frombuffer(mapped, element.native, count, at - start)
