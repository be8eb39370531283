"""What counts as the same answer, and that what differs or is missing is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts._emulated.__main__ import report
from scripts._emulated.answers import FACTS, ROOTS, SPECIFICATION
from scripts._emulated.case import Case, read, write
from scripts._emulated.machines import Answers, Found, Key, Machine
from scripts._emulated.table import agrees, table

RIGHT, WRONG = "a" * 64, "b" * 64
INTERPRETED, ALONE = Key("digits", "0.program", SPECIFICATION), Key("digits", "0.program", "alone")
ROOT = Key(ROOTS, "digits", "")
NUMPY = Key(FACTS, "numpy", "")


def answers(**changed: Found | None) -> Answers:
    """Of a machine that answers rightly but for what is changed."""
    found = {
        "interpreted": Found(RIGHT, 1.0),
        "alone": Found(RIGHT, 1.0),
        "root": Found(WRONG, 1.0),
    } | changed
    keys = {"interpreted": INTERPRETED, "alone": ALONE, "root": ROOT}
    given = {keys[name]: answer for name, answer in found.items() if answer is not None}
    return Answers(Machine("another"), given | {NUMPY: Found("SSE", 0.0)})


def test_agrees__same_bits_and_same_roots__is_true(capsys: pytest.CaptureFixture[str]) -> None:
    assert all(agrees(answers(), answers(), key) for key in (INTERPRETED, ALONE, ROOT))
    assert report(answers(), answers()) == 0
    assert capsys.readouterr().out == "another: 3 of 3 equal\n"


@pytest.mark.parametrize("name", ["interpreted", "alone", "root"])
def test_report__one_answer_that_differs__is_counted(name: str) -> None:
    other = answers(**{name: Found("c" * 64, 1.0)})
    assert report(answers(), other) == 1
    assert "1 DIFFER" in table([answers(), other], "an emulator")


def test_report__an_answer_that_is_missing__is_counted() -> None:
    assert report(answers(), answers(alone=None)) == 1
    assert "1 equal, 1 missing" in table([answers(), answers(alone=None)], "an emulator")


def test_agrees__the_same_error_on_both_sides__is_no_answer() -> None:
    failed = answers(interpreted=Found("ValueError: no", 1.0), alone=Found("ValueError: no", 1.0))
    assert not agrees(failed, failed, ALONE)


def test_report__no_answers_at_all__is_a_failure() -> None:
    nothing = Answers(Machine("dead"), {}, "ended with -4")
    assert report(nothing, nothing) == 1


def test_read__cases__are_those_written(tmp_path: Path) -> None:
    cases = [Case("digits", "0.program", ("00ff", ""), True)]
    write(tmp_path, cases)
    assert read(tmp_path) == cases
