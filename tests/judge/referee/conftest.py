"""The Referee, deployed once a session: it has no state to rewind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract import Contract
from tests.wire import Wire


@pytest.fixture(scope="session")
def referee(project, accounts, chain) -> Iterator[Contract]:
    wire = Wire(chain.provider.http_uri)
    deployed = accounts[0].deploy(project.Referee)
    yield Contract(wire, project.Referee.contract_type, str(deployed.address))
    wire.close()
