"""What the demonstration asks real networks, without the chain between."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts._demo.exhibit import Exhibit, own_answers
from scripts._demo.processes import StoppedError
from scripts._demo.searching import QUESTIONS, Searching
from scripts._demo.sorting import FILES, KINDS, Sorting, chosen
from scripts._models.texts import repository

INLINE = 4096  # bytes of input that a request brings itself
NEEDED = pytest.mark.skipif(
    not (Searching.recipe.program.is_file() and Sorting.recipe.program.is_file()),
    reason="the programs come with `make models`",
)


@pytest.mark.parametrize("exhibit", [Searching, Sorting])
def test_exhibit__program_not_made__says_how_to_make_it(
    exhibit: type[Exhibit], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exhibit, "recipe", replace(exhibit.recipe, name="none"))
    with pytest.raises(StoppedError, match=r"none\.program is not there: run `make models` first"):
        exhibit()


@NEEDED
@pytest.mark.parametrize("kind", [Searching, Sorting])
def test_tell__right_answers__are_enough_and_wrong_ones_are_not(kind: type[Exhibit]) -> None:
    exhibit = kind()
    inputs = exhibit.inputs()
    assert all(len(data) <= INLINE for data in inputs)
    outputs = own_answers(exhibit.program, inputs)
    table, right, mistakes = exhibit.tell(outputs)
    assert (table.row_count, mistakes) == (len(inputs), [])
    wrong = [outputs[0]] * len(outputs)
    _, fewer, mistakes = exhibit.tell(wrong)
    assert fewer < right
    assert mistakes


def test_repository__paragraphs__are_prose_of_the_documentation() -> None:
    found = repository()
    files = {file.as_posix() for file, _ in found}
    assert {"README.md", "contracts/interfaces/IMarket.vyi"} <= files
    assert len(found) > 100
    for _, text in found:
        assert "@notice" not in text
        assert "|" not in text
    assert len(QUESTIONS) < len(found)


def test_chosen__files__are_of_the_repository_and_of_known_kinds() -> None:
    files = chosen()
    assert len(set(files)) == FILES
    assert {path.suffix for path in files} <= set(KINDS)
    assert files == chosen()
