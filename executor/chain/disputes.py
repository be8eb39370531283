"""The Dispute contract as a player sees it: its logs with names, the state of its games, and calls.

Which games there are and how they end is said by Challenges; what is at stake, by the Market. What a move
means is the business of `executor.disputes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from executor.chain.codec import CodecError, Event
from executor.chain.contracts import Contract, Contracts, Query, ask
from executor.chain.deployment import Deployment
from executor.chain.follower import Log
from executor.chain.logs import newest_first
from executor.chain.requests import NOBODY
from executor.chain.rpc import Endpoint, quantity

DEFENDER, CHALLENGER = 1, 2  # a verdict: who was right; also whose move it is
OVER = 0  # in their place where nobody has to move: the game is over, or was never opened
LIVE = 1  # a game's status in the Dispute contract
PAGE = 100  # games asked about at a time

# Least limits of calls whose simulation may see less written than there will be: somebody else's pick or
# reveal may be reorganised away before they are mined.
LEAST_GAS = {"trace": 200_000, "pick": 130_000, "pick_element": 130_000, "pick_chunk": 130_000}


class GameStatus:
    """As Challenges keeps it, seen by the challenger."""

    UNKNOWN = 0
    LIVE = 1
    WON = 2
    LOST = 3
    VOID = 4
    SETTLED = 5


class Due(NamedTuple):
    """Whose move it is, the unix time from which its silence has lost, and where."""

    mover: int
    time: int
    cursor: bytes


_CHALLENGER, _STATUS, _CURSOR = 0, 5, 6  # of what `game_of` returns


class Disputes:
    """The Dispute contract of a deployment."""

    def __init__(self, contracts: Contracts) -> None:
        self.contracts = contracts
        self.contract = Contract("Dispute", contracts.deployment.address("Dispute"))

    @staticmethod
    def exists(deployment: Deployment) -> bool:
        """Whether the network has this arbiter."""
        return "Dispute" in deployment.contracts

    @property
    def address(self) -> str:
        return self.contract.address

    @property
    def watched(self) -> list[str]:
        """The contracts whose logs tell a dispute."""
        contracts = self.contracts
        return [contracts.market.address, contracts.challenges.address, self.address]

    def event(self, log: Log) -> Event | None:
        """A log of a dispute's contracts by name; None if it is none, or malformed."""
        if log.address.lower() != self.address.lower():
            return self.contracts.event(log)
        try:
            return self.contract.abi.event(log)
        except CodecError:
            return None

    def due(self, endpoint: Endpoint, games: Sequence[tuple[bytes, int]]) -> list[Due]:
        """Whose move it is in each of these games (key of the case, number), by when, and at which cursor."""
        if not games:
            return []
        states = ask(endpoint, [self.contract.query("game_of", *game) for game in games])
        live = [game for game, state in zip(games, states, strict=True) if state[_STATUS] == LIVE]
        answers = ask(endpoint, [self.contract.query("deadline_of", *game) for game in live]) if live else []
        deadlines = dict(zip(live, answers, strict=True))
        turns = [deadlines.get(game, (OVER, 0)) for game in games]
        return [Due(mover, time, state[_CURSOR]) for (mover, time), state in zip(turns, states, strict=True)]

    def live_games(self, endpoint: Endpoint, key: bytes, count: int) -> dict[int, str]:
        """The newest `count` live games of a case: their challengers, by number. Found without any log.

        Games are numbered one after the other, and what `open` would return to Challenges is the next number.
        """
        nothing = bytes(32)
        words = (nothing, 0, nothing, nothing, nothing, nothing, NOBODY, NOBODY, 2**40)
        rehearsal = self.contract.query("open", *words, sender=self.contracts.challenges.address)
        (following,) = ask(endpoint, [rehearsal])
        found: dict[int, str] = {}
        for last in range(following - 1, 0, -PAGE):
            numbers = range(last, max(0, last - PAGE), -1)
            states = ask(endpoint, [self.contract.query("game_of", key, number) for number in numbers])
            for number, state in zip(numbers, states, strict=True):
                if state[_STATUS] == LIVE:
                    found[number] = state[_CHALLENGER]
            if len(found) >= count:
                break
        return found

    def statuses(self, endpoint: Endpoint, games: Sequence[tuple[bytes, int, int]]) -> list[int]:
        """How Challenges sees these games (request, attempt, number); see `GameStatus`."""
        challenges = self.contracts.challenges
        queries = [challenges.query("status_of", self.address, *game) for game in games]
        return list(ask(endpoint, queries)) if queries else []

    def is_wired(self, endpoint: Endpoint) -> bool:
        """Whether the contract takes games from this network's Challenges."""
        (answer,) = ask(endpoint, [self.contract.query("challenges")])
        return bool(answer == self.contracts.challenges.address)

    def logs(self, endpoint: Endpoint, key: bytes, first: int) -> list[Log]:
        """What the contract has logged of a case since block `first`, in order."""
        last = quantity(endpoint.read("eth_blockNumber"))
        ranges = newest_first(endpoint, self.address, [None, "0x" + key.hex()], first, last)
        return [log for logs in ranges for log in logs][::-1]

    def capacity(self, endpoint: Endpoint, account: str) -> int:
        """Stake that a deposit could be taken from now."""
        (amount,) = ask(endpoint, [self._capacity(account)])
        return int(amount)

    def _capacity(self, account: str) -> Query:
        return self.contracts.vault.query("capacity", account)
