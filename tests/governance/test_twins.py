"""The twins notice every difference: a comparison that cannot fail compares nothing."""

from __future__ import annotations

import pytest

from tests.governance.electorate import Electorate
from tests.governance.twins import DEPLOYER, Outcome

RETURNS_ONE = "600160005260206000f3"
RETURNS_TWO = "600260005260206000f3"
REVERTS_ONE = "600160005260206000fd"
REVERTS_TWO = "600260005260206000fd"
REVERTS_BARE = "60006000fd"
RUNS_ASTRAY = "fe"
LOGS_ONE = "600160006000a1"
LOGS_TWO = "600260006000a1"
LOGS_NOTHING = "00"
BLOCK_AND_TIME = "4360005242602052" + "60406000f3"


@pytest.fixture
def placed(twins):
    """`placed(ours, theirs)`: runtime codes of a contract on the two chains; its address."""

    def place(ours: str, theirs: str) -> str:
        address = "0x" + "c0" * 20
        for wire, code in zip(twins.wires, (ours, theirs), strict=True):
            wire.request("anvil_setCode", address, "0x" + code)
        return address

    return place


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (RETURNS_ONE, RETURNS_TWO),
        (RETURNS_ONE, REVERTS_ONE),
        (REVERTS_ONE, REVERTS_TWO),
        (REVERTS_BARE, RUNS_ASTRAY),
        (LOGS_ONE, LOGS_TWO),
        (LOGS_NOTHING, LOGS_ONE),
    ],
)
def test_act__codes_that_differ__is_noticed(twins, placed, ours, theirs):
    address = placed(ours, theirs)
    with pytest.raises(AssertionError):
        twins.act(DEPLOYER, address, b"")
    placed(theirs, theirs)
    twins.act(DEPLOYER, address, b"")


def test_act_together__logs_that_differ__is_noticed(twins, placed):
    address = placed(LOGS_ONE, LOGS_TWO)
    with pytest.raises(AssertionError):
        twins.act_together([(DEPLOYER, address, b"")])


def test_act__codes_that_agree__says_what_happened(twins, placed):
    address = placed(RETURNS_ONE, RETURNS_ONE)
    outcome = twins.act(DEPLOYER, address, b"")
    assert outcome[:2] == (True, (1).to_bytes(32, "big"))
    assert outcome.gas[0] == outcome.gas[1] > 21_000
    placed(REVERTS_TWO, REVERTS_TWO)
    assert twins.act(DEPLOYER, address, b"") == Outcome(False, (2).to_bytes(32, "big"))


def test_act__after_other_calls__sees_the_same_block_on_both_chains(twins, placed):
    address = placed(BLOCK_AND_TIME, BLOCK_AND_TIME)
    for wait in (0, 1, 100):
        number, timestamp = twins.block()
        expected = (number + 1).to_bytes(32, "big") + (timestamp + 1).to_bytes(32, "big")
        assert twins.act(DEPLOYER, address, b"").data == expected
        assert twins.block() == (number + 1, timestamp + 1)
        twins.mine(2)
        twins.warp(1 + wait)
        assert twins.block() == (number + 4, timestamp + 4 + wait)


def test_act_together__several_calls__are_in_one_block(twins, project):
    token = Electorate.found(twins, project.Token).token
    number, _ = twins.block()
    call = (DEPLOYER, token.address, token.approve.data(token.address, 1))
    assert [outcome.done for outcome in twins.act_together([call] * 3)] == [True] * 3
    assert twins.block()[0] == number + 1
