"""Collectibles sent to Timelock and Governor by OpenZeppelin's own ERC-721 and ERC-1155: kept, or refused."""

from __future__ import annotations

import pytest

from tests.contract import Contract
from tests.governance.governor.failures import refused
from tests.governance.governor.house import House
from tests.governance.oz import compiled
from tests.wire import Refused

DEPOSIT = "GovernorDisabledDeposit()"
IDS, AMOUNTS = [3, 5, 7], [1, 20, 300]
MOST_DATA, MOST_IDS = 1_024, 64


def deployed(house: House, name: str) -> Contract:
    """The same of OpenZeppelin's contracts on both chains."""
    contract = compiled()[name]
    return house.both.existing(contract, house.both.deploy(contract.creation(), contract.creation()))


@pytest.fixture
def collectible(house) -> Contract:
    """The stranger's, with the ids of IDS."""
    token = deployed(house, "OzCollectible")
    for number in IDS:
        token.mint(house.roles.stranger, number, sender=house.roles.stranger)
    return token


@pytest.fixture
def items(house) -> Contract:
    """The stranger's, AMOUNTS of IDS."""
    token = deployed(house, "OzItems")
    token.mint(house.roles.stranger, IDS, AMOUNTS, sender=house.roles.stranger)
    return token


def test_timelock__sent_a_collectible__keeps_it_until_a_vote_sends_it_on(house, collectible):
    stranger, timelock = house.roles.stranger, house.timelock
    collectible.safeTransferFrom(stranger, timelock, 3, sender=stranger)
    collectible.send(timelock, 5, bytes(MOST_DATA), sender=stranger)
    assert collectible.balanceOf(timelock) == 2
    house.decide(house.call(collectible.transferFrom, timelock, house.roles.canceller, 3))
    assert collectible.ownerOf(3) == house.roles.canceller


def test_timelock__sent_items__keeps_them_until_a_vote_sends_them_on(house, items):
    stranger, timelock, payee = house.roles.stranger, house.timelock, house.roles.canceller
    items.safeTransferFrom(stranger, timelock, 3, 1, b"", sender=stranger)
    items.safeBatchTransferFrom(stranger, timelock, [5, 7], [20, 200], b"x", sender=stranger)
    assert [items.balanceOf(timelock, number) for number in IDS] == [1, 20, 200]
    house.decide(house.call(items.safeBatchTransferFrom, timelock, payee, IDS, [1, 2, 3], b""))
    assert [items.balanceOf(payee, number) for number in IDS] == [1, 2, 3]


def test_timelock__sent_a_batch_of_the_longest__keeps_it(house, items):
    stranger, timelock = house.roles.stranger, house.timelock
    ids, amounts = list(range(100, 100 + MOST_IDS)), [2] * MOST_IDS
    items.mint(stranger, ids, amounts, sender=stranger)
    items.safeBatchTransferFrom(stranger, timelock, ids, amounts, bytes(MOST_DATA), sender=stranger)
    assert items.balanceOf(timelock, ids[-1]) == 2


def test_timelock__sent_more_at_once_than_it_reads__refuses(house, collectible, items):
    """OpenZeppelin's takes it: a limit of ours, so ours alone is asked."""
    stranger, where, ours = house.roles.stranger, house.timelock.address, house.both.ours
    single = Contract(ours, compiled()["OzCollectible"].type, collectible.address)
    single.send.asked(where, 3, bytes(MOST_DATA), sender=stranger)
    with pytest.raises(Refused):
        single.send.asked(where, 3, bytes(MOST_DATA + 1), sender=stranger)
    kinds = Contract(ours, compiled()["OzItems"].type, items.address)
    ids = [3] * (MOST_IDS + 1)
    with pytest.raises(Refused):
        kinds.safeBatchTransferFrom.asked(stranger, where, ids, [0] * len(ids), b"", sender=stranger)
    kinds.safeBatchTransferFrom.asked(stranger, where, ids[1:], [0] * MOST_IDS, b"", sender=stranger)


def test_governor__sent_collectibles__refuses_all_that_ask_first(house, collectible, items):
    stranger, governor = house.roles.stranger, house.governor
    with refused(DEPOSIT):
        collectible.safeTransferFrom(stranger, governor, 3, sender=stranger)
    with refused(DEPOSIT):
        items.safeTransferFrom(stranger, governor, 3, 1, b"", sender=stranger)
    with refused(DEPOSIT):
        items.safeBatchTransferFrom(stranger, governor, IDS, AMOUNTS, b"", sender=stranger)


def test_governor__given_one_without_being_asked__hands_it_on_by_relay(house, collectible):
    stranger, governor, payee = house.roles.stranger, house.governor, house.roles.canceller
    collectible.transferFrom(stranger, governor, 3, sender=stranger)
    data = collectible.transferFrom.encode_input(governor, payee, 3)
    house.decide(house.call(governor.relay, collectible, 0, data))
    assert collectible.ownerOf(3) == payee


def test_governor__that_executes_itself__receives(house, collectible, items):
    stranger, governor = house.roles.stranger, house.governor
    house.decide(house.call(governor.updateTimelock, governor))
    collectible.safeTransferFrom(stranger, governor, 3, sender=stranger)
    items.safeTransferFrom(stranger, governor, 5, 2, b"", sender=stranger)
    items.safeBatchTransferFrom(stranger, governor, IDS, [1, 1, 1], b"", sender=stranger)
    assert collectible.ownerOf(3) == governor.address
    assert [items.balanceOf(governor, number) for number in IDS] == [1, 3, 1]
