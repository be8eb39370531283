# pragma version 0.4.3
"""
@title Calldata: what a transaction brought, read where it is
@notice A proof may take 96 KiB; it is never copied. Positions count bytes from the beginning of the calldata.
        Reading beyond its end reverts.
"""

SELECTOR: constant(uint256) = 4
MAX_PIECE: constant(uint256) = 82


@internal
@view
def _word(at: uint256) -> uint256:
    """
    @notice The 32 bytes at this position.
    """
    assert unsafe_add(at, 32) <= len(msg.data), "referee: proof too short"
    return convert(slice(msg.data, at, 32), uint256)


@internal
@view
def _piece(at: uint256, length: uint256) -> Bytes[MAX_PIECE]:
    """
    @notice At most MAX_PIECE bytes at this position, before which there are at least as many.
    """
    end: uint256 = unsafe_add(at, length)
    self._expect(end)
    return slice(
        slice(msg.data, unsafe_sub(end, MAX_PIECE), MAX_PIECE), unsafe_sub(MAX_PIECE, length), length
    )


@internal
@view
def _argument(number: uint256) -> (uint256, uint256):
    """
    @notice Where the bytes begin and end that are the argument in this word of the arguments.
    """
    at: uint256 = SELECTOR + self._word(SELECTOR + 32 * number)
    begin: uint256 = at + 32
    return begin, begin + self._word(at)


@internal
@view
def _expect(end: uint256):
    """
    @notice Reverts if the calldata ends before.
    """
    assert end <= len(msg.data), "referee: proof too short"
