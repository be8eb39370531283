# pragma version 0.4.3
"""
@title DigitHook: what a drawing and a recognised digit look like
@notice For versions of the digits model (`scripts/digits.py`): input is up to 64 pixels of 0 to 16, output is
        eight big-endian int32: digit, recognised, margin, score and four zeros.
"""
from contracts.interfaces import IHook

implements: IHook

PIXELS: constant(uint256) = 64

# Adding 127 - 16 to a byte below 128 sets its top bit exactly if it exceeds 16; no byte carries into the
# next.
EACH_BYTE: constant(uint256) = max_value(uint256) // 255
TOP_BITS: constant(uint256) = EACH_BYTE * 128
TO_TOP: constant(uint256) = EACH_BYTE * (127 - 16)


@external
@view
def check_input(input: Bytes[4096]) -> bool:
    if len(input) > PIXELS:
        return False
    pixels: Bytes[4160] = concat(input, empty(bytes32), empty(bytes32))
    return self._are_pixels(extract32(pixels, 0, output_type=uint256)) and self._are_pixels(
        extract32(pixels, 32, output_type=uint256)
    )


@external
@view
def check_output(input: bytes32, output: Bytes[4096]) -> bool:
    if len(output) != 32:
        return False
    words: uint256 = extract32(output, 0, output_type=uint256)
    digit: uint256 = words >> 224
    recognised: uint256 = (words >> 192) & (2**32 - 1)
    margin: uint256 = (words >> 160) & (2**32 - 1)
    rest: uint256 = words & (2**128 - 1)
    return digit <= 9 and recognised <= 1 and margin < 2**31 and rest == 0


@internal
@pure
def _are_pixels(word: uint256) -> bool:
    return word & TOP_BITS == 0 and unsafe_add(word, TO_TOP) & TOP_BITS == 0
