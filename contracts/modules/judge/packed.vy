# pragma version 0.4.3
"""
@title Packed: sums of products of bytes, eight to a multiplication
@notice Every byte x becomes u = x + 128, so that none is negative. A word of 32 holds four residues (every
        fourth byte), each of them eight lanes of 32 bits. With the lanes of the one operand reversed, the top
        lane of the product of two residues is the sum of eight products, and all below it carries nothing into
        it while there are fewer than 2^32 / 255^2 products. With u = a + 128, v = b + 128 and n terms:
        sum(a b) = sum(u v) - 128 (sum(u) + sum(v)) + 128^2 n.
"""

MOST: constant(uint256) = 2048  # products at once

ONES: constant(uint256) = max_value(uint256)
LANES: constant(uint256) = ONES // (2**32 - 1)  # 1 in every lane
BYTE: constant(uint256) = LANES * (2**8 - 1)  # the last byte of every lane
HALF: constant(uint256) = LANES * (2**16 - 1)  # the last two
SIGNS: constant(uint256) = ONES // (2**8 - 1) * 2**7  # the first bit of every byte
EVEN: constant(uint256) = ONES // (2**16 - 1) * (2**8 - 1)  # every other byte
LOW32: constant(uint256) = ONES // (2**64 - 1) * (2**32 - 1)  # the second half of every 64 bits
LOW64: constant(uint256) = ONES // (2**128 - 1) * (2**64 - 1)


@internal
@view
def _sum(a: uint256, b: uint256, count: uint256) -> int256:
    """
    @notice Sum of the products of the int8 at `a` and at `b` in the calldata, `count` <= MOST each, one after
            the other.
    """
    products: uint256 = 0  # in the top lane
    singles: uint256 = 0  # by 16 bits: of at most MOST / 32 words, four bytes each
    missing: uint256 = unsafe_sub(0, count) & 31  # from whole words: zeros, in the first of them
    gap: uint256 = unsafe_mul(8, missing)
    at: uint256 = unsafe_sub(a, missing)
    apart: uint256 = unsafe_sub(b, a)
    words: uint256 = unsafe_add(count, missing) >> 5
    for _: uint256 in range(words, bound=MOST // 32):
        u: uint256 = (convert(slice(msg.data, at, 32), uint256) << gap) ^ SIGNS
        v: uint256 = (convert(slice(msg.data, unsafe_add(at, apart), 32), uint256) << gap) ^ SIGNS
        v = (v << 128) | (v >> 128)
        v = ((v & LOW64) << 64) | ((v >> 64) & LOW64)
        v = ((v & LOW32) << 32) | ((v >> 32) & LOW32)
        products = unsafe_add(
            unsafe_add(
                unsafe_add(products, unsafe_mul(u & BYTE, v & BYTE)),
                unsafe_mul((u >> 8) & BYTE, (v >> 8) & BYTE),
            ),
            unsafe_add(
                unsafe_mul((u >> 16) & BYTE, (v >> 16) & BYTE),
                unsafe_mul((u >> 24) & BYTE, (v >> 24) & BYTE),
            ),
        )
        singles = unsafe_add(
            unsafe_add(unsafe_add(singles, u & EVEN), (u >> 8) & EVEN),
            unsafe_add(v & EVEN, (v >> 8) & EVEN),
        )
        at = unsafe_add(at, 32)
        gap = 0
    singles = unsafe_mul(unsafe_add(singles & HALF, (singles >> 16) & HALF), LANES) >> 224
    total: uint256 = unsafe_add(products >> 224, unsafe_mul(128 * 128 * 32, words))
    return convert(total, int256) - convert(unsafe_mul(128, singles), int256)
