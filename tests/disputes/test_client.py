"""A requester that runs the program itself, and does not take a wrong answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from executor.client import Client, ClientError
from executor.disputes.refuter import RefuteError
from executor.node.node import Node
from executor.program import load, run
from tests.disputes.city import at_work, liar, stake
from tests.node.network import DIGITS, ETHER, MIN_BOND, Town, image, key

PRICE = ETHER // 100


@pytest.fixture
def living(city: Town, tmp_path: Path) -> Callable[..., AbstractContextManager[Node]]:
    """`with living(role, lie=None) as node`: a node that runs in a thread of its own, as a process would."""

    @contextmanager
    def live(role: str, lie: Any = None) -> Iterator[Node]:
        started, nodes = Event(), []

        def work() -> None:
            with at_work(city, tmp_path, role, lie) as node:
                nodes.append(node)
                started.set()
                node.run(drain_seconds=0.1)

        thread = Thread(target=work)
        thread.start()
        try:
            assert started.wait(10)
            yield nodes[0]
        finally:
            nodes[0].stop()
            thread.join(10)

    return live


def verifying(city: Town, role: str = "rival") -> Client:
    """A client with the program; `rival` has stake."""
    return Client(city.anvil.url, city.deployment, key(role), poll=0.02, artifacts=(DIGITS,))


def test_ask__verified_true_answer__returns_it_and_challenges_nobody(city: Town, living) -> None:
    before = stake(city, "rival")
    with living("executor"):
        answer = verifying(city).ask(city.model, image(3), max_price=PRICE, verify=True, timeout=30)
    assert answer.output == run(load(DIGITS), image(3))
    assert answer.attempt == 1
    assert stake(city, "rival") == before


def test_ask__verified_false_answer__is_refuted_and_the_next_one_returned(city: Town, living) -> None:
    client, before, answers = verifying(city), stake(city, "executor"), []
    identifier = client.open(city.model, image(3), max_price=PRICE)

    def wait() -> None:
        answers.append(client.wait_verified(identifier, timeout=60))

    waiting = Thread(target=wait)
    with living("executor", liar(0, 5)):
        city.client().wait(identifier, timeout=30)
        waiting.start()
        while (slot := city.client().slot(identifier)).attempt == 1:
            assert waiting.is_alive(), slot
    with living("staker"):
        waiting.join(60)
    (answer,) = answers
    assert answer.output == run(load(DIGITS), image(3))
    assert (answer.attempt, answer.executor) == (2, key("staker").address)
    assert stake(city, "executor") == before - MIN_BOND


def test_ask__verified_without_stake__says_what_a_challenge_takes(city: Town, living) -> None:
    client = verifying(city, "requester")
    with living("executor", liar(0, 5)), pytest.raises(RefuteError, match="of this account's stake"):
        client.ask(city.model, image(3), max_price=PRICE, verify=True, timeout=30)


def test_ask__verified_without_the_program__says_which(city: Town) -> None:
    with pytest.raises(ClientError, match=load(DIGITS).root.hex()):
        city.client().ask(city.model, image(3), max_price=PRICE, verify=True, timeout=30)
