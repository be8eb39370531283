"""The moves of a dispute, read from the chain's logs: who made them, what they say, and the gas they took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from executor.chain.codec import Event
from executor.chain.disputes import Disputes
from executor.chain.rpc import Endpoint, quantity
from executor.chain.wallet import log_of
from executor.disputes.positions import Level, Position


@dataclass(frozen=True)
class Move:
    """One transaction of a dispute. gas: as its receipt says."""

    who: str
    what: str
    gas: int

    def __str__(self) -> str:
        return f"  {self.who:<9} {self.what:<64} {self.gas:>9,} gas"


class Moves:
    """All moves since block `since`. names: of accounts, for `who`."""

    def __init__(self, endpoint: Endpoint, disputes: Disputes, since: int, names: Mapping[str, str]) -> None:
        self.all: list[Move] = []
        self.slashed: Event | None = None
        self._endpoint = endpoint
        self._disputes = disputes
        self._since = since
        self._names = names

    def read(self) -> list[Move]:
        """The moves in blocks that were not read yet."""
        head = quantity(self._endpoint.read("eth_blockNumber"))
        if head < self._since:
            return []
        vault = self._disputes.contracts.vault
        where = [*self._disputes.watched, vault.address]
        bounds = {"address": where, "fromBlock": hex(self._since), "toBlock": hex(head)}
        self._since = head + 1
        said: dict[bytes, str] = {}
        for entry in self._endpoint.read("eth_getLogs", bounds):
            log = log_of(entry)
            event = self._disputes.event(log) or vault.abi.event(log)
            if event is None:
                continue
            if event.name == "Slashed" and event.contract == "StakeVault":
                self.slashed = event
            if sentence := _sentence(event):
                said[log.transaction_hash] = sentence
        moves = [self._move(transaction, sentence) for transaction, sentence in said.items()]
        self.all += moves
        return moves

    def _move(self, transaction: bytes, sentence: str) -> Move:
        receipt = self._endpoint.read("eth_getTransactionReceipt", "0x" + transaction.hex())
        who = self._names.get(receipt["from"].lower(), "somebody")
        return Move(who, sentence, quantity(receipt["gasUsed"]))


def _sentence(event: Event) -> str:
    """What a log tells of a dispute; nothing for those that repeat it or that are about something else."""
    match event.name:
        case "Challenged":
            return "challenges the answer and locks a deposit"
        case "Traced":
            return f"commits to a trace and shows {len(event['children'])} nodes of it"
        case "Picked":
            return _picked(Position.unpack(event["cursor"]))
        case "Revealed":
            return f"shows the {len(event['children'])} nodes below"
        case "TileRevealed":
            return f"opens it: {len(event['tile'])} bytes"
        case "ChunksRevealed":
            return f"splits its sum in {len(event['values'])}"
        case "Proven":
            return f"proves it: element {event['element']} is {event['computed']}, not {event['claimed']}"
        case "TimedOut":
            return "ends a game whose mover was silent"
        case "Settled":
            return "has the game paid out"
    return ""


def _picked(position: Position) -> str:
    if position.height or position.level is Level.STEPS:
        return "picks the first node that is wrong"
    if position.level is Level.OPERATIONS:
        return f"picks the first output that is wrong, operation {position.index}"
    if position.level is Level.TILES:
        return f"picks the first tile that is wrong, number {position.index}"
    return f"picks element {position.element}"
