"""Inputs too long for a request: what the client sends, and what it does not send twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from executor.chain.requests import Flags
from executor.chain.runs import cut
from executor.chain.upload import Upload
from executor.chain.wallet import TransactionRefusedError
from executor.client import Client, ClientError
from executor.program import data_root
from executor.program.commitments import TILE
from tests.disputes.city import publish
from tests.disputes.page import SIZE, page, scan
from tests.node.network import ETHER, Town, image, key

PRICE = ETHER // 100


@pytest.fixture
def office(town: Town) -> Town:
    """A town whose model reads pages of 40 KiB: two runs."""
    town.model = publish(town, page())
    return town


class Interrupted(Exception):
    """The process is no more."""


def after(sent: int) -> Callable[[Upload], None]:
    """Ends an upload once so many transactions are sent."""
    left = [sent + 1]

    def report(_: Upload) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Interrupted

    return report


def nonce(town: Town, role: str = "requester") -> int:
    return town.anvil.nonce(key(role).address)


@pytest.mark.parametrize("sent", [0, 1, 2, 3])
def test_open__interrupted_after_some_transactions__sends_the_others_only(office: Town, sent: int) -> None:
    client = office.client()
    with pytest.raises(Interrupted):
        client.open(office.model, scan(1), max_price=PRICE, report=after(sent))
    assert nonce(office) == sent
    identifier = office.client().open(office.model, scan(1), max_price=PRICE)
    assert nonce(office) == 4  # two runs, the seal, the request
    assert client.request(identifier).input == data_root(scan(1), SIZE)
    assert client.request(identifier).flags == Flags.UPLOADED


def test_open__same_input_again__sends_the_request_only(office: Town) -> None:
    client, told = office.client(), list[Upload]()
    client.open(office.model, scan(1), max_price=PRICE)
    client.open(office.model, scan(1), max_price=PRICE, report=told.append)
    assert [(state.missing, state.gas, state.used) for state in told] == [(0, 0, 0)]
    assert nonce(office) == 5
    assert client.upload_plan(office.model, scan(1)).gas == 0


def test_upload__runs_brought_by_others_in_another_order__are_not_sent_again(office: Town) -> None:
    for run in reversed(cut(scan(1), SIZE)):
        office.send("visitor", office.contracts.inputs, "upload", run.data)
    plan = office.client().upload_plan(office.model, scan(1))
    assert (plan.runs, plan.missing) == (2, 0)
    assert plan.gas < 100_000
    root = office.client().upload(office.model, scan(1))
    assert root == data_root(scan(1), SIZE)
    assert nonce(office) == 1


def test_upload__run_known_with_zeros_beyond_the_input__is_sent_without_them(office: Town) -> None:
    """Somebody has uploaded the last tiles with zeros that lie beyond what this version takes."""
    town, size = office, SIZE - TILE + 100
    town.model = publish(town, page(), input_size=size)
    data = scan(1, size)
    last = cut(data, size)[-1]
    town.send("stranger", town.contracts.inputs, "upload", last.data.ljust(last.tiles * TILE, b"\0"))
    assert town.client().upload(town.model, data) == data_root(data, size)


def test_upload__transaction_refused__says_why_and_goes_on_later(office: Town) -> None:
    client = office.client()
    with pytest.raises(Interrupted):
        client.upload(office.model, scan(1), report=after(1))
    office.anvil.fund(client.address, 0)
    with pytest.raises(TransactionRefusedError, match="Insufficient funds"):
        client.upload(office.model, scan(1))
    office.anvil.fund(client.address, ETHER)
    client.upload(office.model, scan(1))
    assert nonce(office) == 3


def test_upload__on_its_way_from_a_process_that_died__is_not_sent_again(office: Town) -> None:
    """The transaction waits in the pool: the chain does not have the run yet, and will."""
    client, inputs = office.client(), office.contracts.inputs
    first = cut(scan(1), SIZE)[0]
    office.anvil.automine(False)
    raw = client._sender._signed(inputs.address, inputs.encode("upload", first.data), 0, 3_000_000)
    office.anvil.call("eth_sendRawTransaction", "0x" + raw.hex())
    assert client.upload_plan(office.model, scan(1)).missing == 1
    office.anvil.mine()
    office.anvil.automine(True)
    client.upload(office.model, scan(1))
    assert nonce(office) == 3


@pytest.mark.parametrize("undone", [1, 2, 3])
def test_upload__reorganised_away_at_once__is_sent_again(office: Town, undone: int) -> None:
    """undone: blocks, the seal's and those of some or all runs."""
    client, reports = office.client(), list[Upload]()
    office.anvil.mine(1)

    def reorganise(state: Upload) -> None:
        reports.append(state)
        if len(reports) == 4:
            undo(office, undone)

    root = client.upload(office.model, scan(1), report=reorganise)
    assert len(reports) == 4 + undone
    assert office.ask(office.contracts.inputs, "sealed_size", root) == SIZE


@pytest.mark.parametrize("undone", [1, 2, 3])
def test_open__upload_reorganised_away_before_the_request__is_sent_again(
    office: Town, monkeypatch: pytest.MonkeyPatch, undone: int
) -> None:
    client, left, request = office.client(), [undone], Client._request
    office.anvil.mine(1)

    def reorganise(*arguments: Any) -> Any:
        if left:
            undo(office, left.pop())
        return request(*arguments)

    monkeypatch.setattr(Client, "_request", reorganise)
    identifier = client.open(office.model, scan(1), max_price=PRICE)
    assert client.input(identifier) == scan(1).rstrip(b"\0")


def undo(town: Town, blocks: int) -> None:
    """A reorganisation after which no pool has the transactions any more."""
    town.anvil.reorg(blocks)
    town.anvil.call("anvil_dropAllTransactions")


def test_open__zeros_at_the_end__cost_nothing(office: Town) -> None:
    client = office.client()
    identifier = client.open(office.model, b"\1" + bytes(SIZE - 1), max_price=PRICE)
    assert client.request(identifier).flags == Flags.NONE
    assert client.input(identifier) == b"\1"
    assert nonce(office) == 1


@pytest.mark.parametrize("zeros", [0, 1])
def test_open__longer_than_the_version_takes__is_refused_before_anything_is_sent(
    office: Town, zeros: int
) -> None:
    data = scan(1) + b"\1" if not zeros else b"\1" + bytes(SIZE)
    with pytest.raises(ClientError, match=f"{SIZE + 1} bytes of input where {SIZE} are taken"):
        office.client().open(office.model, data, max_price=PRICE)
    assert nonce(office) == 0


def test_open__root_that_was_sealed_for_another_size__is_refused(office: Town) -> None:
    root = office.client().upload(office.model, scan(1))
    other = publish(office, page(), input_size=SIZE + 1)
    with pytest.raises(TransactionRefusedError, match="market: input not uploaded"):
        office.client().open(other, root, max_price=PRICE, flags=Flags.UPLOADED)


def test_open__root_of_an_uploaded_input__names_it(town: Town) -> None:
    client = town.client()
    root = client.upload(town.model, image(3))
    identifier = client.open(town.model, root, max_price=PRICE, flags=Flags.UPLOADED)
    assert client.input(identifier) == image(3).rstrip(b"\0")


def test_input__kept_elsewhere__says_so(town: Town) -> None:
    model = publish(town, page(), unwatchable=True)
    client = town.client()
    identifier = client.open(model, data_root(b"", SIZE), max_price=PRICE, flags=Flags.UNWATCHABLE)
    with pytest.raises(ClientError, match="it is kept elsewhere"):
        client.input(identifier)
