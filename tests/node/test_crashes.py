"""The node dies at every labelled instant, by SIGKILL: every request is final, and nothing was done twice.

Each case runs in forked processes over one journal and one real chain: the first is killed at the label, the
second finishes.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from executor.chain.contracts import Contracts
from executor.chain.wallet import log_of
from executor.node.assemble import opened_node
from executor.node.lifecycle import State
from executor.node.node import CRASH_POINTS, Node
from tests.anvil import running_anvil
from tests.node.network import ETHER, WINDOW, Town, build, image, key

PRICE = ETHER // 100
REQUESTS = 3


@pytest.fixture(scope="module")
def town(project) -> Iterator[Town]:
    with running_anvil() as anvil:
        yield build(project, anvil)


def work(town: Town, folder: Path, prepare: Callable[[Node], None]) -> None:
    """An executor's life: from the journal it finds to the end of every request."""
    with opened_node(town.settings(folder), key("executor")) as node:
        prepare(node)
        node.start(adopt=True)
        end = time.monotonic() + 30
        node.step()
        while set(node.desk.jobs.counts()) != {State.FINAL} or not node.desk.outbox.idle():
            assert time.monotonic() < end, f"never came to rest: {node.desk.jobs.counts()}"
            node.step()
            if node.desk.jobs.counts().get(State.POSTED) == REQUESTS:
                town.warp(WINDOW)
            time.sleep(0.01)


def forked(town: Town, folder: Path, prepare: Callable[[Node], None]) -> int:
    """Work in a process of its own: its exit code, or minus the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            work(town, folder, prepare)
            os._exit(0)
        except BaseException as error:
            os.write(2, f"{error!r}\n".encode())
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill_at(label: str, hit: int = 1) -> Callable[[Node], None]:
    left = [hit]

    def hook(reached: str) -> None:
        left[0] -= reached == label
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def prepare(node: Node) -> None:
        node.desk.journal.crash_hook = hook

    return prepare


def live(node: Node) -> None:
    """Nothing goes wrong."""


def events(town: Town, since: int) -> Counter[str]:
    """How many events of each kind the Market logged after a block."""
    market = Contracts(town.deployment).market
    bounds = {"address": market.address, "fromBlock": hex(since + 1), "toBlock": "latest"}
    found = [market.abi.event(log_of(entry)) for entry in town.anvil.call("eth_getLogs", bounds)]
    return Counter(event.name for event in found if event and event.name != "TermsFrozen")


def ask_three(town: Town) -> int:
    """Open requests; returns the block from which to count."""
    before = town.anvil.head()
    for number in range(REQUESTS):
        town.client().open(town.model, image(number), max_price=PRICE, min_price=PRICE)
    return before


def assert_once_despite(town: Town, folder: Path, *crashes: Callable[[Node], None]) -> None:
    before = ask_three(town)
    locked = town.ask(town.contracts.vault, "locked", key("executor").address)
    for crash in crashes:
        assert forked(town, folder, crash) == -signal.SIGKILL, "the label was not reached"
    assert forked(town, folder, live) == 0, "the restarted executor failed"
    assert events(town, before) == dict.fromkeys(("Opened", "Claimed", "Posted", "Finalized"), REQUESTS)
    assert town.ask(town.contracts.vault, "locked", key("executor").address) == locked


@pytest.mark.parametrize("label", CRASH_POINTS)
def test_step__killed_at_a_label__ends_every_request_once(town: Town, tmp_path: Path, label: str) -> None:
    assert_once_despite(town, tmp_path, kill_at(label))


def test_step__killed_at_every_label_in_turn__ends_every_request_once(town: Town, tmp_path: Path) -> None:
    assert_once_despite(town, tmp_path, *map(kill_at, CRASH_POINTS))


@pytest.mark.parametrize("label", ["outbox.signed", "outbox.broadcast", "outbox.mined"])
@pytest.mark.parametrize("hit", [1, 2, 3])  # the claim's, the post's, the finalize's
def test_step__killed_while_sending__ends_every_request_once(
    town: Town, tmp_path: Path, label: str, hit: int
) -> None:
    assert_once_despite(town, tmp_path, kill_at(label, hit))


def test_crash_points__one_life__meets_every_label_in_order(town: Town, tmp_path: Path) -> None:
    """A label that no run reaches would make its test worthless."""
    ask_three(town)
    met: list[str] = []

    def listen(node: Node) -> None:
        node.desk.journal.crash_hook = met.append

    work(town, tmp_path, listen)
    first = dict.fromkeys(label for label in met if label.startswith("node."))
    assert list(first) == list(CRASH_POINTS)


def test_start__without_its_journal__takes_up_what_the_chain_says(town: Town, tmp_path: Path) -> None:
    """The chain is the truth: a lost disk costs time, and no request."""
    before = ask_three(town)
    assert forked(town, tmp_path, kill_at("node.settled")) == -signal.SIGKILL
    for file in tmp_path.glob("journal.sqlite*"):
        file.unlink()
    assert forked(town, tmp_path, live) == 0
    assert events(town, before)["Posted"] == REQUESTS
