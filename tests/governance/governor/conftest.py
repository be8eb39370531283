"""The house of every test here: built once, rewound after each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.governance.governor.both import Both
from tests.governance.governor.house import House
from tests.governance.twins import running_twins


@pytest.fixture(scope="session")
def built_house(project) -> Iterator[House]:
    """The house as it was made."""
    with running_twins() as twins:
        yield House(Both(twins), project)


@pytest.fixture
def house(built_house: House) -> Iterator[House]:
    """A DAO on both chains, rewound at the end of the test."""
    with built_house.both.twins.rewound():
        yield built_house
