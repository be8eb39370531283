"""Text to token numbers, as the network was trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts._models.packages import MODELS
from scripts._models.wordpiece import LONGEST_WORD, Wordpiece, words

TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##aff", "##able", "able", "a", "##a", ",", "東")
REAL = MODELS / "minilm_vocabulary.txt"


@pytest.fixture
def wordpiece(tmp_path: Path) -> Wordpiece:
    (tmp_path / "vocabulary").write_text("\n".join(TOKENS) + "\n")
    return Wordpiece(tmp_path / "vocabulary")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("unaffable", ["un", "##aff", "##able"]),
        ("able", ["able"]),
        ("Una,able", ["un", "##a", ",", "able"]),
        ("unx able", ["[UNK]", "able"]),
        ("東a東", ["東", "a", "東"]),
        ("a" * LONGEST_WORD, ["a", *["##a"] * (LONGEST_WORD - 1)]),
        ("a" * (LONGEST_WORD + 1), ["[UNK]"]),
        ("[SEP]", ["[UNK]"] * 3),
        ("", []),
    ],
)
def test_tokens__text__is_the_longest_pieces_from_the_left(
    wordpiece: Wordpiece, text: str, expected: list[str]
) -> None:
    assert [TOKENS[number] for number in wordpiece.tokens(text)] == expected


def test_encode__short_and_long_text__are_filled_up_and_cut_off(wordpiece: Wordpiece) -> None:
    ids, mask = wordpiece.encode(["a", "a a a a a a"], 5)
    assert ids.tolist() == [[2, 8, 3, 0, 0], [2, 8, 8, 8, 3]]
    assert mask.tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't e.g. café", ["don", "'", "t", "e", ".", "g", ".", "cafe"]),
        ("\tÅngström\nÜber\u00a0ΑΣ ", ["angstrom", "uber", "ασ"]),
        ("\0zero\ufffd\u200bwidth", ["zerowidth"]),
        ("漢字 kana", ["漢", "字", "kana"]),
        ("(a+b)^2—c", ["(", "a", "+", "b", ")", "^", "2", "—", "c"]),
    ],
)
def test_words__text__is_cut_and_without_accents(text: str, expected: list[str]) -> None:
    assert list(words(text)) == expected


@pytest.mark.skipif(not REAL.is_file(), reason="the vocabulary comes with `make models`")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The cat sits on the mat.", [1996, 4937, 7719, 2006, 1996, 13523, 1012]),
        ("naïve café — 東京 unaffable", [15743, 7668, 1517, 1879, 1755, 14477, 20961, 3468]),
        ("\0zero\ufffd\u200bwidth", [5717, 9148, 11927, 2232]),
        ("ＡＢＣ\u3000ｆｕｌｌ", [100, 100]),
        ("🐍 snekmate", [100, 1055, 2638, 22287, 3686]),
        ("über-groß ΑΣ", [19169, 1011, 24665, 2080, 19310, 1155, 29733]),
        (
            "0xdEaD: 1,000 wei (10^-15 ETH)!",
            [
                *(1014, 2595, 3207, 4215, 1024, 1015, 1010, 2199, 11417, 1006, 2184, 1034, 1011, 2321, 3802),
                *(2232, 1007, 999),
            ],
        ),
    ],
)
def test_tokens__real_vocabulary__are_those_of_the_published_tokenizer(
    text: str, expected: list[int]
) -> None:
    """The numbers are those of the package `tokenizers` 0.23.3 with the model's own tokenizer.json."""
    assert Wordpiece(REAL).tokens(text) == expected
