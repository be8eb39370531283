"""Fixtures of these tests: a journal of one's own, and a real chain of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from executor.chain import follower
from executor.chain.keys import LocalKey
from executor.chain.outbox import SCHEMA, Outbox, OutboxSettings
from executor.journal import Identity, Journal
from tests.anvil import CHAIN_ID, COUNTER, COUNTER_AT, OPERATOR, Anvil, running_anvil
from tests.chain.outboxes import QUICK
from tests.chain.proxy import FaultyProxy, faulty_proxy

MARKET = "0x" + "0a" * 20


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    owner = Identity(CHAIN_ID, b"\x00" * 32, MARKET, OPERATOR.address)
    with Journal.open(tmp_path / "journal.sqlite", owner, (follower.SCHEMA, SCHEMA)) as opened:
        yield opened


@pytest.fixture
def anvil() -> Iterator[Anvil]:
    with running_anvil() as chain:
        chain.fund(OPERATOR.address)
        chain.place(COUNTER)
        yield chain


@pytest.fixture
def proxy(anvil: Anvil) -> Iterator[FaultyProxy]:
    with faulty_proxy(anvil.url) as between:
        yield between


@pytest.fixture
def make(anvil: Anvil, journal: Journal) -> Callable[..., Outbox]:
    """Outboxes over the test's chain and journal, started."""

    def started(endpoint: Any = None, settings: OutboxSettings = QUICK, **options: Any) -> Outbox:
        key = LocalKey(OPERATOR)
        made = Outbox(endpoint or anvil.rpc, journal, key, key.address, CHAIN_ID, settings)
        made.start(**options)
        return made

    return started


@pytest.fixture
def outbox(make: Callable[..., Outbox]) -> Outbox:
    """One of them."""
    return make()


@pytest.fixture
def want(journal: Journal) -> Callable[..., list[int]]:
    """Enqueue calls of the counter, each with its number as calldata; their ids."""

    def enqueue(outbox: Outbox, *numbers: int, **options: Any) -> list[int]:
        with journal.transaction():
            return [outbox.enqueue(f"count {n}", COUNTER_AT, n.to_bytes(32), **options) for n in numbers]

    return enqueue
