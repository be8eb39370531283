"""Machine code is made anew when any file that it is made of changes."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import numba
import pytest

from executor.backends.native import machine
from executor.backends.native.memory import kept

FOLDER = Path(machine.__file__).parent
PACKAGE = machine.__package__


def imported(part: str) -> set[str]:
    """Files of the package that a file of it imports from."""
    tree = ast.parse((FOLDER / f"{part}.py").read_text())
    found = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {module.removeprefix(f"{PACKAGE}.") for module in found if module.startswith(f"{PACKAGE}.")}


def test_parts__of_the_machine_code__are_all_that_it_is_made_of() -> None:
    reached, waiting = set(), {"machine"}
    while waiting:
        part = waiting.pop()
        reached.add(part)
        waiting |= imported(part) - reached
    assert reached == set(machine.PARTS)


def test_run__closes_over_the_digest_of_its_sources() -> None:
    assert [cell.cell_contents for cell in machine.run.py_func.__closure__] == [machine._sources()]


def test_sources__a_letter_more__are_others(monkeypatch: pytest.MonkeyPatch) -> None:
    before = machine._sources()
    for part in machine.PARTS:
        path = FOLDER / f"{part}.py"
        true = Path.read_bytes

        def read(file: Path, path: Path = path, true: Callable[[Path], bytes] = true) -> bytes:
            return true(file) + (b"#" if file == path else b"")

        with monkeypatch.context() as patch:
            patch.setattr(Path, "read_bytes", read)
            assert machine._sources() != before


def test_kept__other_sources__are_compiled_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))

    def hits(sources: str) -> int:
        """How often what was compiled before is taken."""

        @kept
        def function(x: int) -> bool:
            return x > 0 and sources != ""

        assert function(3)
        return sum(function.stats.cache_hits.values())

    assert [hits(sources) for sources in ("one", "one", "other", "other", "one")] == [0, 1, 0, 1, 1]
