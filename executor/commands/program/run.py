"""`executor program run`: an artifact on one input."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from executor.commands.program.artifact import FILE, MEMORY, answer, opened
from executor.program import Program


@click.command(name="run")
@click.argument("file", type=FILE)
@click.option("--input", "given", default="", help="Hexadecimal, or @FILE for a file's bytes.")
@click.option("--integers", is_flag=True, help="Print the output's elements instead of its bytes.")
@MEMORY
def run_program(file: Path, given: str, integers: bool, memory: int) -> None:
    """Run the artifact FILE on an input and print its output in hexadecimal."""
    try:
        data = (
            Path(given[1:]).read_bytes() if given.startswith("@") else bytes.fromhex(given.removeprefix("0x"))
        )
    except (OSError, ValueError) as error:
        raise click.BadParameter(str(error), param_hint="--input") from None
    program = opened(file)
    if len(data) > program.input_size:
        message = f"{len(data)} bytes of input where {program.input_size} are allowed"
        raise click.BadParameter(message, param_hint="--input")
    output = answer(program, data, memory)
    click.echo(" ".join(map(str, elements(program, output))) if integers else "0x" + output.hex())


def elements(program: Program, output: bytes) -> list[int]:
    """The elements of the output, row by row."""
    values: list[int] = np.frombuffer(output, program.output_type.element.canonical).tolist()
    return values
