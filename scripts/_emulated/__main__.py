"""The same bits on other processors: `make emulated` asks them and writes EMULATED.md.

`python -m scripts._emulated --group digits` asks only about some rows of the table, and writes nothing.
"""

from __future__ import annotations

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from scripts._emulated.answers import FACTS
from scripts._emulated.cases import gather
from scripts._emulated.machines import MACHINES, Answers, ask, version
from scripts._emulated.table import agrees, table
from scripts._models.packages import ROOT

TABLE = ROOT / "EMULATED.md"
AT_ONCE = 2


@click.command()
@click.option("--group", "groups", multiple=True, help="Only these rows; writes nothing.")
def cli(groups: tuple[str, ...]) -> None:
    """Ask every processor; fails if one differs by a bit, or gave no answer."""
    emulator = version()
    every: list[Answers] = []
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        gather(folder)
        for emulated in (False, True):  # those that make machine code for the emulated ones go first
            machines = [machine for machine in MACHINES if bool(machine.emulated) is emulated]
            with ThreadPoolExecutor(AT_ONCE) as pool:
                for answers in pool.map(lambda machine: ask(machine, folder, groups), machines):
                    every.append(answers)
                    wrong += report(every[0], answers)
    if not groups:
        TABLE.write_text(table(every, emulator))
    sys.exit(bool(wrong))


def report(reference: Answers, answers: Answers) -> int:
    """Say what a machine answered otherwise than the reference, or not at all; how many that is."""
    compared = [key for key in reference.found if key.group != FACTS]
    wrong = [key for key in compared if not agrees(reference, answers, key)]
    for key in wrong:
        if key in answers.found:
            click.echo(f"  differs: {', '.join(key)}: {answers.found[key].answer}")
    missing = answers.failure and f"; it {answers.failure}"
    click.echo(f"{answers.machine.name}: {len(compared) - len(wrong)} of {len(compared)} equal{missing}")
    return len(wrong) if compared else 1


if __name__ == "__main__":
    cli()
