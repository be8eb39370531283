"""The court, set up once a session and rewound with the world after every test."""

from __future__ import annotations

import pytest

from tests.judge.dispute.court import Court
from tests.world import World


@pytest.fixture(scope="session")
def built_court(built_world: World) -> Court:
    """The court as it was made."""
    return Court(built_world)


@pytest.fixture
def court(built_court: Court, world: World) -> Court:  # the world rewinds it
    """A court to go before."""
    return built_court
