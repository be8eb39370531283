"""The processors: this one, told to use the kernels of others, and emulated ones with fewer instructions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from shutil import move, which
from typing import NamedTuple

import click

from scripts._models.packages import ROOT

EMULATOR = "qemu-x86_64-static"
PACKAGE = "qemu-user-static"
KEPT = ROOT / ".build" / "emulated"
"""The emulator, if the system has none, and machine code for the emulated processors."""

LONGEST = 900
"""Seconds that a processor gets for all its answers."""


@dataclass(frozen=True)
class Machine:
    """A processor, and what its libraries are told.

    emulated: qemu's name of it, or empty for this one. level: of onnxruntime's optimisation. machine_code:
    LLVM's name of the processor that numba compiles for; this processor does that beforehand, since LLVM
    takes minutes on an emulated one.
    """

    name: str
    emulated: str = ""
    level: str = "all"
    blas: str = ""
    threads: int = 1
    machine_code: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """Of its process."""
        told = {"OMP_NUM_THREADS": str(self.threads), "OPENBLAS_NUM_THREADS": str(self.threads)}
        if self.blas:
            told["OPENBLAS_CORETYPE"] = self.blas
        if self.machine_code:
            told["NUMBA_CPU_NAME"], told["NUMBA_CPU_FEATURES"] = self.machine_code, ""
            told["NUMBA_CACHE_DIR"] = str(KEPT / self.machine_code)
        return {**os.environ, **told}


MACHINES = (
    Machine("this processor"),
    Machine("Prescott kernels, 1 thread", blas="Prescott", level="disable"),
    Machine("Nehalem kernels, 2 threads", blas="Nehalem", level="basic", threads=2, machine_code="nehalem"),
    Machine(
        "Haswell kernels, 2 threads", blas="Haswell", level="extended", threads=2, machine_code="haswell"
    ),
    Machine("emulated Haswell", "Haswell", blas="Haswell", machine_code="haswell"),
    Machine("emulated Nehalem", "Nehalem", blas="Nehalem", machine_code="nehalem"),
)
"""The first says what is right; those told to use a processor's machine code stand before it."""


class Key(NamedTuple):
    """What was answered, and how."""

    group: str
    case: str
    way: str


class Found(NamedTuple):
    """An answer, and the seconds it took."""

    answer: str
    seconds: float


@dataclass(frozen=True)
class Answers:
    """Of a machine. failure: why it gave no more, or empty."""

    machine: Machine
    found: Mapping[Key, Found]
    failure: str = field(default="")


def ask(machine: Machine, folder: Path, groups: tuple[str, ...]) -> Answers:
    """Its answers to the cases in the folder."""
    command = [sys.executable, "-m", "scripts._emulated.answers", str(folder), "--level", machine.level]
    command += [word for group in groups for word in ("--group", group)]
    if machine.emulated:
        command = [str(emulator()), "-cpu", machine.emulated, *command]
    output = folder / f"{machine.name}.txt"
    failure = ""
    with output.open("w") as lines, tempfile.TemporaryFile("w+") as errors:
        try:
            code = subprocess.run(
                command, cwd=ROOT, env=machine.environment, stdout=lines, stderr=errors, timeout=LONGEST
            ).returncode
        except subprocess.TimeoutExpired:
            failure = f"not done in {LONGEST} s"
        else:
            errors.seek(0)
            failure = f"ended with {code}: {errors.read()[-300:]}" if code else ""
    listed = [json.loads(line) for line in output.read_text().splitlines() if line.endswith("]")]
    return Answers(machine, {Key(*line[:3]): Found(*line[3:]) for line in listed}, failure)


def emulator() -> Path:
    """The emulator of the system, or else out of Debian's package, which apt checks. ClickException without
    either."""
    kept, installed = KEPT / EMULATOR, which(EMULATOR)
    if installed:
        return Path(installed)
    if not kept.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            try:
                subprocess.run(["apt-get", "-q", "download", PACKAGE], cwd=folder, check=True)
                (package,) = Path(folder).glob("*.deb")
                subprocess.run(["dpkg", "-x", package, folder], check=True)
            except (OSError, subprocess.CalledProcessError) as error:
                raise click.ClickException(f"install {PACKAGE}, it is not to be had: {error}") from None
            move(Path(folder) / "usr" / "bin" / EMULATOR, kept)
    return kept


def version() -> str:
    """What the emulator calls itself."""
    said = subprocess.run([emulator(), "--version"], check=True, capture_output=True, text=True).stdout
    return said.splitlines()[0]
