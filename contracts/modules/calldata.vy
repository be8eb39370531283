# pragma version 0.4.3
"""
@title Calldata: numbers read where the transaction put them
@notice A proof may take 96 KiB; what it says is read in place and never copied. Positions count bytes from
        the beginning of the calldata. Reading beyond its end reverts.
"""

SELECTOR: constant(uint256) = 4
MAX_PIECE: constant(uint256) = 82


@internal
@view
def _word(at: uint256) -> bytes32:
    """
    @notice The 32 bytes at this position.
    """
    self._expect(unsafe_add(at, 32))
    return convert(slice(msg.data, at, 32), bytes32)


@internal
@view
def _unsigned(at: uint256, width: uint256) -> uint256:
    """
    @notice The unsigned big-endian number of `width` < 32 bytes at this position, beyond the first words.
    """
    end: uint256 = unsafe_add(at, width)
    self._expect(end)
    unused: uint256 = unsafe_sub(256, unsafe_mul(8, width))
    return (convert(slice(msg.data, unsafe_sub(end, 32), 32), uint256) << unused) >> unused


@internal
@view
def _signed(at: int256, unused: uint256) -> int256:
    """
    @notice The two's complement number whose last byte is the last of the word at `at`; `unused` is how many of
            the word's first bits do not belong to it.
    """
    return (convert(slice(msg.data, convert(at, uint256), 32), int256) << unused) >> unused


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
    at: uint256 = SELECTOR + convert(self._word(SELECTOR + 32 * number), uint256)
    begin: uint256 = at + 32
    return begin, begin + convert(self._word(at), uint256)


@internal
@view
def _expect(end: uint256):
    """
    @notice Reverts if the calldata ends before.
    """
    assert end <= len(msg.data), "referee: proof too short"
