"""For a dApp's own tests: a market to itself, and an executor that answers at once. A pytest plugin.

In the dApp's `conftest.py`, beside Ape (with ape-foundry) and this project as the Ape dependency `elenchus`:

    pytest_plugins = ["executor.testing"]

In a test:

    def test_mine__answered__does_something(elenchus, accounts, project):
        model = elenchus.create_model(Path("digits.program"))
        mine = accounts[0].deploy(project.Mine, model)
        mine.ask(sender=accounts[0], value="0.01 ether")
        elenchus.answer()       # every open request has its bonded answer, and callbacks were made
        elenchus.finalize()     # the challenge window has passed, every answer is final

Everything happens on the test's own node and is undone with it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_utils.crypto import keccak

from executor.chain.codec import type_name
from executor.chain.contracts import Contract, ask
from executor.chain.creation import BLUEPRINTS, Creation, arbiters, plan
from executor.chain.deployment import Contract as Entry
from executor.chain.deployment import Deployment
from executor.chain.keys import Key, LocalKey
from executor.chain.requests import NATIVE, NOBODY
from executor.chain.rpc import Rpc, octets
from executor.chain.wallet import Receipt, Wallet
from executor.client import Client
from executor.node.assemble import opened_node
from executor.node.lifecycle import State
from executor.node.node import Node
from executor.node.policy import Policy
from executor.program import load
from executor.settings import Settings

ETHER = 10**18
STAKE = 1_000 * ETHER
PATIENCE = 60.0  # seconds for the executor to do what a test waits for

# What the network asks for, named and ordered as in `INetwork.Parameters`; amounts in wei, times in seconds.
PARAMETERS = {
    "fee_bps": 200,
    "penalty": ETHER // 500,
    "bounty": ETHER // 100,
    "compensation": ETHER // 200,
    "pot": ETHER // 200,
    "deposit": ETHER // 50,
    "delay_bps": 2_500,
    "defence_cost": ETHER // 100,
    "min_window": 60,
    "min_result_seconds": 30,
    "ruling_seconds": 3_600,
    "max_attempts": 3,
}


@dataclass(frozen=True)
class Compiled:
    """A contract's creation code and the inputs of its constructor, as an ABI lists them."""

    code: bytes
    inputs: tuple[Mapping[str, Any], ...]


def compiled(project: Any, name: str) -> Compiled:
    """A contract of an Ape project."""
    kind = getattr(project, name).contract_type
    code = octets(kind.deployment_bytecode.bytecode)
    inputs = () if kind.constructor is None else kind.constructor.model_dump()["inputs"]
    return Compiled(code, tuple(inputs))


class InstantExecutor:
    """A network on a development node, and an executor with more stake than anybody asks for."""

    def __init__(self, url: str, project: Any, folder: Path, **settings: Any) -> None:
        """project: an Ape project with this project's contracts. settings: of the executor."""
        self.url = url
        self.endpoint = Rpc(url)
        self.deployment = deploy(url, project, self._person())
        self._folder = folder
        self._settings = settings
        self._artifacts: list[Path] = []
        self._stack = ExitStack()
        self._node: Node | None = None
        self._owner = self._person()
        self._key = self._person()
        self._stake()

    def create_model(
        self,
        artifact: Path,
        *,
        owner: str = "",
        window: int = 60,
        min_bond: int = ETHER // 10,
        royalty_bps: int = 1_000,
        hook: str = NOBODY,
    ) -> str:
        """A model with this program live, which the executor answers for. Returns its address."""
        program = load(artifact)
        terms = (
            *(program.root, self.deployment.arbiters[0], hook, royalty_bps, min_bond, window),
            *(program.input_size, program.output_size, False),
        )
        version = (terms, f"file:{artifact.name}", bytes(32), bytes(32))
        registry = Contract("Registry", self.deployment.address("Registry"))
        (number,) = ask(self.endpoint, [registry.query("count")])
        owner = owner or self._owner.address
        self._send(self._owner, registry, "create_model", artifact.stem, owner, owner, version)
        (model,) = ask(self.endpoint, [registry.query("models", number)])
        if artifact not in self._artifacts:
            self._artifacts.append(artifact)
            self.close()  # the next look at the chain is with this program, too
        return str(model)

    def client(self, key: Key | None = None) -> Client:
        """A client for `key`, or for a new account with plenty of native coin."""
        return Client(self.url, self.deployment, key or self._person(), poll=0.02)

    def answer(self) -> None:
        """Every open request that the executor has a program for gets its answer, whatever it pays."""
        self._until_none(State.OPEN, State.CLAIMING, State.CLAIMED, State.COMPUTED, State.POSTING)

    def finalize(self) -> None:
        """Answer, let the challenge windows pass, and finalize. Results with open games stay as they are."""
        self.answer()
        posted = self.node.desk.jobs.in_states((State.POSTED,))
        terms = [self.node.desk.jobs.terms(job.request.terms) for job in posted]
        self.warp(max((frozen.window for frozen in terms if frozen), default=1))
        self._until_none(State.POSTED, State.FINALIZING, unless_disputed=True)

    def warp(self, seconds: int) -> None:
        """Mine a block that many seconds later."""
        block = self.endpoint.read("eth_getBlockByNumber", "latest", False)
        self.endpoint.read("evm_mine", hex(int(block["timestamp"], 16) + seconds))

    @property
    def node(self) -> Node:
        """The executor itself, started at the first look."""
        if self._node is None:
            manifest = self._folder / "market.json"
            self.deployment.write(manifest)
            options = {"confirmations": 1, "latency": 1, "intake": False, **self._settings}
            settings = Settings.load(
                rpc=self.url,
                deployment=manifest,
                artifacts=tuple(self._artifacts),
                journal=self._folder / f"journal-{time.time_ns()}.sqlite",
                **options,
            )
            anything = Policy(floors={NATIVE: -STAKE}, arbiters=frozenset(self.deployment.arbiters), margin=0)
            self._node = self._stack.enter_context(opened_node(settings, self._key, policy=anything))
            self._node.start(adopt=True)
        return self._node

    def close(self) -> None:
        """Stop the executor. It starts again when it is needed."""
        self._stack.close()
        self._node = None

    def _until_none(self, *states: State, unless_disputed: bool = False) -> None:
        end = time.monotonic() + PATIENCE
        self.node.step()
        while left := [
            job
            for job in self.node.desk.jobs.in_states(states)
            if not (unless_disputed and job.slot is not None and job.slot.games)
        ]:
            if time.monotonic() >= end:
                job = left[0]
                raise AssertionError(
                    f"the executor left a request {job.state}: {job.note or 'without a reason'}"
                )
            self.node.step()
            time.sleep(0.005)

    def _person(self) -> LocalKey:
        """A new account with plenty of native coin."""
        key = LocalKey(Account.create())
        self.endpoint.read("anvil_setBalance", key.address, hex(10 * STAKE))
        return key

    def _stake(self) -> None:
        asset = Contract("WrappedNative", self.deployment.bond_asset)
        vault = Contract("StakeVault", self.deployment.address("StakeVault"))
        self._send(self._key, asset, "deposit", value=STAKE)
        self._send(self._key, asset, "approve", vault.address, STAKE)
        self._send(self._key, vault, "deposit", self._key.address, STAKE)

    def _send(self, key: Key, contract: Contract, function: str, *arguments: Any, value: int = 0) -> Receipt:
        wallet = Wallet(self.endpoint, key, self.deployment.chain_id, poll=0.01)
        return wallet.transact(contract.address, contract.encode(function, *arguments), value)


def deploy(url: str, project: Any, key: Key, parameters: Mapping[str, int] = PARAMETERS) -> Deployment:
    """Put a network's contracts on a development node; `key` pays, and owns the parameters."""
    endpoint = Rpc(url)
    chain_id = endpoint.chain_id()
    wallet = Wallet(endpoint, key, chain_id, poll=0.01)
    creations = plan(
        key.address,
        int(endpoint.read("eth_getTransactionCount", key.address, "latest"), 16),
        owner=key.address,
        bond_asset=None,
        parameters=tuple(parameters[name] for name in PARAMETERS),
        unbonding_seconds=86_400,
        stand_in=True,
    )
    entries = {}
    for creation in creations:
        receipt = wallet.transact(None, _code(creation, compiled(project, creation.name)))
        assert receipt.created is not None
        code = octets(endpoint.read("eth_getCode", receipt.created, "latest"))
        entries[creation.name] = Entry(
            address=receipt.created,
            code_hash="0x" + keccak(code).hex(),
            block=receipt.block,
            transaction="0x" + receipt.hash.hex(),
        )
    return Deployment(
        network="test",
        chain_id=chain_id,
        contracts=entries,
        bond_asset=entries["WrappedNative"].address,
        wraps_native=True,
        arbiters=arbiters(creations),
    )


def _code(creation: Creation, contract: Compiled) -> bytes:
    if creation.name in BLUEPRINTS:
        kept = b"\xfe\x71\x00" + contract.code
        return b"\x61" + len(kept).to_bytes(2, "big") + bytes.fromhex("3d81600a3d39f3") + kept
    return contract.code + encode([type_name(item) for item in contract.inputs], creation.arguments)


@pytest.fixture
def elenchus_contracts(project: Any) -> Any:
    """The Ape project with the contracts: the dApp's dependency `elenchus`, or this very project.

    Override it where they come from elsewhere.
    """
    if "StakeVault" in project.contracts:
        return project
    (version,) = project.dependencies["elenchus"].values()
    return version.project


@pytest.fixture
def elenchus(elenchus_contracts: Any, chain: Any, tmp_path: Path) -> Iterator[InstantExecutor]:
    """A market of this test's own, with an executor that answers when it is told to."""
    executor = InstantExecutor(chain.provider.http_uri, elenchus_contracts, tmp_path)
    yield executor
    executor.close()
