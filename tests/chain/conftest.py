"""Fixtures of these tests: a journal of one's own, and a real chain of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from executor.chain import follower, outbox
from executor.journal import Identity, Journal
from tests.anvil import CHAIN_ID, COUNTER, OPERATOR, Anvil, running_anvil
from tests.chain.proxy import FaultyProxy, faulty_proxy

MARKET = "0x" + "0a" * 20


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    owner = Identity(CHAIN_ID, b"\x00" * 32, MARKET, OPERATOR.address)
    with Journal.open(tmp_path / "journal.sqlite", owner, (follower.SCHEMA, outbox.SCHEMA)) as opened:
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
