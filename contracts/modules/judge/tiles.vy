# pragma version 0.4.3
"""
@title Tiles: bytes to data roots
@notice The tree of `executor/program/commitments.py`: tiles of 1,024 bytes, zero tiles up to the size that
        was agreed, EMPTY up to a power of two. Subtrees are appended from the left; what is not given is
        appended as whole subtrees of zeros or EMPTY known beforehand, so cost grows with the data and the
        logarithm of the size.
"""

TILE: constant(uint256) = 1024
MAX_DEPTH: constant(uint256) = 22
MAX_SIZE: constant(uint256) = TILE * 2**22  # 4 GiB

TILE_TAG: constant(Bytes[1]) = x"00"
NODE_TAG: constant(Bytes[1]) = x"01"
EMPTY_TAG: constant(Bytes[1]) = x"06"
INT8_RANK_1: constant(Bytes[3]) = x"020001"  # tensor tag, type, rank

ZEROS: immutable(bytes32[MAX_DEPTH + 1])  # by level: complete subtrees of zero tiles
EMPTIES: immutable(bytes32[MAX_DEPTH + 1])  # by level: complete subtrees of EMPTY


# A tree grows to the right, like a binary counter: level l holds a finished subtree of 2^l leaves where bit l
# of `leaves` is set.
struct Tree:
    leaves: uint256
    subtrees: bytes32[MAX_DEPTH + 1]


@deploy
def __init__():
    zeros: bytes32[MAX_DEPTH + 1] = empty(bytes32[MAX_DEPTH + 1])
    empties: bytes32[MAX_DEPTH + 1] = empty(bytes32[MAX_DEPTH + 1])
    zeros[0] = self._hash_tile(abi_encode(empty(bytes32[32])))
    empties[0] = keccak256(EMPTY_TAG)
    for level: uint256 in range(1, MAX_DEPTH + 1):
        zeros[level] = self._hash_node(zeros[level - 1], zeros[level - 1])
        empties[level] = self._hash_node(empties[level - 1], empties[level - 1])
    ZEROS = zeros
    EMPTIES = empties


@internal
@pure
def _hash_tile(content: Bytes[TILE]) -> bytes32:
    """
    @notice Hash of one whole tile.
    """
    return keccak256(concat(TILE_TAG, content))


@internal
@pure
def _hash_node(left: bytes32, right: bytes32) -> bytes32:
    return keccak256(concat(NODE_TAG, left, right))


@internal
@pure
def _append(tree: Tree, subtree: bytes32, level: uint256) -> Tree:
    """
    @notice Adds a complete subtree of 2^level leaves. `tree.leaves` has to be a multiple of that.
    """
    grown: Tree = tree
    node: bytes32 = subtree
    height: uint256 = level
    for _: uint256 in range(MAX_DEPTH):
        if (tree.leaves >> height) & 1 == 0:
            break
        node = self._hash_node(tree.subtrees[height], node)
        height += 1
    grown.subtrees[height] = node
    grown.leaves += 1 << level
    return grown


@internal
@view
def _data_root(given: Tree, size: uint256) -> bytes32:
    """
    @notice Data root of the tiles in `given`, zero-extended to `size` <= MAX_SIZE bytes, which they must not
            exceed.
    """
    tiles: uint256 = self._count(size)
    depth: uint256 = self._depth(tiles)

    # The largest subtrees that fit, first growing with the position, then shrinking towards the end.
    tree: Tree = given
    for _: uint256 in range(2 * MAX_DEPTH + 1):
        if tree.leaves == tiles:
            break
        level: uint256 = self._level(tree.leaves, tiles)
        tree = self._append(tree, ZEROS[level], level)
    for _: uint256 in range(MAX_DEPTH + 1):
        if tree.leaves == 1 << depth:
            break
        level: uint256 = self._level(tree.leaves, 1 << depth)
        tree = self._append(tree, EMPTIES[level], level)

    return self._hash_data(size, tree.subtrees[depth])


@internal
@pure
def _hash_data(size: uint256, root: bytes32) -> bytes32:
    """
    @notice Data root of `size` bytes from the root of the tree over their tiles.
    """
    length: bytes8 = convert(convert(size, uint64), bytes8)
    return keccak256(concat(INT8_RANK_1, length, length, root))


@internal
@pure
def _count(size: uint256) -> uint256:
    """
    @notice Number of tiles that `size` bytes fill or begin.
    """
    return (size + TILE - 1) // TILE


@internal
@pure
def _depth(leaves: uint256) -> uint256:
    """
    @notice Levels between leaf and root in a tree of `leaves`: its logarithm, rounded up.
    """
    depth: uint256 = 0
    for _: uint256 in range(MAX_DEPTH):
        if leaves <= 1 << depth:
            break
        depth += 1
    return depth


@internal
@pure
def _level(position: uint256, end: uint256) -> uint256:
    """
    @notice Level of the largest subtree that starts at leaf `position` and does not reach beyond `end`.
    """
    level: uint256 = 0
    for _: uint256 in range(MAX_DEPTH):
        width: uint256 = 2 << level
        if position & (width - 1) != 0 or position + width > end:
            break
        level += 1
    return level
