"""A copy of the repository in which contracts are mutated, compiled and tested, one after the other.

A mutant's bytecode takes the place of its contract's in what Ape has compiled, so that no test waits for a
compiler: only contracts that the changed file is part of are compiled, by the compiler alone.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scripts._mutants.memory import Memory, parts
from scripts._mutants.mutant import Mutant
from scripts._mutants.runner import Runner, Verdict

ROOT = Path(__file__).parent.parent.parent
CONTRACTS = ("Governor", "Timelock", "Token", "Council", "DaoFactory")
MEMORY = ".build/mutants.json"
NOTHING = "no rule is broken"  # what the memory calls the contracts as they are


@contextmanager
def open_workshop() -> Iterator[Workshop]:
    """A workshop in a folder of its own; the project has to be installed and compiled."""
    with TemporaryDirectory(prefix="elenchus-mutants-") as name:
        folder = Path(name)
        _copy(folder)
        environment = os.environ | {
            "APE_DATA_FOLDER": str(folder / ".ape"),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PYTHONPATH": name,
        }
        with Runner(folder, environment) as runner:
            yield Workshop(folder, environment, runner)


class Workshop:
    """The copy in `folder`."""

    def __init__(self, folder: Path, environment: dict[str, str], runner: Runner) -> None:
        self._folder, self._environment, self._runner = folder, environment, runner
        self._manifest = folder / ".build" / "__local__.json"
        self._compiled = _without_maps(json.loads(self._manifest.read_text()))
        self._memory = Memory(ROOT / MEMORY, folder)

    def check(self) -> None:
        """Without a mutant, bytecode is what Ape made and every test passes; RuntimeError if not."""
        for contract in CONTRACTS:
            if self._compile(contract) != self._deployment(contract)["bytecode"]:
                raise RuntimeError(f"{contract} was compiled otherwise: run `ape compile --force`")
        if self._memory.recall(NOTHING, CONTRACTS) is not None:
            return
        self._install({})
        verdict = self._runner.run()
        if verdict.noticed_by:
            raise RuntimeError(f"fails without any mutant: {verdict.noticed_by}\n{verdict.output}")
        self._memory.keep(NOTHING, CONTRACTS, "")

    def judge(self, mutant: Mutant) -> Verdict:
        """What the tests say, or said when nothing was other than now; RuntimeError if they cannot be run."""
        with self._mutated(mutant):
            concerned = [name for name in CONTRACTS if mutant.file in parts(self._folder, [name])]
            if (noticed_by := self._memory.recall(mutant.rule, concerned)) is not None:
                return Verdict(noticed_by, "")
            codes = {name: self._compile(name) for name in concerned}
            if all(code == self._deployment(name)["bytecode"] for name, code in codes.items()):
                raise RuntimeError(f"{mutant.rule}: the bytecode is the same")
            self._install(codes)
            verdict = self._runner.run(first=mutant.test)
            self._memory.keep(mutant.rule, concerned, verdict.noticed_by)
            return verdict

    @contextmanager
    def _mutated(self, mutant: Mutant) -> Iterator[None]:
        path = self._folder / mutant.file
        source = path.read_text()
        path.write_text(mutant.applied(source))
        try:
            yield
        finally:
            path.write_text(source)

    def _compile(self, contract: str) -> str:
        """Creation code of a contract as its files are now."""
        settings = (self._folder / "ape-config.yaml").read_text()
        version = re.search(r"^vyper:.*?evm_version: (\w+)", settings, re.MULTILINE | re.DOTALL)
        if not version:
            raise RuntimeError("ape-config.yaml names no EVM version for Vyper")
        said = subprocess.run(
            [
                *("vyper", "-p", ".", "-f", "bytecode"),
                "--evm-version",
                version[1],
                f"contracts/{contract}.vy",
            ],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
        )
        if said.returncode:
            raise RuntimeError(f"{contract} does not compile:\n{said.stderr}")
        return said.stdout.strip()

    def _deployment(self, contract: str) -> dict[str, Any]:
        deployment: dict[str, Any] = self._compiled["contractTypes"][contract]["deploymentBytecode"]
        return deployment

    def _install(self, codes: Mapping[str, str]) -> None:
        """Let tests find these codes, and of the other contracts those that Ape made.

        The manifest also says which text was compiled: that of the mutant, or Ape would compile it again.
        """
        kinds, sources = self._compiled["contractTypes"], self._compiled["sources"]
        for name, code in codes.items():
            kinds = kinds | {
                name: kinds[name] | {"deploymentBytecode": self._deployment(name) | {"bytecode": code}}
            }
            file = f"contracts/{name}.vy"
            sources = sources | {file: sources[file] | {"content": (self._folder / file).read_text()}}
        self._manifest.write_text(json.dumps(self._compiled | {"contractTypes": kinds, "sources": sources}))


def _copy(folder: Path) -> None:
    """Every file that git follows, as it is now, and what was compiled and installed."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    shutil.copytree(ROOT / ".build", folder / ".build")
    (folder / "node_modules").symlink_to(ROOT / "node_modules")


def _without_maps(manifest: dict[str, Any]) -> dict[str, Any]:
    """Ape's manifest without what only tracebacks need: it is read once a mutant."""
    for kind in manifest["contractTypes"].values():
        for key in ("ast", "pcmap", "sourcemap"):
            kind.pop(key, None)
    return manifest
