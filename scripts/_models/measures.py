"""How close a program comes to its float network, by what users of the network look at."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scripts._models.lines import characters, spelled
from scripts._models.packages import MODELS

Outputs = npt.NDArray[np.float64]
Numbers = dict[str, float]


def embeddings(program: Outputs, network: Outputs) -> Numbers:
    """Cosines between the two embeddings of a text, and how often the nearest other text is the same."""
    mine, theirs = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (program, network))
    cosines = (mine * theirs).sum(axis=1)
    return {
        "cosine_mean": float(cosines.mean()),
        "cosine_min": float(cosines.min()),
        "neighbour_agreement": float((nearest(mine) == nearest(theirs)).mean()),
    }


def nearest(rows: Outputs) -> npt.NDArray[np.int64]:
    """For each row the most similar other one."""
    alike = rows @ rows.T
    np.fill_diagonal(alike, -np.inf)
    return np.asarray(alike.argmax(axis=1))


def labels(program: Outputs, network: Outputs) -> Numbers:
    """For how many samples the best class is the same."""
    return {"agreement": float((program.argmax(axis=1) == network.argmax(axis=1)).mean())}


def probabilities(program: Outputs, network: Outputs) -> Numbers:
    """The largest difference of any probability, and the mean one."""
    errors = np.abs(program - network)
    return {"max_abs_error": float(errors.max()), "mean_abs_error": float(errors.mean())}


def texts(program: Outputs, network: Outputs) -> Numbers:
    """For how many pictures of a line the text that is read is the same."""
    alphabet = characters(MODELS / "ocr_line_source.onnx")
    read = [
        [spelled(scores.reshape(-1, len(alphabet)), alphabet) for scores in outputs]
        for outputs in (program, network)
    ]
    return {"agreement": float(np.mean([mine == theirs for mine, theirs in zip(*read, strict=True)]))}
