"""What the README says is so: its gas, its paths, its contract."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
from functools import partial

import pytest

from tests.conftest import ROOT, SNAPSHOTS

FILE = ROOT / "README.md"
README = FILE.read_text()
ROWS = {
    "open through the model": "job/open",
    "open with 1 KiB of input": "job/open_1KiB",
    "upload a run of 32 KiB, for an input that is too long for its request": "input/upload_32KiB",
    "seal such an input, of two runs": "input/seal_40KiB",
    "claim, alone": "job/claim",
    "post, alone": "job/post",
    "finalize, alone": "job/finalize",
    "the whole life, one by one": "job/whole",
    "executor's side (claim, post, finalize) in a batch of 32": "job/executor_batch32",
    "executor's side (answer, finalize) in a batch of 32": "job/executor_answer32",
    "one step: a dot of 1,024 bytes, two proofs of depth 20": "dispute/step_1024",
    "the same, both operands across two tiles": "dispute/step_1024_unaligned",
    "the digits model, at its dearest operation": "dispute/digits",
    "10^9 multiply-accumulates": "dispute/1e9",
    "10^9 multiply-accumulates, payment included": "dispute/1e9_paid",
}


@pytest.mark.snapshot
@pytest.mark.parametrize(("row", "name"), ROWS.items())
def test_readme__a_row_of_gas__is_the_measured_number(row, name, pytestconfig):
    if pytestconfig.getoption("--rewrite-snapshots"):
        pytestconfig.add_cleanup(partial(rewrite_row, row, name))  # after gas.json was written
        return
    stated = re.search(rf"^\| {re.escape(row)} \| ([\d,]+) \|$", FILE.read_text(), re.MULTILINE)
    assert stated, f"the README has no row {row!r}"
    assert stated[1] == measured(name), f"the README says {stated[1]}: `make snapshots` corrects it"


def measured(name: str) -> str:
    """A number of gas, as people read it."""
    return f"{json.loads((SNAPSHOTS / 'gas.json').read_text())[name]:,}"


def rewrite_row(row: str, name: str) -> None:
    """Put the measured number into the README."""
    pattern = rf"^(\| {re.escape(row)} \| )[\d,]+( \|)$"
    corrected = re.sub(pattern, rf"\g<1>{measured(name)}\g<2>", FILE.read_text(), flags=re.MULTILINE)
    FILE.write_text(corrected)


def test_readme__its_paths__exist():
    quoted = set(re.findall(r"`((?:contracts|executor|scripts|deployments|tests)/[\w./]*)`", README))
    linked = set(re.findall(r"\]\((?!http)([^)]+)\)", README))
    assert len(quoted) > 15
    assert {path for path in quoted | linked if not (ROOT / path).exists()} == set()


def test_readme__its_contract__compiles(tmp_path):
    (contract,) = re.findall(r"```vyper\n(.*?)```", README, re.DOTALL)
    file = tmp_path / "Digits.vy"
    file.write_text(contract)
    command = [sys.executable, "-m", "vyper.cli.vyper_compile", "-p", str(ROOT)]
    command += ["-p", sysconfig.get_path("purelib"), str(file)]
    compiled = subprocess.run(command, capture_output=True, text=True)
    assert compiled.returncode == 0, compiled.stderr
    assert compiled.stdout.startswith("0x6")
