"""Who lives on the two chains: a network with two good models on both, and the hostile side on one."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import SimpleNamespace
from typing import Any

from tests.anvil import running_anvil
from tests.contract import Contract
from tests.isolation.chains import BLOCK_GAS, Chains, topics
from tests.isolation.creature import Creature
from tests.wire import Wire
from tests.words import DEAD, NATIVE, Offer, Order
from tests.world import FUNDS, MIN_BOND, STAKE, World

OPTIONS = ("--timestamp", "1800000000", "--block-base-fee-per-gas", "0", "--order", "fifo")
FIRST_ACCOUNT = 35  # after those of a World
HOSTILE = ("master", "guardian", "requester", "executor")  # on the hostile chain
START = 2_000_000_000  # whenever the world was made, so that every run is the same
KEPT_BY_THE_NODE = (  # hashes of blocks
    "0x0000F90827F1C53a10cb7A02335B175320002935",
    "0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02",
)
HISTORY: dict[str, Any] = {"blocks": [], "transactions": [], "best_block_number": 0}  # none
WEALTH = 10**24
CREATURES = ("hook", "arbiter", "consumer", "model", "asset", "thug")
TOKENS = {
    "taxing": "FeeOnTransferToken",
    "silent": "NoReturnToken",
    "reentrant": "ReentrantToken",
    "lying": "LyingToken",
}
LAYOUT = json.loads((Path(__file__).parent.parent / "snapshots" / "layout.json").read_text())
CONTRACTS = {
    "bond_asset": "WrappedNative",
    "market": "Market",
    "vault": "StakeVault",
    "network": "Network",
    "orders": "Orders",
    "challenges": "Challenges",
    "inputs": "Inputs",
    "registry": "Registry",
    "arbiter": "MockArbiter",
    "model": "Model",
}


class Scene:
    """The chains and everybody on them.

    `good` acts on both chains and `bad` on the hostile one. `villains` are the hostile side's people;
    `generalist` is an operator who serves everybody. `shell` is the hostile side's Model, with a harmless
    first version and whatever its master publishes next; `creatures` are its code, `tokens` its money, and
    `assets` all that it calls money. `foreign_runs` and `foreign_roots` are of inputs that it uploaded,
    `uploaded` are inputs of the good side.
    """

    def __init__(self, world: World, accounts: Any, chains: Chains, extra: SimpleNamespace) -> None:
        self.chains = chains
        self.good = moved(world, chains.both)
        self.bad = moved(world, chains.alone)
        self.models = (self.good.model, self.good.existing("Model", extra.model))
        self.hook = self.good.existing("MockHook", extra.hook)
        self.consumers = (
            self.good.existing("EchoConsumer", extra.echo),
            self.good.existing("MockConsumer", extra.consumer),
        )
        self.keys = dict(zip((*HOSTILE, "generalist"), accounts[FIRST_ACCOUNT:], strict=False))
        self.good.keys = self.bad.keys = {**world.keys, "villain": self.keys["requester"]}
        self.villains = SimpleNamespace(**{role: str(self.keys[role]) for role in HOSTILE})
        self.bad.roles = SimpleNamespace(**{**vars(world.roles), "stranger": self.villains.master})
        self.generalist = str(self.keys["generalist"])
        chains.shared = (
            (world.market.address, LAYOUT["Market.counter: uint256"]),
            (world.arbiter.address, 0),  # its first variable counts its games
        )
        for wire in (chains.hostile, chains.quiet):
            for account in self.keys.values():
                wire.request("anvil_setBalance", str(account), hex(WEALTH))
        self.good.stake(self.generalist, 20 * STAKE)
        # A first wei where everybody's money comes together, so that who is first there costs nobody gas.
        self.good.market.deposit(NATIVE, self.generalist, 1, sender=self.generalist, value=1)
        self.good.bond_asset.deposit(sender=self.generalist, value=1)
        self.good.bond_asset.transfer(DEAD, 1, sender=self.generalist)
        self._settle_villains()

    def _settle_villains(self) -> None:
        master = self.villains.master
        code = self.bad.creation_code("HostileCode")
        self.creatures = SimpleNamespace(
            **{name: Creature(self.bad, self.chains.alone.create(master, code), master) for name in CREATURES}
        )
        self.foreigners = set(vars(self.villains).values())
        self.disown(*(creature.address for creature in vars(self.creatures).values()))
        self.bad.stake(self.villains.executor, 10 * STAKE)
        requester = self.villains.requester
        self.bad.market.deposit(NATIVE, requester, FUNDS, sender=requester, value=FUNDS)
        self.uploaded: list[bytes] = []
        self.foreign_runs: set[bytes] = set()
        self.foreign_roots: set[bytes] = set()
        self.tokens = SimpleNamespace(**{name: self._token(kind) for name, kind in TOKENS.items()})
        self.assets = {self.creatures.asset.address, *(str(token) for token in vars(self.tokens).values())}
        self.shells: list[Contract] = []
        self.orders_signed = 0
        self.new_shell("a model like any other")

    def _token(self, kind: str) -> Contract:
        """A token of the hostile side's, of which its requester has plenty."""
        master, requester = self.villains.master, self.villains.requester
        address = self.chains.alone.create(master, self.bad.creation_code(kind))
        self.disown(address)
        token = self.bad.existing(kind, address)
        if kind != TOKENS["lying"]:
            token.mint(requester, WEALTH, sender=master)
            token.approve(self.bad.market, WEALTH, sender=requester)
        return token

    def is_good(self, model: str) -> bool:
        """Whether a model is of those that exist on both chains."""
        return model in [good.address for good in self.models]

    @property
    def shell(self) -> Contract:
        """The hostile side's present Model."""
        return self.shells[-1]

    def new_shell(self, name: str) -> None:
        """Another Model of the master's, live with a harmless version whose arbiter everybody uses."""
        villains = self.villains
        receipt = self.bad.registry.create_model(
            name, villains.master, villains.guardian, self.bad.version(), sender=villains.master
        )
        (created,) = self.bad.registry.events(receipt, "ModelCreated")
        self.shells.append(self.bad.existing("Model", created.model))
        self.disown(created.model)

    def bad_order(self, model: Any, offer: Offer) -> tuple[Order, bytes]:
        """An order of the hostile requester's at a model, and its signature."""
        self.orders_signed += 1
        order = self.bad.order(
            offer, model=model, requester=self.villains.requester, nonce=self.orders_signed
        )
        self.chains.foreign |= topics(bytes(self.bad.orders.digest(order)))
        return order, self.bad.sign(order, "villain")

    def disown(self, *addresses: str) -> None:
        """These exist on the hostile chain alone."""
        self.foreigners |= set(addresses)
        self.chains.foreign |= topics(*addresses)


def moved(world: World, wire: Wire) -> World:
    """The same world, seen through another wire."""
    there = copy(world)
    there.wire = wire
    for name, contract in CONTRACTS.items():
        setattr(there, name, there.existing(contract, getattr(world, name)))
    return there


@dataclass(frozen=True)
class Photograph:
    """A chain at one moment, and what was put there for the good side."""

    state: bytes  # as anvil dumps it, in JSON
    extra: SimpleNamespace


def photographed(world: World) -> Photograph:
    """The world with a second model and two consumers; itself it stays as it was."""
    with world.wire.rewound():
        hook = world.deploy("MockHook")
        extra = SimpleNamespace(
            hook=hook,
            model=world.create_model(hook=hook.address),
            echo=world.deploy("EchoConsumer", world.model, MIN_BOND),
            consumer=world.deploy("MockConsumer"),
        )
        state = json.loads(gzip.decompress(bytes.fromhex(world.wire.request("anvil_dumpState")[2:])))
        state |= HISTORY
        state["block"] |= {"timestamp": hex(START), "prevrandao": "0x" + "00" * 32}
        for account in KEPT_BY_THE_NODE:
            state["accounts"].get(account.lower(), {})["storage"] = {}
        return Photograph(json.dumps(state).encode(), extra)


@contextmanager
def running_scene(world: World, accounts: Any, photograph: Photograph) -> Iterator[Scene]:
    """Two nodes that go on from there."""
    with ExitStack() as stack:
        file = stack.enter_context(NamedTemporaryFile())
        file.write(photograph.state)
        file.flush()
        nodes = [stack.enter_context(running_anvil(*OPTIONS, "--load-state", file.name)) for _ in range(2)]
        wires = [Wire(node.url) for node in nodes]
        for wire in wires:
            stack.callback(wire.close)
            wire.request("anvil_autoImpersonateAccount", True)
            wire.request("anvil_setBlockTimestampInterval", 1)
            wire.request("evm_setBlockGasLimit", hex(BLOCK_GAS))
            wire.request("evm_mine", hex(START + 1))
        yield Scene(world, accounts, Chains(*wires), photograph.extra)
