# pragma version 0.4.3
"""
@title Inputs
@notice Documented in `interfaces/IInputs.vyi`.
@custom:kill Nobody can stop it; it has no owner and nothing to change.
"""
from contracts.interfaces import IInputs
from contracts.modules.judge import tiles

implements: IInputs
initializes: tiles

ZERO_TILE: immutable(Bytes[tiles.TILE])  # fills up the last tile

runs: HashMap[bytes32, uint256]  # root -> tiles 8 (low) | bytes that may be other than zero
sealed: HashMap[bytes32, uint256]  # data root -> size


@deploy
def __init__():
    tiles.__init__()
    ZERO_TILE = abi_encode(empty(bytes32[32]))


@external
@view
def data_root(data: Bytes[4096], size: uint256) -> bytes32:
    assert size <= tiles.MAX_SIZE, "inputs: size too large"
    assert len(data) <= size, "inputs: longer than its size"

    filled: Bytes[4096 + tiles.TILE] = concat(data, ZERO_TILE)
    if size <= tiles.TILE and size > 0:  # the tree of one leaf is that leaf
        return tiles._hash_data(size, tiles._hash_tile(slice(filled, 0, tiles.TILE)))
    tree: tiles.Tree = empty(tiles.Tree)
    for i: uint256 in range(4):
        if i == tiles._count(len(data)):
            break
        tree = tiles._append(tree, tiles._hash_tile(slice(filled, i * tiles.TILE, tiles.TILE)), 0)
    return tiles._data_root(tree, size)


@external
def upload(data: Bytes[32768]) -> bytes32:
    count: uint256 = tiles._count(len(data))
    assert count > 0, "inputs: nothing uploaded"
    assert count & (count - 1) == 0, "inputs: not a power of two of tiles"

    filled: Bytes[32768 + tiles.TILE] = concat(data, ZERO_TILE)
    tree: tiles.Tree = empty(tiles.Tree)
    for i: uint256 in range(32):
        if i == count:
            break
        tree = tiles._append(tree, tiles._hash_tile(slice(filled, i * tiles.TILE, tiles.TILE)), 0)
    run: bytes32 = tree.subtrees[tiles._depth(count)]

    # The same tiles may come with more or fewer of their final zeros; the shortest form proves the most.
    known: uint256 = self.runs[run] >> 8
    if known == 0 or len(data) < known:
        self.runs[run] = count | (len(data) << 8)
    log IInputs.Uploaded(run=run, data=data)
    return run


@external
def seal(runs: DynArray[bytes32, 256], size: uint256) -> bytes32:
    assert size > 0, "inputs: size is zero"
    assert size <= tiles.MAX_SIZE, "inputs: size too large"

    tree: tiles.Tree = empty(tiles.Tree)
    for run: bytes32 in runs:
        known: uint256 = self.runs[run]
        count: uint256 = known & 255
        assert known != 0, "inputs: run unknown"
        assert tree.leaves % count == 0, "inputs: run out of place"
        assert tree.leaves * tiles.TILE + (known >> 8) <= size, "inputs: longer than its size"
        tree = tiles._append(tree, run, tiles._depth(count))
    root: bytes32 = tiles._data_root(tree, size)

    self.sealed[root] = size
    log IInputs.Sealed(root=root, size=size, runs=runs)
    return root


@external
@view
def sealed_size(root: bytes32) -> uint256:
    return self.sealed[root]
