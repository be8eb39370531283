"""Signed orders: from a signature to a paid answer without any gas of the signer, and everything refused."""

from __future__ import annotations

import json
import time
import urllib.request
from threading import Thread

import pytest

from executor.chain.requests import LIVE
from executor.client import ClientError, NoAnswerError
from executor.node.lifecycle import State
from executor.node.node import Node
from executor.node.orders import OrderState
from executor.program import load, run
from tests.node.network import DIGITS, ETHER, WINDOW, Town, image

PRICE = ETHER // 100


@pytest.fixture
def node(node_of) -> Node:
    return node_of(intake=True, intake_port=0)


@pytest.fixture
def url(node: Node) -> str:
    assert node.intake is not None
    return node.intake.url


def submit(node: Node, client, signed, url: str) -> bytes:
    """Hand it over, stepping meanwhile."""
    got: list[bytes | Exception] = []

    def hand_over() -> None:
        try:
            got.append(client.submit_order(signed, url))
        except ClientError as error:
            got.append(error)

    thread = Thread(target=hand_over)
    thread.start()
    while thread.is_alive():
        node.step()
        time.sleep(0.01)
    (answer,) = got
    if isinstance(answer, Exception):
        raise answer
    return answer


def step_until(node: Node, digest: bytes, state: OrderState) -> None:
    for _ in range(300):
        node.step()
        row = node.desk.orders.get(digest)
        assert row is not None
        if row.state is state:
            return
        time.sleep(0.01)
    raise AssertionError(f"never {state}: {row}")


def freeze(town: Town) -> None:
    town.send("stranger", town.contracts.market, "freeze", town.model, 1)


def test_order__signed_and_submitted__is_answered_and_paid_from_the_balance(town: Town, node, url) -> None:
    freeze(town)
    client = town.client()
    client.deposit(PRICE)
    sent = town.anvil.nonce(client.address)
    signed = client.sign_order(town.model, image(5), max_price=PRICE, min_price=PRICE, ramp=0)
    digest = submit(node, client, signed, url)
    step_until(node, digest, OrderState.OPENED)
    identifier = client.wait_order(digest, url, timeout=5)

    while node.desk.jobs.counts() != {State.POSTED: 1}:
        node.step()
    assert client.wait(identifier, timeout=5).output == run(load(DIGITS), image(5))
    town.warp(WINDOW)
    while node.desk.jobs.counts() != {State.FINAL: 1}:
        node.step()
    answer = client.wait(identifier, "final", timeout=5)
    assert (answer.price, client.balance()) == (PRICE, 0)
    assert town.anvil.nonce(client.address) == sent


def test_order__twice__is_taken_once(town: Town, node, url) -> None:
    freeze(town)
    client = town.client()
    client.deposit(2 * PRICE)
    signed = client.sign_order(town.model, image(5), max_price=PRICE, ramp=0)
    assert submit(node, client, signed, url) == submit(node, client, signed, url)
    for _ in range(20):
        node.step()
    assert sum(node.desk.jobs.counts().values()) == 1
    assert client.balance() == PRICE


def test_order__of_a_signer_without_balance__waits_until_it_has_one(town: Town, node, url) -> None:
    freeze(town)
    client = town.client()
    signed = client.sign_order(town.model, image(5), max_price=PRICE, ramp=0)
    digest = submit(node, client, signed, url)
    node.step()
    row = node.desk.orders.get(digest)
    assert row is not None
    assert (row.state, row.note) == (OrderState.RECEIVED, "its signer's balance is too small")
    client.deposit(PRICE)
    town.warp(30)
    step_until(node, digest, OrderState.OPENED)


def test_order__drawn_to_a_candidate_that_is_not_held__waits_for_another_draw(town: Town, node, url) -> None:
    """A canary must not cost a model the executors that only know its live version."""
    freeze(town)
    shell, client = town.contracts.model(town.model), town.client()
    (terms, *rest) = town.ask(shell, "version", 1)
    town.send("owner", shell, "publish", ((b"\x07" * 32, *terms[1:]), *rest))
    town.send("owner", shell, "canary", 2, 5_000)
    client.deposit(PRICE)
    signed = client.sign_order(town.model, image(5), max_price=PRICE, min_price=PRICE, ramp=0)
    question = LIVE, client.address, town.ask(town.contracts.market, "counter"), signed.order.input
    while town.ask(shell, "resolve", *question) != 2:
        town.warp(1)
    digest = submit(node, client, signed, url)
    node.step()
    row = node.desk.orders.get(digest)
    assert row is not None
    assert (row.state, row.note) == (
        OrderState.RECEIVED,
        "drawn to a version whose program is not held here",
    )
    for _ in range(60):
        town.warp(30)
        node.step()
        row = node.desk.orders.get(digest)
        if row.state is OrderState.OPENED:
            break
    assert row.state is OrderState.OPENED, row.note
    assert client.request(row.request).version == 1


def test_order__expired__is_dropped_and_its_client_told(town: Town, node, url) -> None:
    freeze(town)
    client = town.client()
    signed = client.sign_order(town.model, image(5), max_price=PRICE, expires_in=5)
    town.warp(60)
    digest = submit(node, client, signed, url)
    step_until(node, digest, OrderState.DROPPED)
    with pytest.raises(NoAnswerError, match="dropped: expired"):
        client.wait_order(digest, url, timeout=5)


def test_order__nonce_spent_by_its_signer__is_dropped(town: Town, node, url) -> None:
    freeze(town)
    client = town.client()
    client.deposit(PRICE)
    signed = client.sign_order(town.model, image(5), max_price=PRICE, nonce=700)
    client.invalidate(700)
    digest = submit(node, client, signed, url)
    step_until(node, digest, OrderState.DROPPED)


def test_submit__signature_of_another_key__is_refused_before_it_takes_room(town: Town, node, url) -> None:
    client, visitor = town.client(), town.client("visitor")
    signed = client.sign_order(town.model, image(5), max_price=PRICE)
    forged = signed.__class__(
        signed.order._replace(requester=visitor.address), signed.input, signed.signature
    )
    with pytest.raises(ClientError, match="wrong signature"):
        submit(node, client, forged, url)
    assert node.desk.orders.live() == 0


def test_submit__more_than_there_is_room_for__is_refused(town: Town, node_of) -> None:
    node = node_of(intake=True, intake_port=0, most_orders=1)
    client = town.client()
    orders = [client.sign_order(town.model, image(5), max_price=PRICE) for _ in range(2)]
    submit(node, client, orders[0], node.intake.url)
    with pytest.raises(ClientError, match="too many orders"):
        submit(node, client, orders[1], node.intake.url)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/orders", b"{", 400),
        ("/orders", b"[1, 2]", 400),
        ("/orders", json.dumps({"order": {"model": "0x12"}, "input": "0x", "signature": "0x"}).encode(), 400),
        ("/orders", b"[" * 60_000, 400),
        ("/orders", b"x" * 70_000, 413),
        ("/elsewhere", b"{}", 404),
    ],
)
def test_intake__nonsense__is_refused_with_a_status(node, url, path: str, body: bytes, status: int) -> None:
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(urllib.request.Request(url + path, data=body), timeout=5)
    assert refusal.value.code == status


@pytest.mark.parametrize("name", ["/", "/orders/0x12", "/orders/0x" + "00" * 32, "/orders/0x" + "zz" * 32])
def test_intake__order_that_is_not_there__is_no_answer(node, url, name: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(url + name, timeout=5)
    assert refusal.value.code in (400, 404)
