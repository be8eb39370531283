"""DAOs from the network's factory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.governance.dao_factory.founders import Dao, charter
from tests.world import World


@pytest.fixture
def factory(world: World):
    """The factory."""
    return world.dao_factory


@pytest.fixture
def create(world: World) -> Callable[..., Dao]:
    """`create(votes=..., ...)`: a DAO of the usual charter, changed, made by a stranger."""

    def created(**changes: Any) -> Dao:
        receipt = world.dao_factory.create(charter(world, **changes), sender=world.roles.stranger)
        return Dao(world, receipt)

    return created
