"""A town whose models are judged by the Dispute contract, and people in it who lie."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from eth_account import Account

from executor.backends.catalogue import Catalogue
from executor.backends.golden import goldens
from executor.chain.codec import Event
from executor.chain.contracts import Contract
from executor.chain.disputes import Disputes
from executor.chain.keys import LocalKey
from executor.chain.requests import NOBODY
from executor.chain.rpc import RpcError
from executor.chain.wallet import Wallet, log_of
from executor.node.assemble import opened_node
from executor.node.node import Node
from executor.program import Program, load
from executor.program.interpreter import Interpreter
from executor.program.ir import IntArray, Operation
from executor.program.trace import Trace
from tests.anvil import CHAIN_ID, Anvil
from tests.node.network import DIGITS, ETHER, MIN_BOND, ROYALTY_BPS, WINDOW, Town, build, key

HIDDEN = 1  # an operation of the digits program whose output is not the answer


def build_city(project: Any, anvil: Anvil) -> Town:
    """A town whose model names the Dispute contract as its arbiter, with stake for everybody who plays."""
    town = build(project, anvil)
    town.model = publish(town, load(DIGITS))
    for role in ("rival", "staker"):
        town.stake(role, 100 * ETHER)
    return town


def publish(
    town: Town,
    program: Program,
    *,
    input_size: int | None = None,
    window: int = WINDOW,
    unwatchable: bool = False,
) -> str:
    """A model with this program live, under the Dispute contract. input_size: if not the program's."""
    terms = (
        *(program.root, town.deployment.address("Dispute"), NOBODY, ROYALTY_BPS, MIN_BOND, window),
        *(input_size or program.input_size, program.output_size, unwatchable),
    )
    registry, owner = Contract("Registry", town.deployment.address("Registry")), key("owner").address
    number = town.ask(registry, "count")
    version = (terms, "file:model.program", b"\1" * 32, b"\2" * 32)
    town.send("owner", registry, "create_model", "model", owner, owner, version)
    return str(town.ask(registry, "models", number))


def newcomer(town: Town, number: int, amount: int = ETHER) -> LocalKey:
    """Somebody else, with native coin and with stake."""
    made = LocalKey(Account.from_key((10_000 + number).to_bytes(32, "big")))
    town.anvil.fund(made.address, 2 * amount)
    wallet = Wallet(town.anvil.rpc, made, CHAIN_ID, poll=0.01)
    asset, vault = town.contracts.bond_asset, town.contracts.vault
    wallet.transact(asset.address, asset.encode("deposit"), amount)
    wallet.transact(asset.address, asset.encode("approve", vault.address, amount))
    wallet.transact(vault.address, vault.encode("deposit", made.address, amount))
    return made


def liar(operation: int = HIDDEN, element: int = 0, by: int = 100, program: Program | None = None) -> Any:
    """An interpreter that is wrong in one element of a program, the digits' unless another is named; what
    follows, follows from it."""
    root = (program or load(DIGITS)).root

    class Liar(Interpreter):
        def _execute(self, described: Operation, index: int, step: int) -> IntArray:
            output = super()._execute(described, index, step)
            if index == operation and self.program.root == root:
                output = output.copy()
                low, high = described.result.element.interval
                up = int(output[element]) + by
                output[element] = up if low <= up <= high else int(output[element]) - by
            return output

    return Liar


class LyingBackend:
    """Computes everything as its interpreter does."""

    def __init__(self, interpreter: Any, held: Mapping[bytes, Program]) -> None:
        self._interpreter = interpreter
        self._programs = {**{golden.program.root: golden.program for golden in goldens()}, **held}
        self.honest = True  # while it is examined

    def submit(self, root: bytes, inputs: Sequence[bytes]) -> Future[list[bytes]]:
        future: Future[list[bytes]] = Future()
        run = Interpreter if self.honest else self._interpreter
        future.set_result([Trace(self._programs[root], data, interpreter=run).output for data in inputs])
        return future

    def seconds(self, root: bytes) -> float:  # noqa: ARG002
        return 0.01

    def close(self) -> None:
        """Nothing to stop."""


def forged(interpreter: Any) -> Callable[[Program, bytes], Trace]:
    """Makes the traces that go with a liar's answers."""
    return lambda program, data: Trace(program, data, interpreter=interpreter)


@contextmanager
def at_work(town: Town, folder: Path, who: str | LocalKey, lie: Any = None, **changes: Any) -> Iterator[Node]:
    """A started node of a role, or of another key. lie: an interpreter, to answer and to play with."""
    own = key(who) if isinstance(who, str) else who
    settings = town.settings(folder, **{"journal": folder / f"{own.address}.sqlite", **changes})
    if lie is None:
        with opened_node(settings, own) as node:
            node.start(adopt=True)
            yield node
        return
    backend = LyingBackend(lie, Catalogue.load(settings.artifacts))
    with opened_node(settings, own, backend=backend, traces=forged(lie)) as node:
        backend.honest = False
        node.start(adopt=True)
        yield node


def step_all(nodes: Sequence[Node], done: Callable[[], bool], seconds: float = 60.0) -> None:
    """Step all nodes in turn until it is done."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, [node.desk.jobs.counts() for node in nodes]
        step_once(nodes)


def step_once(nodes: Sequence[Node]) -> None:
    for node in nodes:
        with suppress(RpcError):  # as `Node.run`: anvil sometimes answers for a block that it is making
            node.step()
    time.sleep(0.005)


def stake(town: Town, who: str | LocalKey) -> int:
    """All of an account's stake, free or not."""
    vault, account = town.contracts.vault, (key(who) if isinstance(who, str) else who).address
    return int(town.ask(vault, "free", account)) + int(town.ask(vault, "locked", account))


def events(town: Town, since: int = 0) -> list[Event]:
    """Every event of a dispute's contracts after a block, in order."""
    disputes = Disputes(town.contracts)
    bounds = {"address": disputes.watched, "fromBlock": "0x1", "toBlock": "latest"}
    logs = [log_of(entry) for entry in town.anvil.call("eth_getLogs", bounds)]
    return [event for log in logs if log.block_number > since and (event := disputes.event(log))]


def names(found: Sequence[Event], *wanted: str) -> list[str]:
    """The names of events, of those that are asked for."""
    return [event.name for event in found if event.name in wanted]
