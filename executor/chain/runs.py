"""Inputs too long for a request, in pieces: how bytes are cut into runs of tiles and put together again.

A run is 1, 2, 4, ... or 32 tiles that begin at a multiple of their own number, so that it is a subtree of the
whole; the last of its tiles may be begun only. See `contracts/interfaces/IInputs.vyi`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from executor.program.commitments import TILE, count_tiles, tree_over_bytes

LONGEST_RUN = 32  # tiles
MOST_RUNS = 256  # of one input
MOST_UPLOADED = MOST_RUNS * LONGEST_RUN * TILE  # bytes, before the zeros that end every input
A_TRANSACTION = 3  # tiles of zeros cost about as much gas as one run more


class InputTooLargeError(Exception):
    """An input that no request can name; the message says why."""


@dataclass(frozen=True)
class Run:
    """Bytes of some tiles, and at which byte of the input they begin."""

    start: int
    data: bytes

    @property
    def tiles(self) -> int:
        return count_tiles(len(self.data))

    @cached_property
    def root(self) -> bytes:
        """Under which the chain knows it: of the subtree over its tiles."""
        return tree_over_bytes(self.data, len(self.data)).root


def cut(data: bytes, size: int) -> list[Run]:
    """The fewest runs, about, that an input of `size` bytes is uploaded in. Zeros at its end need none.

    InputTooLargeError if it is longer than that, or than what can be uploaded.
    """
    if len(data) > size:
        raise InputTooLargeError(f"{len(data)} bytes of input where {size} are taken")
    data = data.rstrip(b"\0")
    if len(data) > MOST_UPLOADED:
        raise InputTooLargeError(f"{len(data)} bytes of input: {MOST_UPLOADED} can be uploaded")
    runs: list[Run] = []
    start = 0
    while start < len(data):
        tiles, filled = _next(count_tiles(len(data) - start), size - start)
        piece = data[start : start + tiles * TILE]
        runs.append(Run(start, piece.ljust(filled, b"\0")))
        start += tiles * TILE
    if len(runs) > MOST_RUNS:
        raise InputTooLargeError(f"an input of {len(runs)} runs: {MOST_RUNS} can be sealed")
    return runs


def _next(left: int, room: int) -> tuple[int, int]:
    """Tiles of the next run where `left` are left, and the bytes that it has to have at least.

    One that a few zeros make whole saves the transactions of its pieces. room: bytes up to the input's size,
    beyond which not even zeros may be uploaded.
    """
    if left >= LONGEST_RUN:
        return LONGEST_RUN, 0
    whole = 1 << (left - 1).bit_length()
    filled = (whole - 1) * TILE + 1
    if filled <= room and whole - left <= A_TRANSACTION * (left.bit_count() - 1):
        return whole, filled
    return 1 << (left.bit_length() - 1), 0


def join(runs: Iterable[bytes]) -> bytes:
    """The input whose runs have these bytes, in order, without the zeros at its end."""
    return b"".join(data.ljust(count_tiles(len(data)) * TILE, b"\0") for data in runs).rstrip(b"\0")
