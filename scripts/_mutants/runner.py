"""The tests of governance, run again and again by a process that has everything imported already.

To import Ape and what the tests need takes longer than it takes them to notice a mutant. So one process, made
by `python -m scripts._mutants.runner`, imports it once, and a copy of it (a fork) runs the tests each time:
none sees what another left behind.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import ape
import pytest

IMPORTED = ("ape.pytest.plugin", "hypothesis", "tests.governance.governor.house", "tests.world")

TESTS = Path("tests/governance")
LAST = ("test_governor_random.py", "test_token_random.py")
"""Long tests, which are run when no other has noticed anything."""
LEFT_OUT = ("test_mutants.py",)
"""What reads the contracts' texts would notice every mutant."""
LONGEST = 120
"""Seconds that one test may take before it counts as having noticed."""
OPTIONS = ("-x", "-q", "-m", "not soak and not snapshot", "--hypothesis-profile=ci", "-p", "no:cacheprovider")

NOTICED = re.compile(r"^(?:FAILED|ERROR) ([\w/]+/test_\w+\.py)(?:::(\w+))?", re.MULTILINE)


class Verdict(NamedTuple):
    """What the tests said of a mutant."""

    noticed_by: str  # "file::function", the first that failed; empty if the mutant survived
    output: str


class Runner:
    """Runs the tests of the project in `folder`; the process lives from `with` to its end."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder, self._environment = folder, environment
        self._output = folder / "output.txt"
        self._files = tests_in(folder)
        self._file_of = {
            name: file
            for file in self._files
            for name in re.findall(r"^def (test_\w+)", (folder / file).read_text(), re.MULTILINE)
        }

    def __enter__(self) -> Runner:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scripts._mutants.runner"],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(self, first: str = "") -> Verdict:
        """The test `first`, then all, until one fails; RuntimeError if they cannot be run."""
        if first in self._file_of:
            verdict = self._run(f"{self._file_of[first]}::{first}")
            if verdict.noticed_by:
                return verdict
        return self._run(*self._files)

    def _run(self, *tests: str) -> Verdict:
        code = self._ask([*OPTIONS, "--timeout", str(LONGEST), *tests])
        output = self._output.read_text()
        noticed = NOTICED.search(output)
        if code == 1 and noticed:
            return Verdict("::".join(filter(None, noticed.groups())), output)
        if code != 0:
            raise RuntimeError(f"the tests could not be run:\n{output}")
        return Verdict("", output)

    def _ask(self, arguments: Sequence[str]) -> int:
        """Pytest's exit code."""
        self._output.write_text("")
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([str(self._output), *arguments]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the process that runs the tests has ended")
        return int(answer)


def tests_in(folder: Path) -> list[str]:
    """Files of the tests that are run, in this order, relative to the project's folder."""
    files = sorted((folder / TESTS).rglob("test_*.py"), key=lambda path: (path.name in LAST, path))
    return [str(path.relative_to(folder)) for path in files if path.name not in LEFT_OUT]


def main() -> None:
    """The process: answers each line, a file for the output and pytest's arguments, with the exit code."""
    for module in IMPORTED:
        importlib.import_module(module)
    gc.freeze()  # what is imported stays; no collection has to look at it
    for line in sys.stdin:
        output, *arguments = json.loads(line)
        child = os.fork()
        if not child:
            _write_to(output)
            ape.project.load_manifest()  # Ape has read one already, but contracts have changed since
            sys.exit(pytest.main(arguments))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _write_to(output: str) -> None:
    """Send there what would go to the terminal, and leave the input to the parent."""
    for number in (sys.stdout.fileno(), sys.stderr.fileno()):
        os.dup2(os.open(output, os.O_WRONLY | os.O_APPEND), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())


if __name__ == "__main__":
    main()
