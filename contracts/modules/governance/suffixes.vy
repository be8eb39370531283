# pragma version 0.4.3
"""
@title Suffixes: a description that says who alone may propose it
@notice A description that ends in "#proposer=0x" and 40 hexadecimal digits can be proposed by that address only, so
        that nobody can take a proposal away by copying it. Anything else at its end restricts nobody.
"""

LENGTH: constant(uint256) = 52  # of "#proposer=" and an address
MARKER: constant(bytes10) = 0x2370726f706f7365723d  # "#proposer="
DIGITS: constant(uint256) = 40
PREFIX: constant(bytes2) = 0x3078  # "0x"


@internal
@pure
def _restricts(begin: bytes32, end: bytes32, proposer: address) -> bool:
    """
    @notice Whether a suffix names somebody else than the proposer.
    @param begin First 32 of the description's last 52 bytes: marker, "0x" and 20 digits.
    @param end Last 32 bytes, of which the first 12 are in `begin`, too.
    """
    first: uint256 = convert(begin, uint256)
    if first >> 176 != convert(MARKER, uint256):
        return False
    if (first >> 160) & 65_535 != convert(PREFIX, uint256):
        return False

    named: uint256 = 0
    for i: uint256 in range(DIGITS):
        # Digit 39, the last, is the last byte of `end`; digit 19 the last byte of `begin`.
        character: uint256 = 0
        if i < 20:
            character = (first >> unsafe_mul(8, unsafe_sub(19, i))) & 255
        else:
            character = (convert(end, uint256) >> unsafe_mul(8, unsafe_sub(39, i))) & 255
        digit: uint256 = 0
        if character >= 48 and character <= 57:
            digit = unsafe_sub(character, 48)
        elif character >= 97 and character <= 102:
            digit = unsafe_sub(character, 87)
        elif character >= 65 and character <= 70:
            digit = unsafe_sub(character, 55)
        else:
            return False
        named = (named << 4) | digit
    return named != convert(proposer, uint256)
