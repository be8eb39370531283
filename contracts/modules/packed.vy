# pragma version 0.4.3
"""
@title Packed: sums of products of bytes, eight to a multiplication
@notice Every byte x becomes u = x + 128, so that none is negative. A word of 32 holds four residues (every
        fourth byte), each of them eight lanes of 32 bits. With the lanes of the one operand reversed, the top
        lane of the product of two residues is the sum of eight products, and all below it carries nothing into
        it while there are fewer than 2^32 / 255^2 products. With u = a + 128, v = b + 128 and n terms:
        sum(a b) = sum(u v) - 128 (sum(u) + sum(v)) + 128^2 n.
"""

MAX_WORDS: constant(uint256) = 256  # 8,192 products

ONES: constant(uint256) = max_value(uint256)
LANES: constant(uint256) = ONES // (2**32 - 1)  # 1 in every lane
BYTE: constant(uint256) = LANES * (2**8 - 1)  # the last byte of every lane
SIGNS: constant(uint256) = ONES // (2**8 - 1) * 2**7  # the first bit of every byte
LOW32: constant(uint256) = ONES // (2**64 - 1) * (2**32 - 1)  # the second half of every 64 bits
LOW64: constant(uint256) = ONES // (2**128 - 1) * (2**64 - 1)


@internal
@view
def _sum(a: uint256, b: uint256, count: uint256) -> int256:
    """
    @notice Sum of the products of the int8 at `a` and at `b` in the calldata, `count` <= 8,192 each, one after
            the other.
    """
    products: uint256 = 0  # in the top lane
    singles: uint256 = 0  # in every lane
    missing: uint256 = unsafe_sub(0, count) & 31  # from whole words: zeros, in the first of them
    at: uint256 = unsafe_sub(a, missing)
    apart: uint256 = unsafe_sub(b, a)
    gap: uint256 = 8 * missing
    words: uint256 = (count + 31) >> 5
    for _: uint256 in range(words, bound=MAX_WORDS):
        u: uint256 = (convert(slice(msg.data, at, 32), uint256) << gap) ^ SIGNS
        v: uint256 = (convert(slice(msg.data, unsafe_add(at, apart), 32), uint256) << gap) ^ SIGNS
        v = (v << 128) | (v >> 128)
        v = ((v & LOW64) << 64) | ((v >> 64) & LOW64)
        v = ((v & LOW32) << 32) | ((v >> 32) & LOW32)
        u0: uint256 = u & BYTE
        u1: uint256 = (u >> 8) & BYTE
        u2: uint256 = (u >> 16) & BYTE
        u3: uint256 = (u >> 24) & BYTE
        v0: uint256 = v & BYTE
        v1: uint256 = (v >> 8) & BYTE
        v2: uint256 = (v >> 16) & BYTE
        v3: uint256 = (v >> 24) & BYTE
        products = unsafe_add(
            products,
            unsafe_add(
                unsafe_add(unsafe_mul(u0, v0), unsafe_mul(u1, v1)),
                unsafe_add(unsafe_mul(u2, v2), unsafe_mul(u3, v3)),
            ),
        )
        singles = unsafe_add(
            singles,
            unsafe_add(
                unsafe_add(unsafe_add(u0, u1), unsafe_add(u2, u3)),
                unsafe_add(unsafe_add(v0, v1), unsafe_add(v2, v3)),
            ),
        )
        at = unsafe_add(at, 32)
        gap = 0
    singles = unsafe_mul(singles, LANES) >> 224
    return convert((products >> 224) + 16384 * 32 * words, int256) - convert(128 * singles, int256)
