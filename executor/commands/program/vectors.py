"""`executor program vectors`: known answers of a program, to compare another implementation with.

A file of vectors is JSON: `program_root`, and `cases`, each with its `name`, and `input` and `output` in
hexadecimal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import shake_128
from pathlib import Path

import click
import numpy as np

from executor.commands.program.artifact import MEMORY, answer, opened
from executor.commands.program.files import FILE, RESULT, check_results, replaced
from executor.program import Program


@click.command()
@click.argument("file", type=FILE)
@click.option("--random", "count", type=click.IntRange(0, 1000), default=4, show_default=True)
@click.option("--output", "-o", type=RESULT, help="Default: print them.")
@MEMORY
def vectors(file: Path, count: int, output: Path | None, memory: int) -> None:
    """Write golden vectors of the artifact FILE: its answers to extreme and to random inputs."""
    check_results([output] if output else [], [file])
    program = opened(file)
    cases = [
        {"name": name, "input": data.hex(), "output": answer(program, data, memory).hex()}
        for name, data in inputs(program, count)
    ]
    text = json.dumps({"program_root": "0x" + program.root.hex(), "cases": cases}, indent=1) + "\n"
    if output is None:
        click.echo(text, nl=False)
        return
    with replaced(output) as (draft,):
        draft.write_text(text)
    click.echo(f"{len(cases)} vectors of program 0x{program.root.hex()} in {output}")


def inputs(program: Program, count: int) -> Iterator[tuple[str, bytes]]:
    """Named inputs: nothing, every element at either end of its type, `count` random ones, ever the same."""
    yield "empty", b""
    for name, end in (("lowest", 0), ("highest", 1)):
        data = bytearray(program.input_size)
        for tensor, offset in zip(program.inputs, program.input_offsets, strict=True):
            filled = np.full(tensor.count, tensor.element.interval[end], tensor.element.canonical)
            data[offset : offset + tensor.size] = filled.tobytes()
        yield name, bytes(data)
    for number in range(count):
        yield f"random {number}", shake_128(number.to_bytes(4, "big")).digest(program.input_size)
