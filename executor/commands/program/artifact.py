"""Artifacts named on the command line: opened with errors for people, run within a limit of memory."""

from __future__ import annotations

from pathlib import Path

import click

from executor.program import InputTooLong, InvalidArtifact, InvalidProgram, Program, load, run
from executor.program.ir import Source

MEMORY = click.option(
    "--memory", type=click.IntRange(1), default=4, show_default=True, help="GiB that running it may take."
)


def opened(file: Path, root: bytes | None = None) -> Program:
    """The valid program in the file, with that root; ClickException where it holds none."""
    try:
        return load(file, root)
    except (InvalidArtifact, InvalidProgram) as error:
        raise click.ClickException(f"{file} is no valid artifact: {error}") from None
    except OSError as error:
        raise click.ClickException(f"cannot read {file}: {error.strerror}") from None


def answer(program: Program, data: bytes, gibibytes: int) -> bytes:
    """The program's output; ClickException if the input is too long or it takes more memory than that.

    A file of a few hundred bytes can ask for terabytes: what a program takes to run, its header says, not its
    length.
    """
    needed = memory(program)
    if needed > gibibytes << 30:
        raise click.ClickException(
            f"running it keeps {needed / 2**30:,.1f} GiB of outputs, above {gibibytes} GiB; see --memory"
        )
    try:
        return run(program, data)
    except InputTooLong as error:
        raise click.ClickException(str(error)) from None
    except MemoryError:
        raise click.ClickException("running it takes more memory than there is") from None


def memory(program: Program) -> int:
    """Bytes of the outputs that a run keeps at most: those of one step, and every history to its end."""
    step = sum(operation.result.size for operation in program.operations)
    kept = {
        view.index
        for operation in program.operations
        for view in operation.views
        if view.source is Source.HISTORY
    }
    return step + sum(program.operations[index].result.size for index in kept) * program.step_bound
