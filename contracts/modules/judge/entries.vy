# pragma version 0.4.3
"""
@title Entries: what is kept of a cursor, in one word
@notice From the top: digest 168 | first 48 | revealed at 40. The digest is the beginning of the hash of the
        cursor's opening, `first` the lowest number of a game that picked the cursor.
"""

MASK40: constant(uint256) = 2**40 - 1
MASK48: constant(uint256) = 2**48 - 1


@internal
@pure
def _first(entry: uint256) -> uint256:
    return (entry >> 40) & MASK48


@internal
@pure
def _revealed_at(entry: uint256) -> uint256:
    return entry & MASK40


@internal
@pure
def _digest(opening: bytes32) -> uint256:
    return convert(opening, uint256) >> 88


@internal
@pure
def _shows(entry: uint256, opening: bytes32) -> bool:
    """
    @notice Whether this is the opening of the cursor, which was revealed.
    """
    return entry >> 88 == self._digest(opening)


@internal
@pure
def _picked(entry: uint256, game: uint256) -> uint256:
    """
    @notice The entry after a game has picked its cursor.
    """
    first: uint256 = self._first(entry)
    if first != 0 and first < game:
        return entry
    return (entry & ~(MASK48 << 40)) | (game << 40)


@internal
@pure
def _revealed(entry: uint256, opening: bytes32, now: uint256) -> uint256:
    """
    @notice The entry after its cursor was revealed.
    """
    return (self._digest(opening) << 88) | (self._first(entry) << 40) | now
