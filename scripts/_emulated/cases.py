"""Which programs and inputs: golden vectors, random programs, layers at their bounds, real networks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np

from executor.backends.golden import goldens
from executor.program import Program, load, save
from executor.schema import Schema, schema_path
from scripts import digits
from scripts._emulated.case import Case, write
from scripts._models import inputs
from scripts._models.programs import recipe
from tests.backends.kinds import KINDS
from tests.backends.test_native import extreme
from tests.soundness import programs as random_programs

SEEDS = 6  # random programs around each kind of operation
NETWORKS = ("magika_fast", "magika_accurate", "minilm_32_fast", "minilm_32_accurate")


def gather(folder: Path) -> list[Case]:
    """All cases into the folder; those of networks that `make models` has not made are left out."""
    found = []
    for number, (group, program, given) in enumerate(_programs()):
        case = Case(group, f"{number}.program", tuple(data.hex() for data in given), group not in NETWORKS)
        save(program, folder / case.file)
        found.append(case)
    write(folder, found)
    return found


def _programs() -> Iterator[tuple[str, Program, list[bytes]]]:
    for golden in goldens():
        yield "golden vectors", golden.program, [golden.input]
    for kind in random_programs.KINDS:
        for seed in range(SEEDS):
            rng = Random(f"{kind} {seed} emulated")  # noqa: S311 - the same everywhere
            program = random_programs.random_program(rng, kind)
            yield "random programs", program, [random_programs.random_data(rng, program) for _ in range(2)]
    for layer in KINDS.values():
        program = layer()
        yield "layers at their bounds", program, [extreme(seed, program) for seed in range(2)]
    images, _ = digits.load_images(held_out=True)
    yield "digits", load(digits.PROGRAM), [image.astype(np.int8).tobytes() for image in images[:8]]
    for name in NETWORKS:
        if recipe(name).program.exists():
            program = load(recipe(name).program)
            yield name, program, [*_samples(name, 1), extreme(len(name), program)]


def _samples(name: str, count: int) -> list[bytes]:
    """The first held-out inputs of a network."""
    schema = Schema.load(schema_path(recipe(name).program))
    arrays = inputs.load(recipe(name).network, inputs.HELD_OUT)
    return [schema.encode({key: array[number] for key, array in arrays.items()}) for number in range(count)]
