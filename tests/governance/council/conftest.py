"""The chamber of every test here: built once, rewound after each."""

from __future__ import annotations

import pytest

from tests.governance.council.chamber import Chamber
from tests.world import World


@pytest.fixture(scope="session")
def built_chamber(built_world: World, accounts) -> Chamber:
    """The chamber as it was made."""
    return Chamber(built_world, accounts)


@pytest.fixture
def chamber(built_chamber: Chamber, world: World) -> Chamber:
    """A Council and what it can stop; the world is rewound at the end of the test."""
    return built_chamber
