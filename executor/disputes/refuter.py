"""The refuter: watches one request for its own requester, from the first wrong result to the last move.

A node keeps a journal for good; a requester who asks now and then keeps none. The tables are made anew in a
folder of their own for as long as it takes: the chain holds everything that matters, so a requester that was
interrupted calls again and goes on.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from tempfile import TemporaryDirectory

from executor.chain import follower as follower_module
from executor.chain import inputs as inputs_module
from executor.chain import outbox as outbox_module
from executor.chain.contracts import Contracts
from executor.chain.disputes import Disputes
from executor.chain.follower import Follower
from executor.chain.inputs import Inputs
from executor.chain.keys import Key
from executor.chain.outbox import Outbox, OutboxSettings
from executor.chain.requests import Status
from executor.chain.rpc import Endpoint, octets
from executor.disputes import games as games_module
from executor.disputes import turns as turns_module
from executor.disputes import watcher as watcher_module
from executor.disputes.games import Asked, Games
from executor.disputes.player import Player
from executor.disputes.seat import Seat
from executor.disputes.traces import honest
from executor.disputes.watcher import Watcher
from executor.journal import Identity, Journal
from executor.program import Program, run

SCHEMAS = (
    follower_module.SCHEMA,
    outbox_module.SCHEMA,
    inputs_module.SCHEMA,
    games_module.SCHEMA,
    turns_module.SCHEMA,
    watcher_module.SCHEMA,
)


class Immediate:
    """A backend that computes at once, in the caller's thread."""

    def __init__(self, programs: Mapping[bytes, Program]) -> None:
        self._programs = programs

    def submit(self, root: bytes, inputs: Sequence[bytes]) -> Future[list[bytes]]:
        future: Future[list[bytes]] = Future()
        future.set_result([run(self._programs[root], data) for data in inputs])
        return future


class RefuteError(Exception):
    """A wrong result cannot be refuted from here; the message says why."""


def refute(
    endpoint: Endpoint,
    contracts: Contracts,
    key: Key,
    programs: Mapping[bytes, Program],
    identifier: bytes,
    attempt: int,
    asked: Asked,
    data: bytes,
    since: int,
    end: float,
    *,
    poll: float = 0.25,
) -> None:
    """Challenge the wrong result of an attempt and play until it has fallen and everything is settled.

    data: the request's input. since: the block in which it was opened. end: when to give up, by the monotonic
    clock. Raises RefuteError, also where the request ended with the result still standing, and RpcError.
    """
    if not Disputes.exists(contracts.deployment):
        raise RefuteError("refute: the network has no Dispute contract")
    disputes = Disputes(contracts)
    genesis = octets(endpoint.read("eth_getBlockByNumber", "0x0", False)["hash"])
    identity = Identity(contracts.chain_id, genesis, contracts.market.address, key.address)
    with (
        TemporaryDirectory(prefix="refute-") as folder,
        Journal.open(Path(folder) / "journal.sqlite", identity, SCHEMAS) as journal,
    ):
        outbox = Outbox(
            *(endpoint, journal, key, key.address, contracts.chain_id), OutboxSettings(confirmations=1)
        )
        outbox.start(adopt=True)
        games = Games(journal, disputes, lambda name: asked if name == identifier else None)
        follower = Follower(endpoint, journal, disputes.watched, since)
        inputs = Inputs(endpoint, contracts, journal)
        with journal.transaction():
            inputs.keep(asked.input.reference, data)
        seat = Seat(disputes, endpoint, journal, outbox, games, key.address, programs, inputs)
        player, watcher = Player(seat, honest(Path(folder))), Watcher(seat, Immediate(programs))
        clock = _Clock(follower)
        _follow(follower, journal, games)
        deposit = asked.terms.deposit
        challenged = games.has_challenged(key.address, identifier, attempt)
        if not challenged and disputes.capacity(endpoint, key.address) < deposit:
            raise RefuteError(f"refute: a challenge takes {deposit} wei of this account's stake in the vault")
        try:
            while True:
                _follow(follower, journal, games)
                watcher.step(clock.now)
                player.step(clock.now)
                outbox.step()
                (slot,) = contracts.slots(endpoint, [identifier])
                if slot.status is Status.FINAL:
                    raise RefuteError(f"refute: the result of 0x{identifier.hex()} is final")
                over = slot.status is Status.REFUNDED or slot.attempt != attempt
                if over and outbox.idle() and not games.unsettled(key.address):
                    return
                if time.monotonic() >= end:
                    raise RefuteError(f"refute: the result of 0x{identifier.hex()} has not fallen in time")
                time.sleep(poll)
        finally:
            player.close()
            inputs.close()


def _follow(follower: Follower, journal: Journal, games: Games) -> None:
    while batch := follower.poll():
        with journal.transaction():
            games.apply(batch)
            follower.commit(batch)


class _Clock:
    """Chain time: that of the newest block, going on while no new one comes."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._head, self._seen = 0, 0.0

    @property
    def now(self) -> int:
        head = self._follower.head()
        if head is not None and head.time != self._head:
            self._head, self._seen = head.time, time.monotonic()
        return self._head + int(time.monotonic() - self._seen)
