"""A program whose input is too long for a request: a page of 40 KiB; it says how bright the lines are."""

from __future__ import annotations

from pathlib import Path

from executor.program import Program, save, validate
from executor.program.ir import Affine, Source, immediate
from tests.program.build import INT8, INT16, add, maximum, program, tensor, view

LINES, WIDTH = 64, 640
SIZE = LINES * WIDTH


def page() -> Program:
    """The largest value of each line, and in the end twice that."""
    brightest = maximum(
        result=tensor(INT8, LINES),
        operands=(view(0, Affine(0, (WIDTH,), (1,))),),
        reduction=(WIDTH,),
        chunk=WIDTH,
    )
    line = view(0, Affine(0, (1,)), Source.OUTPUT)
    twice = add(
        result=tensor(INT16, LINES),
        operands=(line, line),
        multiplier=immediate(1, 1),
        bias=immediate(0, 1),
    )
    made = program(brightest, twice, inputs=(tensor(INT8, SIZE),))
    validate(made)
    return made


def written(folder: Path) -> Path:
    """Its artifact."""
    path = folder / "page.program"
    save(page(), path)
    return path


def scan(seed: int, length: int = SIZE) -> bytes:
    """Something to read: bytes that look like nothing in particular."""
    return bytes((at * at * 31 + at * seed + seed) % (60 + at // WIDTH) for at in range(length))
