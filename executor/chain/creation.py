"""The contracts of a network: which there are, and where each will be.

They name each other as immutables, so every address is computed from the deployer's nonces before anything is
sent, and each contract's constructor refuses neighbours that name another market.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from rlp import encode  # type: ignore[import-untyped]

from executor.chain.requests import NOBODY
from executor.chain.rpc import octets

JUDGE = "Dispute"  # the arbiter of exact programs
STAND_IN = "MockArbiter"  # an arbiter for local networks, that rules as it is ordered
BLUEPRINT = "Model"  # created as data, for the Registry to copy (ERC-5202)
DAO = ("Token", "Timelock", "Governor", "Council")  # and these, for the DaoFactory
BLUEPRINTS = frozenset({BLUEPRINT, *DAO})


@dataclass(frozen=True)
class Creation:
    """One contract to create: `name` is its file's, `nonce` the deployer's that puts it at `address`."""

    name: str
    nonce: int
    address: str
    arguments: tuple[Any, ...]


def plan(
    deployer: str,
    nonce: int,
    *,
    owner: str,
    bond_asset: str | None,
    parameters: tuple[int, ...],
    unbonding_seconds: int,
    uptime_feed: str = NOBODY,
    stand_in: bool = False,
) -> list[Creation]:
    """All creations of a network, the first with the deployer's transaction number `nonce`.

    parameters: the fields of `INetwork.Parameters` in order. bond_asset: None for a wrapped native coin of
    the network's own. stand_in: also an arbiter that rules as it is ordered. Both are for local networks.
    """
    names = ["Inputs", "StakeVault", "Network", "Orders", "Challenges", "Market", BLUEPRINT, "Registry"]
    names = [*["WrappedNative"][: bond_asset is None], *names, "Referee", JUDGE, *DAO, "DaoFactory"]
    names = [*names, *[STAND_IN][:stand_in]]
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
        JUDGE: (at["Challenges"], at["Referee"]),
        "DaoFactory": (at["Registry"], *(at[name] for name in DAO)),
    }
    return [
        Creation(name, nonce + number, at[name], arguments.get(name, ())) for number, name in enumerate(names)
    ]


def arbiters(creations: list[Creation]) -> tuple[str, ...]:
    """The addresses of a plan's arbiters: the judge, and after it the stand-in where there is one."""
    at = {creation.name: creation.address for creation in creations}
    return tuple(at[name] for name in (JUDGE, STAND_IN) if name in at)


def contract_address(deployer: str, nonce: int) -> str:
    """Address of the contract that `deployer` creates with its transaction number `nonce`."""
    return str(to_checksum_address(keccak(encode([octets(deployer), nonce]))[12:]))
