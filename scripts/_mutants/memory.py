"""Verdicts of earlier runs that still hold: to run again after a change or an interruption takes little time.

A test that noticed a mutant would notice it again, as long as neither the mutant's text nor the test has
changed, nor anything that either imports. What no test noticed, none would notice now, as long as that holds
for all of them.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

from scripts._mutants.runner import tests_in

VYPER_IMPORT = re.compile(r"^from (contracts\.(?:modules|interfaces)[\w.]*) import (\w+)", re.MULTILINE)
PYTHON_IMPORT = re.compile(r"^from (tests(?:\.\w+)+) import ", re.MULTILINE)
ALWAYS = ("ape-config.yaml", "requirements.lock")


class Memory:
    """Kept in a file; `folder` is where the project's texts are, with the mutant's among them."""

    def __init__(self, file: Path, folder: Path) -> None:
        self._file, self._folder = file, folder
        self._known: dict[str, list[str]] = json.loads(file.read_text()) if file.exists() else {}

    def recall(self, rule: str, contracts: Iterable[str]) -> str | None:
        """What noticed the mutant of these contracts, "file::function", empty if nothing; None if unknown."""
        fingerprint, noticed_by = self._known.get(rule, ("", ""))
        return noticed_by if fingerprint == self._fingerprint(contracts, noticed_by) else None

    def keep(self, rule: str, contracts: Iterable[str], noticed_by: str) -> None:
        """Remember it, at once: a run may be interrupted."""
        self._known[rule] = [self._fingerprint(contracts, noticed_by), noticed_by]
        written = self._file.with_suffix(".new")
        written.write_text(json.dumps(self._known, indent=1) + "\n")
        os.replace(written, self._file)

    def _fingerprint(self, contracts: Iterable[str], noticed_by: str) -> str:
        """Of all texts that the verdict depends on."""
        tests = [noticed_by.partition("::")[0]] if noticed_by else tests_in(self._folder)
        files = {*ALWAYS, *parts(self._folder, contracts), *self._imported(tests)}
        digest = hashlib.sha256()
        for file in sorted(files):
            path = self._folder / file
            digest.update(f"{file}\0{path.read_text() if path.exists() else ''}\0".encode())
        return digest.hexdigest()

    def _imported(self, tests: Iterable[str]) -> set[str]:
        """Files of tests, every `conftest.py` above them, and what they import of `tests`."""
        waiting = {str(above / "conftest.py") for test in tests for above in Path(test).parents} | {*tests}
        found: set[str] = set()
        while waiting:
            file = waiting.pop()
            found.add(file)
            path = self._folder / file
            text = path.read_text() if path.exists() else ""
            modules = {f"{module.replace('.', '/')}.py" for module in PYTHON_IMPORT.findall(text)}
            waiting |= modules - found
        return found


def parts(folder: Path, contracts: Iterable[str]) -> set[str]:
    """Files that these contracts are made of: their own, modules and interfaces."""
    waiting = {f"contracts/{contract}.vy" for contract in contracts}
    found: set[str] = set()
    while waiting:
        file = waiting.pop()
        found.add(file)
        imported = VYPER_IMPORT.findall((folder / file).read_text())
        for package, name in imported:
            suffix = "vyi" if package == "contracts.interfaces" else "vy"
            waiting |= {f"{package.replace('.', '/')}/{name}.{suffix}"} - found
    return found
