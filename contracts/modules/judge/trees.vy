# pragma version 0.4.3
"""
@title Trees: from some nodes of a tree up to another
@notice The tree of `executor/program/commitments.py`: what lies right of the last leaf is EMPTY. Nobody is asked
        for such subtrees; they are known.
"""
from contracts.modules.judge import tiles


@internal
@pure
def _depth(leaves: uint256) -> uint256:
    """
    @notice Levels between leaf and root in a tree of `leaves` < 2^32: its logarithm, rounded up.
    """
    rest: uint256 = max(leaves, 1) - 1
    depth: uint256 = 0
    if rest >> 16 != 0:
        depth = 16
        rest >>= 16
    if rest >> 8 != 0:
        depth += 8
        rest >>= 8
    if rest >> 4 != 0:
        depth += 4
        rest >>= 4
    if rest >> 2 != 0:
        depth += 2
        rest >>= 2
    if rest >> 1 != 0:
        depth += 1
        rest >>= 1
    return depth + rest


@internal
@pure
def _fold(nodes: DynArray[bytes32, 32], height: uint256, levels: uint256) -> bytes32:
    """
    @notice The node `levels` <= 5 above a run of nodes at `height` <= 32 that begins at its leftmost one, at
            most 2^levels of them; those that are missing are EMPTY.
    """
    row: DynArray[bytes32, 32] = nodes
    count: uint256 = len(nodes)
    padded: bool = count < 1 << levels
    missing: bytes32 = keccak256(tiles.EMPTY_TAG)
    if padded:
        for _: uint256 in range(height, bound=32):
            missing = tiles._hash_node(missing, missing)
    for _: uint256 in range(levels, bound=5):
        pairs: uint256 = count >> 1
        for i: uint256 in range(pairs, bound=16):
            row[i] = tiles._hash_node(row[2 * i], row[2 * i + 1])
        if count & 1 == 1:
            row[pairs] = tiles._hash_node(row[count - 1], missing)
        if padded:
            missing = tiles._hash_node(missing, missing)
        count = (count + 1) >> 1
    return row[0]


@internal
@pure
def _climb(
    node: bytes32, index: uint256, siblings: DynArray[bytes32, 64], first: uint256, levels: uint256
) -> bytes32:
    """
    @notice The node `levels` above node `index`; its siblings, lowest first, begin at the `first` of those.
    """
    climbed: bytes32 = node
    for level: uint256 in range(levels, bound=64):
        if (index >> level) & 1 == 1:
            climbed = tiles._hash_node(siblings[first + level], climbed)
        else:
            climbed = tiles._hash_node(climbed, siblings[first + level])
    return climbed


@internal
@pure
def _over_words(tile: Bytes[1024]) -> bytes32:
    """
    @notice Root of the tree whose leaves are the words of a whole tile themselves.
    """
    row: bytes32[32] = abi_decode(tile, bytes32[32])
    count: uint256 = 16
    for _: uint256 in range(5):
        for i: uint256 in range(count, bound=16):
            row[i] = tiles._hash_node(row[2 * i], row[2 * i + 1])
        count >>= 1
    return row[0]
