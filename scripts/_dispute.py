"""One whole dispute on a development node: one element of an answer's run is false, and a challenger says so.

Nothing is left out: the answer is posted and backed by a bond, both sides trace the run, every move is a
transaction that the real contracts took, and the game is paid for. Who says what is decided by
`executor.disputes.moves`, as it is for the player.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from eth_account import Account

from executor.chain.codec import Event
from executor.chain.contracts import Contract, Contracts
from executor.chain.disputes import Disputes
from executor.chain.keys import LocalKey
from executor.chain.requests import Request, Result
from executor.chain.wallet import Receipt, Wallet
from executor.disputes.moves import Move, attack, defend
from executor.disputes.positions import Case, Position, Reveal
from executor.program import Program, data_root
from executor.program.commitments import keccak256
from executor.program.interpreter import Interpreter
from executor.program.ir import IntArray, Opcode, Operation
from executor.program.trace import Run, Trace
from executor.testing import ETHER, InstantExecutor

WINDOW = 3_600  # seconds; both sides have to be done before
PRICE = 10**15

Question = Callable[[Trace], Move | None]
"""What a side was asked: its move, given its own trace."""


def faulty(operation: int, element: int, bit: int) -> Run:
    """The interpreter on a machine that flips one bit of one element; what follows from it, follows."""

    class Faulty(Interpreter):
        def _execute(self, executed: Operation, index: int, step: int) -> IntArray:
            output = super()._execute(executed, index, step)
            if index == operation:
                output = output.copy()
                output[element] ^= 1 << bit
            return output

    return Faulty


@dataclass
class Side:
    """What one side has sent, and what it was asked. gas: of each transaction, in order."""

    wallet: Wallet
    trace: Trace
    asked: list[Question] = field(default_factory=list)
    sent: list[Move] = field(default_factory=list)
    gas: list[int] = field(default_factory=list)

    def transact(self, contract: Contract, function: str, *arguments: Any, tail: bytes = b"") -> Receipt:
        """Send a call of a contract."""
        receipt = self.wallet.transact(contract.address, contract.encode(function, *arguments) + tail)
        self.gas.append(receipt.gas_used)
        return receipt

    def replay(self, make: Callable[[], Trace]) -> None:
        """Everything that this side computes, from the trace on; it has to say the same again."""
        trace = make()
        assert [question(trace) for question in self.asked] == self.sent


@dataclass(frozen=True)
class Dispute:
    """A dispute that is over. seconds: from the challenge to its payment, both sides and the node, traces
    excepted. proven: what the contract said of the flipped element."""

    defender: Side
    challenger: Side
    seconds: float
    proven: Event

    @property
    def moves(self) -> int:
        """Transactions of both sides, the challenge and the payment included."""
        return len(self.defender.gas) + len(self.challenger.gas)

    @property
    def gas(self) -> int:
        """Of all of them."""
        return sum(self.defender.gas) + sum(self.challenger.gas)


def play(
    url: str, project: Any, folder: Path, artifact: Path, data: bytes, false: Trace, true: Trace
) -> Dispute:
    """Have the output of a false trace posted and refuted, on a network of its own on a development node.

    project: the Ape project with the contracts. false, true: traces of the artifact's program on `data`;
    their outputs have to differ, since nobody can challenge an answer that is right.
    """
    assert false.output != true.output, "what was flipped does not reach the output"
    network = InstantExecutor(url, project, folder)
    model = network.create_model(artifact, window=WINDOW)
    contracts = Contracts(network.deployment)
    defender, challenger = (
        Side(_staked(network, contracts, number), trace) for number, trace in enumerate((false, true), 1)
    )

    client = network.client()
    request = client.request(client.open(model, data, max_price=PRICE))
    posted = _posted(contracts, defender, request, false.output)
    case = Case(
        id=contracts.id_of(request),
        attempt=1,
        output_hash=posted.output_hash,
        program_root=true.program.root,
        input_root=data_root(data, true.program.input_size),
        output_root=data_root(false.output, len(false.output)),
        defender=defender.wallet.address,
    )
    began = time.perf_counter()
    judged = contracts.challenges
    opened = challenger.transact(judged, "challenge", posted, data, false.output)
    game = _event(Disputes(contracts), opened, "Challenged")["game"]
    proven = _argue(Disputes(contracts), case, game, defender, challenger)
    challenger.transact(judged, "settle", posted, case.attempt, game)
    return Dispute(defender, challenger, time.perf_counter() - began, proven)


def _staked(network: InstantExecutor, contracts: Contracts, number: int) -> Wallet:
    """Somebody with coin and stake."""
    key = LocalKey(Account.from_key(number.to_bytes(32, "big")))
    network.endpoint.read("anvil_setBalance", key.address, hex(20 * ETHER))
    wallet = Wallet(network.endpoint, key, contracts.chain_id, poll=0.01)
    asset, vault = contracts.bond_asset, contracts.vault
    wallet.transact(asset.address, asset.encode("deposit"), 10 * ETHER)
    wallet.transact(asset.address, asset.encode("approve", vault.address, 10 * ETHER))
    wallet.transact(vault.address, vault.encode("deposit", key.address, 10 * ETHER))
    return wallet


def _posted(contracts: Contracts, executor: Side, request: Request, output: bytes) -> Result:
    """Claim the request and post an output; that is no move of a dispute yet."""
    market = contracts.market
    receipt = executor.wallet.transact(market.address, market.encode("answer", [request], output))
    event = _event(Disputes(contracts), receipt, "Posted")
    return Result(request, event["work"], keccak256(output))


def _argue(disputes: Disputes, case: Case, game: int, defender: Side, challenger: Side) -> Event:
    """Both sides move in turn until a step is proven to be false; that event."""
    cursor: Position | None = None
    path: list[Reveal] = []
    while True:
        shown = _answer(disputes, defender, partial(defend, case=case, cursor=cursor))
        path.append(_reveal(_event(disputes, shown, "Traced", "Revealed", "TileRevealed", "ChunksRevealed")))
        said = _answer(disputes, challenger, partial(attack, case=case, game=game, path=tuple(path)))
        event = _event(disputes, said, "Picked", "Proven")
        if event.name == "Proven":
            return event
        cursor = Position.unpack(event["cursor"])


def _answer(disputes: Disputes, side: Side, question: Question) -> Receipt:
    move = question(side.trace)
    assert move is not None, "nothing is wrong in what was revealed"
    side.asked.append(question)
    side.sent.append(move)
    return side.transact(disputes.contract, move.function, *move.arguments, tail=move.proof)


def _reveal(event: Event) -> Reveal:
    fields = event.fields
    return Reveal(
        Position.unpack(fields["opening"]),
        children=tuple(fields.get("children", ())),
        tile=fields.get("tile", b""),
        values=tuple(fields.get("values", ())),
    )


def _event(disputes: Disputes, receipt: Receipt, *names: str) -> Event:
    """The first event of a transaction with one of these names."""
    events = (disputes.event(log) for log in receipt.logs)
    return next(event for event in events if event is not None and event.name in names)


def widest(program: Program) -> int:
    """The operation with the most multiply-accumulates, each sum in one step; the middle one of equals.

    A longer sum is opened in chunks first. None give a flipped result: the defender would fall silent there.
    """
    works = {
        index: operation.result.count * operation.terms
        for index, operation in enumerate(program.operations)
        if operation.opcode is Opcode.DOT and operation.terms <= operation.chunk
    }
    found = [index for index, work in works.items() if work == max(works.values())]
    return found[len(found) // 2]
