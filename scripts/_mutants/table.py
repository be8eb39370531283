"""MUTANTS.md: what was broken, and what noticed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from scripts._mutants.mutant import Mutant
from scripts._mutants.runner import Verdict

HEAD = """\
# Mutants

Written by `make mutants`, which breaks one rule of governance at a time and runs its tests until one of them
fails: is there a rule that no test would miss? {total} mutants, {killed} noticed{equivalent}.{survived}

Commit {commit}. A change is shown by the words that go and those that come instead.
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
    """The words that differ, with one line of what stands around them."""
    before, after = mutant.before.split(), mutant.after.split()
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    head = blocks[0].size if blocks[0].a == blocks[0].b == 0 else 0
    tail = blocks[-2].size if len(blocks) > 1 and blocks[-2].a + blocks[-2].size == len(before) else 0
    if head + tail > min(len(before), len(after)):
        tail = 0
    gone, come = (" ".join(words[head : len(words) - tail]) for words in (before, after))
    return " → ".join(_code(words) if words else "nothing" for words in (gone, come))


def _code(text: str) -> str:
    escaped = text.replace("|", "\\|")
    return f"`{escaped}`"
