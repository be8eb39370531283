"""The contracts of a network, put on a chain in one order, each knowing the others' addresses.

The Market and the contracts around it name each other as immutables, so the Market's address is computed from the
deployer's nonce before it exists; its constructor refuses contracts that name another market.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_utils import keccak, to_checksum_address
from rlp import encode

ZERO_ADDRESS = "0x" + "00" * 20


@dataclass(frozen=True)
class Deployment:
    """The contracts of one network, as Ape contract instances."""

    bond_asset: Any
    inputs: Any
    vault: Any
    network: Any
    orders: Any
    challenges: Any
    market: Any
    registry: Any


def contract_address(deployer: str, nonce: int) -> str:
    """Address of the contract that `deployer` creates with its transaction number `nonce`."""
    return to_checksum_address(keccak(encode([bytes.fromhex(deployer[2:]), nonce]))[12:])


def deploy_contracts(
    project: Any,
    deployer: Any,
    *,
    owner: str,
    bond_asset: Any,
    parameters: tuple[int, ...],
    unbonding_seconds: int,
    uptime_feed: str = ZERO_ADDRESS,
) -> Deployment:
    """Deploy everything; `owner` holds the network's parameters and fees.

    `parameters` are the fields of `INetwork.Parameters` in order, amounts in wei of the bond asset.
    """
    inputs = deployer.deploy(project.Inputs)
    first = deployer.nonce
    challenges, market = (
        contract_address(str(deployer), first + 3),
        contract_address(str(deployer), first + 4),
    )
    vault = deployer.deploy(project.StakeVault, bond_asset, market, challenges, unbonding_seconds)
    network = deployer.deploy(project.Network, owner, market, parameters)
    orders = deployer.deploy(project.Orders, market)
    deployed_challenges = deployer.deploy(project.Challenges, market, vault, inputs)
    assert deployed_challenges.address == challenges, (
        "the deployer sent other transactions meanwhile: start again"
    )
    deployed_market = deployer.deploy(project.Market, network, vault, inputs, orders, challenges, uptime_feed)
    assert deployed_market.address == market, "the deployer sent other transactions meanwhile: start again"
    blueprint = deployer.declare(project.Model).contract_address
    registry = deployer.deploy(project.Registry, deployed_market, blueprint)
    return Deployment(
        bond_asset, inputs, vault, network, orders, deployed_challenges, deployed_market, registry
    )
