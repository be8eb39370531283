"""MUTANTS.md: what was broken, and what noticed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scripts._mutants.mutant import Mutant
from scripts._mutants.runner import Verdict

HEAD = """\
# Mutants

Written by `make mutants`, which breaks one rule of governance at a time and runs its tests until one of them
fails: is there a rule that no test would miss? {total} mutants, {killed} noticed{equivalent}.{survived}

Commit {commit}. A change is shown by the lines that go and those that come instead, or parts of them.
"""


def table(mutants: Sequence[Mutant], verdicts: Mapping[str, Verdict], commit: str) -> str:
    """The whole file; `verdicts` by rule."""
    equivalent = [mutant for mutant in mutants if mutant.equivalent]
    survived = [
        mutant for mutant in mutants if not verdicts[mutant.rule].noticed_by and not mutant.equivalent
    ]
    text = HEAD.format(
        total=len(mutants),
        killed=len(mutants) - len(equivalent) - len(survived),
        equivalent=f"; {len(equivalent)} cannot be told from the contract" if equivalent else "",
        survived=f" **{len(survived)} survived.**" if survived else "",
        commit=commit,
    )
    for file in dict.fromkeys(mutant.file for mutant in mutants):
        text += f"\n## {file.removeprefix('contracts/')}\n\n| rule | change | noticed by |\n|---|---|---|\n"
        for mutant in mutants:
            if mutant.file == file:
                text += f"| {mutant.rule} | {_change(mutant)} | {_outcome(mutant, verdicts[mutant.rule])} |\n"
    return text


def _outcome(mutant: Mutant, verdict: Verdict) -> str:
    if verdict.noticed_by:
        return f"`{verdict.noticed_by.split('::')[-1]}`"
    return f"equivalent: {mutant.equivalent}" if mutant.equivalent else "**nothing**"


def _change(mutant: Mutant) -> str:
    """The lines that differ, each on both sides put into one."""
    gone, come = ([line.strip() for line in text.splitlines()] for text in (mutant.before, mutant.after))
    while gone and come and gone[0] == come[0]:
        del gone[0], come[0]
    while gone and come and gone[-1] == come[-1]:
        del gone[-1], come[-1]
    return " → ".join(_code(" ".join(filter(None, lines))) for lines in (gone, come))


def _code(text: str) -> str:
    escaped = text.replace("|", "\\|")
    return f"`{escaped}`" if text else "nothing"
