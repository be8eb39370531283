# pragma version 0.4.3
"""
@title Multiproofs: from leaves and siblings in the calldata to the root of a tree
@notice The trees of `executor/program/commitments.py`. A path has exactly one sibling a level, lowest first. A
        multiproof proves several tiles of one tree: level by level, from the left, every node of which the
        sibling is not proven too takes one from the proof.
"""
from contracts.modules import calldata

TILE: constant(uint256) = 1024
MAX_TILES: constant(uint256) = 95  # what a proof of 96 KiB has room for
MAX_DEPTH: constant(uint256) = 40
PLACE: constant(uint256) = 8  # bytes of an entry of a directory: step u32, number of a tile u32

TILE_TAG: constant(Bytes[1]) = x"00"
NODE_TAG: constant(Bytes[1]) = x"01"


@internal
@view
def _climb(leaf: bytes32, index: uint256, depth: uint256, at: uint256) -> (bytes32, uint256):
    """
    @notice The root to which the `depth` siblings at `at` lead from a leaf, and where they end.
    """
    self._expect(index >> depth == 0)
    node: bytes32 = leaf
    place: uint256 = index
    next: uint256 = at
    for _: uint256 in range(depth, bound=MAX_DEPTH):
        sibling: bytes32 = calldata._word(next)
        if place & 1 == 0:
            node = keccak256(concat(NODE_TAG, node, sibling))
        else:
            node = keccak256(concat(NODE_TAG, sibling, node))
        place = place >> 1
        next = unsafe_add(next, 32)
    return node, next


@internal
@view
def _hash_tile(at: uint256) -> bytes32:
    """
    @notice Leaf of the tile at `at`.
    """
    calldata._expect(at + TILE)
    return keccak256(concat(TILE_TAG, slice(msg.data, at, TILE)))


@internal
@view
def _root(
    directory: uint256, tiles: uint256, count: uint256, depth: uint256, at: uint256
) -> (bytes32, uint256):
    """
    @notice The root of the tree in which the `count` tiles at `tiles` have the numbers that the directory gives
            them, by the siblings at `at`; and where these end.
    """
    if count == 1:
        return self._climb(self._hash_tile(tiles), calldata._unsigned(directory + PLACE - 4, 4), depth, at)

    nodes: bytes32[MAX_TILES] = empty(bytes32[MAX_TILES])
    places: uint256[MAX_TILES] = empty(uint256[MAX_TILES])
    for i: uint256 in range(count, bound=MAX_TILES):
        nodes[i] = self._hash_tile(unsafe_add(tiles, TILE * i))
        places[i] = calldata._unsigned(unsafe_add(directory, unsafe_add(PLACE * i, PLACE - 4)), 4)

    left: uint256 = count
    next: uint256 = at
    for _: uint256 in range(depth, bound=MAX_DEPTH):
        parents: uint256 = 0
        i: uint256 = 0
        for __: uint256 in range(MAX_TILES):
            if i == left:
                break
            node: bytes32 = nodes[i]
            place: uint256 = places[i]
            i = unsafe_add(i, 1)
            if place & 1 == 1:
                node = keccak256(concat(NODE_TAG, calldata._word(next), node))
                next = unsafe_add(next, 32)
            elif i < left and places[i] == place | 1:
                node = keccak256(concat(NODE_TAG, node, nodes[i]))
                i = unsafe_add(i, 1)
            else:
                node = keccak256(concat(NODE_TAG, node, calldata._word(next)))
                next = unsafe_add(next, 32)
            nodes[parents] = node
            places[parents] = place >> 1
            parents = unsafe_add(parents, 1)
        left = parents
    self._expect(left == 1 and places[0] == 0)
    return nodes[0], next


@internal
@pure
def _expect(exists: bool):
    assert exists, "referee: leaf does not exist"
