"""The numbers in BENCHMARKS.md: `ape run bench` measures them, writes bench.json and the table.

Gas is not measured here: tests/snapshots compare it on every run of the tests, and it is taken from there.
"""

from __future__ import annotations

import json
import platform
import time
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from ape import project

from executor.chain.creation import BLUEPRINT
from executor.program import load, run
from scripts._beside import ratios
from scripts._beside import table as beside_table
from scripts._curve import Point, curve
from scripts._curve import table as curve_table
from scripts._demo.drawings import PROGRAM, held_out
from scripts._manifest import commit
from scripts._models.accuracy import measured
from scripts._models.dispute import minilm
from scripts._models.dispute import notes as minilm_notes
from scripts._speed import notes, speed
from scripts._tracing import tracing

ROOT = Path(__file__).parent.parent
GAS = ROOT / "tests" / "snapshots" / "gas.json"
CODE_LIMIT = 24_576
DEPLOYED = (
    *("Market", "Orders", "StakeVault", "Challenges", "Network", "Inputs", "Registry", BLUEPRINT),
    *("Dispute", "Referee", "Token", "Timelock", "Governor", "Council", "DaoFactory"),
)
SECONDS = 2.0  # spent on a measurement of time

Numbers = dict[str, float]


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), default=ROOT, help="Where both files go.")
def cli(folder: Path) -> None:
    """Measure, and write bench.json and BENCHMARKS.md."""
    points = curve(json.loads(GAS.read_text()))
    modelled = {f"dispute/{point.name}_modelled": point.gas for point in points if not point.measured}
    with TemporaryDirectory(prefix="elenchus-bench-") as spill:
        numbers = {
            **gas(),
            **modelled,
            **code(project),
            **digits(),
            **tracing(Path(spill)),
            **speed(),
            **measured(),
            **minilm(project),
        }
    (folder / "bench.json").write_text(json.dumps(numbers, indent=2) + "\n")
    (folder / "BENCHMARKS.md").write_text(table(numbers, points))
    for name, number in numbers.items():
        click.echo(f"{name:<36}{_plain(number):>14}")


def gas() -> Numbers:
    """Gas; what a batch of 32 leaves of the executor's part of a job; ours over OpenZeppelin's."""
    numbers: Numbers = json.loads(GAS.read_text())
    alone = sum(numbers[f"job/{step}"] for step in ("claim", "post", "finalize"))
    batched = numbers["job/executor_batch32"] / alone
    return {**numbers, **ratios(numbers), "job/executor_batch32_of_alone": batched}


def code(contracts: Any) -> Numbers:
    """Bytes of each contract before its immutables, as a part of what a chain allows."""
    sizes = {name: getattr(contracts, name).contract_type.runtime_bytecode for name in DEPLOYED}
    return {f"code/{name}_of_limit": len(bytes(code.to_bytes())) / CODE_LIMIT for name, code in sizes.items()}


def digits() -> Numbers:
    """Right answers of the digits program among the committed held-out digits, and answers a second."""
    program, drawings = load(PROGRAM), held_out(200)
    answers = [int.from_bytes(run(program, drawing.pixels)[:4], "big") for drawing in drawings]
    right = sum(answer == drawing.label for answer, drawing in zip(answers, drawings, strict=True))
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        run(program, drawings[done % len(drawings)].pixels)
        done += 1
    return {
        "digits/accuracy": right / len(drawings),
        "digits/answers_per_second": done / (time.perf_counter() - began),
    }


def table(numbers: Numbers, points: list[Point]) -> str:
    """BENCHMARKS.md: what was measured, on what, and with what."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("vyper", "numpy", "web3"))
    made_with = f"{platform.machine()}, Python {platform.python_version()}, {packages}"
    rows = "".join(f"| {name} | {_plain(number)} |\n" for name, number in numbers.items())
    return (
        "# Benchmarks\n\n"
        "Written by `make bench`. Gas and sizes are exact; what counts seconds is this machine's alone.\n\n"
        f"Commit {commit() or 'unknown'}, {made_with}.\n\n"
        f"| name | number |\n|---|--:|\n{rows}\n"
        f"{notes(numbers)}"
        f"{minilm_notes(numbers)}"
        f"{beside_table(numbers)}"
        "## A dispute by the size of its program\n\n"
        "Gas of both sides together; the model is `scripts/_curve.py`.\n\n"
        f"{curve_table(points)}"
    )


def _plain(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:,.3f}"
