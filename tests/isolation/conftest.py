"""The two chains and who lives on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.isolation.scene import Photograph, Scene, photographed, running_scene
from tests.world import World


@pytest.fixture(scope="session")
def photograph(built_world: World) -> Photograph:
    """How both chains begin."""
    return photographed(built_world)


@pytest.fixture
def scene(built_world: World, accounts: Any, photograph: Photograph) -> Iterator[Scene]:
    """Two chains of its own for each test."""
    with running_scene(built_world, accounts, photograph) as scene:
        yield scene
