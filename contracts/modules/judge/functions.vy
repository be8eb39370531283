# pragma version 0.4.3
"""
@title Functions: the arithmetic of one element
@notice Over the integers: operands are int64, and nothing on the way leaves int256.
"""

# The functions of a map.
ADD: constant(uint256) = 1
SUB: constant(uint256) = 2
MUL: constant(uint256) = 3
DIV: constant(uint256) = 4
SHIFT: constant(uint256) = 5
MIN: constant(uint256) = 6
MAX: constant(uint256) = 7
CLAMP: constant(uint256) = 8
EQ: constant(uint256) = 9
LT: constant(uint256) = 10
LE: constant(uint256) = 11
SELECT: constant(uint256) = 12
ISQRT: constant(uint256) = 13


@internal
@pure
def _apply(function: uint256, a: int256, b: int256, c: int256, p: uint256) -> int256:
    """
    @notice What a map's function yields; `p` is its immediate.
    """
    if function == ADD:
        return a + b
    if function == SUB:
        return a - b
    if function == MUL:
        return a * b
    if function == DIV:
        return self._divide(a << p, b)
    if function == SHIFT:
        return self._shift(a, p)
    if function == MIN:
        return min(a, b)
    if function == MAX:
        return max(a, b)
    if function == CLAMP:
        return min(max(a, b), c)
    if function == EQ:
        return convert(a == b, int256)
    if function == LT:
        return convert(a < b, int256)
    if function == LE:
        return convert(a <= b, int256)
    if function == SELECT:
        return b if a > 0 else c
    return convert(isqrt(convert(max(a, 0), uint256)), int256)


@internal
@pure
def _divide(a: int256, b: int256) -> int256:
    """
    @notice floor(a / b), and 0 where b is.
    """
    if b == 0:
        return 0
    quotient: int256 = a // b  # towards zero
    if quotient * b != a and (a < 0) != (b < 0):
        quotient -= 1
    return quotient


@internal
@pure
def _shift(x: int256, bits: uint256) -> int256:
    """
    @notice floor((x + half) / 2^bits), half = 2^(bits - 1), or 0 where bits is.
    """
    if bits == 0:
        return x
    return (x + (1 << (bits - 1))) >> bits


@internal
@pure
def _rescale(exact: int256, bias: int256, multiplier: int256, bits: uint256, element_type: uint256) -> int256:
    """
    @notice The nearest value of the type to floor(((exact + bias) * multiplier + half) / 2^bits).
    """
    scaled: int256 = self._shift((exact + bias) * multiplier, bits)
    bound: int256 = -self._lowest(element_type)
    return min(max(scaled, -bound), bound - 1)


@internal
@pure
def _lowest(element_type: uint256) -> int256:
    """
    @notice Smallest value of the type.
    """
    return -(1 << ((8 << element_type) - 1))
