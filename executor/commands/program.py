"""`executor program`: looking at an artifact and running it by hand."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from executor.program import InputTooLong, InvalidArtifact, InvalidProgram, Program, load, run, validate

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def program() -> None:
    """Look at programs and run them."""


@program.command()
@click.argument("file", type=FILE)
def inspect(file: Path) -> None:
    """Show what the artifact FILE is: its root, its sizes, and what disputing it would cost."""
    loaded = _load(file)
    header = validate(loaded)
    table = Table(title=str(file), show_header=False)
    table.add_row("program root", "0x" + loaded.root.hex())
    table.add_row("input", f"{loaded.input_size} bytes")
    table.add_row("output", f"{loaded.output_size} bytes")
    for name, value in vars(header).items():
        table.add_row(name.replace("_", " "), str(value))
    Console().print(table)


@program.command(name="run")
@click.argument("file", type=FILE)
@click.option("--input", "given", default="", help="Hexadecimal, or @FILE for a file's bytes.")
def run_program(file: Path, given: str) -> None:
    """Run the artifact FILE on an input and print its output in hexadecimal."""
    try:
        data = (
            Path(given[1:]).read_bytes() if given.startswith("@") else bytes.fromhex(given.removeprefix("0x"))
        )
    except (OSError, ValueError) as error:
        raise click.BadParameter(str(error), param_hint="--input") from None
    try:
        click.echo("0x" + run(_load(file), data).hex())
    except InputTooLong as error:
        raise click.BadParameter(str(error), param_hint="--input") from None


def _load(file: Path) -> Program:
    try:
        return load(file)
    except (InvalidArtifact, InvalidProgram) as error:
        raise click.ClickException(f"{file} is no valid artifact: {error}") from None
