# pragma version 0.4.3
"""
@title Positions: the two packed words of `IReferee.Position`
@notice place: level 8 | height 8 | index 32 | leaves 32 | steps 32 | step 32 | operation 32 | 0 80;
        extent: size 64 | chunks 64 | element 64 | width 8 | 0 56. What they mean: `interfaces/IDispute.vyi`.
"""
from contracts.interfaces import IReferee

STEPS: constant(uint256) = 1
OPERATIONS: constant(uint256) = 2
TILES: constant(uint256) = 3
WORDS: constant(uint256) = 4
ELEMENT: constant(uint256) = 5
CHUNKS: constant(uint256) = 6
VALUES: constant(uint256) = 7

FAN: constant(uint256) = 5  # levels that one reveal goes down
BELOW_HEIGHT: constant(uint256) = 2**240 - 1
BELOW_INDEX: constant(uint256) = 2**208 - 1
MASK8: constant(uint256) = 2**8 - 1
MASK32: constant(uint256) = 2**32 - 1
MASK64: constant(uint256) = 2**64 - 1


@internal
@pure
def _hash(position: IReferee.Position) -> bytes32:
    return keccak256(abi_encode(position))


# --- place ---


@internal
@pure
def _pack_place(
    level: uint256,
    height: uint256,
    leaves: uint256,
    steps: uint256,
    step: uint256,
    operation: uint256,
) -> uint256:
    """
    @notice The root of a tree: index 0. Every number fits its field.
    """
    return (
        (level << 248)
        | (height << 240)
        | (leaves << 176)
        | (steps << 144)
        | (step << 112)
        | (operation << 80)
    )


@internal
@pure
def _level(place: uint256) -> uint256:
    return place >> 248


@internal
@pure
def _height(place: uint256) -> uint256:
    return (place >> 240) & MASK8


@internal
@pure
def _index(place: uint256) -> uint256:
    return (place >> 208) & MASK32


@internal
@pure
def _leaves(place: uint256) -> uint256:
    return (place >> 176) & MASK32


@internal
@pure
def _steps(place: uint256) -> uint256:
    return (place >> 144) & MASK32


@internal
@pure
def _step(place: uint256) -> uint256:
    return (place >> 112) & MASK32


@internal
@pure
def _operation(place: uint256) -> uint256:
    return (place >> 80) & MASK32


@internal
@pure
def _at(place: uint256, level: uint256, height: uint256, index: uint256) -> uint256:
    """
    @notice The same tree, entered elsewhere or as another level.
    """
    return (level << 248) | (height << 240) | (index << 208) | (place & BELOW_INDEX)


# --- extent ---


@internal
@pure
def _pack_extent(size: uint256, chunks: uint256, element: uint256, width: uint256) -> uint256:
    return (size << 192) | (chunks << 128) | (element << 64) | (width << 56)


@internal
@pure
def _size(extent: uint256) -> uint256:
    return extent >> 192


@internal
@pure
def _chunks(extent: uint256) -> uint256:
    return (extent >> 128) & MASK64


@internal
@pure
def _element(extent: uint256) -> uint256:
    return (extent >> 64) & MASK64


@internal
@pure
def _width(extent: uint256) -> uint256:
    return (extent >> 56) & MASK8


# --- fans ---


@internal
@pure
def _fan(height: uint256) -> uint256:
    """
    @notice How many levels below a node its children are.
    """
    return min(FAN, height)


@internal
@pure
def _children(place: uint256) -> uint256:
    """
    @notice How many children a node shows: those that have a leaf under them.
    """
    height: uint256 = self._height(place)
    below: uint256 = height - self._fan(height)
    first: uint256 = self._index(place) << height
    within: uint256 = self._leaves(place) - first  # a node that was picked has a leaf under it
    return min((within + (1 << below) - 1) >> below, 1 << self._fan(height))


@internal
@pure
def _child(position: IReferee.Position, level: uint256, index: uint256, node: bytes32) -> IReferee.Position:
    """
    @notice Child `index` of those that the position shows, as a position of that level.
    """
    height: uint256 = self._height(position.place)
    fan: uint256 = self._fan(height)
    child: IReferee.Position = position
    child.place = self._at(position.place, level, height - fan, (self._index(position.place) << fan) | index)
    child.node = node
    return child
