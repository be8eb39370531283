"""The second act: a liar answers, a watcher catches it, and the EVM says who is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_account import Account
from rich.console import Console

from executor.chain.disputes import Disputes
from executor.chain.keys import LocalKey
from executor.chain.rpc import quantity
from executor.client import Answer, Client
from scripts._demo.drawings import held_out
from scripts._demo.moves import Moves
from scripts._demo.operator import LIAR, WATCHER, Operator
from scripts._demo.processes import Processes
from scripts._demo.record import DIGIT_BYTES
from scripts._demo.stage import BOND, ETHER, WINDOW, Stage

DRAWING = 22
"""The first held-out drawing beyond the first act's that one flipped element turns into another digit."""

PRICE = 2 * 10**15
PURSE = ETHER // 10  # of the requester's key
DEPOSITS = ETHER // 20  # the watcher's stake
PATIENCE = 60.0  # seconds for each side to do what it has to do


@dataclass(frozen=True)
class Cast:
    """Who plays: processes of their own, all of them."""

    executor: Operator
    liar: Operator
    watcher: Operator

    @property
    def names(self) -> dict[str, str]:
        """What to call an account."""
        return {player.address.lower(): player.name for player in (self.executor, self.liar, self.watcher)}


@dataclass(frozen=True)
class Refutation:
    """What happened. Amounts in wei of the bond asset; gas of all moves, both sides, payment included."""

    moves: int
    gas: int
    slashed: int
    burned: int
    compensation: int  # what the requester has of it
    bounty: int  # what the watcher has of it
    left: int  # of the liar's stake
    lie: int
    answer: int
    label: int
    final: bool

    def mistakes(self, terms: Any) -> list[str]:
        """Whatever is not as it has to be. terms: the network's parameters."""
        owed = [
            (self.slashed, BOND, "the liar lost"),
            (self.left, 0, "the liar has left"),
            (self.compensation, terms.compensation, "the requester was compensated with"),
            (self.bounty, terms.bounty, "the watcher earned"),
            (self.burned, BOND - terms.compensation - terms.bounty, "there burned"),
        ]
        found = [f"{what} {amount} wei, not {due}" for amount, due, what in owed if amount != due]
        if 2 * self.burned < BOND:
            found.append("less than half of the bond burned")
        if self.lie == self.label or self.answer != self.label or not self.final:
            found.append(f"a {self.label} was first read as {self.lie}, then as {self.answer}")
        return found

    @property
    def numbers(self) -> dict[str, int]:
        """For the line of JSON."""
        return {
            "refuted": 1,
            "dispute_moves": self.moves,
            "dispute_gas": self.gas,
            "slashed_wei": self.slashed,
            "burned_wei": self.burned,
        }


def refute(
    console: Console, provider: Any, processes: Processes, url: str, stage: Stage, cast: Cast
) -> Refutation:
    """Ask while only the liar answers, and let the others come."""
    drawing = held_out(DRAWING + 1)[DRAWING]
    client = _requester(stage, url)
    liar = cast.liar.start(processes, *LIAR)
    cast.liar.wait_until_ready(liar)
    liar.until(lambda: _purse(client) > 0, "had nobody to answer: the requester's coin came in no block")
    console.print("\na second executor has set up shop, and the first one is away")
    asked = client.open(stage.model.address, drawing.pixels, max_price=PRICE, min_price=PRICE)
    lie = client.wait(asked, timeout=PATIENCE)
    console.print(f"it answers {_digit(lie)} to this drawing, with a bond behind it:\n{drawing}")

    moves = Moves(client.endpoint, Disputes(client.contracts), provider.web3.eth.block_number, cast.names)
    watcher = cast.watcher.start(processes, *WATCHER)

    def settled() -> bool:
        for move in moves.read():
            console.print(str(move))
        return moves.slashed is not None and moves.all[-1].what.endswith("paid out")

    watcher.until(settled, "did not refute the answer")
    executor = cast.executor.start(processes)
    right = client.wait(asked, timeout=PATIENCE)
    executor.check()
    console.print(f"the request opened again, and the honest executor answered {_digit(right)}")
    provider.make_request("evm_increaseTime", [WINDOW])
    final = client.wait(asked, "final", timeout=PATIENCE)

    processes.stop(liar, watcher, executor)

    slashed = moves.slashed
    assert slashed is not None
    paid = slashed["compensation"] + slashed["bounty"] + slashed["burned"]
    return Refutation(
        moves=len(moves.all),
        gas=sum(move.gas for move in moves.all),
        slashed=paid,
        burned=slashed["burned"],
        compensation=stage.vault.rewards(client.address),
        bounty=stage.vault.rewards(cast.watcher.address),
        left=stage.vault.free(cast.liar.address) + stage.vault.locked(cast.liar.address),
        lie=_digit(lie),
        answer=_digit(right),
        label=drawing.label,
        final=final.final and final.output == right.output,
    )


def _requester(stage: Stage, url: str) -> Client:
    """Somebody with a fresh key and a little coin."""
    client = Client(url, stage.manifest, LocalKey(Account.create()))
    stage.owner.transfer(client.address, PURSE)
    return client


def _purse(client: Client) -> int:
    """Wei, as of the latest block: blocks take their time, and a coin on its way pays for no gas."""
    return quantity(client.endpoint.read("eth_getBalance", client.address, "latest"))


def _digit(answer: Answer) -> int:
    return int.from_bytes(answer.output[:DIGIT_BYTES], "big")
