"""Crashes in the middle of a dispute, by SIGKILL at every labelled instant, on either side: whoever is right
restarts and wins, and nothing is done twice.

The side that is killed lives in forked processes over one journal; the liar lives in this one.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from executor.disputes import player, watcher
from executor.node.node import Node
from tests.disputes.city import at_work, events, liar, names, stake
from tests.node.network import ETHER, MIN_BOND, Town, image
from tests.node.test_crashes import kill_at, live

PRICE = ETHER // 100
PATIENCE = 60.0  # seconds for one life
CLOCK = 3_600 * 3 // 10
SENDING = ("outbox.signed", "outbox.broadcast", "outbox.mined")
FIRST_MOVE_OF_WATCHER, FIRST_MOVE_OF_DEFENDER = (
    2,
    3,
)  # transactions: before it the challenge, or claim and post

Prepare = Callable[[Node], None]


def forked(life: Callable[[], None], meanwhile: Callable[[], None]) -> int:
    """Live in a process of one's own: its exit code, or minus the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            life()
            os._exit(0)
        except BaseException as error:
            os.write(2, f"{error!r}\n".encode())
            os._exit(1)
    while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0):
        meanwhile()
        time.sleep(0.01)
    return os.waitstatus_to_exitcode(ended[1])


def lives(city: Town, folder: Path, role: str, prepare: Prepare, **changes: Any) -> None:
    """A node's life, until its dispute is settled. It asks the chain through its own connection only."""
    with at_work(city, folder, role, **changes) as node:
        prepare(node)
        end = time.monotonic() + PATIENCE
        settled = "SELECT 1 FROM games WHERE settled IS NOT NULL"
        while node.desk.journal.row(settled) is None or not node.desk.outbox.idle():
            assert time.monotonic() < end, "it never ended"
            node.step()
            time.sleep(0.01)


@pytest.mark.parametrize("label", [*watcher.CRASH_POINTS, *player.CRASH_POINTS, *SENDING])
def test_watch__killed_at_a_label__refutes_all_the_same(city: Town, tmp_path: Path, label: str) -> None:
    hit = FIRST_MOVE_OF_WATCHER if label in SENDING else 1
    city.client().open(city.model, image(3), max_price=PRICE)
    with at_work(city, tmp_path, "executor", liar(0, 5)) as dishonest:
        while not names(events(city), "Posted"):
            dishonest.step()
        dishonest.draining = True
        before = stake(city, "executor")

        def watches(prepare: Prepare) -> Callable[[], None]:
            return lambda: lives(city, tmp_path, "rival", prepare, claim=False, watch=True)

        killed = forked(watches(kill_at(label, hit)), dishonest.step)
        assert killed == -signal.SIGKILL, "the label was not reached"
        assert forked(watches(live), dishonest.step) == 0, "the restarted watcher failed"
    found = names(events(city), "Challenged", "Picked", "Proven", "Settled", "TimedOut")
    assert found == ["Challenged", "Picked", "Proven", "Settled"]
    assert stake(city, "executor") == before - MIN_BOND


@pytest.mark.parametrize("label", [*player.CRASH_POINTS, *SENDING])
def test_run__defender_killed_at_a_label__wins_all_the_same(city: Town, tmp_path: Path, label: str) -> None:
    hit = FIRST_MOVE_OF_DEFENDER if label in SENDING else 1
    city.client().open(city.model, image(3), max_price=PRICE)
    with at_work(city, tmp_path, "rival", liar(0, 5), claim=False, watch=True) as false_challenger:
        before, warped = stake(city, "staker"), []

        def meanwhile() -> None:
            """He challenges what is right, can prove nothing in the end, and his time runs out."""
            false_challenger.step()
            if names(events(city), "TileRevealed") and not warped:
                warped.append(CLOCK)
                city.warp(CLOCK)

        def defends(prepare: Prepare) -> Callable[[], None]:
            return lambda: lives(city, tmp_path, "staker", prepare)

        assert forked(defends(kill_at(label, hit)), meanwhile) == -signal.SIGKILL, "the label was not reached"
        assert forked(defends(live), meanwhile) == 0, "the restarted defender failed"
    found = names(events(city), "Posted", "Challenged", "Proven", "TimedOut", "Settled")
    assert found == ["Posted", "Challenged", "TimedOut", "Settled"]
    assert stake(city, "staker") >= before
