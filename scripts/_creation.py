"""How the contracts of a plan get to a chain, through Ape.

Every address is known before anything is sent, which makes a deployment that stopped in the middle easy to go
on with: what has code is there, what has none is next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from executor.chain.creation import BLUEPRINTS, Creation, plan
from executor.chain.requests import NOBODY

Sent = Callable[[str, str], None]
"""Told the contract's name and the transaction's hash before the transaction is sent."""


class DeploymentStoppedError(Exception):
    """The deployment cannot begin or go on; the message says why and what to do."""


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
    dao_factory: Any


def create_all(project: Any, deployer: Any, creations: list[Creation], sent: Sent) -> None:
    """Create what has no code yet.

    Raises DeploymentStoppedError if the deployer's nonce is not where it has to be.
    """
    for creation in creations:
        if not deployer.provider.get_code(creation.address):
            create(project, deployer, creation, sent)


def create(project: Any, deployer: Any, creation: Creation, sent: Sent) -> None:
    """Create one contract at the address that its neighbours were told."""
    if deployer.nonce != creation.nonce:
        raise DeploymentStoppedError(
            f"{creation.name} has to be transaction {creation.nonce} of {deployer.address}, which is at "
            f"{deployer.nonce}: it sent other transactions meanwhile; start again with --replace"
        )
    signed = deployer.sign_transaction(
        deployer.prepare_transaction(creating_transaction(project, deployer, creation))
    )
    sent(creation.name, "0x" + bytes(signed.txn_hash).hex())
    receipt = deployer.provider.send_transaction(signed)
    if receipt.contract_address != creation.address:
        raise DeploymentStoppedError(f"{creation.name} was created at {receipt.contract_address}")


def creating_transaction(project: Any, deployer: Any, creation: Creation) -> Any:
    """The transaction, not yet signed, that creates one contract."""
    container = getattr(project, creation.name)
    if creation.name in BLUEPRINTS:
        ecosystem = deployer.provider.network.ecosystem
        return ecosystem.encode_contract_blueprint(container.contract_type, sender=deployer.address)
    return container(*creation.arguments, sender=deployer.address)


def deploy_contracts(
    project: Any,
    deployer: Any,
    *,
    owner: str,
    bond_asset: Any,
    parameters: tuple[int, ...],
    unbonding_seconds: int,
    uptime_feed: str = NOBODY,
) -> Deployment:
    """Deploy everything but the bond asset; `owner` holds the network's parameters and fees.

    `parameters` are the fields of `INetwork.Parameters` in order, amounts in wei of the bond asset.
    """
    creations = plan(
        str(deployer),
        deployer.nonce,
        owner=str(owner),
        bond_asset=str(bond_asset),
        parameters=parameters,
        unbonding_seconds=unbonding_seconds,
        uptime_feed=str(uptime_feed),
    )
    create_all(project, deployer, creations, lambda _name, _hash: None)
    at = {creation.name: creation.address for creation in creations}
    names = ("Inputs", "StakeVault", "Network", "Orders", "Challenges", "Market", "Registry", "DaoFactory")
    return Deployment(bond_asset, *(getattr(project, name).at(at[name]) for name in names))
