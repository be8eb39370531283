"""The largest there is: a Council can veto what the Timelock takes, and any charter fits a transaction."""

from __future__ import annotations

import pytest

from tests.contract import gas_of
from tests.governance.council.chamber import Action, Chamber, Constituency
from tests.governance.dao_factory.founders import charter

CALLS, PAYLOAD = 10, 2_048  # the Timelock's bounds
A_TRANSACTION = 2**24  # gas


@pytest.fixture
def chamber(world, accounts) -> Chamber:
    return Chamber(world, accounts)


def test_veto__of_the_largest_operation_there_is__fits_a_transaction(chamber):
    largest = Action(chamber.target.address, 2**256 - 1, b"\xff" * PAYLOAD)
    operation = chamber.schedule(*[largest] * CALLS, predecessor=b"\xff" * 32)
    receipts = chamber.approve(chamber.council.veto, *operation)
    assert chamber.state(operation) == 0
    assert max(gas_of([receipt]) for receipt in receipts) < A_TRANSACTION // 4


def test_create_with_model__the_largest_charter__fits_a_transaction(world):
    seats = [(Constituency.USERS, f"0x{number:040x}") for number in range(2**159, 2**159 + 32)]
    asked = charter(world)
    asked = asked._replace(
        name="n" * 50,
        token=asked.token._replace(name="t" * 50, symbol="s" * 32, mintable=True),
        council=asked.council._replace(quorum=32, seats=seats),
    )
    version = world.version()._replace(location="l" * 256, schema=b"\xff" * 32, report=b"\xff" * 32)
    receipt = world.dao_factory.create_with_model(asked, "m" * 64, version, sender=world.roles.stranger)
    assert gas_of([receipt]) < A_TRANSACTION
