"""The stage of these tests, rewound with the world after each."""

from __future__ import annotations

import pytest

from tests.versions.stage import Stage
from tests.world import World


@pytest.fixture
def stage(world: World) -> Stage:
    """A model with three versions."""
    return Stage(world)


@pytest.fixture
def armed(stage: Stage) -> Stage:
    """Version 2 is live and 1 its fallback."""
    stage.arm()
    return stage
