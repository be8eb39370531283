"""Proofs of one step: the tiles that it reads, with what proves them.

Whoever knows the trace builds a proof; who judges the step knows the program root, the data root of the
input, the root of the tree over this step's outputs and of the tree over all steps, and trusts nothing else.
A step is an element of an operation's output, one chunk of its reduction, or the rescale that follows the
chunks. Its proof has one section for each view that it reads, in the order of the record: for an element all
of them, for a chunk the operands, for a rescale multiplier and bias. Immediates have none, and neither has a
history without entries. Integers are big-endian and unsigned.

    header      as in the tensor's root: type (1 byte), rank (1 byte), each dimension (u64), length (u64).
                An input's is followed by its offset (u64) and its path in the program's tree of inputs
    tiles       how many (u16), the place of each, ascending, then the 1024 bytes of each. A place is the step
                (u32, 0 but in a history) and the number of the tile (u32). Of an input, they are tiles of the
                whole input
    ways up     one, or for a history one for each step that has tiles here: the multiproof of the tiles in
                their tree, then the path of the tensor's root: of a constant in the program's tree of
                constants, of an output in the tree over this step's outputs, of a history's entry in that of
                its own step and on through the tree over the steps. An input has no such path.
                Without tiles: the root of the tree over them instead of a multiproof, for a history that of
                any entry, with its step (u32) before it

A path has a sibling (32 bytes) for each level, lowest first. A multiproof has, level by level and from the
left, the siblings of those nodes whose sibling follows from no given tile.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from executor.program.commitments import (
    TILE,
    Tree,
    count_tiles,
    hash_input,
    hash_tile,
    tensor_header,
    tree_over,
    tree_over_bytes,
    u64,
)
from executor.program.ir import Constant, Opcode, Operation, Program, Source, TensorType, View
from executor.program.views import Int64Array, locate, unravel

Place = tuple[int, int]
"""A tile: the step of the history's entry, or 0, and its number among the tensor's."""


class Witness(Protocol):
    """What a proof is made from. A trace is one."""

    @property
    def program(self) -> Program: ...

    @property
    def input(self) -> bytes:
        """The whole input, zero-extended."""

    @property
    def steps(self) -> int: ...

    @property
    def steps_tree(self) -> Tree: ...

    def outputs_tree(self, step: int) -> Tree: ...

    def tiles_tree(self, step: int, operation: int) -> Tree: ...

    def tile(self, step: int, operation: int, index: int) -> bytes:
        """The used bytes of one tile."""

    def element(self, step: int, operation: int, flat: int) -> int: ...


def element_proof(witness: Witness, step: int, operation: int, element: int) -> bytes:
    """Proof of a whole element: its operands over all of the reduction, multiplier and bias."""
    op = witness.program.operations[operation]
    judged = _Step(witness, step, operation, element)
    return b"".join(judged.operands(range(op.terms))) + b"".join(judged.scaling())


def chunk_proof(witness: Witness, step: int, operation: int, element: int, chunk: int) -> bytes:
    """Proof of one chunk of the element's reduction: its operands there."""
    op = witness.program.operations[operation]
    terms = range(chunk * op.chunk, min((chunk + 1) * op.chunk, op.terms))
    return b"".join(_Step(witness, step, operation, element).operands(terms))


def rescale_proof(witness: Witness, step: int, operation: int, element: int) -> bytes:
    """Proof of what follows the chunks: multiplier and bias of the element."""
    return b"".join(_Step(witness, step, operation, element).scaling())


def steps_proof(witness: Witness) -> bytes:
    """Proof of the element that says how many steps a program with a step input runs."""
    assert witness.program.step_input is not None
    return _input_section(witness, witness.program.step_input, np.zeros(1, np.int64))


class _Step:
    """One output element of one operation at one step."""

    def __init__(self, witness: Witness, step: int, operation: int, element: int) -> None:
        self.witness, self.step, self.operation = witness, step, operation
        self.op: Operation = witness.program.operations[operation]
        self.output = unravel(np.array([element]), self.op.result.dims)

    def operands(self, terms: range) -> Iterable[bytes]:
        """Sections of the operands, read at these reduction indices."""
        for number, view in enumerate(self.op.operands):
            row = self._row() if self.op.opcode is Opcode.GATHER and number == 1 else 0
            yield self._section(view, terms, row)

    def scaling(self) -> Iterable[bytes]:
        """Sections of multiplier and bias."""
        for view in (self.op.multiplier, self.op.bias):
            yield self._section(view, range(1), 0)

    def _section(self, view: View, terms: range, row: int) -> bytes:
        match view.source:
            case Source.IMMEDIATE:
                return b""
            case Source.INPUT:
                return _input_section(self.witness, view.index, self._read(view, terms, row))
            case Source.CONSTANT:
                return _constant_section(self.witness, view.index, self._read(view, terms, row))
            case Source.OUTPUT:
                return _output_section(self.witness, self.step, view.index, self._read(view, terms, row))
            case Source.HISTORY:
                entries = self._entries(view)
                return (
                    _history_section(self.witness, view.index, self._read(view, terms, row))
                    if entries
                    else b""
                )

    def _entries(self, view: View) -> int:
        """How many tensors are stacked in what the view reads."""
        if view.source is Source.HISTORY:
            return self.step + 1 if view.index < self.operation else self.step
        return 1

    def _read(self, view: View, terms: range, row: int) -> Int64Array:
        """Flat offsets, moved on by `row`, of the elements that the view reads at these reduction indices."""
        reduction = unravel(np.arange(terms.start, terms.stop), self.op.reduction)
        offset, present = locate(view, [*self.output, *reduction], self.step, self._count(view), row)
        return offset[present]

    def _count(self, view: View) -> int:
        """How many elements there are to read."""
        if view.source is Source.IMMEDIATE:
            return 0
        return self.witness.program.source_type(view).count * self._entries(view)

    def _row(self) -> int:
        """Elements of the table before the row that a gather looks up."""
        index, table = self.op.operands
        tensor = self.witness.program.source_type(table)
        first = self._entries(table) if table.source is Source.HISTORY else tensor.dims[0]
        row = tensor.count if table.source is Source.HISTORY else tensor.count // first
        offsets = self._read(index, range(1), 0)
        value = self._element(index, int(offsets[0])) if len(offsets) else index.fill
        return min(max(value + self.op.immediate, 0), first - 1) * row

    def _element(self, view: View, flat: int) -> int:
        program = self.witness.program
        match view.source:
            case Source.INPUT:
                tensor, offset = program.inputs[view.index], program.input_offsets[view.index]
                at = offset + flat * tensor.element.width
                return int.from_bytes(self.witness.input[at : at + tensor.element.width], "big", signed=True)
            case Source.CONSTANT:
                return int(program.constants[view.index].data[flat])
            case Source.OUTPUT:
                return self.witness.element(self.step, view.index, flat)
        step, inner = divmod(flat, program.operations[view.index].result.count)
        return self.witness.element(step, view.index, inner)


def _input_section(witness: Witness, index: int, flat: Int64Array) -> bytes:
    program = witness.program
    offsets = program.input_offsets
    leaves = [
        hash_input(tensor.element, tensor.dims, tensor.size, offset)
        for tensor, offset in zip(program.inputs, offsets, strict=True)
    ]
    tensor = program.inputs[index]
    places = [(0, number) for number in _tiles(offsets[index] + flat * tensor.element.width)]
    tree = tree_over_bytes(witness.input, program.input_size)
    parts = [_header(tensor), u64(offsets[index]), *tree_over(leaves).proof(index)]
    tiles = [witness.input[number * TILE : (number + 1) * TILE] for _, number in places]
    return b"".join([*parts, _given(places, tiles), *_way(tree, places)])


def _constant_section(witness: Witness, index: int, flat: Int64Array) -> bytes:
    constants = witness.program.constants
    constant = constants[index]
    places = [(0, number) for number in _tiles(flat * constant.type.element.width)]
    count = count_tiles(constant.type.size)
    tree = Tree(count, count, lambda number: hash_tile(_constant_tile(constant, number)))
    path = tree_over([each.root for each in constants]).proof(index)
    tiles = [_constant_tile(constant, number) for _, number in places]
    return b"".join([_header(constant.type), _given(places, tiles), *_way(tree, places), *path])


def _constant_tile(constant: Constant, number: int) -> bytes:
    each = TILE // constant.type.element.width
    part = constant.data[number * each : (number + 1) * each]
    return part.astype(constant.type.element.canonical).tobytes()


def _output_section(witness: Witness, step: int, index: int, flat: Int64Array) -> bytes:
    tensor = witness.program.operations[index].result
    places = [(0, number) for number in _tiles(flat * tensor.element.width)]
    tiles = [witness.tile(step, index, number) for _, number in places]
    way = _way(witness.tiles_tree(step, index), places)
    path = witness.outputs_tree(step).proof(index)
    return b"".join([_header(tensor), _given(places, tiles), *way, *path])


def _history_section(witness: Witness, index: int, flat: Int64Array) -> bytes:
    tensor = witness.program.operations[index].result
    steps = flat // tensor.count
    inner = flat % tensor.count * tensor.element.width
    places = [(int(step), number) for step in np.unique(steps) for number in _tiles(inner[steps == step])]
    tiles = [witness.tile(step, index, number) for step, number in places]
    parts = [_header(tensor), _given(places, tiles)]
    if not places:
        parts.append((0).to_bytes(4, "big"))
    for step in sorted({step for step, _ in places}) or [0]:
        parts += _way(witness.tiles_tree(step, index), [place for place in places if place[0] == step])
        parts += witness.outputs_tree(step).proof(index)
        parts += witness.steps_tree.proof(step)
    return b"".join(parts)


def _header(tensor: TensorType) -> bytes:
    return tensor_header(tensor.element, tensor.dims, tensor.size)


def _tiles(at: Int64Array) -> list[int]:
    """Numbers of the tiles in which these bytes lie."""
    return [int(number) for number in np.unique(at // TILE)]


def _given(places: Sequence[Place], tiles: Sequence[bytes]) -> bytes:
    parts = [struct.pack(">H", len(places)), *(struct.pack(">II", *place) for place in places)]
    return b"".join(parts + [tile.ljust(TILE, b"\0") for tile in tiles])


def _way(tree: Tree, places: Sequence[Place]) -> list[bytes]:
    """From these tiles of one tree up to its root: a multiproof, or the root itself where there are none."""
    if not places:
        return [tree.root]
    siblings = []
    nodes = [number for _, number in places]
    for level in range(tree.depth):
        siblings += [tree.node(level, node ^ 1) for node in nodes if node ^ 1 not in nodes]
        nodes = sorted({node >> 1 for node in nodes})
    return siblings
