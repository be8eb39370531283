"""A thousand challenges of an honest result, spread over distinct tiles, by one account that only picks.

Reveals are shared: what costs the defender a transaction for each game is the tile at its end, and to claim
the silence that follows. A hundred of them in every run, a thousand in the long one.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from executor.chain.disputes import Disputes
from executor.chain.keys import LocalKey
from executor.disputes import player
from executor.disputes.fans import siblings
from executor.disputes.positions import Position
from executor.node.lifecycle import State
from executor.node.node import Node
from executor.program import Program, save
from executor.program.ir import Affine, Constant, Function, Opcode, Operation, Source, immediate
from executor.testing import PARAMETERS
from tests.anvil import CHAIN_ID
from tests.disputes.city import at_work, events, names, newcomer, publish, stake, step_all, step_once
from tests.node.network import ETHER, Town
from tests.program.build import INT8, INT16, INT32, maximum, program, tensor, view

TILES, WIDTH = 1_024, 256
CLOCK = 3_600 * 3 // 10
DEPOSIT, DELAY_BPS = PARAMETERS["deposit"], PARAMETERS["delay_bps"]
PRICE = ETHER // 100


def spread() -> Program:
    """The largest of a thousand row maxima; every row of its first operation is a tile."""
    rows = Constant(tensor(INT16, TILES), np.arange(TILES, dtype=np.int16))
    sums = Operation(
        opcode=Opcode.MAP,
        function=Function.ADD,
        result=tensor(INT32, TILES, WIDTH),
        operands=(view(0, Affine(0, (0, 1))), view(0, Affine(0, (1, 0)), Source.CONSTANT)),
        multiplier=immediate(1, 2),
        bias=immediate(0, 2),
    )

    def largest(before: int, count: int, reduction: int) -> Operation:
        form = Affine(0, (reduction,), (1,))
        operands = (view(before, form, Source.OUTPUT),)
        return maximum(result=tensor(INT32, count), operands=operands, reduction=(reduction,), chunk=256)

    operations = sums, largest(0, TILES, WIDTH), largest(1, 1, TILES)
    return program(*operations, inputs=(tensor(INT8, WIDTH),), constants=(rows,))


class Nuisance:
    """An account that challenges a result many times and goes down to another tile each time."""

    def __init__(self, city: Town, who: LocalKey) -> None:
        self._city, self._who = city, who
        self._nonce = city.anvil.nonce(who.address)
        self._dispute = Disputes(city.contracts).contract

    def send(self, to: str, calls: list[bytes]) -> None:
        signed = []
        for data in calls:
            fields = {
                "type": 2,
                "chainId": CHAIN_ID,
                "nonce": self._nonce,
                "to": to,
                "value": 0,
                "data": data,
            }
            fees = {"gas": 400_000, "maxFeePerGas": 10**11, "maxPriorityFeePerGas": 10**9}
            signed.append(self._who.sign_transaction({**fields, **fees}))
            self._nonce += 1
        assert self._city.anvil.rpc.send(signed) == [None] * len(calls)
        while self._city.anvil.nonce(self._who.address) < self._nonce:
            time.sleep(0.01)

    def pick(self, key: bytes, children: dict[int, int]) -> None:
        """In each of these games the given child of what was revealed at its cursor."""
        found = events(self._city)
        cursors = {e["game"]: Position.unpack(e["cursor"]).hash for e in found if e.name == "Picked"}
        shown = {e.fields.get("cursor", bytes(32)): e for e in found if e.name in ("Traced", "Revealed")}
        calls = []
        for game, child in children.items():
            reveal = shown[cursors.get(game, bytes(32))]
            opening, nodes = Position.unpack(reveal["opening"]), reveal["children"]
            way = siblings(nodes, opening.fan, opening.height - opening.fan, child)
            calls.append(self._dispute.encode("pick", key, game, opening.packed(), child, nodes[child], way))
        self.send(self._dispute.address, calls)


def count(city: Town, name: str) -> int:
    return len(names(events(city), name))


def step_bounded(node: Node) -> None:
    """However many games there are, only so much is computed and under way at a time."""
    step_once([node])
    assert node.docket is not None
    assert len(node.docket.player._computing) <= player.COMPUTED_AT_ONCE
    assert node.docket.player._turns.under_way() <= player.UNDER_WAY


@pytest.mark.parametrize(
    "games", [100, pytest.param(1_000, marks=[pytest.mark.soak, pytest.mark.timeout(1_200)])]
)
def test_play__challenges_spread_over_distinct_tiles__do_not_exhaust_the_defender(
    city: Town, tmp_path: Path, games: int
) -> None:
    artifact = tmp_path / "spread.program"
    save(spread(), artifact)
    city.model = publish(city, spread(), window=1_000)
    nuisance = Nuisance(city, who := newcomer(city, 0, 2 * games * DEPOSIT))
    with at_work(city, tmp_path, "executor", artifacts=(artifact,)) as node:
        city.client().open(city.model, b"\7" * WIDTH, max_price=PRICE)
        step_all([node], lambda: node.desk.jobs.counts() == {State.POSTED: 1})
        before = stake(city, "executor")
        assert node.docket is not None
        (job,) = node.desk.jobs.in_states((State.POSTED,))
        result = node.docket.games.posted(job.id, 1)
        assert result is not None
        challenges = city.contracts.challenges
        data = challenges.encode("challenge", result.result, result.asked.came, result.output)
        nuisance.send(challenges.address, [data] * games)
        numbers = [event["game"] for event in events(city) if event.name == "Challenged"]
        assert len(numbers) == games

        tiles = {game: number * TILES // games for number, game in enumerate(numbers)}
        fans = len({tile >> 5 for tile in tiles.values()})
        for reveal, expected, child in (
            ("Traced", 1, lambda _: 0),
            ("Revealed", 1, lambda tile: tile >> 5),
            ("Revealed", 1 + fans, lambda tile: tile & 31),
        ):
            while count(city, reveal) < expected:
                step_bounded(node)
            nuisance.pick(result.case.key, {game: child(tile) for game, tile in tiles.items()})
        while count(city, "TileRevealed") < games:
            step_bounded(node)
        city.warp(CLOCK)
        while count(city, "Settled") < games:
            step_bounded(node)

    said = Counter(event.name for event in events(city) if event.contract == "Dispute")
    assert said == {
        **{"Traced": 1, "Revealed": 1 + fans, "Picked": 3 * games},
        **{"TileRevealed": games, "TimedOut": games},
    }
    assert {event["verdict"] for event in events(city) if event.name == "Ruled"} == {1}
    paid = DEPOSIT - DEPOSIT * DELAY_BPS // 10_000
    earned = city.ask(city.contracts.vault, "rewards", node.desk.account)
    assert stake(city, "executor") + earned == before + games * paid
    assert stake(city, who) == games * DEPOSIT
