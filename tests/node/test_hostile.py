"""What strangers hand to a node: models that lie, orders that nobody can claim. It goes on serving."""

from __future__ import annotations

from threading import Thread

import pytest

from executor.chain.codec import Abi
from executor.chain.contracts import CallRevertedError, Contract, ask
from executor.chain.follower import Log
from executor.chain.orders import InvalidOrder, SignedOrder
from executor.node.lifecycle import State
from executor.node.orders import OrderState
from executor.node.serve import LIFETIME
from tests.node.network import ETHER, Town, image
from tests.node.test_orders import step_until, submit

PRICE = ETHER // 100
# return(0, 31); invalid; endless loop; return 64 KiB; return the word 1
LIARS = {
    "short": "601f5ff3",
    "reverting": "5f5ffd",
    "endless": "5b5f56",
    "long": "620100005ff3",
    "version_without_terms": "60015f5260205ff3",
}


@pytest.fixture
def node(node_of):
    return node_of(intake=True, intake_port=0)


@pytest.mark.parametrize("code", LIARS.values(), ids=LIARS)
def test_order__for_a_model_that_lies__waits_and_hurts_nobody(town: Town, node, code: str) -> None:
    liar = "0x" + "1A" * 20
    client = town.client()
    client.deposit(PRICE)
    signed = client.sign_order(town.model, image(0), max_price=PRICE, ramp=0)
    lying = signed.order._replace(model=Contract("Model", liar).address)
    typed = lying.typed_data(town.contracts.chain_id, town.contracts.orders.address)
    forged = SignedOrder(lying, signed.input, client._key.sign_typed_data(typed))
    town.anvil.place(bytes.fromhex(code), liar)
    digest = submit(node, client, forged, node.intake.url)
    honest = client.open(town.model, image(0), max_price=PRICE, min_price=PRICE)
    for _ in range(200):
        node.step()
        if node.desk.jobs.counts() == {State.POSTED: 1}:
            break
    assert client.wait(honest, timeout=5).output
    row = node.desk.orders.get(digest)
    assert row.state is OrderState.RECEIVED
    assert row.note


def test_order__that_nobody_can_claim__makes_room_after_its_lifetime(town: Town, node) -> None:
    client = town.client()
    signed = client.sign_order(town.model, image(0), max_price=PRICE, expires_in=10**9)
    digest = submit(node, client, signed, node.intake.url)
    node.step()
    assert node.desk.orders.live() == 1
    town.warp(LIFETIME + 1)
    step_until(node, digest, OrderState.DROPPED)
    assert node.desk.orders.live() == 0


def test_orders__that_ended__are_kept_to_a_number(town: Town, node) -> None:
    client = town.client()
    orders = [client.sign_order(town.model, image(0), max_price=PRICE, nonce=n) for n in range(4)]
    with node.desk.journal.transaction():
        for number, signed in enumerate(orders):
            node.desk.orders.add(bytes([number]) * 32, signed, 0)
    for number in range(3):
        row = node.desk.orders.get(bytes([number]) * 32)
        with node.desk.journal.transaction():
            node.desk.orders.step(row, OrderState.DROPPED)
    with node.desk.journal.transaction():
        node.desk.orders.forget(2)
    kept = [number for number in range(4) if node.desk.orders.get(bytes([number]) * 32)]
    assert kept == [1, 2, 3]


def test_submit__from_more_clients_than_there_are_threads__answers_or_closes_each(town: Town, node) -> None:
    client = town.client()
    orders = [client.sign_order(town.model, image(0), max_price=PRICE, nonce=n) for n in range(50)]
    ends: list[object] = []

    def hand_over(signed: SignedOrder) -> None:
        try:
            ends.append(client.submit_order(signed, node.intake.url))
        except Exception as error:
            ends.append(error)

    threads = [Thread(target=hand_over, args=(signed,)) for signed in orders]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        node.step()
    taken = [end for end in ends if isinstance(end, bytes)]
    assert len(ends) == 50
    assert node.desk.orders.live() == len(set(taken)) > 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"signature": "0x" + "00" * 5_000}, "end at 4096 bytes"),
        ({"input": "0x1234"}, "another one"),
        ({"input": "1234"}, "written as 0x"),
        ({"input": 7}, "written as 0x"),
        ({"order": None}, "malformed"),
        ({"order": {}}, "malformed"),
    ],
)
def test_from_json__broken_order__says_why(town: Town, change: dict[str, object], reason: str) -> None:
    content = town.client().sign_order(town.model, image(0), max_price=PRICE).to_json()
    with pytest.raises(InvalidOrder, match=reason):
        SignedOrder.from_json({**content, **change})


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("nonce", str(2**256), "uint256"),
        ("nonce", "-1", "uint256"),
        ("nonce", "one", "malformed"),
        ("model", "0x12", "malformed"),
        ("surprise", "1", "malformed"),
        ("nonce", float("inf"), "malformed"),
        ("nonce", float("nan"), "malformed"),
        ("nonce", "9" * 5_000, "malformed"),
        ("offer", "LIVE", "malformed"),
        ("offer", [], "malformed"),
    ],
)
def test_from_json__impossible_field__says_why(town: Town, field: str, value: str, reason: str) -> None:
    content = town.client().sign_order(town.model, image(0), max_price=PRICE).to_json()
    content["order"][field] = value
    with pytest.raises(InvalidOrder, match=reason):
        SignedOrder.from_json(content)


def test_ask__address_without_code__says_that_there_is_no_contract(town: Town) -> None:
    with pytest.raises(CallRevertedError, match="there is no contract that knows live"):
        ask(town.anvil.rpc, [Contract("Model", "0x" + "77" * 20).query("live")])


def test_event__of_the_right_topic_and_wrong_shape__is_none(town: Town) -> None:
    market = town.contracts.market
    topic = market.abi.topic("Claimed")
    where = (1, b"\0" * 32, b"\0" * 32, 0)
    short = Log(market.address.lower(), (topic, b"\1" * 32), b"", *where)
    assert town.contracts.event(short) is None
    foreign = Log("0x" + "77" * 20, (topic, b"\1" * 32, b"\2" * 32), b"\0" * 32, *where)
    assert town.contracts.event(foreign) is None
    assert town.contracts.event(Log(market.address.lower(), (), b"", *where)) is None


def test_decode__addresses_inside_structs_and_arrays__are_checksummed() -> None:
    pair = {"name": "p", "type": "tuple[]", "components": [{"type": "address"}, {"type": "uint256"}]}
    abi = Abi("Any", [{"type": "function", "name": "f", "inputs": [pair], "outputs": [pair]}])
    address = Contract("Market", "0x" + "ab" * 20).address
    data = abi.functions["f"].encode([(address, 5)])[4:]
    assert abi.functions["f"].decode(data) == ((address, 5),)
