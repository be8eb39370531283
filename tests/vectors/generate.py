"""Rewrites the shared vectors beside this file, and the golden vectors that a backend proves itself on:
`python -m tests.vectors.generate`.

The golden ones are the tiny programs as artifacts, with their outputs. Tests check that all are current.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from executor.backends.golden import FOLDER as GOLDEN
from executor.program import run
from executor.program.artifact import save
from tests.vectors.arithmetic import functions, rescales
from tests.vectors.programs import program_cases, tiny_programs
from tests.vectors.roots import data_roots
from tests.vectors.views import view_cases

FOLDER = Path(__file__).parent

VECTORS: dict[str, Callable[[], dict[str, Any]]] = {
    "data_root.json": data_roots,
    "rescale.json": rescales,
    "functions.json": functions,
    "views.json": view_cases,
    "programs.json": program_cases,
}


def render(name: str) -> str:
    """The text of one vector file: one case a line."""
    content = VECTORS[name]()
    shared = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in content.items() if key != "cases"]
    cases = ",\n".join("  " + json.dumps(case) for case in content["cases"])
    return "{\n" + ",\n".join([*shared, f' "cases": [\n{cases}\n ]']) + "\n}\n"


def write_golden(folder: Path) -> None:
    """The tiny programs, and `cases.json` with an input and the output of each."""
    cases = []
    for name, (program, data) in tiny_programs().items():
        save(program, folder / f"{name}.program")
        cases.append(json.dumps({"name": name, "input": data.hex(), "output": run(program, data).hex()}))
    (folder / "cases.json").write_text("[\n" + ",\n".join(cases) + "\n]\n")


if __name__ == "__main__":
    for name in VECTORS:
        (FOLDER / name).write_text(render(name))
    write_golden(GOLDEN)
