"""Golden vectors: small programs with known answers, on which every backend proves itself when it starts.

They cover every operation, guards, rescaling at the edges of the types, and histories. The answers are in
the package as data, so that a machine whose arithmetic is wrong cannot agree with itself. What no
small program shows, products at the ends of their ranges, is proved when a program is compiled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from executor.backends.base import Backend, BackendError
from executor.program import Program, load, run

FOLDER = Path(__file__).parent / "golden"
PATIENCE = 600.0  # seconds for one program


@dataclass(frozen=True)
class Golden:
    """A program, an input and its output bytes."""

    name: str
    program: Program
    input: bytes
    output: bytes


def goldens() -> list[Golden]:
    """All of them."""
    cases = json.loads((FOLDER / "cases.json").read_text())
    return [
        Golden(
            case["name"],
            load(FOLDER / f"{case['name']}.program"),
            bytes.fromhex(case["input"]),
            bytes.fromhex(case["output"]),
        )
        for case in cases
    ]


def prove(backend: Backend, programs: Mapping[bytes, Program]) -> None:
    """Raises BackendError unless the backend gives every golden answer, and on each of `programs` that of the
    interpreter. The backend was given the golden programs together with these."""
    for golden in goldens():
        _compare(backend, golden.program.root, golden.input, golden.output, f"golden vector {golden.name}")
    for root, program in programs.items():
        probe = bytes(number * 37 % 17 for number in range(program.input_size))
        _compare(backend, root, probe, run(program, probe), f"program 0x{root.hex()}")


def _compare(backend: Backend, root: bytes, data: bytes, expected: bytes, what: str) -> None:
    (output,) = backend.submit(root, [data]).result(PATIENCE)
    if output != expected:
        raise BackendError(f"backend: it answers {what} wrongly and must not serve: it would be slashed")
