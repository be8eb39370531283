"""An artifact in a file, and bytes in it that are changed."""

from __future__ import annotations

from pathlib import Path

from executor.program import Program
from executor.program.encoding import HEADER_SIZE
from executor.program.ir import Affine, Operation, Source
from tests.program.build import INT8, add, constant, program, view

# Where its parts begin.
HEADER = 8
INPUTS = HEADER + HEADER_SIZE
OPERATIONS = INPUTS + 2 * (2 + 2 * 8) + 2 + 8  # behind two inputs of rank 2 and a constant of rank 1


def sample(*operations: Operation) -> Program:
    """A program with these operations, or one that adds a constant row to its input."""
    row = view(0, Affine(0, (0, 1)), Source.CONSTANT)
    return program(*(operations or (add(bias=row),)), constants=(constant(INT8, [1, -2, 3]),))


def spoil(artifact: Path, at: int, new: bytes) -> Path:
    """The file, with other bytes from there on."""
    data = bytearray(artifact.read_bytes())
    data[at : at + len(new)] = new
    artifact.write_bytes(data)
    return artifact
