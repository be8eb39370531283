"""The Market and its parts: it refuses those that belong to another market."""

from __future__ import annotations

import pytest

from tests.wire import Refused
from tests.words import NATIVE, NOBODY
from tests.world import PARAMETERS, UNBONDING, WINDOW


def parts_for(world, market):
    """Network, vault, inputs, orders and challenges that name this market."""
    deploy, asset = world.deploy, world.bond_asset
    inputs = deploy("Inputs")
    vault = deploy("StakeVault", asset, market, world.challenges, UNBONDING)
    network = deploy("Network", world.roles.network_owner, market, PARAMETERS)
    orders = deploy("Orders", market)
    return {
        "network": network.address,
        "vault": vault.address,
        "inputs": inputs.address,
        "orders": orders.address,
        "challenges": deploy("Challenges", market, vault, inputs).address,
    }


def test_init__parts_of_another_market__are_refused(world, roles):
    market = world.next_address(after=5)
    parts = parts_for(world, market)
    refusals = {
        "network": "market: network of another market",
        "vault": "market: vault of another market",
        "orders": "market: orders of another market",
        "challenges": "market: challenges of another market",
    }
    for foreign, reason in refusals.items():
        mixed = parts | {foreign: getattr(world, foreign).address}
        creation = {
            "from": roles.deployer,
            "data": "0x" + world.creation_code("Market", *mixed.values(), NOBODY).hex(),
        }
        with pytest.raises(Refused, match=f"^{reason}$"):
            world.wire.request("eth_call", creation, "pending")


def test_init__parts_of_this_market__deploys(world):
    market = world.next_address(after=5)
    assert world.deploy("Market", *parts_for(world, market).values(), NOBODY).address == market


def test_market__views__name_its_parts(world):
    market = world.market
    assert market.network() == world.network.address
    assert market.vault() == world.vault.address
    assert market.inputs() == world.inputs.address
    assert market.orders() == world.orders.address
    assert market.challenges() == world.challenges.address
    assert market.uptime_feed() == NATIVE
    assert market.passed(world.now()) is True
    assert market.passed(world.now() + WINDOW) is False
