"""A hearing of the lie that a module is about, and a game in which it is defended."""

from __future__ import annotations

import pytest

from tests.judge.dispute.court import Court, Hearing


@pytest.fixture
def hearing(request: pytest.FixtureRequest, court: Court) -> Hearing:
    """The module's `LIE`, posted."""
    return court.hear_trace(request.module.LIE)


@pytest.fixture
def game(request: pytest.FixtureRequest, hearing: Hearing) -> int:
    """A challenge of it, after which the defender has committed to the lie's trace."""
    game = hearing.challenge()
    hearing.trace(request.module.LIE)
    return game
