"""Commitments: how bytes become roots. Every hash of the protocol is defined here and nowhere else.

The hash is keccak-256. A *word* is 32 bytes, a *tile* is 32 words (1024 bytes). Every preimage begins with a
one-byte tag, so that nothing hashed as one kind can be passed off as another. Integers in preimages are
unsigned and big-endian; `u64` is 8 bytes.

    tag   kind        preimage after the tag
    0x00  tile        1024 bytes; the last tile of a byte string is filled up with zero bytes
    0x01  node        left child, right child (32 bytes each)
    0x02  tensor      header: type (1 byte), rank (1 byte), each dimension (u64), length in bytes (u64);
                      then the root of the tree over its tiles
    0x03  operation   the bytes of its record (encoding.py)
    0x04  step        root of the tree over the tensor roots of all operations' outputs, in program order
    0x05  program     two header words (encoding.py), then the roots of three trees: operations, constants
                      (tensor roots), inputs
    0x06  EMPTY       nothing: EMPTY = keccak256(0x06)
    0x07  trace       number of steps (u64), root of the tree over the steps
    0x08  input       header as in a tensor, then the offset in the input bytes (u64)

**Tree.** n leaves are followed by EMPTY up to the next power of two; parents are nodes. The depth is
ceil(log2 n), and a proof has exactly that many siblings, lowest first. The tree of one leaf is that leaf; the
tree of no leaf is EMPTY.

**Tensor types** are 0 = int8, 1 = int16, 2 = int32, 3 = int64: an element is `1 << type` bytes wide. Elements
are row-major, big-endian two's complement, packed without gaps; a width divides 32, so no element straddles a
word.

**Byte strings** (a request's input, a result's output) are rooted as the tensor int8[size]: `data_root`. A
string shorter than its size is extended with zero bytes. Written out, for a size of 64, which fits one tile:

    keccak256(0x02 00 01 0000000000000040 0000000000000040 || keccak256(0x00 || data || zeros to 1024 bytes))

**Trace.** trace -> steps -> operations -> tiles. The leaf of an operation is the tensor root of its output,
and the tree of tiles inside that root is also the one inside `data_root` of the same bytes: an output can
be held against the trace without reading it.

Shared vectors: tests/vectors/data_root.json.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sha3  # type: ignore[import-untyped]

WORD = 32
TILE = 32 * WORD

TILE_TAG = b"\x00"
NODE_TAG = b"\x01"
TENSOR_TAG = b"\x02"
OPERATION_TAG = b"\x03"
STEP_TAG = b"\x04"
PROGRAM_TAG = b"\x05"
EMPTY_TAG = b"\x06"
TRACE_TAG = b"\x07"
INPUT_TAG = b"\x08"

Bytes = bytes | bytearray | memoryview


class InputTooLong(ValueError):
    """The bytes are longer than the size they were to be rooted or run at."""


def keccak256(preimage: Bytes) -> bytes:
    """The 32-byte hash under every commitment."""
    digest: bytes = sha3.keccak_256(preimage).digest()
    return digest


def u64(value: int) -> bytes:
    """`value` in eight big-endian bytes; OverflowError outside 0 .. 2^64 - 1."""
    return value.to_bytes(8, "big")


def u256(value: int) -> bytes:
    """`value` as a word; OverflowError outside 0 .. 2^256 - 1."""
    return value.to_bytes(WORD, "big")


def hash_tile(content: Bytes) -> bytes:
    """Hash of one tile; `content` is at most 1024 bytes and is filled up with zero bytes."""
    assert len(content) <= TILE
    return keccak256(TILE_TAG + bytes(content) + bytes(TILE - len(content)))


def hash_node(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node of any tree."""
    return keccak256(NODE_TAG + left + right)


EMPTY = keccak256(EMPTY_TAG)
ZERO_TILE = hash_tile(b"")


def tree_depth(count: int) -> int:
    """Levels between a leaf and the root, which is the length of every proof, in a tree of `count` leaves."""
    return (count - 1).bit_length() if count > 1 else 0


def count_tiles(size: int) -> int:
    """Number of tiles that `size` bytes fill or begin."""
    return -(-size // TILE)


@dataclass(frozen=True)
class Tree:
    """A tree of `count` leaves whose nodes are computed when asked for; memory stays at one node a level.

    `leaf(i)` gives leaf i for i < `present`; the leaves from `present` to `count` are tiles of zeros, and
    from there EMPTY.
    """

    count: int
    present: int
    leaf: Callable[[int], bytes]

    @property
    def depth(self) -> int:
        return tree_depth(self.count)

    @property
    def root(self) -> bytes:
        return self.node(self.depth, 0)

    def node(self, level: int, index: int) -> bytes:
        """The node at `level` (0 = leaves) and `index` from the left."""
        first, after = index << level, (index + 1) << level
        if first >= self.count:
            return empty_node(level)
        if first >= self.present and after <= self.count:
            return _uniform(ZERO_TILE, level)
        if level == 0:
            return self.leaf(index)
        return hash_node(self.node(level - 1, 2 * index), self.node(level - 1, 2 * index + 1))

    def proof(self, index: int) -> list[bytes]:
        """Siblings from leaf `index` up to the root, lowest first; IndexError beyond the last leaf."""
        if not 0 <= index < self.count:
            raise IndexError(f"leaf {index} of a tree of {self.count}")
        return [self.node(level, (index >> level) ^ 1) for level in range(self.depth)]


_UNIFORM: dict[bytes, list[bytes]] = {EMPTY: [EMPTY], ZERO_TILE: [ZERO_TILE]}


def _uniform(leaf: bytes, level: int) -> bytes:
    """Root of a complete subtree of `2^level` equal leaves."""
    levels = _UNIFORM[leaf]
    while len(levels) <= level:
        levels.append(hash_node(levels[-1], levels[-1]))
    return levels[level]


def empty_node(level: int) -> bytes:
    """Root of a complete subtree of EMPTY, `level` levels above its leaves."""
    return _uniform(EMPTY, level)


def tree_over(leaves: Sequence[bytes]) -> Tree:
    """The tree whose leaves are the given hashes."""
    return Tree(len(leaves), len(leaves), leaves.__getitem__)


def tree_over_bytes(data: Bytes, size: int) -> Tree:
    """The tree over the tiles of `data`, extended with zero bytes to `size`; InputTooLong if it is longer."""
    if len(data) > size:
        raise InputTooLong(f"{len(data)} bytes where {size} are allowed")
    view = memoryview(data)
    return Tree(
        count=count_tiles(size),
        present=count_tiles(len(data)),
        leaf=lambda i: hash_tile(view[i * TILE : (i + 1) * TILE]),
    )


def root_from_proof(leaf: bytes, index: int, proof: Sequence[bytes]) -> bytes:
    """The root that `proof` leads to from `leaf`; a caller compares it, and `len(proof)`, with the known.

    ValueError if `index` does not exist in a tree of the proof's depth.
    """
    if not 0 <= index < 1 << len(proof):
        raise ValueError(f"index {index} in a tree of depth {len(proof)}")
    node = leaf
    for level, sibling in enumerate(proof):
        node = hash_node(sibling, node) if index >> level & 1 else hash_node(node, sibling)
    return node


def tensor_header(type_code: int, dims: Sequence[int], length: int) -> bytes:
    """What a tensor's root binds beside its tiles: type, rank, dimensions, length in bytes."""
    return bytes([type_code, len(dims)]) + b"".join(map(u64, dims)) + u64(length)


def hash_tensor(type_code: int, dims: Sequence[int], length: int, tiles: bytes) -> bytes:
    """Tensor root from its header and the root of the tree over its tiles."""
    return keccak256(TENSOR_TAG + tensor_header(type_code, dims, length) + tiles)


def tensor_root(type_code: int, dims: Sequence[int], data: Bytes) -> bytes:
    """Tensor root of canonical bytes."""
    return hash_tensor(type_code, dims, len(data), tree_over_bytes(data, len(data)).root)


def data_root(data: Bytes, size: int) -> bytes:
    """Root of a request's input or a result's output of `size` bytes.

    Shorter data is extended with zero bytes; longer data is InputTooLong.
    """
    return hash_tensor(0, [size], size, tree_over_bytes(data, size).root)


def hash_input(type_code: int, dims: Sequence[int], length: int, offset: int) -> bytes:
    """Leaf of a program's tree of inputs: one input tensor and where in the input bytes it begins."""
    return keccak256(INPUT_TAG + tensor_header(type_code, dims, length) + u64(offset))


def hash_operation(record: Bytes) -> bytes:
    """Leaf of a program's tree of operations."""
    return keccak256(OPERATION_TAG + bytes(record))


def hash_program(header: bytes, operations: bytes, constants: bytes, inputs: bytes) -> bytes:
    """Program root from its two header words and the roots of its three trees."""
    return keccak256(PROGRAM_TAG + header + operations + constants + inputs)


def hash_step(outputs: bytes) -> bytes:
    """Leaf of the trace's tree of steps, from the root of the tree over the step's outputs (tensor roots)."""
    return keccak256(STEP_TAG + outputs)


def hash_trace(steps: int, root: bytes) -> bytes:
    """Trace root from the number of steps and the root of the tree over them."""
    return keccak256(TRACE_TAG + u64(steps) + root)
