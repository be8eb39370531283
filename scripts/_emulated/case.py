"""A program and its inputs as files, so that every processor gets the same and makes none of them itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

INDEX = "cases.json"


@dataclass(frozen=True)
class Case:
    """A program in a file of the folder, and inputs as hexadecimal digits.

    group: its row of the table. small: even its smallest products are to go through the kernels.
    """

    group: str
    file: str
    inputs: tuple[str, ...]
    small: bool


def write(folder: Path, cases: Sequence[Case]) -> None:
    """The list of cases, beside their programs."""
    (folder / INDEX).write_text(json.dumps([asdict(case) for case in cases]))


def read(folder: Path) -> list[Case]:
    """What `write` wrote."""
    stored = json.loads((folder / INDEX).read_text())
    return [Case(case["group"], case["file"], tuple(case["inputs"]), case["small"]) for case in stored]
