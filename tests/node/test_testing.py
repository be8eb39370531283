"""The fixture that a dApp's own tests use, used as such a test would."""

from __future__ import annotations

from pathlib import Path

import pytest

from executor.chain.requests import Flags, Status
from executor.program import load, run
from tests.disputes.page import page, scan, written
from tests.node.network import DIGITS, ETHER, image

PRICE = ETHER // 100


def test_answer__guestbook_of_the_examples__shows_the_entry_and_seals_it(elenchus, project, accounts) -> None:
    model = elenchus.create_model(DIGITS)
    visitor = accounts[15]
    guestbook = visitor.deploy(project.Guestbook, model, ETHER // 10, 1, visitor)
    signed = guestbook.sign(image(0), sender=visitor, value=PRICE)
    identifier = signed.events[-1].id

    elenchus.answer()
    entry, sealed = guestbook.entry(identifier)
    assert (entry.visitor, entry.digit, sealed) == (visitor.address, 2, False)
    elenchus.finalize()
    assert guestbook.entry(identifier)[1]


def test_answer__whatever_it_pays__is_given_at_once(elenchus) -> None:
    model, client = elenchus.create_model(DIGITS), elenchus.client()
    ids = [client.open(model, image(number), max_price=1) for number in range(3)]
    elenchus.answer()
    outputs = [client.wait(each, timeout=1).output for each in ids]
    assert outputs == [run(load(DIGITS), image(number)) for number in range(3)]
    elenchus.finalize()
    assert all(client.slot(each).status is Status.FINAL for each in ids)


def test_answer__two_models__are_both_served(elenchus, tmp_path: Path) -> None:
    copy = tmp_path / "copy.program"
    copy.write_bytes(DIGITS.read_bytes())
    client = elenchus.client()
    first = client.open(elenchus.create_model(DIGITS), image(0), max_price=1)
    elenchus.answer()
    second = client.open(elenchus.create_model(copy), image(1), max_price=1)
    elenchus.answer()
    assert client.wait(first, timeout=1).output != client.wait(second, timeout=1).output


def test_answer__input_too_long_for_a_request__is_uploaded_and_answered(elenchus, tmp_path: Path) -> None:
    model, client = elenchus.create_model(written(tmp_path)), elenchus.client()
    identifier = client.open(model, scan(1), max_price=1)
    elenchus.answer()
    assert client.wait(identifier, timeout=1).output == run(page(), scan(1))


def test_answer__nothing_to_do__returns(elenchus) -> None:
    elenchus.create_model(DIGITS)
    elenchus.answer()
    elenchus.finalize()


def test_answer__that_cannot_come__says_why(elenchus, monkeypatch) -> None:
    monkeypatch.setattr("executor.testing.PATIENCE", 0.3)
    model, client = elenchus.create_model(DIGITS), elenchus.client()
    client.open(model, image(0), max_price=1, bond=2_000 * ETHER)
    with pytest.raises(AssertionError, match="left a request open"):
        elenchus.answer()


def test_finalize__consumer_called_when_final__has_been_called(elenchus, project, accounts) -> None:
    model = elenchus.create_model(DIGITS)
    consumer = accounts[15].deploy(project.MockConsumer)
    offer = {"consumer": consumer.address, "flags": Flags.AT_FINAL, "callback_gas": 300_000}
    elenchus.client().open(model, image(0), max_price=PRICE, **offer)
    elenchus.answer()
    assert consumer.results() == 0
    elenchus.finalize()
    assert consumer.results() == 1
