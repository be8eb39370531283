"""Rewrites the shared vectors beside this file: `python -m tests.vectors.generate`.

A test checks that the committed ones are current.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.vectors.arithmetic import functions, rescales
from tests.vectors.programs import program_cases
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


if __name__ == "__main__":
    for name in VECTORS:
        (FOLDER / name).write_text(render(name))
