"""What quantising cost: each program of `make models` against its float network, on inputs it has not seen.

`python -m scripts._models.accuracy` measures all of them and writes ACCURACY.md; with names, only those.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import click
import numpy as np

from executor.backends.exact import ExactBackend
from executor.program import Program, load
from executor.schema import Schema, schema_path
from scripts._models import inputs, measures
from scripts._models.packages import ROOT
from scripts._models.programs import RECIPES, Original, Recipe, recipe

TABLE = ROOT / "ACCURACY.md"
BATCH = 16  # samples that the backend gets at a time

Numbers = dict[str, float]
Measure = Callable[[measures.Outputs, measures.Outputs], Numbers]


@dataclass(frozen=True)
class Claim:
    """What a program has to reach: the measure of its kind, and bounds on its numbers from both sides."""

    row: str
    measure: Measure
    least: dict[str, float]
    most: dict[str, float]


ACCURATE = {"cosine_mean": 0.999, "cosine_min": 0.997, "neighbour_agreement": 0.97}
FAST = {"cosine_mean": 0.985}
CLAIMS = {
    "minilm_32_accurate": Claim("minilm", measures.embeddings, ACCURATE, {}),
    "minilm_32_fast": Claim("minilm_fast", measures.embeddings, FAST, {}),
    "minilm_128_accurate": Claim("minilm_128", measures.embeddings, ACCURATE, {}),
    "minilm_128_fast": Claim("minilm_128_fast", measures.embeddings, FAST, {}),
    "magika_accurate": Claim("magika", measures.labels, {"agreement": 0.99}, {}),
    "magika_fast": Claim("magika_fast", measures.labels, {}, {}),
    "silero_accurate": Claim("silero", measures.probabilities, {}, {"max_abs_error": 0.02}),
    "ocr_direction_accurate": Claim("ocr_direction", measures.labels, {"agreement": 0.98}, {}),
    "ocr_line_accurate": Claim("ocr", measures.texts, {"agreement": 0.98}, {}),
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice([found.name for found in RECIPES]))
@click.option("--samples", type=click.IntRange(2), help="Only the first so many; writes nothing.")
def cli(names: tuple[str, ...], samples: int | None) -> None:
    """Measure programs by their names; all of them unless some are named."""
    found: dict[str, Numbers] = {}
    for wanted in map(recipe, names) if names else RECIPES:
        begun = time.monotonic()
        found[wanted.name] = accuracy(wanted, samples)
        numbers = ", ".join(f"{name} {number:.4f}" for name, number in found[wanted.name].items())
        verdict = "" if keeps(CLAIMS[wanted.name], found[wanted.name]) else "  BELOW WHAT IS CLAIMED"
        click.echo(f"{wanted.name}: {numbers}{verdict} ({time.monotonic() - begun:.0f} s)")
    if not names and samples is None:
        TABLE.write_text(table(found))


def measured() -> Numbers:
    """The numbers of every program that `make models` has made, by their names in bench.json."""
    return rows({wanted.name: accuracy(wanted) for wanted in RECIPES if wanted.program.is_file()})


def accuracy(wanted: Recipe, samples: int | None = None) -> Numbers:
    """The numbers of one program over its held-out inputs."""
    program, schema = load(wanted.program), Schema.load(schema_path(wanted.program))
    schema.check(program)
    arrays = inputs.load(wanted.network, inputs.HELD_OUT)
    count = min(len(array) for array in arrays.values())
    rows = [
        {name: array[number] for name, array in arrays.items()}
        for number in range(min(count, samples or count))
    ]
    original = Original(wanted)
    theirs = np.stack([original.run(row).astype(np.float64) for row in rows])
    mine = np.stack(
        [schema.decode(output).reshape(-1) for output in outputs(program, map(schema.encode, rows))]
    )
    return CLAIMS[wanted.name].measure(mine, theirs)


def outputs(program: Program, given: Iterable[bytes]) -> list[bytes]:
    """The program's answers, from the backend that an executor would use."""
    backend = ExactBackend({program.root: program})
    data = list(given)
    try:
        batches = [data[at : at + BATCH] for at in range(0, len(data), BATCH)]
        return [answer for batch in batches for answer in backend.submit(program.root, batch).result()]
    finally:
        backend.close()


def keeps(claim: Claim, numbers: Numbers) -> bool:
    """Whether the numbers are within the claim's bounds."""
    above = all(numbers[name] >= bound for name, bound in claim.least.items())
    return above and all(numbers[name] <= bound for name, bound in claim.most.items())


def rows(found: dict[str, Numbers]) -> Numbers:
    """The numbers by their names in bench.json."""
    return {
        f"{CLAIMS[name].row}/{measured}": number
        for name, numbers in found.items()
        for measured, number in numbers.items()
    }


def table(found: dict[str, Numbers]) -> str:
    """ACCURACY.md."""
    lines = "".join(_line(recipe(name), numbers) for name, numbers in found.items())
    return (
        "# Accuracy\n\n"
        "What the integer programs of real networks lose against the float originals in onnxruntime, on\n"
        "inputs that no calibration saw. Written by `make accuracy` after `make models`; `scripts/_models/`\n"
        "says where networks and inputs come from.\n\n"
        f"| program | root | samples | result | asked for |\n|---|---|--:|---|---|\n{lines}"
    )


def _line(wanted: Recipe, numbers: Numbers) -> str:
    claim = CLAIMS[wanted.name]
    count = len(next(iter(inputs.load(wanted.network, inputs.HELD_OUT).values())))
    result = ", ".join(f"{name.replace('_', ' ')} {number:.4f}" for name, number in numbers.items())
    bounds = [f"{name.replace('_', ' ')} >= {bound}" for name, bound in claim.least.items()]
    bounds += [f"{name.replace('_', ' ')} <= {bound}" for name, bound in claim.most.items()]
    root = load(wanted.program).root.hex()
    return f"| {wanted.name} | `0x{root}` | {count} | {result} | {', '.join(bounds)} |\n"


if __name__ == "__main__":
    cli()
