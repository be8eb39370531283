"""Vectors for commitments: roots of byte strings, and the proofs of their tiles."""

from typing import Any

from executor.program.commitments import EMPTY, ZERO_TILE, count_tiles, data_root, tree_over_bytes

LENGTHS_AND_SIZES = (
    (0, 0),
    (0, 1),
    (0, 64),
    (1, 1),
    (1, 64),
    (31, 32),
    (32, 32),
    (33, 64),
    (64, 64),
    (1023, 1024),
    (1024, 1024),
    (1025, 1025),
    (1025, 4096),
    (2049, 3072),
    (4096, 4096),
    (100, 4096),
    (4000, 5120),
    (5000, 20000),
    (3, 1 << 20),
)


def sample(length: int) -> bytes:
    """`length` bytes without a short period."""
    return bytes((i * i + 7 * i + 3) * 2654435761 >> 11 & 0xFF for i in range(length))


def data_roots() -> dict[str, Any]:
    """Roots of byte strings of the given length, zero-extended to the given size."""
    cases = []
    for length, size in LENGTHS_AND_SIZES:
        data = sample(length)
        tree = tree_over_bytes(data, size)
        last = count_tiles(size) - 1
        cases.append(
            {
                "data": "0x" + data.hex(),
                "size": size,
                "depth": tree.depth,
                "tiles_root": "0x" + tree.root.hex(),
                "data_root": "0x" + data_root(data, size).hex(),
                "last_tile": last,
                "proof_of_last_tile": ["0x" + node.hex() for node in tree.proof(last)] if last >= 0 else [],
            }
        )
    return {"empty": "0x" + EMPTY.hex(), "zero_tile": "0x" + ZERO_TILE.hex(), "cases": cases}
