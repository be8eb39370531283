"""What a processor answers: `python -m scripts._emulated.answers FOLDER` prints it line by line.

Every line is a JSON list [group, case, way, answer, seconds]. An answer is the SHA-256 of all outputs of a
case, or the root of a program compiled anew from model and scales. The first lines, of the group "facts", say
what the libraries take the processor for.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import click
import numpy as np
import onnxruntime

from executor.backends.native import products
from executor.backends.native.engine import Engine, Weights
from executor.backends.native.matrices import bytes_are_exact
from executor.backends.native.plan import plan
from executor.compiler.compilation import compile_model
from executor.compiler.scales import Scales
from executor.program import Program, load, run
from executor.program.interpreter import Interpreter
from scripts import digits
from scripts._emulated.case import read
from scripts._models.programs import RECIPES, Recipe

FACTS, ROOTS = "facts", "roots"
LEVELS = {
    "disable": onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "basic": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "extended": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "all": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
}
WAYS = {
    "alone": (1, 1, True),
    "three together": (3, 1, True),
    "in two threads": (1, 2, True),
    "without kernels": (1, 1, False),
}
"""Batch, threads, and whether products go through kernels: of the fast path."""
WAYS_OF_LARGE = ("alone",)
SPECIFICATION = "interpreter"

Answer = Callable[[], str]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.option("--level", type=click.Choice(list(LEVELS)), default="all", help="How onnxruntime optimises.")
@click.option("--group", "groups", multiple=True, help="Only these.")
def cli(folder: Path, level: str, groups: tuple[str, ...]) -> None:
    """Answer the cases of FOLDER."""
    optimise(level)
    features = np.core._multiarray_umath.__cpu_features__
    say(FACTS, "numpy", "", lambda: " ".join(name for name, found in features.items() if found))
    say(FACTS, "bytes", "", lambda: "exact" if bytes_are_exact() else "inexact")
    if not groups or ROOTS in groups:
        say(ROOTS, "digits", "", lambda: digits.build(digits.load_frozen()).root.hex())
        for recipe in RECIPES:
            if recipe.model.exists():
                say(ROOTS, recipe.name, "", partial(compiled_anew, recipe))
    worth = products.WORTH
    for case in read(folder):
        if groups and case.group not in groups:
            continue
        products.WORTH = 1 if case.small else worth
        program, given = load(folder / case.file), [bytes.fromhex(data) for data in case.inputs]
        say(case.group, case.file, SPECIFICATION, partial(interpreted, program, given))
        for way in WAYS if case.small else WAYS_OF_LARGE:
            say(case.group, case.file, way, partial(fast, program, given, *WAYS[way]))


def say(group: str, case: str, way: str, answer: Answer) -> None:
    """Print an answer and how long it took; of an error its text, which no other processor gives."""
    begun = time.monotonic()
    try:
        found = answer()
    except Exception as error:  # a refusal is a finding, and the other cases are still to be answered
        found = f"{type(error).__name__}: {error}"
    print(json.dumps([group, case, way, found, time.monotonic() - begun]), flush=True)


def interpreted(program: Program, given: list[bytes]) -> str:
    """By the specification."""
    return _hash([run(program, data) for data in given])


def fast(program: Program, given: list[bytes], batch: int, threads: int, kernels: bool) -> str:
    """By the fast path, whose products prove themselves at their bounds before the first answer."""
    made = plan(program, batch, kernels and bytes_are_exact(), products=kernels, threads=threads)
    engine = Engine(made, Weights())
    outputs: list[bytes] = []
    with ThreadPoolExecutor(threads) as helpers:
        for data in given:
            read_in = Interpreter(program, data)
            rows = engine.run([read_in.inputs] * batch, read_in.steps, helpers)
            answers = {row.astype(program.output_type.element.canonical).tobytes() for row in rows}
            if len(answers) != 1:
                raise ValueError("one batch, and answers that differ")
            outputs += answers
    return _hash(outputs)


def compiled_anew(recipe: Recipe) -> str:
    """The root of a network's program; that of its tokenizer is no part of it."""
    return compile_model(recipe.model, Scales.load(recipe.scales), "").program.root.hex()


def optimise(level: str) -> None:
    """Have all of onnxruntime's sessions optimise their graphs that far."""
    plain = onnxruntime.SessionOptions

    def options() -> Any:
        made = plain()
        made.graph_optimization_level = LEVELS[level]
        return made

    onnxruntime.SessionOptions = options


def _hash(outputs: list[bytes]) -> str:
    return sha256(b"".join(outputs)).hexdigest()


if __name__ == "__main__":
    cli()
