"""Does every rule of governance have a test? `make mutants` breaks them one by one and writes MUTANTS.md.

`python -m scripts.mutants tie quorum` tries only those whose rule or file has one of the words in it, and
writes nothing.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from scripts._manifest import commit
from scripts._mutants import MUTANTS, Mutant
from scripts._mutants.runner import Verdict
from scripts._mutants.table import table
from scripts._mutants.workshop import open_workshop

ROOT = Path(__file__).parent.parent
TABLE = ROOT / "MUTANTS.md"


@click.command()
@click.argument("words", nargs=-1)
@click.option("--unchecked", is_flag=True, help="Do not first see all tests pass without a mutant.")
def cli(words: tuple[str, ...], unchecked: bool) -> None:
    """Break rules one at a time; fails if a test misses one that it could notice."""
    chosen = [mutant for mutant in MUTANTS if not words or any(word in _text(mutant) for word in words)]
    if not chosen:
        raise click.ClickException("no such rule")
    verdicts: dict[str, Verdict] = {}
    with open_workshop() as workshop:
        if not unchecked:
            workshop.check()
        for mutant in chosen:
            began = time.monotonic()
            verdict = verdicts[mutant.rule] = workshop.judge(mutant)
            missed = "equivalent" if mutant.equivalent else "SURVIVED"
            outcome = verdict.noticed_by.split("::")[-1] or missed
            click.echo(f"{time.monotonic() - began:5.1f} s  {mutant.rule}: {outcome}")
    if not words:
        TABLE.write_text(table(MUTANTS, verdicts, commit()))
    wrong = [mutant for mutant in chosen if bool(verdicts[mutant.rule].noticed_by) == bool(mutant.equivalent)]
    for mutant in wrong:
        said = "declared equivalent, and noticed" if mutant.equivalent else "survived"
        click.echo(f"{said}: {mutant.rule} ({mutant.file})", err=True)
    click.echo(f"{len(chosen)} mutants, {len(wrong)} wrong")
    sys.exit(bool(wrong))


def _text(mutant: Mutant) -> str:
    return f"{mutant.rule} {mutant.file}"


if __name__ == "__main__":
    cli()
