"""The contracts of a network: which there are, where each will be, and how they get there.

The contracts name each other as immutables, so every address is computed from the deployer's nonces before
anything is sent, and each contract's constructor refuses neighbours that name another market. The same
property makes a deployment that stopped in the middle easy to go on with: what has code is there, what has
none is next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from rlp import encode  # type: ignore[import-untyped]

ZERO_ADDRESS = "0x" + "00" * 20
BLUEPRINT = "Model"

Sent = Callable[[str, str], None]
"""Told the contract's name and the transaction's hash before the transaction is sent."""


class DeploymentStoppedError(Exception):
    """The deployment cannot begin or go on; the message says why and what to do."""


@dataclass(frozen=True)
class Creation:
    """One contract to create: `name` is its file's, `nonce` the deployer's that puts it at `address`."""

    name: str
    nonce: int
    address: str
    arguments: tuple[Any, ...]


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


# What is created, in which order


def plan(
    deployer: str,
    nonce: int,
    *,
    owner: str,
    bond_asset: str | None,
    parameters: tuple[int, ...],
    unbonding_seconds: int,
    uptime_feed: str = ZERO_ADDRESS,
    arbiter: bool = False,
) -> list[Creation]:
    """All creations of a network, the first with the deployer's transaction number `nonce`.

    parameters: the fields of `INetwork.Parameters` in order. bond_asset: None for a wrapped native coin of
    the network's own. arbiter: also a stand-in that rules as it is ordered. Both are for local networks.
    """
    names = ["Inputs", "StakeVault", "Network", "Orders", "Challenges", "Market", BLUEPRINT, "Registry"]
    names = [*["WrappedNative"][: bond_asset is None], *names, *["MockArbiter"][:arbiter]]
    at = {name: contract_address(deployer, nonce + number) for number, name in enumerate(names)}
    asset = bond_asset or at["WrappedNative"]
    arguments: dict[str, tuple[Any, ...]] = {
        "StakeVault": (asset, at["Market"], at["Challenges"], unbonding_seconds),
        "Network": (owner, at["Market"], parameters),
        "Orders": (at["Market"],),
        "Challenges": (at["Market"], at["StakeVault"], at["Inputs"]),
        "Market": (
            at["Network"],
            at["StakeVault"],
            at["Inputs"],
            at["Orders"],
            at["Challenges"],
            uptime_feed,
        ),
        "Registry": (at["Market"], at[BLUEPRINT]),
    }
    return [
        Creation(name, nonce + number, at[name], arguments.get(name, ())) for number, name in enumerate(names)
    ]


def contract_address(deployer: str, nonce: int) -> str:
    """Address of the contract that `deployer` creates with its transaction number `nonce`."""
    return to_checksum_address(keccak(encode([bytes.fromhex(deployer[2:]), nonce]))[12:])


# Creating it


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
    if creation.name == BLUEPRINT:
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
    uptime_feed: str = ZERO_ADDRESS,
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
    names = ("Inputs", "StakeVault", "Network", "Orders", "Challenges", "Market", "Registry")
    return Deployment(bond_asset, *(getattr(project, name).at(at[name]) for name in names))
