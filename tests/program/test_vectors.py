"""The committed vectors are what today's code says."""

import pytest

from tests.vectors.generate import FOLDER, VECTORS, render


@pytest.mark.parametrize("name", sorted(VECTORS))
def test_vectors__regenerated__equal_the_committed(name: str) -> None:
    assert (FOLDER / name).read_text() == render(name)


def test_vectors__folder__holds_no_file_without_a_generator() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == set(VECTORS)
