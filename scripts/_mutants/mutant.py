"""One rule that a mutant breaks."""

from __future__ import annotations

from dataclasses import dataclass

MODULES = "contracts/modules/governance"


@dataclass(frozen=True)
class Mutant:
    """A contract with one rule changed, and the test that should notice.

    rule: what holds in the contract and not in the mutant; unique.
    file: where, relative to the repository.
    before: text that stands there exactly once; `after` takes its place.
    test: name of a test function below tests/governance, which is run first.
    equivalent: why nobody can tell the mutant from the contract; empty for all that have to be noticed.
    """

    rule: str
    file: str
    before: str
    after: str
    test: str = ""
    equivalent: str = ""

    def applied(self, source: str) -> str:
        """The mutant's text of its file; ValueError if it cannot be told where to change it."""
        if source.count(self.before) != 1:
            raise ValueError(f"{self.file}: {self.before!r} stands there {source.count(self.before)} times")
        return source.replace(self.before, self.after)
