"""Cases and positions as the Dispute contract packs and hashes them; see `contracts/interfaces/IDispute.vyi`.

All games about one result share a *case*. A *position* is a place in the trace that the defender claims: the
node that a game is at (its *cursor*), or the node whose children were revealed (an *opening*).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from executor.program import Program
from executor.program.chunks import FAN_LEVELS
from executor.program.commitments import hash_input, hash_operation, keccak256, tree_over, u256
from executor.program.cost import header_of
from executor.program.encoding import encode_header, encode_record

ROOT = bytes(32)
"""Hash of the cursor of a game that waits for the trace itself."""


class Level(IntEnum):
    """The tree in which a position is; in ELEMENT and CHUNKS its node is a value."""

    STEPS = 1
    OPERATIONS = 2
    TILES = 3
    WORDS = 4  # of one opened tile
    ELEMENT = 5  # one element, above the chunks of its reduction
    CHUNKS = 6  # the exact result of a run of chunks
    VALUES = 7  # revealed results of chunks


class Case(NamedTuple):
    """What all games about one result share; roots and hashes are 32 bytes, defender is an address."""

    id: bytes
    attempt: int
    output_hash: bytes
    program_root: bytes
    input_root: bytes
    output_root: bytes
    defender: str

    @property
    def key(self) -> bytes:
        """Under which the contract keeps it."""
        words = (self.id, u256(self.attempt), self.output_hash, self.program_root, self.input_root)
        return keccak256(b"".join(words) + self.output_root + bytes(12) + bytes.fromhex(self.defender[2:]))


class ProgramWords(NamedTuple):
    """The preimage of a program root."""

    header0: bytes
    header1: bytes
    operations: bytes
    constants: bytes
    inputs: bytes


@lru_cache(maxsize=64)
def program_words(program: Program) -> ProgramWords:
    """The five words that hash to the program's root."""
    header = encode_header(header_of(program))
    inputs = [
        hash_input(tensor.element, tensor.dims, tensor.size, offset)
        for tensor, offset in zip(program.inputs, program.input_offsets, strict=True)
    ]
    return ProgramWords(
        header[:32],
        header[32:],
        tree_over(records(program)).root,
        tree_over([constant.root for constant in program.constants]).root,
        tree_over(inputs).root,
    )


def records(program: Program) -> list[bytes]:
    """The leaves of the program's tree of operations."""
    return [hash_operation(encode_record(operation)) for operation in program.operations]


class PackedPosition(NamedTuple):
    """A position in its six words."""

    place: int
    extent: int
    trace: bytes
    outputs: bytes
    record: bytes
    node: bytes


@dataclass(frozen=True)
class Position:
    """A node and how it was reached.

    height: levels above the leaves of the level's tree. index: from the left at that height. leaves: of that
    tree. steps: how many the trace has. size: bytes of the operation's output. chunks: of its reduction.
    element: flat. width: bytes of an element. trace, outputs: roots of the trees over the steps and over this
    step's outputs. record: hash of the operation's record. What is not known at a level is 0.
    """

    level: Level
    height: int
    index: int
    leaves: int
    steps: int
    step: int
    operation: int
    size: int
    chunks: int
    element: int
    width: int
    trace: bytes
    outputs: bytes
    record: bytes
    node: bytes

    @property
    def fan(self) -> int:
        """Levels from this node down to those that a reveal of it shows."""
        return min(FAN_LEVELS, self.height)

    @property
    def children(self) -> int:
        """How many nodes a reveal shows: those with a leaf of the tree under them."""
        below = self.height - self.fan
        present = -(-(self.leaves - (self.index << self.height)) // (1 << below))
        return min(present, 1 << self.fan)

    @property
    def value(self) -> int:
        """The node of a position in ELEMENT or CHUNKS."""
        return int.from_bytes(self.node, "big", signed=True)

    def below(self, child: int, node: bytes) -> Position:
        """The position of a child that was revealed."""
        return replace(self, height=self.height - self.fan, index=(self.index << self.fan) + child, node=node)

    def packed(self) -> PackedPosition:
        place = _packed(
            (self.level, 8),
            (self.height, 8),
            *((number, 32) for number in (self.index, self.leaves, self.steps, self.step, self.operation)),
        )
        extent = _packed((self.size, 64), (self.chunks, 64), (self.element, 64), (self.width, 8))
        return PackedPosition(place, extent, self.trace, self.outputs, self.record, self.node)

    @property
    def hash(self) -> bytes:
        """What names it on the chain."""
        place, extent, *hashes = self.packed()
        return keccak256(u256(place) + u256(extent) + b"".join(hashes))

    @classmethod
    def unpack(cls, words: tuple[int, int, bytes, bytes, bytes, bytes]) -> Position:
        """The position in its six words; ValueError if it names no level."""
        place, extent, *hashes = words
        level, height, *counts = _unpacked(place, 8, 8, 32, 32, 32, 32, 32)
        index, leaves, steps, step, operation = counts
        size, chunks, element, width = _unpacked(extent, 64, 64, 64, 8)
        return cls(
            *(Level(level), height, index, leaves, steps, step, operation, size, chunks, element, width),
            *hashes,
        )


class Reveal(NamedTuple):
    """What the defender showed of a position: nodes, or the used bytes of a tile, or values of chunks."""

    opening: Position
    children: tuple[bytes, ...] = ()
    tile: bytes = b""
    values: tuple[int, ...] = ()


def value_word(value: int) -> bytes:
    """A value as the node of a position."""
    return value.to_bytes(32, "big", signed=True)


def values_hash(values: list[int]) -> bytes:
    """The node of an opening whose children are values: the hash of `abi_encode(DynArray[int256])`."""
    return keccak256(u256(32) + u256(len(values)) + b"".join(map(value_word, values)))


def _packed(*fields: tuple[int, int]) -> int:
    """The fields (value, bits) from the top of a word."""
    word, used = 0, 0
    for value, bits in fields:
        if not 0 <= value < 1 << bits:
            raise ValueError(f"{value} does not fit {bits} bits")
        word, used = word << bits | value, used + bits
    return word << (256 - used)


def _unpacked(word: int, *widths: int) -> list[int]:
    """Fields of these widths from the top of a word."""
    values, low = [], 256
    for bits in widths:
        low -= bits
        values.append(word >> low & (1 << bits) - 1)
    return values
