"""What the executor packs, hashes and decodes is what the deployed contracts do, on values of every size."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from eth_account.messages import encode_typed_data
from eth_utils import keccak, to_checksum_address
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from executor.chain.orders import Order, SignedOrder, recover
from executor.chain.requests import (
    LIVE,
    NATIVE,
    NOBODY,
    Flags,
    Offer,
    Request,
    Result,
    Slot,
    Status,
    Work,
    input_reference,
    pack,
)
from tests.anvil import CHAIN_ID, running_anvil
from tests.node.network import (
    ETHER,
    FEE_BPS,
    MIN_BOND,
    PENALTY,
    ROYALTY_BPS,
    WINDOW,
    Town,
    build,
    image,
    key,
)

FEW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

WORDS = st.integers(0, 2**256 - 1)
ADDRESSES = st.binary(min_size=20, max_size=20).map(lambda raw: str(to_checksum_address(raw)))
HASHES = st.binary(min_size=32, max_size=32)


@pytest.fixture(scope="module")
def town(project) -> Iterator[Town]:
    with running_anvil() as anvil:
        yield build(project, anvil)


@st.composite
def possible_offers(draw) -> Offer:
    """Offers that the town's model takes, of every size in every field."""
    low, high = sorted((draw(st.integers(0, 10**18)), draw(st.integers(0, 10**18))))
    consumer = draw(ADDRESSES)
    flags = draw(st.sampled_from([0, Flags.AT_POST, Flags.AT_FINAL, Flags.AT_POST | Flags.AT_FINAL]))
    return Offer(
        version=draw(st.sampled_from([1, LIVE])),
        max_window=draw(st.integers(WINDOW, 2**32)),
        consumer=consumer if int(consumer, 16) else NOBODY,
        flags=flags if int(consumer, 16) else 0,
        callback_gas=draw(st.integers(0, 2_000_000)),
        asset=NATIVE,
        min_price=low,
        max_price=high,
        ramp=draw(st.integers(0, 30 * 86_400)),
        claim_seconds=draw(st.integers(1, 30 * 86_400)),
        result_seconds=draw(st.integers(30, 30 * 86_400)),
        bond=draw(st.integers(MIN_BOND, 2**80 - 1)),
    )


@FEW
@given(offer=possible_offers(), data=st.binary(max_size=64))
def test_pack__an_opened_request__is_the_market_s_to_the_last_bit(
    town: Town, offer: Offer, data: bytes
) -> None:
    market, client = town.contracts.market, town.client()
    counter = town.ask(market, "counter")
    receipt = town.send("requester", market, "open", town.model, offer, data, value=offer.max_price)
    (event,) = [e for e in map(town.contracts.event, receipt.logs) if e and e.name == "Opened"]
    request = Request(*event["request"])

    resolved = offer._replace(version=1)
    reference = input_reference(offer.flags, data)
    assert request == pack(request.terms, town.model, client.address, resolved, counter, reference)
    assert request.id(CHAIN_ID, market.address) == event["id"]
    assert Request.unpack(request.packed()) == request

    assert (request.model, request.version, request.counter) == (town.model, 1, counter)
    assert (request.requester, request.bond) == (client.address, offer.bond)
    assert (request.consumer, request.callback_gas) == (offer.consumer, offer.callback_gas)
    assert request.flags == Flags(offer.flags)
    assert (request.asset, request.ramp) == (NATIVE, offer.ramp)
    assert (request.claim_seconds, request.result_seconds) == (offer.claim_seconds, offer.result_seconds)
    assert (request.min_price, request.max_price) == (offer.min_price, offer.max_price)

    slot = client.slot(event["id"])
    block = town.anvil.call("eth_getBlockByNumber", hex(receipt.block), False)
    now = int(block["timestamp"], 16)
    assert (slot.status, slot.attempt) == (Status.OPEN, 1)
    assert (slot.ramp_start, slot.opened_at) == (now, now)


@FEW
@given(offset=st.integers(0, 900), low=st.integers(0, 10**17), rise=st.integers(0, 10**17))
def test_price__claimed_at_some_second__is_the_market_s_to_the_wei(
    town: Town, offset: int, low: int, rise: int
) -> None:
    client, market = town.client(), town.contracts.market
    price = low + rise
    identifier = client.open(
        town.model, image(0), max_price=price, min_price=low, ramp=700, result_seconds=30
    )
    request, opened = client.request(identifier), client.slot(identifier)
    town.warp(offset)
    receipt = town.send("executor", market, "claim", [request])
    (event,) = [e for e in map(town.contracts.event, receipt.logs) if e and e.name == "Claimed"]
    slot = client.slot(identifier)
    now = int(town.anvil.call("eth_getBlockByNumber", hex(receipt.block), False)["timestamp"], 16)
    assert event["price"] == request.price(now - opened.ramp_start)
    assert (slot.status, slot.executor, slot.deadline) == (Status.CLAIMED, key("executor").address, now + 30)
    assert slot.elapsed == min(now - opened.ramp_start, 700)
    assert not slot.attended


def test_result__posted__is_what_the_slot_holds_and_what_finality_pays(town: Town) -> None:
    client, market = town.client(), town.contracts.market
    identifier = client.open(town.model, image(0), max_price=ETHER, min_price=ETHER // 3, ramp=100)
    request = client.request(identifier)
    town.send("executor", market, "claim", [request])
    elapsed = client.slot(identifier).elapsed
    output = b"\x07" * 32
    receipt = town.send("executor", market, "post_ids", [identifier], output)
    (event,) = [e for e in map(town.contracts.event, receipt.logs) if e and e.name == "Posted"]
    now = int(town.anvil.call("eth_getBlockByNumber", hex(receipt.block), False)["timestamp"], 16)
    work = Work(key("executor").address, elapsed, now, 1, False)
    assert event["work"] == work.word()
    assert Work.of(event["work"]) == work
    slot = client.slot(identifier)
    assert slot.holds(Result(request, work.word(), keccak(output)))
    assert not slot.holds(Result(request, work.word(), keccak(b"other")))
    assert not slot.holds(Result(request, work.word() + (1 << 64), keccak(output)))
    assert (slot.status, slot.games, slot.attempt) == (Status.POSTED, 0, 1)

    before = client.balance(account=key("executor").address)
    town.warp(WINDOW)
    client.finalize(identifier)
    paid = client.balance(account=key("executor").address) - before
    assert paid == client.terms(identifier).earned(request.price(elapsed))
    final = client.slot(identifier)
    assert final.answers(output)
    assert not final.answers(output + b"\0")
    assert client.verify(identifier, output)


def test_frozen__terms_of_the_town__are_its_parameters(town: Town) -> None:
    client = town.client()
    terms = client.terms(client.open(town.model, image(0), max_price=1))
    assert (terms.min_bond, terms.window, terms.input_size) == (MIN_BOND, WINDOW, 64)
    assert (terms.royalty_bps, terms.fee_bps, terms.penalty) == (ROYALTY_BPS, FEE_BPS, PENALTY)
    assert (terms.min_result_seconds, terms.max_attempts, terms.ruling_seconds) == (30, 3, 3_600)
    assert terms.arbiter == town.deployment.address("MockArbiter")
    assert terms.deposit == ETHER // 50
    assert (terms.hook, terms.unwatchable) == (NOBODY, False)
    assert not town.contracts.frozen(town.anvil.rpc, b"\x05" * 32).exists


@st.composite
def orders(draw) -> Order:
    """Any order at all: what is hashed need not make sense."""
    offer = Offer(
        *(draw(WORDS), draw(WORDS), draw(ADDRESSES), draw(WORDS), draw(WORDS), draw(ADDRESSES)),
        *(draw(WORDS) for _ in range(6)),
    )
    return Order(draw(ADDRESSES), draw(ADDRESSES), offer, draw(HASHES), draw(WORDS), draw(WORDS), draw(WORDS))


@MANY
@given(order=orders())
def test_digest__any_order__is_the_contract_s_and_every_wallet_s(town: Town, order: Order) -> None:
    contract = town.contracts.orders
    digest = order.digest(CHAIN_ID, contract.address)
    assert digest == town.ask(contract, "digest", order)
    message = encode_typed_data(full_message=order.typed_data(CHAIN_ID, contract.address))
    assert digest == keccak(b"\x19" + message.version + message.header + message.body)


@MANY
@given(order=orders(), data=st.binary(max_size=100))
def test_to_json__any_order__reads_back_as_the_same(order: Order, data: bytes) -> None:
    prices = {"min_price": 1, "max_price": 2, "ramp": 3, "flags": 0}
    order = order._replace(offer=order.offer._replace(**prices), input=keccak(data))
    signed = SignedOrder(order, data, b"\x01" * 65)
    assert SignedOrder.from_json(signed.to_json()) == signed


def test_recover__signature__is_taken_as_the_contract_takes_it(town: Town) -> None:
    signed = town.client().sign_order(town.model, image(0), max_price=1)
    digest = signed.order.digest(CHAIN_ID, town.contracts.orders.address)
    signature = signed.signature
    assert recover(digest, signature) == key("requester").address
    assert recover(digest, signature[:64] + b"\x00") is None
    assert recover(digest, signature + b"\x00") is None
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    other_s = (order - int.from_bytes(signature[32:64], "big")).to_bytes(32, "big")
    malleated = signature[:32] + other_s + bytes([55 - signature[64]])
    assert recover(digest, malleated) is None
    assert recover(digest, b"\xff" * 64 + b"\x1b") is None


def test_slot__unknown__has_a_status_and_nothing_else() -> None:
    assert Slot(0).status is Status.UNKNOWN
    assert not Slot(0).answers(b"")
