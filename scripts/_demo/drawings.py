"""Handwritten digits that no training has seen, and how they look in a terminal."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import product
from pathlib import Path

ARTIFACTS = Path(__file__).parent.parent.parent / "executor" / "artifacts"
PROGRAM = ARTIFACTS / "digits.program"
HELD_OUT = ARTIFACTS / "digits_heldout.json"
WEIGHTS = ARTIFACTS / "digits_weights.json"

SIDE = 8
INK = 6  # a pixel darker than this is drawn, of 0 to 16
BRAILLE = 0x2800
DOTS = {(0, 0): 1, (1, 0): 2, (2, 0): 4, (0, 1): 8, (1, 1): 16, (2, 1): 32, (3, 0): 64, (3, 1): 128}


@dataclass(frozen=True)
class Drawing:
    """A digit drawn by hand: 64 pixels of 0 (paper) to 16 (ink), row by row, and what it was meant to be."""

    pixels: bytes
    label: int

    def __str__(self) -> str:
        """Two lines of four braille characters, a dot a pixel."""
        return "\n".join("".join(self._character(top, left) for left in range(0, SIDE, 2)) for top in (0, 4))

    def _character(self, top: int, left: int) -> str:
        cells = product(range(4), range(2))
        dark = (cell for cell in cells if self.pixels[(top + cell[0]) * SIDE + left + cell[1]] > INK)
        return chr(BRAILLE + sum(DOTS[cell] for cell in dark))


def held_out(count: int) -> list[Drawing]:
    """The first `count` of the held-out digits, as they come: none is chosen."""
    samples = json.loads(HELD_OUT.read_text())[:count]
    return [
        Drawing(bytes(int(pixel, 17) for pixel in sample["pixels"]), sample["label"]) for sample in samples
    ]


def margin() -> int:
    """Score by which the best digit has to lead to count as recognised."""
    threshold: int = json.loads(WEIGHTS.read_text())["threshold"]
    return threshold
