"""A network on an anvil of its own, in a second: contracts, a model, a staked executor, a requester."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_abi import encode
from eth_account import Account

from executor.chain.contracts import Contract, Contracts, ask
from executor.chain.deployment import REQUIRED, Deployment
from executor.chain.deployment import Contract as Entry
from executor.chain.keys import LocalKey
from executor.chain.requests import NOBODY
from executor.chain.rpc import octets
from executor.chain.wallet import Receipt, Wallet
from executor.client import Client
from executor.program import load
from executor.settings import Settings
from scripts._creation import BLUEPRINT, Creation, plan
from tests.executor.anvil import CHAIN_ID, Anvil

ROOT = Path(__file__).parents[2]
DIGITS = ROOT / "executor" / "artifacts" / "digits.program"
HELD_OUT = json.loads((ROOT / "executor" / "artifacts" / "digits_heldout.json").read_text())

ETHER = 10**18
WINDOW = 60
MIN_BOND = ETHER // 10
ROYALTY_BPS, FEE_BPS = 1_000, 200
PENALTY = 2 * ETHER // 1_000
PARAMETERS = (
    *(FEE_BPS, PENALTY, ETHER // 100, ETHER // 200, ETHER // 200, ETHER // 50, 2_500, ETHER // 100),
    *(60, 30, 3_600, 3),
)

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
    deployer = key("deployer").address
    creations = plan(
        *(deployer, 0),
        owner=key("owner").address,
        bond_asset=None,
        parameters=PARAMETERS,
        unbonding_seconds=86_400,
        arbiter=True,
    )
    entries = {creation.name: _create(project, anvil, creation) for creation in creations}
    at = {creation.name: creation.address for creation in creations}
    assert set(REQUIRED) <= set(at)
    deployment = Deployment(
        network="town",
        chain_id=CHAIN_ID,
        contracts=entries,
        bond_asset=at["WrappedNative"],
        wraps_native=True,
        arbiters=(at["MockArbiter"],),
    )
    town = Town(anvil, deployment, NOBODY)
    town.model = create_model(town, at["MockArbiter"])
    town.stake("executor", 100 * ETHER)
    return town


def create_model(town: Town, arbiter: str, hook: str = NOBODY, root: bytes | None = None) -> str:
    """A model with the digits program live, or another program's root."""
    program = load(DIGITS)
    terms = (
        *(root or program.root, arbiter, hook, ROYALTY_BPS, MIN_BOND, WINDOW),
        *(program.input_size, program.output_size, False),
    )
    version = (terms, "file:digits.program", b"\x01" * 32, b"\x02" * 32)
    registry = Contract("Registry", town.deployment.address("Registry"))
    people = (key("owner").address, key("owner").address)
    number = town.ask(registry, "count")
    town.send("owner", registry, "create_model", "digits", *people, version)
    return str(town.ask(registry, "models", number))


def _create(project: Any, anvil: Anvil, creation: Creation) -> Entry:
    kind = getattr(project, creation.name).contract_type
    code = bytes.fromhex(kind.deployment_bytecode.bytecode.removeprefix("0x"))
    if creation.name == BLUEPRINT:  # ERC-5202: code that is data, behind a preamble
        kept = b"\xfe\x71\x00" + code
        code = b"\x61" + len(kept).to_bytes(2, "big") + bytes.fromhex("3d81600a3d39f3") + kept
    elif creation.arguments:
        code += encode([_type(item) for item in kind.constructor.inputs], creation.arguments)
    raw = key("deployer").sign_transaction(
        {
            "type": 2,
            "chainId": CHAIN_ID,
            "nonce": creation.nonce,
            "data": code,
            "value": 0,
            "gas": 12_000_000,
            "maxFeePerGas": 10**10,
            "maxPriorityFeePerGas": 10**9,
        }
    )
    transaction = anvil.call("eth_sendRawTransaction", "0x" + raw.hex())
    while (receipt := anvil.call("eth_getTransactionReceipt", transaction)) is None:
        time.sleep(0.005)
    assert receipt["status"] == "0x1", f"{creation.name} was not created"
    assert octets(receipt["contractAddress"]) == octets(creation.address)
    return Entry(
        address=creation.address,
        code_hash="0x" + "00" * 32,
        block=int(receipt["blockNumber"], 16),
        transaction=transaction,
    )


def _type(item: Any) -> str:
    if not str(item.type).startswith("tuple"):
        return str(item.type)
    return f"({','.join(_type(part) for part in item.components)})"
