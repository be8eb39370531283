"""The twin chains, and what lives on them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.governance.twins import Twins, running_twins


@pytest.fixture(scope="session")
def running() -> Iterator[Twins]:
    """The chains as they started."""
    with running_twins() as twins:
        yield twins


@pytest.fixture
def twins(running: Twins) -> Iterator[Twins]:
    """Two chains in step, rewound at the end of the test."""
    with running.rewound():
        yield running
