"""The Referee, and the random steps that are put before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.dispute.court import Court
from tests.soundness.bench import Bench
from tests.soundness.cases import Case, random_cases
from tests.soundness.programs import KINDS
from tests.world import World

PROGRAMS = {"dot": 220, "max": 110, "gather": 70}
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


@pytest.fixture(scope="session")
def built_court(built_world: World) -> Court:
    """A court as it was made."""
    return Court(built_world)


@pytest.fixture
def court(built_court: Court, world: World) -> Court:
    """A court to go before; the world is rewound at the end of the test, and with it the court."""
    return built_court
