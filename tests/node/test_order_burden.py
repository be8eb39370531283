"""What orders cost a node: few exchanges, bounded room, and the gas that strangers' code eats."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from threading import Thread

import pytest

from executor.chain.orders import Order, SignedOrder, recover
from executor.chain.requests import LIVE
from executor.client import ClientError
from executor.node import intake as intake_module
from executor.node.batches import FIXED_GAS
from executor.node.claim import room
from executor.node.follow import follow
from executor.node.lifecycle import State
from executor.node.node import Node
from executor.node.orders import OrderState
from executor.node.policy import Conditions, Policy, Take, Wait, weigh_order
from executor.node.serve import (
    HOOK_GAS,
    RESOLVE_GAS,
    SIGNATURE_GAS,
    Chosen,
    _gas,
    claim_orders,
    decide_orders,
)
from tests.node.network import ETHER, Town, create_model, image, key
from tests.node.test_orders import freeze, step_until, submit

PRICE = ETHER // 100


@pytest.fixture
def node(node_of) -> Node:
    return node_of(intake=True, intake_port=0)


def hand_in(node: Node, orders: Sequence[SignedOrder]) -> list[bytes]:
    """As if they had just come in."""
    digests = [bytes([number + 1]) * 32 for number in range(len(orders))]
    with node.desk.journal.transaction():
        for digest, signed in zip(digests, orders, strict=True):
            node.desk.orders.add(digest, signed, node.desk.now)
    return digests


def decide(node: Node) -> list[Chosen]:
    policy = node._settings.policy
    return decide_orders(node.desk, policy, 100, node._seconds(), node._settings.latency)


# Looks


def exchanges(node: Node, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many times deciding once asks the endpoint."""
    endpoint, asked = node.desk.endpoint, []
    exchange = endpoint._exchange
    with monkeypatch.context() as patch:
        patch.setattr(endpoint, "_exchange", lambda calls: asked.append(len(calls)) or exchange(calls))
        decide(node)
    return len(asked)


def test_decide_orders__sixteen_or_one__asks_the_chain_as_often(town: Town, node: Node, monkeypatch) -> None:
    freeze(town)
    client = town.client()
    orders = [client.sign_order(town.model, image(0), max_price=PRICE, nonce=n) for n in range(17)]
    node.step()
    hand_in(node, orders[:1])
    alone = exchanges(node, monkeypatch)
    with node.desk.journal.transaction():
        for number, signed in enumerate(orders[1:]):
            node.desk.orders.add(bytes([100 + number]) * 32, signed, node.desk.now)
    assert exchanges(node, monkeypatch) <= alone <= 6


def test_decide_orders__more_than_it_looks_at__looks_at_new_ones_first(town: Town, node: Node) -> None:
    freeze(town)
    client = town.client()
    orders = [client.sign_order(town.model, image(0), max_price=PRICE, nonce=n) for n in range(20)]
    node.step()
    digests = hand_in(node, orders)
    decide(node)
    noted = [bool(node.desk.orders.get(digest).note) for digest in digests]
    assert noted == [True] * 16 + [False] * 4
    town.warp(100)  # now the others could be looked at again
    follow(node.desk)
    decide(node)
    assert all(node.desk.orders.get(digest).note for digest in digests)


def test_decide_orders__that_waited_long__are_looked_at_less_often(town: Town, node: Node) -> None:
    freeze(town)
    signed = town.client().sign_order(town.model, image(0), max_price=PRICE, expires_in=10**9)
    node.step()
    (digest,) = hand_in(node, [signed])
    pauses = []
    for _ in range(4):
        decide(node)
        row = node.desk.orders.get(digest)
        pauses.append(row.wait_until - node.desk.now)
        town.warp(400)
        node.step()
    assert pauses[0] <= 5
    assert 90 <= pauses[1] < pauses[2] < pauses[3] <= 400


def test_decide_orders__a_model_that_lies__spoils_no_look_at_the_others(town: Town, node: Node) -> None:
    """The endpoint refuses one answer of a batch in its own words."""
    freeze(town)
    client = town.client()
    client.deposit(PRICE)
    good = client.sign_order(town.model, image(0), max_price=PRICE, min_price=PRICE, ramp=0)
    liar = "0x" + "1A" * 20
    town.anvil.place(bytes.fromhex("5b5f56"), liar)  # an endless loop
    bad = SignedOrder(good.order._replace(model=liar, nonce=9), good.input, good.signature)
    node.step()
    _, second = hand_in(node, [bad, good])
    assert [item.row.digest for item in decide(node)] == [second]


def test_decide_orders__of_a_revoked_version__are_dropped(town: Town, node: Node) -> None:
    freeze(town)
    town.send("owner", town.contracts.model(town.model), "revoke", 1)
    signed = town.client().sign_order(town.model, image(0), max_price=PRICE, version=1)
    node.step()
    (digest,) = hand_in(node, [signed])
    decide(node)
    row = node.desk.orders.get(digest)
    assert (row.state, row.note) == (OrderState.DROPPED, "its version is revoked")


# Room


def test_decide_orders__no_time_behind_what_is_promised__waits_for_its_turn(
    town: Town, node: Node, monkeypatch
) -> None:
    """Each takes ten seconds of thirty: two fit, and a third once one of them is done."""
    freeze(town)
    client = town.client()
    client.deposit(9 * PRICE)
    fixed = {"max_price": PRICE, "min_price": PRICE, "ramp": 0, "result_seconds": 40}
    orders = [client.sign_order(town.model, image(0), nonce=n, **fixed) for n in range(4)]
    node.step()
    digests = hand_in(node, orders)
    monkeypatch.setattr(node._backend, "seconds", lambda _: 9.0)
    chosen = decide(node)
    assert [item.row.digest for item in chosen] == digests[:3]  # 10 margin, 1 latency, 27 of work
    assert node.desk.orders.get(digests[3]).note == "no time for it now"
    claim_orders(node.desk, chosen[:1])
    free = room(node.desk, 100, node._seconds(), node._settings.latency)
    assert (free.ahead, free.jobs) == (9.0, 99)
    assert [item.row.digest for item in decide(node)] == digests[1:3]


def test_submit__one_signer_beyond_its_share__leaves_room_for_others(town: Town, node_of) -> None:
    node = node_of(intake=True, intake_port=0, most_orders=16)
    greedy, other = town.client(), town.client("visitor")
    for nonce in range(2):
        submit(
            node,
            greedy,
            greedy.sign_order(town.model, image(0), max_price=PRICE, nonce=nonce),
            node.intake.url,
        )
    with pytest.raises(ClientError, match="too many orders of this signer wait here"):
        submit(node, greedy, greedy.sign_order(town.model, image(0), max_price=PRICE), node.intake.url)
    assert submit(node, other, other.sign_order(town.model, image(0), max_price=PRICE), node.intake.url)


def test_intake__a_byte_now_and_then__does_not_hold_its_thread(node: Node, monkeypatch) -> None:
    monkeypatch.setattr(intake_module, "PATIENCE", 0.5)
    host, port = node.intake.url.removeprefix("http://").split(":")
    begun = time.monotonic()
    with socket.create_connection((host, int(port)), timeout=5) as slow:
        slow.sendall(b"POST /orders HTTP/1.0\r\nContent-Length: 60000\r\n\r\n")
        drip = Thread(target=_drip, args=(slow,), daemon=True)
        drip.start()
        assert slow.recv(100) == b""
    assert time.monotonic() - begun < 3
    drip.join()


def _drip(slow: socket.socket) -> None:
    """A byte before every pause that a server may wait out."""
    try:
        for _ in range(40):
            slow.sendall(b"{")
            time.sleep(0.1)
    except OSError:
        pass  # the server has had enough


# Gas


def eater(word: str, gas: int) -> bytes:
    """A contract that answers every call with a word, when less than `gas` is left of what it was given."""
    push = f"{(len(word) // 2 - 1 + 0x60):02x}{word}"
    return bytes.fromhex(f"5b61{gas:04x}5a11" + "5f57" + push + "5f5260205ff3")


ONE, MAGIC = "01", "1626ba7e".ljust(64, "0")
WALLET, HOOK = "0x" + "3A" * 20, "0x" + "4B" * 20


@pytest.fixture
def dearest(town: Town) -> SignedOrder:
    """An order whose signer, model and hook take all the gas they are given, and say yes."""
    town.anvil.place(eater(ONE, 2_000), HOOK)
    model = create_model(town, town.deployment.address("MockArbiter"), hook=HOOK)
    town.send("stranger", town.contracts.market, "freeze", model, 1)
    signed = town.client().sign_order(model, image(0), max_price=PRICE, min_price=PRICE, ramp=0, version=LIVE)
    town.anvil.place(eater(ONE, 2_000), model)
    town.anvil.place(eater(MAGIC, 2_000), WALLET)
    native = "0x" + "00" * 20
    wallet = town.contracts.model(WALLET).address
    town.send("stranger", town.contracts.market, "deposit", native, wallet, 10 * ETHER, value=10 * ETHER)
    return SignedOrder(signed.order._replace(requester=wallet), signed.input, b"\x01" * 200)


def nth(signed: SignedOrder, nonce: int) -> SignedOrder:
    return SignedOrder(signed.order._replace(nonce=nonce), signed.input, signed.signature)


@pytest.mark.parametrize("number", [1, 4])
def test_order_gas__everybody_eats_all_they_get__is_enough_for_the_batch(
    town: Town, node: Node, dearest: SignedOrder, number: int
) -> None:
    node.step()
    digests = hand_in(node, [nth(dearest, n) for n in range(number)])
    market, orders = town.contracts.market, town.contracts.orders
    terms = town.ask(market, "terms_of", dearest.order.model, 1)
    chosen = [Chosen(node.desk.orders.get(digest), terms) for digest in digests]
    signed = [item.row.signed for item in chosen]
    data = orders.encode(
        "claim",
        [item.order for item in signed],
        [terms] * number,
        [len(item.input) | len(item.signature) << 32 for item in signed],
        *(b"".join(item.input for item in signed), b"".join(item.signature for item in signed)),
    )
    planned = FIXED_GAS + sum(_gas(item) for item in chosen)
    sender = key("executor").address
    call = {"from": sender, "to": orders.address, "data": "0x" + data.hex()}
    done = town.anvil.call("eth_call", {**call, "gas": hex(planned)}, "latest")
    assert int(done, 16) == number  # none was skipped for want of gas
    taken = int(town.anvil.call("eth_estimateGas", call, "latest"), 16)
    assert number * (SIGNATURE_GAS + RESOLVE_GAS + HOOK_GAS) < taken <= planned


def test_decide_orders__strangers_code_could_eat_the_earnings__waits_for_a_better_price(
    town: Town, node: Node, dearest: SignedOrder
) -> None:
    """However cheap it looks while it is simulated: here it would not even take what it is charged for."""
    for address in (WALLET, HOOK, dearest.order.model):
        word = MAGIC if address == WALLET else ONE
        town.anvil.place(eater(word, 60_000), address)
    gas_price = int(town.anvil.call("eth_gasPrice"), 16)
    node.step()
    cheap = dearest.order.offer._replace(min_price=780_000 * gas_price, max_price=780_000 * gas_price)
    dear = dearest.order.offer._replace(min_price=900_000 * gas_price, max_price=900_000 * gas_price)
    orders = [dearest.order._replace(offer=offer, nonce=n) for n, offer in enumerate((cheap, dear))]
    first, second = hand_in(node, [SignedOrder(order, dearest.input, dearest.signature) for order in orders])
    assert [item.row.digest for item in decide(node)] == [second]
    assert node.desk.orders.get(first).note.startswith("it pays")


def test_order__handed_in_again_while_its_claim_is_on_its_way__is_not_claimed_twice(
    town: Town, node: Node
) -> None:
    freeze(town)
    client = town.client()
    client.deposit(PRICE)
    signed = client.sign_order(town.model, image(5), max_price=PRICE, min_price=PRICE, ramp=0)
    town.anvil.automine(False)
    digest = submit(node, client, signed, node.intake.url)
    step_until(node, digest, OrderState.CLAIMING)
    with node.desk.journal.transaction():
        node.desk.journal.write("DELETE FROM orders")  # forgotten among a thousand newer ones
    assert submit(node, client, signed, node.intake.url) == digest
    for _ in range(5):
        node.step()
    assert "already on its way" in node.desk.orders.get(digest).note
    town.anvil.automine(True)
    town.anvil.mine(1)
    step_until(node, digest, OrderState.OPENED)
    for _ in range(200):
        node.step()
        if node.desk.jobs.counts() == {State.POSTED: 1}:
            break
        time.sleep(0.01)
    assert node.desk.jobs.counts() == {State.POSTED: 1}


def test_recover__a_wallets_signature__is_nobodys(dearest: SignedOrder, town: Town) -> None:
    digest = dearest.order.digest(town.contracts.chain_id, town.contracts.orders.address)
    assert recover(digest, dearest.signature) is None


@pytest.mark.parametrize(("strangers", "verdict"), [(0, Take), (400_000, Wait)])
def test_weigh_order__gas_of_strangers__is_part_of_its_cost(
    town: Town, dearest: SignedOrder, strangers: int, verdict: type
) -> None:
    order: Order = dearest.order
    terms = town.contracts.frozen(town.anvil.rpc, town.ask(town.contracts.market, "terms_of", order.model, 1))
    policy = Policy(arbiters=frozenset({terms.arbiter}))
    conditions = Conditions(now=0, gas_price=1, seconds=1)
    found = weigh_order(order.offer, 500_000, terms, 32, policy, conditions, strangers)
    assert isinstance(found, verdict)
