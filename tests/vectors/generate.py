"""Rewrites the shared vectors beside this file: `python -m tests.vectors.generate`.

A test checks that the committed ones are current.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.vectors.roots import data_roots

FOLDER = Path(__file__).parent

VECTORS: dict[str, Callable[[], dict[str, Any]]] = {
    "data_root.json": data_roots,
}


def render(name: str) -> str:
    """The text of one vector file."""
    return json.dumps(VECTORS[name](), indent=1) + "\n"


if __name__ == "__main__":
    for name in VECTORS:
        (FOLDER / name).write_text(render(name))
