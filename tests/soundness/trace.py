"""A trace computed plainly and kept whole: everything that a defender commits to, true or false."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from functools import cached_property
from math import prod

from executor.program.cost import header_of
from executor.program.encoding import encode_header, encode_record
from executor.program.ir import Program, TensorType
from tests.program.plain import Step, indices
from tests.soundness.roots import Merkle, bytes_hash, cut, header, keccak, step_hash, tensor_hash, tile_hash

Place = tuple[int, int]
"""Step and operation."""
Falsehoods = Mapping[Place, Mapping[int, int]]
"""Values that are not what the program computes, by place and flat element."""
Words = tuple[bytes, bytes, bytes, bytes, bytes]
"""The preimage of a program root: two header words, roots of operations, constants and inputs."""


def packed(tensor: TensorType, values: list[int]) -> bytes:
    """Canonical bytes."""
    width = 1 << tensor.element
    return b"".join(value.to_bytes(width, "big", signed=True) for value in values)


class Statement:
    """A program and its input: what both sides of a dispute agree on."""

    def __init__(self, program: Program, data: bytes) -> None:
        self.program = program
        self.data = data + bytes(program.input_size - len(data))
        self.records = [encode_record(operation) for operation in program.operations]
        self.inputs: list[list[int]] = []
        self.offsets: list[int] = []
        position = 0
        for tensor in program.inputs:
            position = (position + 31) // 32 * 32
            self.offsets.append(position)
            width, end = 1 << tensor.element, position + tensor.size
            numbers = [self.data[at : at + width] for at in range(position, end, width)]
            self.inputs.append([int.from_bytes(number, "big", signed=True) for number in numbers])
            position = end
        self.steps = program.step_bound
        if program.step_input is not None:
            self.steps = max(1, min(self.inputs[program.step_input][0], program.step_bound))

    @cached_property
    def input_tiles(self) -> list[bytes]:
        return cut(self.data)

    @cached_property
    def input_tree(self) -> Merkle:
        return Merkle([tile_hash(tile) for tile in self.input_tiles])

    @property
    def input_root(self) -> bytes:
        return bytes_hash(len(self.data), self.input_tree.root)

    @cached_property
    def inputs_tree(self) -> Merkle:
        tensors = zip(self.program.inputs, self.offsets, strict=True)
        return Merkle([keccak(b"\x08", self.input_header(tensor, at)) for tensor, at in tensors])

    @staticmethod
    def input_header(tensor: TensorType, offset: int) -> bytes:
        """What a leaf of the tree of inputs is made of."""
        return header(tensor.element, tensor.dims) + offset.to_bytes(8, "big")

    @cached_property
    def constant_tiles(self) -> list[list[bytes]]:
        constants = self.program.constants
        return [cut(packed(c.type, [int(value) for value in c.data])) for c in constants]

    @cached_property
    def constant_trees(self) -> list[Merkle]:
        return [Merkle([tile_hash(tile) for tile in tiles]) for tiles in self.constant_tiles]

    @cached_property
    def constants_tree(self) -> Merkle:
        pairs = zip(self.program.constants, self.constant_trees, strict=True)
        return Merkle([tensor_hash(header(c.type.element, c.type.dims), tree.root) for c, tree in pairs])

    @cached_property
    def operations_tree(self) -> Merkle:
        return Merkle([keccak(b"\x03", record) for record in self.records])

    @cached_property
    def words(self) -> Words:
        stated = encode_header(header_of(self.program))
        roots = self.operations_tree.root, self.constants_tree.root, self.inputs_tree.root
        return stated[:32], stated[32:], *roots

    @property
    def root(self) -> bytes:
        return keccak(b"\x05", *self.words)


class Trace:
    """All outputs of one run and the trees over them.

    `false` values replace true ones; with `consistent`, what reads them is computed from them, else it is
    what the true program gives.
    """

    shows_padding = False
    """Whether its reveals show more children than there are."""

    def __init__(
        self, statement: Statement, false: Falsehoods | None = None, consistent: bool = True
    ) -> None:
        self.statement = statement
        self.program = statement.program
        false = false or {}
        truth = None if consistent else Trace(statement)
        self.values: list[list[list[int]]] = []
        for t in range(statement.steps):
            self.values.append([])
            for number, operation in enumerate(self.program.operations):
                if truth:
                    values = truth.values[t][number].copy()
                else:
                    step, dims = self.step(t, number), operation.result.dims
                    values = [step.element(operation, index) for index in indices(dims)]
                for flat, value in false.get((t, number), {}).items():
                    values[flat] = value
                self.values[t].append(values)
        self._tiles: dict[Place, list[bytes]] = {}
        self._trees: dict[Place, Merkle] = {}
        self._outputs: dict[int, Merkle] = {}

    def lying(self, t: int, number: int, flat: int, value: int) -> Trace:
        """The same but for one element; nothing else follows from it."""
        other = copy(self)
        other.values = [row.copy() for row in self.values]
        other.values[t][number] = other.values[t][number].copy()
        other.values[t][number][flat] = value
        other._tiles = {place: tiles for place, tiles in self._tiles.items() if place != (t, number)}
        other._trees = {place: tree for place, tree in self._trees.items() if place != (t, number)}
        other._outputs = {step: tree for step, tree in self._outputs.items() if step != t}
        other.__dict__.pop("steps", None)
        return other

    def step(self, t: int, number: int) -> Step:
        """The operation at this step, ready to be evaluated on this trace's values."""
        return Step(self.program, self.statement.inputs, self.values, number, t)

    def index(self, number: int, flat: int) -> tuple[int, ...]:
        """The output indices of a flat element."""
        index = []
        for n in reversed(self.program.operations[number].result.dims):
            index.append(flat % n)
            flat //= n
        return tuple(reversed(index))

    def element(self, t: int, number: int, flat: int) -> int:
        """What the operation computes from what stands before it in this trace."""
        return self.step(t, number).element(self.program.operations[number], self.index(number, flat))

    def chunk(self, t: int, number: int, flat: int, chunk: int) -> int:
        """The exact result of one chunk of the reduction."""
        operation = self.program.operations[number]
        reduced = indices(operation.reduction)[chunk * operation.chunk : (chunk + 1) * operation.chunk]
        return self.step(t, number).exact(operation, self.index(number, flat), reduced)

    def rescaled(self, t: int, number: int, flat: int, exact: int) -> int:
        """The element that an exact value becomes."""
        operation = self.program.operations[number]
        return self.step(t, number).rescaled(operation, self.index(number, flat), exact)

    def chunks(self, number: int) -> int:
        """How many chunks a reduction has; 1 where there is none."""
        operation = self.program.operations[number]
        return -(-prod(operation.reduction) // operation.chunk) if operation.chunk else 1

    # What a liar may have otherwise

    def grown(self, leaves: list[bytes]) -> Merkle:
        """A tree of the trace."""
        return Merkle(leaves)

    def header(self, number: int) -> bytes:
        """What stands before the tiles of an output."""
        result = self.program.operations[number].result
        return header(result.element, result.dims)

    def part(self, t: int, number: int, flat: int, chunk: int) -> int:
        """What is said of a chunk's result."""
        return self.chunk(t, number, flat, chunk)

    def tiles(self, t: int, number: int) -> list[bytes]:
        """Of one output."""
        if (t, number) not in self._tiles:
            result = self.program.operations[number].result
            self._tiles[t, number] = cut(packed(result, self.values[t][number]))
        return self._tiles[t, number]

    def tree(self, t: int, number: int) -> Merkle:
        """Over the tiles of one output."""
        if (t, number) not in self._trees:
            self._trees[t, number] = self.grown([tile_hash(tile) for tile in self.tiles(t, number)])
        return self._trees[t, number]

    def outputs(self, t: int) -> Merkle:
        """Over the outputs of one step."""
        if t not in self._outputs:
            numbers = range(len(self.program.operations))
            self._outputs[t] = self.grown(
                [tensor_hash(self.header(number), self.tree(t, number).root) for number in numbers]
            )
        return self._outputs[t]

    @cached_property
    def steps(self) -> Merkle:
        """Over the steps."""
        return self.grown([step_hash(self.outputs(t).root) for t in range(self.statement.steps)])

    @property
    def output(self) -> bytes:
        """The output bytes."""
        return packed(self.program.output_type, self.values[-1][-1])
