"""The Referee, and the random steps that are put before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.soundness.bench import Bench
from tests.soundness.cases import Case, random_cases
from tests.soundness.programs import KINDS

PROGRAMS = {"dot": 220, "max": 125, "gather": 90}
OTHERS = 28
"""How many programs there are around each kind of step, so that every kind is met often enough."""


@pytest.fixture(scope="session")
def bench(project: Any, accounts: Any, chain: Any) -> Iterator[Bench]:
    """A deployed Referee to ask."""
    opened = Bench(chain.provider.http_uri, str(accounts[0].deploy(project.Referee)))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def steps() -> list[Case]:
    """The steps that every run judges: the same each time, so that red means changed."""
    return drawn("steps", 1)


def drawn(name: str, times: int) -> list[Case]:
    """Steps of random programs of every kind, drawn by name."""
    found = []
    for kind in KINDS:
        for number in range(PROGRAMS.get(kind, OTHERS) * times):
            found += random_cases(f"{name}/{kind}/{number}", kind)
    return found
