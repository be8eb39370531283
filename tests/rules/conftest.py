"""What the rules are tested on: a second world, on a rollup whose sequencer can be down, and the judge."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract import Contract
from tests.soundness.conftest import bench
from tests.world import World

__all__ = ["bench"]


@pytest.fixture(scope="session")
def built_rollup(project, accounts, chain) -> tuple[World, Contract]:
    """A world with an uptime feed, as it was made, and the feed."""
    feed = accounts[0].deploy(project.MockUptimeFeed)
    world = World(project, accounts, chain.provider.http_uri, uptime_feed=feed.address)
    return world, world.existing("MockUptimeFeed", feed.address)


@pytest.fixture
def rollup(built_rollup: tuple[World, Contract]) -> Iterator[tuple[World, Contract]]:
    """The world and its feed, rewound at the end of the test."""
    with built_rollup[0].wire.rewound():
        yield built_rollup
