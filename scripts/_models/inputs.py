"""Inputs to calibrate with and others to measure with: .models/inputs/NAME_{calibration,heldout}.npz.

Each file has one array for every input of the network, by its name: [samples, *dimensions of the input].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from scripts._models import files, lines, speech
from scripts._models.packages import MODELS
from scripts._models.texts import texts
from scripts._models.wordpiece import Wordpiece

Inputs = Mapping[str, npt.NDArray[np.generic]]

INPUTS = MODELS / "inputs"
CALIBRATION, HELD_OUT = "calibration", "heldout"
TEXTS = {CALIBRATION: 64, HELD_OUT: 256}
CLIPS = {CALIBRATION: (48, 1), HELD_OUT: (60, 2)}
LINES = {CALIBRATION: (48, 1), HELD_OUT: (160, 2)}
"""How many, and the seed of the generator."""
WORDS = {32: (8, 26), 128: (24, 90)}
"""Words of a text, by the tokens that the network reads."""


def minilm(sequence: int) -> dict[str, Inputs]:
    """Sentences as tokens."""
    wordpiece = Wordpiece(MODELS / "minilm_vocabulary.txt")
    chosen = texts(sum(TEXTS.values()), *WORDS[sequence])
    split = {CALIBRATION: chosen[: TEXTS[CALIBRATION]], HELD_OUT: chosen[TEXTS[CALIBRATION] :]}
    encoded = {use: wordpiece.encode(part, sequence) for use, part in split.items()}
    return {use: {"ids": ids[:, None], "mask": mask[:, None]} for use, (ids, mask) in encoded.items()}


def magika() -> dict[str, Inputs]:
    """Beginnings and ends of files; of every kind a quarter is for calibration."""
    split: dict[str, list[npt.NDArray[np.int32]]] = {CALIBRATION: [], HELD_OUT: []}
    for number, sample in enumerate(files.samples()):
        split[CALIBRATION if number % 4 == 3 else HELD_OUT].append(sample.features)
    return {use: {"bytes": np.stack(rows)[:, None]} for use, rows in split.items()}


def silero() -> dict[str, Inputs]:
    """Clips of a second."""
    return {use: {"input": speech.clips(count, seed)} for use, (count, seed) in CLIPS.items()}


def ocr(network: str) -> dict[str, Inputs]:
    """Pictures of lines."""
    return {use: {"x": lines.lines(network, count, seed)[:, None]} for use, (count, seed) in LINES.items()}


GATHERED: dict[str, Callable[[], dict[str, Inputs]]] = {
    "minilm_32": lambda: minilm(32),
    "minilm_128": lambda: minilm(128),
    "magika": magika,
    "silero": silero,
    "ocr_direction": lambda: ocr("direction"),
    "ocr_line": lambda: ocr("line"),
}


def gather() -> list[str]:
    """Write the inputs of every network; the names of the files."""
    INPUTS.mkdir(parents=True, exist_ok=True)
    written = []
    for name, gathered in GATHERED.items():
        for use, arrays in gathered().items():
            path = INPUTS / f"{name}_{use}.npz"
            np.savez_compressed(path, **arrays)
            written.append(path.name)
    return written


def load(name: str, use: str) -> dict[str, npt.NDArray[np.generic]]:
    """The inputs that `gather` wrote for a network."""
    with np.load(INPUTS / f"{name}_{use}.npz", allow_pickle=False) as stored:
        return dict(stored)
