"""MiniLM in the demonstration: questions about this repository, answered by what its documentation says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rich.table import Table

from scripts._demo.exhibit import Exhibit, own_answers
from scripts._models.packages import MODELS
from scripts._models.programs import VOCABULARY, recipe
from scripts._models.texts import repository
from scripts._models.wordpiece import Wordpiece

QUESTIONS = {
    "What happens to somebody who posts a wrong answer?": ("slash", "bond", "refute"),
    "How do I install it and run the demonstration?": ("make", "demo"),
    "How can I take an upgrade of a model back?": ("rollback", "roll", "version", "canary"),
    "How much gas does one answer cost?": ("gas",),
    "How do I run an executor and earn fees?": ("executor", "stake"),
    "Who may vote on a proposal?": ("vote", "governor", "token", "proposal"),
    "What is a challenge window?": ("window", "challenge"),
}
"""Each with words of which a fitting paragraph has one."""
LENGTH = 32  # tokens of a text
LEAST = 5  # questions whose best paragraph has to fit


class Searching(Exhibit):
    """Ask the chain for each question's embedding, and compare it with that of every paragraph."""

    recipe = recipe("minilm_32_accurate")

    def __init__(self) -> None:
        super().__init__()
        self._wordpiece = Wordpiece(MODELS / VOCABULARY)

    def inputs(self) -> list[bytes]:
        return [self._encoded(question) for question in QUESTIONS]

    def tell(self, outputs: Sequence[bytes]) -> tuple[Table, int, list[str]]:
        paragraphs = repository()
        # The index is the client's own affair: the same program, run at home.
        index = self._embeddings(own_answers(self.program, [self._encoded(text) for _, text in paragraphs]))
        alike = self._embeddings(outputs) @ index.T
        table = Table("question", "cosine", "best paragraph", padding=(0, 1))
        right = 0
        for row, (question, fitting) in enumerate(QUESTIONS.items()):
            best = int(alike[row].argmax())
            place, text = paragraphs[best]
            right += any(word in text.lower() for word in fitting)
            table.add_row(question, f"{alike[row, best]:.2f}", f"{place}: {text[:120]}")
        mistakes = [] if right >= LEAST else [f"only {right} of {len(QUESTIONS)} paragraphs fit"]
        return table, right, mistakes

    def _encoded(self, text: str) -> bytes:
        ids, mask = self._wordpiece.encode([text], LENGTH)
        return self.schema.encode({"ids": ids, "mask": mask})

    def _embeddings(self, outputs: Sequence[bytes]) -> npt.NDArray[np.float64]:
        rows = np.stack([self.schema.decode(output).reshape(-1) for output in outputs])
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))
