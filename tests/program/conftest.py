"""The artifact that tests of files and commands begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from executor.program import save
from tests.program.files import sample


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    """The sample, saved."""
    save(sample(), tmp_path / "artifact")
    return tmp_path / "artifact"
