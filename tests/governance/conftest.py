"""The twin chains, and what lives on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.governance.twins import Twins, running_twins

OPERATIONS = pytest.StashKey[Counter[str]]()


@pytest.fixture(scope="session")
def operations(pytestconfig: pytest.Config) -> Counter[str]:
    """Random calls of this run that were compared: how many were "tried", and how many of them "done"."""
    return pytestconfig.stash.setdefault(OPERATIONS, Counter())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how many that were."""
    if count := config.stash.get(OPERATIONS, Counter[str]()):
        terminalreporter.write_line(
            f"{count['tried']:,} random operations on OpenZeppelin's contracts and on ours, alike; "
            f"{count['done']:,} of them succeeded"
        )


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
