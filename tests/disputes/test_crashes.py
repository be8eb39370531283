"""Crashes in the middle of a dispute, by SIGKILL at every labelled instant, on either side: whoever is right
restarts and wins, and nothing is done twice.

The side that is killed lives in forked processes over one journal; the liar lives in this one.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from executor.chain.codec import Event
from executor.disputes import player, watcher
from executor.node.node import Node
from tests.disputes.city import at_work, build_city, events, liar, names, stake
from tests.executor.anvil import running_anvil
from tests.node.network import ETHER, MIN_BOND, Town, image
from tests.node.test_crashes import kill_at, live

PRICE = ETHER // 100
PATIENCE = 60.0  # seconds for one life
CLOCK = 3_600 * 3 // 10
PLAYING = [*player.CRASH_POINTS, "outbox.signed", "outbox.broadcast", "outbox.mined"]

Prepare = Callable[[Node], None]


@pytest.fixture(scope="module")
def city(project) -> Iterator[Town]:
    with running_anvil() as anvil:
        yield build_city(project, anvil)


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


def of(city: Town, identifier: bytes, block: int) -> list[Event]:
    """The events of this test's games."""
    return [e for e in events(city, block) if e.fields.get("id", identifier) == identifier]


def is_settled(city: Town, identifier: bytes, block: int) -> bool:
    return "Settled" in names(of(city, identifier, block), "Settled")


def lives(city: Town, folder: Path, role: str, prepare: Prepare, done: Callable[[], bool], **changes) -> None:
    """A node's life, until its dispute is settled."""
    with at_work(city, folder, role, **changes) as node:
        prepare(node)
        end = time.monotonic() + PATIENCE
        while not (done() and node.desk.outbox.idle()):
            assert time.monotonic() < end, "it never ended"
            node.step()
            time.sleep(0.01)


@pytest.mark.parametrize("label", [*watcher.CRASH_POINTS, *PLAYING])
def test_watch__killed_at_a_label__refutes_all_the_same(city: Town, tmp_path: Path, label: str) -> None:
    client, block = city.client(), city.anvil.head()
    identifier = client.open(city.model, image(3), max_price=PRICE)
    with at_work(city, tmp_path, "executor", liar(0, 5)) as dishonest:
        while dishonest.desk.jobs.get(identifier) is None or not _posted(city, identifier, block):
            dishonest.step()
        dishonest.draining = True
        before = stake(city, "executor")

        def watches(prepare: Prepare) -> Callable[[], None]:
            manner = {"claim": False, "watch": True}
            done = lambda: is_settled(city, identifier, block)  # noqa: E731
            return lambda: lives(city, tmp_path, "rival", prepare, done, **manner)

        killed = forked(watches(kill_at(label)), dishonest.step)
        assert killed == -signal.SIGKILL, "the label was not reached"
        assert forked(watches(live), dishonest.step) == 0, "the restarted watcher failed"
    found = names(of(city, identifier, block), "Challenged", "Picked", "Proven", "Settled", "TimedOut")
    assert found == ["Challenged", "Picked", "Proven", "Settled"]
    assert stake(city, "executor") == before - MIN_BOND


@pytest.mark.parametrize("label", PLAYING)
def test_run__defender_killed_at_a_label__wins_all_the_same(city: Town, tmp_path: Path, label: str) -> None:
    client, block = city.client(), city.anvil.head()
    identifier = client.open(city.model, image(3), max_price=PRICE)
    with at_work(city, tmp_path, "rival", liar(0, 5), claim=False, watch=True) as false_challenger:
        before = stake(city, "staker")

        def meanwhile() -> None:
            """He challenges what is right, can prove nothing in the end, and his time runs out."""
            false_challenger.step()
            found = names(of(city, identifier, block), "TileRevealed", "TimedOut")
            if found == ["TileRevealed"]:
                city.warp(CLOCK)

        def defends(prepare: Prepare) -> Callable[[], None]:
            done = lambda: is_settled(city, identifier, block)  # noqa: E731
            return lambda: lives(city, tmp_path, "staker", prepare, done)

        assert forked(defends(kill_at(label)), meanwhile) == -signal.SIGKILL, "the label was not reached"
        assert forked(defends(live), meanwhile) == 0, "the restarted defender failed"
    found = names(of(city, identifier, block), "Posted", "Challenged", "Proven", "TimedOut", "Settled")
    assert found == ["Posted", "Challenged", "TimedOut", "Settled"]
    assert stake(city, "staker") >= before


def _posted(city: Town, identifier: bytes, block: int) -> bool:
    return "Posted" in names(of(city, identifier, block), "Posted")
