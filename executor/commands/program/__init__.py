"""`executor program`: making an artifact, looking at it and running it by hand. One file a subcommand."""

from __future__ import annotations

import click

from executor.commands.program.calibrate import calibrate
from executor.commands.program.compile import compile_command
from executor.commands.program.inspect import inspect
from executor.commands.program.run import run_program
from executor.commands.program.vectors import vectors
from executor.commands.program.verify import verify


@click.group()
def program() -> None:
    """Make programs, look at them and run them."""


for command in (calibrate, compile_command, inspect, run_program, verify, vectors):
    program.add_command(command)
