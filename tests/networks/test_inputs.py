"""Inputs gathered without a network: real, many, and never the same for calibrating and for measuring."""

from __future__ import annotations

import numpy as np
import pytest

from scripts._models import files, lines, speech
from scripts._models.inputs import CALIBRATION, HELD_OUT, magika
from scripts._models.texts import paragraphs, passages, texts


def test_texts__chosen__are_different_english_sentences() -> None:
    chosen = texts(320, 8, 26)
    assert len(set(chosen)) == 320
    assert chosen[:64] == texts(64, 8, 26)
    for text in chosen:
        assert 8 <= len(text.split()) <= 26
        assert text[-1] in ".!?"
    frequent = sum(f" {word} " in text for text in chosen for word in ("the", "to", "a", "of", "is"))
    assert frequent > 400


def test_texts__more_than_there_are__says_how_many() -> None:
    with pytest.raises(ValueError, match=r"hold only \d+ of 1000000 texts"):
        texts(10**6, 8, 26)


def test_paragraphs__markup__is_dropped_and_prose_kept() -> None:
    description = (
        "# Title\n\nSee [the docs](somewhere) or `this <there>`_.\n\n```\ncode()\n```\n\n- One *item*.\n"
    )
    assert [part for part in paragraphs(description) if part] == [
        "Title",
        "See the docs or this.",
        "One item.",
    ]


def test_passages__sentences__are_joined_up_to_the_length() -> None:
    paragraph = "One two three four. Five six seven eight nine. " + "Word " * 12 + "end. Ten eleven twelve."
    assert list(passages(paragraph, 3, 10)) == [
        "One two three four.",
        "Five six seven eight nine.",
        "Ten eleven twelve.",
    ]
    assert list(passages("Ab 1 2 3 4 5 6 7 8 9 10.", 3, 20)) == []


def test_samples__kinds__are_at_least_twenty_and_files_three_hundred() -> None:
    split = magika()
    held_out, calibration = (split[use]["bytes"] for use in (HELD_OUT, CALIBRATION))
    assert len(held_out) >= 300
    assert len({sample.kind for sample in files.samples()}) >= 20
    assert {row.tobytes() for row in held_out[:, 0]} & {row.tobytes() for row in calibration[:, 0]} == set()


@pytest.mark.parametrize(
    ("content", "beginning", "ending"),
    [
        (b"  abc \n", [97, 98, 99, 32, 10, 256], [256, 32, 32, 97, 98, 99]),
        (bytes(range(256)) * 5, [0, 1, 2, 3, 4, 5], [250, 251, 252, 253, 254, 255]),
        (b"x" * 5000 + b"yz", [120] * 6, [120, 120, 120, 120, 121, 122]),
        (b" " * 5000 + b"a", [256] * 6, [32, 32, 32, 32, 32, 97]),
    ],
)
def test_features__content__is_read_from_both_ends(
    content: bytes, beginning: list[int], ending: list[int]
) -> None:
    row = files.features(content)
    assert row.shape == (2048,)
    assert row[:6].tolist() == beginning
    assert row[-6:].tolist() == ending


def test_clips__same_seed__are_the_same_and_overlap_by_the_context() -> None:
    clips = speech.clips(4, 7)
    assert clips.shape == (4, speech.FRAMES, speech.CONTEXT + speech.FRAME)
    assert np.abs(clips).max() <= 1.5
    np.testing.assert_array_equal(clips, speech.clips(4, 7))
    np.testing.assert_array_equal(clips[:, 1:, : speech.CONTEXT], clips[:, :-1, -speech.CONTEXT :])
    assert np.abs(clips - speech.clips(4, 8)).max() > 0.1


@pytest.mark.parametrize("network", lines.WIDTHS)
def test_lines__rendered__are_as_high_and_wide_as_the_network_reads(network: str) -> None:
    pictures = lines.lines(network, 4, 3)
    assert pictures.shape == (4, 3, lines.HEIGHT, lines.WIDTHS[network])
    assert np.abs(pictures).max() <= 1
    assert pictures.std(axis=(1, 2, 3)).min() > 0.05


def test_spelled__scores__take_repetitions_once_and_skip_nothing() -> None:
    alphabet = ["", "a", "b", " "]
    best = [0, 1, 1, 0, 1, 2, 2, 3, 0, 2]
    assert lines.spelled(np.eye(4)[best], alphabet) == "aab b"
