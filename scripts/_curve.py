"""Gas of a dispute by the size of its program: measured as far as the tests play it, modelled beyond.

The programs are those of `_products`: n * n elements of 1,024 multiply-accumulates each. What grows with n is
the tree over the tiles of the one large output, so with its depth d:

    gas = gas at 10^9 + (rounds(d) - rounds(10)) * (a pick and a reveal of 32 nodes)
        + (d - 10) * 2 operands * 2 tiles' path of 32 bytes a level at 40 gas a byte

where rounds(d) = ceil(d / 5): five levels go down in a round, and 10 is the depth at 10^9. The last term is
an upper bound for two tiles a row of 1,024 elements that begins anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from executor.program.commitments import count_tiles, tree_depth

TERMS = 1_024
"""Multiply-accumulates behind each element."""

MEASURED = {"1e5": 10, "1e6": 32, "1e7": 99, "1e8": 313, "1e9": 1_024}
"""Sides of the square of elements in the disputes that the tests play; so many elements are one byte each."""

MODELLED = {"1e10": 3_125, "1e11": 9_882, "1e12": 31_250}
BASE = "1e9"
FAN = 5  # levels in a round
PATH_BYTE = 40  # gas of a byte that is not zero, by the calldata floor of EIP-7623
LEVEL_GAS = 2 * 2 * 32 * PATH_BYTE


@dataclass(frozen=True)
class Point:
    """One program size. gas: from the challenge to the ruling, both sides."""

    name: str
    macs: int
    gas: int
    transactions: int
    measured: bool


def depth(side: int) -> int:
    """Levels of the tree over the tiles of side * side bytes."""
    return tree_depth(count_tiles(side * side))


def rounds(side: int) -> int:
    """How often a pick and a reveal go down this tree."""
    return -(-depth(side) // FAN)


def curve(gas: dict[str, int]) -> list[Point]:
    """The whole curve, from the committed gas of the tests."""
    points = [
        Point(name, side * side * TERMS, gas[f"dispute/{name}"], gas[f"dispute/{name}_transactions"], True)
        for name, side in MEASURED.items()
    ]
    return points + [model(name, side, gas) for name, side in MODELLED.items()]


def model(name: str, side: int, gas: dict[str, int]) -> Point:
    """What a dispute over a program of this size takes, by the formula above."""
    base = MEASURED[BASE]
    more, deeper = rounds(side) - rounds(base), depth(side) - depth(base)
    a_round = gas["dispute/pick"] + gas["dispute/reveal_32"]
    return Point(
        name=name,
        macs=side * side * TERMS,
        gas=gas[f"dispute/{BASE}"] + more * a_round + deeper * LEVEL_GAS,
        transactions=gas[f"dispute/{BASE}_transactions"] + 2 * more,
        measured=False,
    )


def table(points: list[Point]) -> str:
    """The curve for BENCHMARKS.md."""
    rows = "".join(
        f"| {point.macs:,} | {point.gas:,} | {point.transactions} |"
        f" {'measured' if point.measured else 'modelled'} |\n"
        for point in points
    )
    head = (
        "| multiply-accumulates | gas to the ruling | transactions, payment included | |\n|--:|--:|--:|---|\n"
    )
    return head + rows
