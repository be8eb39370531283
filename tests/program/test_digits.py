"""The committed digits program: reproducible, accurate, and using the whole instruction set."""

import json
from pathlib import Path

import numpy as np
import pytest

from executor.program import Program, load, run, save
from executor.program.ir import Opcode
from scripts import digits
from scripts.digits import Answer, build, classify, load_frozen, load_images, pixels
from tests.program.plain import evaluate


@pytest.fixture(scope="module")
def program() -> Program:
    return load(digits.PROGRAM)


def test_build__from_the_frozen_weights__equals_the_committed_artifact(tmp_path: Path) -> None:
    save(build(load_frozen()), tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == digits.PROGRAM.read_bytes()


def test_classify__held_out_third__is_at_least_97_percent_right(program: Program) -> None:
    images, labels = load_images(held_out=True)
    answers = [classify(program, image) for image in images]
    right = [answer.digit == label for answer, label in zip(answers, labels, strict=True)]
    assert len(images) == 599
    assert np.mean(right) >= 0.97
    recognised = [answer.recognised for answer in answers]
    assert np.mean(recognised) >= 0.9
    wrong_and_sure = sum(sure and not good for sure, good in zip(recognised, right, strict=True))
    assert wrong_and_sure <= 3


def test_program__operations__are_of_all_four_kinds_with_guards(program: Program) -> None:
    assert {operation.opcode for operation in program.operations} == set(Opcode)
    assert any(view.guards for operation in program.operations for view in operation.views)
    assert (program.input_size, program.output_size) == (64, 32)


@pytest.mark.parametrize("number", [0, 7])
def test_run__held_out_image__equals_the_plain_evaluator(program: Program, number: int) -> None:
    image = load_images(held_out=True)[0][number]
    data = bytes(image.reshape(-1).tolist())
    expected = evaluate(program, data)[-1][-1]
    assert np.frombuffer(run(program, data), ">i4").tolist() == expected


def test_run__blank_page__is_not_recognised(program: Program) -> None:
    assert not classify(program, np.zeros((8, 8), np.int64)).recognised


def test_run__equal_scores__answer_the_lowest_digit_with_margin_zero() -> None:
    frozen = load_frozen()
    frozen["dense"]["weights"] = [[0] * 128 for _ in range(10)]
    frozen["dense"]["bias"] = [3, 9, 1, 9, 0, 9, -4, 2, 2, 2]
    answer = classify(build(frozen), np.zeros((8, 8), np.int64))
    assert answer == Answer(digit=1, recognised=False, margin=0, score=9)


def test_held_out_file__first_200_images__are_those_of_the_data_set() -> None:
    samples = json.loads(digits.HELD_OUT.read_text())
    images, labels = load_images(held_out=True)
    assert len(samples) == 200
    for sample, image, label in zip(samples, images, labels, strict=False):
        assert sample == {"label": label, "pixels": pixels(image)}


@pytest.mark.soak
def test_train__again__is_at_least_97_percent_right() -> None:
    images, labels = load_images(held_out=False)
    frozen = digits.quantise(digits.fit(images, labels), images) | {"threshold": 0}
    program = build(frozen)
    images, labels = load_images(held_out=True)
    answers = [classify(program, image).digit for image in images]
    assert np.mean(np.array(answers) == labels) >= 0.97
