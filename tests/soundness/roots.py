"""Roots as RULES.md and the tags pin them, written a second time: nothing here comes from `executor`.

Trees are kept whole, as lists of levels, so that a prover may take any node it likes out of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from Crypto.Hash import keccak as sponge

TILE = 1024


def keccak(*parts: bytes) -> bytes:
    return sponge.new(digest_bits=256, data=b"".join(parts)).digest()


EMPTY = keccak(b"\x06")


def node_hash(left: bytes, right: bytes) -> bytes:
    return keccak(b"\x01", left, right)


@lru_cache(1 << 14)
def tile_hash(tile: bytes) -> bytes:
    """Of a whole tile or of the used bytes of the last one."""
    return keccak(b"\x00", tile, bytes(TILE - len(tile)))


def header(element: int, dims: Sequence[int]) -> bytes:
    """Of a tensor: type, rank, dimensions, length."""
    length = 1 << element
    for dim in dims:
        length *= dim
    return bytes([element, len(dims)]) + b"".join(n.to_bytes(8, "big") for n in (*dims, length))


def tensor_hash(its_header: bytes, tiles: bytes) -> bytes:
    return keccak(b"\x02", its_header, tiles)


def bytes_hash(size: int, tiles: bytes) -> bytes:
    """Root of an input's or an output's bytes."""
    return tensor_hash(header(0, [size]), tiles)


def step_hash(outputs: bytes) -> bytes:
    return keccak(b"\x04", outputs)


def cut(data: bytes) -> list[bytes]:
    """Whole tiles; the last is filled up with zeros."""
    tiles = [data[at : at + TILE] for at in range(0, len(data), TILE)]
    return [tile.ljust(TILE, b"\0") for tile in tiles]


class Merkle:
    """A tree over leaves, `levels[height][index]`; EMPTY fills it up to a power of two."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        width = 1
        while width < len(leaves):
            width *= 2
        level = [*leaves, *[EMPTY] * (width - len(leaves))]
        self.levels = [level]
        while len(level) > 1:
            level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level), 2)]
            self.levels.append(level)

    @property
    def root(self) -> bytes:
        return self.levels[-1][0]

    @property
    def depth(self) -> int:
        return len(self.levels) - 1

    def path(self, index: int, height: int = 0) -> list[bytes]:
        """Siblings of a node up to the root, lowest first."""
        siblings = []
        for level in self.levels[height:-1]:
            siblings.append(level[index ^ 1])
            index >>= 1
        return siblings

    def paths(self, indices: Sequence[int]) -> list[bytes]:
        """Siblings of several leaves at once: of every level those that are not on the way themselves."""
        siblings, row = [], sorted(set(indices))
        for level in self.levels[:-1]:
            siblings += [level[index ^ 1] for index in row if index ^ 1 not in row]
            row = sorted({index >> 1 for index in row})
        return siblings
