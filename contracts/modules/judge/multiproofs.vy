# pragma version 0.4.3
"""
@title Multiproofs: from leaves and siblings in the calldata to the root of a tree
@notice The trees of `executor/program/commitments.py`. A path has exactly one sibling a level, lowest first. A
        multiproof proves several tiles of one tree: level by level, from the left, every node of which the
        sibling is not proven too takes one from the proof.
"""
from contracts.modules.judge import calldata

TILE: constant(uint256) = 1024
MAX_TILES: constant(uint256) = 95  # what a proof of 96 KiB has room for
MAX_DEPTH: constant(uint256) = 40
PLACE: constant(uint256) = 8  # bytes of a tile's place: step u32, number u32
MASK32: constant(uint256) = 2**32 - 1

TILE_TAG: constant(bytes1) = 0x00
NODE_TAG: constant(bytes1) = 0x01


@internal
@view
def _climb(leaf: bytes32, index: uint256, depth: uint256, at: uint256) -> (bytes32, uint256):
    """
    @notice The root to which the `depth` siblings at `at` lead from a leaf, and where they end.
    """
    end: uint256 = unsafe_add(at, unsafe_mul(32, depth))
    calldata._expect(end)
    self._expect(index >> depth == 0)
    node: bytes32 = leaf
    next: uint256 = at
    for level: uint256 in range(depth, bound=MAX_DEPTH):
        if (index >> level) & 1 == 0:
            node = keccak256(concat(NODE_TAG, node, slice(msg.data, next, 32)))
        else:
            node = keccak256(concat(NODE_TAG, slice(msg.data, next, 32), node))
        next = unsafe_add(next, 32)
    return node, end


@internal
@view
def _root(places: uint256, tiles: uint256, count: uint256, depth: uint256, at: uint256) -> (bytes32, uint256):
    """
    @notice The root of the tree of the `count` tiles at `tiles`, whose places stand at `places`, ascending, by
            the siblings at `at`; and where these end.
    """
    if count == 1:
        return self._climb(self._hash_tile(tiles), self._number(places), depth, at)

    nodes: bytes32[MAX_TILES] = empty(bytes32[MAX_TILES])
    numbers: uint256[MAX_TILES] = empty(uint256[MAX_TILES])
    for i: uint256 in range(count, bound=MAX_TILES):
        nodes[i] = self._hash_tile(unsafe_add(tiles, unsafe_mul(TILE, i)))
        numbers[i] = self._number(unsafe_add(places, unsafe_mul(PLACE, i)))

    left: uint256 = count
    next: uint256 = at
    for _: uint256 in range(depth, bound=MAX_DEPTH):
        parents: uint256 = 0
        i: uint256 = 0
        for __: uint256 in range(MAX_TILES):
            if i == left:
                break
            number: uint256 = numbers[i]
            node: bytes32 = nodes[i]
            sibling: bytes32 = empty(bytes32)
            i = unsafe_add(i, 1)
            if number & 1 == 0 and i < left and numbers[i] == number | 1:
                sibling = nodes[i]
                i = unsafe_add(i, 1)
            else:
                sibling = convert(calldata._word(next), bytes32)
                next = unsafe_add(next, 32)
            if number & 1 == 1:
                right: bytes32 = node
                node = sibling
                sibling = right
            nodes[parents] = keccak256(concat(NODE_TAG, node, sibling))
            numbers[parents] = number >> 1
            parents = unsafe_add(parents, 1)
        left = parents
    self._expect(left == 1 and numbers[0] == 0)
    return nodes[0], next


@internal
@view
def _number(place: uint256) -> uint256:
    """
    @notice Number of the tile whose place stands there.
    """
    return (calldata._word(place) >> 192) & MASK32


@internal
@view
def _hash_tile(at: uint256) -> bytes32:
    """
    @notice Leaf of the tile at `at`.
    """
    calldata._expect(unsafe_add(at, TILE))
    return keccak256(concat(TILE_TAG, slice(msg.data, at, TILE)))


@internal
@pure
def _expect(exists: bool):
    assert exists, "referee: leaf does not exist"
