"""A network on an anvil of its own, in a second: contracts, a model, a staked executor, a requester."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_account import Account

from executor.chain.contracts import Contract, Contracts, ask
from executor.chain.deployment import Deployment
from executor.chain.keys import LocalKey
from executor.chain.requests import NOBODY
from executor.chain.wallet import Receipt, Wallet
from executor.client import Client
from executor.program import load
from executor.settings import Settings
from executor.testing import PARAMETERS, deploy
from tests.anvil import CHAIN_ID, Anvil

ROOT = Path(__file__).parents[2]
DIGITS = ROOT / "executor" / "artifacts" / "digits.program"
HELD_OUT = json.loads((ROOT / "executor" / "artifacts" / "digits_heldout.json").read_text())

ETHER = 10**18
WINDOW = 60
MIN_BOND = ETHER // 10
ROYALTY_BPS, FEE_BPS = 1_000, PARAMETERS["fee_bps"]
PENALTY = PARAMETERS["penalty"]

_KEYS = {
    name: LocalKey(Account.from_key(bytes([40 + number]) * 32))
    for number, name in enumerate(
        ("deployer", "executor", "rival", "staker", "requester", "visitor", "owner", "stranger")
    )
}


def key(role: str) -> LocalKey:
    """The key of a role."""
    return _KEYS[role]


def image(number: int) -> bytes:
    """A held-out digit, as the model takes it: 64 bytes, 0 to 16."""
    return bytes(int(pixel, 17) for pixel in HELD_OUT[number]["pixels"])


@dataclass
class Town:
    """The network and who lives in it."""

    anvil: Anvil
    deployment: Deployment
    model: str
    contracts: Contracts = field(init=False)

    def __post_init__(self) -> None:
        self.contracts = Contracts(self.deployment)

    def client(self, role: str = "requester") -> Client:
        return Client(self.anvil.url, self.deployment, key(role), poll=0.02)

    def send(self, role: str, contract: Contract, function: str, *arguments: Any, value: int = 0) -> Receipt:
        wallet = Wallet(self.anvil.rpc, key(role), CHAIN_ID, poll=0.01)
        return wallet.transact(contract.address, contract.encode(function, *arguments), value)

    def ask(self, contract: Contract, function: str, *arguments: Any) -> Any:
        return ask(self.anvil.rpc, [contract.query(function, *arguments)])[0]

    def stake(self, role: str, amount: int) -> None:
        """Wrap, approve and deposit; the account becomes its own operator."""
        asset, vault = self.contracts.bond_asset, self.contracts.vault
        self.send(role, asset, "deposit", value=amount)
        self.send(role, asset, "approve", vault.address, amount)
        self.send(role, vault, "deposit", key(role).address, amount)

    def warp(self, seconds: int) -> None:
        """A block, that many seconds later."""
        self.anvil.call("evm_increaseTime", hex(seconds))
        self.anvil.mine()

    def settings(self, folder: Path, **changes: Any) -> Settings:
        """What an executor in this town is set to."""
        manifest = folder / "town.json"
        self.deployment.write(manifest)
        options: dict[str, Any] = {
            "rpc": self.anvil.url,
            "deployment": manifest,
            "artifacts": (DIGITS,),
            "journal": folder / "journal.sqlite",
            "poll": 0.02,
            "latency": 1,
            "confirmations": 1,
            "intake": False,
        }
        return Settings.load(**{**options, **changes})


def build(project: Any, anvil: Anvil) -> Town:
    """Deploy everything and let people in."""
    for role in _KEYS:
        anvil.fund(key(role).address, 1_000 * ETHER)
    deployment = deploy(anvil.url, project, key("deployer"))
    town = Town(anvil, deployment, NOBODY)
    town.model = create_model(town, deployment.address("MockArbiter"))
    town.stake("executor", 100 * ETHER)
    return town


def create_model(
    town: Town, arbiter: str, hook: str = NOBODY, root: bytes | None = None, unwatchable: bool = False
) -> str:
    """A model with the digits program live, or another program's root."""
    program = load(DIGITS)
    terms = (
        *(root or program.root, arbiter, hook, ROYALTY_BPS, MIN_BOND, WINDOW),
        *(program.input_size, program.output_size, unwatchable),
    )
    version = (terms, "file:digits.program", b"\x01" * 32, b"\x02" * 32)
    registry = Contract("Registry", town.deployment.address("Registry"))
    people = (key("owner").address, key("owner").address)
    number = town.ask(registry, "count")
    town.send("owner", registry, "create_model", "digits", *people, version)
    return str(town.ask(registry, "models", number))
