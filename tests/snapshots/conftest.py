"""Where gas is measured, and the rows that it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.wire import Wire
from tests.world import World

NONCE = 1 << 20  # of the deployer: contracts' addresses follow from it
TIME = 1 << 32


@pytest.fixture(scope="module")
def fixed_world(project: Any, accounts: Any, chain: Any) -> Iterator[World]:
    """A world whose addresses and times are the same on every run, since calldata is priced by the byte."""
    wire = Wire(chain.provider.http_uri)
    with wire.rewound():
        wire.request("anvil_setNonce", str(accounts[20]), hex(NONCE))
        wire.request("evm_setNextBlockTimestamp", TIME)
        wire.request("evm_mine")
        yield World(project, accounts, chain.provider.http_uri)
    wire.close()


@pytest.fixture
def row(request: pytest.FixtureRequest, snapshot: Callable[..., None]) -> Callable[[str, int], None]:
    """`row(name, gas)`: as committed, and within what the module's `BOUNDS` promise."""
    bounds = request.module.BOUNDS

    def check(name: str, number: int) -> None:
        assert number <= bounds.get(name, number), f"{name} costs {number}, promised {bounds[name]}"
        snapshot("gas", name, number)

    return check
