"""`executor program run`: an artifact on one input."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from executor.commands.program.artifact import MEMORY, answer, opened
from executor.commands.program.files import FILE
from executor.program import Program


@click.command(name="run")
@click.argument("file", type=FILE)
@click.option("--input", "given", default="", help="Hexadecimal, or @FILE for a file's bytes.")
@click.option("--integers", is_flag=True, help="Print the output's elements instead of its bytes.")
@MEMORY
def run_program(file: Path, given: str, integers: bool, memory: int) -> None:
    """Run the artifact FILE on an input and print its output in hexadecimal."""
    program = opened(file)
    try:
        data = input_bytes(given, program.input_size)
    except (OSError, ValueError) as error:
        raise click.BadParameter(str(error), param_hint="--input") from None
    output = answer(program, data, memory)
    click.echo(" ".join(map(str, elements(program, output))) if integers else "0x" + output.hex())


def input_bytes(given: str, most: int) -> bytes:
    """What `--input` names; ValueError if it is more than `most` bytes, of which no more are read."""
    if not given.startswith("@"):
        data = bytes.fromhex(given.removeprefix("0x"))
        length = f"{len(data)}"
    else:
        with Path(given[1:]).open("rb") as file:
            data = file.read(most + 1)
        length = f"more than {most}"
    if len(data) > most:
        raise ValueError(f"{length} bytes of input where {most} are allowed")
    return data


def elements(program: Program, output: bytes) -> list[int]:
    """The elements of the output, row by row."""
    values: list[int] = np.frombuffer(output, program.output_type.element.canonical).tolist()
    return values
