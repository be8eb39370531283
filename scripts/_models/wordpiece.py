"""BERT's uncased tokenizer: text to the token numbers that MiniLM reads.

Client side: the program sees numbers alone, and a version binds the hash of this vocabulary. Markers such as
"[SEP]" within a text are text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

LONGEST_WORD = 100
IDEOGRAPHS = (
    *((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F)),
    *((0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)),
)
"""Written without spaces: each is a word of its own. Ranges as in the tokenizer that trained the network."""


class Wordpiece:
    """The tokenizer with one vocabulary, a token a line."""

    def __init__(self, vocabulary: Path) -> None:
        lines = vocabulary.read_text(encoding="utf-8").split("\n")
        self._numbers = {token: number for number, token in enumerate(lines) if token}
        self._pad, self._unknown, self._begin, self._end = (
            self._numbers[marker] for marker in ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
        )

    def encode(
        self, texts: Sequence[str], length: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Token numbers and mask, int64[texts, length] each; what does not fit is cut off."""
        ids = np.full((len(texts), length), self._pad, np.int64)
        mask = np.zeros_like(ids)
        for row, text in enumerate(texts):
            tokens = [self._begin, *self.tokens(text)[: length - 2], self._end]
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        return ids, mask

    def tokens(self, text: str) -> list[int]:
        """Token numbers of a text, without the markers around it."""
        return [token for word in words(text) for token in self._pieces(word)]

    def _pieces(self, word: str) -> list[int]:
        """The longest known piece from the left, again and again; one unknown token where that fails."""
        if len(word) > LONGEST_WORD:
            return [self._unknown]
        pieces, begin = [], 0
        while begin < len(word):
            prefix = "##" if begin else ""
            ends = range(len(word), begin, -1)
            end = next((end for end in ends if prefix + word[begin:end] in self._numbers), None)
            if end is None:
                return [self._unknown]
            pieces.append(self._numbers[prefix + word[begin:end]])
            begin = end
        return pieces


def words(text: str) -> Iterator[str]:
    """Lower case without accents, cut at spaces and around every punctuation mark."""
    spaced = "".join(_cleaned(character) for character in text)
    plain = unicodedata.normalize("NFD", spaced)
    # One by one: a sigma at a word's end has no other lower case here.
    plain = "".join(c.lower() for c in plain if unicodedata.category(c) != "Mn")
    for run in plain.split():
        word = ""
        for character in run:
            if _is_punctuation(character):
                if word:
                    yield word
                yield character
                word = ""
            else:
                word += character
        if word:
            yield word


def _cleaned(character: str) -> str:
    code = ord(character)
    if character in "\t\n\r" or unicodedata.category(character) == "Zs":
        return " "
    if code in (0, 0xFFFD) or unicodedata.category(character) in ("Cc", "Cf", "Co"):
        return ""
    return f" {character} " if any(low <= code <= high for low, high in IDEOGRAPHS) else character


def _is_punctuation(character: str) -> bool:
    return (character.isascii() and not character.isalnum()) or unicodedata.category(character).startswith(
        "P"
    )
