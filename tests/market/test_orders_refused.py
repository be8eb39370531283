"""Orders: what is refused, and that one bad order stops nobody."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from tests.market.serving import claim, reasons, refused, signed
from tests.words import DEAD, Flags
from tests.world import FUNDS, INPUT, MIN_BOND, OUTPUT, WINDOW


@pytest.fixture(autouse=True)
def frozen(world):
    """Terms are frozen when the first request under them opens, or by anybody."""
    world.market.freeze(world.model, 1, sender=world.roles.stranger)


def test_claim__last_second__is_in_time(world, roles, refuses):
    order = world.order()
    world.at(order.expiry + 1)
    refused(world, refuses, "orders: expired", order)
    world.at(order.expiry)
    claim(world, signed(world, order))


@pytest.mark.parametrize("nonce", [0, 255, 256, 2**256 - 1], ids=str)
def test_claim__twice__finds_the_nonce_spent(world, roles, refuses, nonce):
    order = world.order(nonce=nonce)
    claim(world, signed(world, order))
    assert world.orders.nonces(roles.requester, nonce // 256) == 1 << nonce % 256
    refused(world, refuses, "orders: nonce spent", order)
    another = world.order(nonce=nonce, offer=world.offer(min_price=0))
    refused(world, refuses, "orders: nonce spent", another)


def test_claim__invalidated__finds_the_nonce_spent(world, roles, refuses):
    receipt = world.orders.invalidate(1, 0b101, sender=roles.requester)
    (event,) = world.orders.events(receipt, "Invalidated")
    assert (event.requester, event.word, event.bits) == (roles.requester, 1, 0b101)
    refused(world, refuses, "orders: nonce spent", world.order(nonce=256))
    refused(world, refuses, "orders: nonce spent", world.order(nonce=258))
    claim(world, signed(world, world.order(nonce=257)))
    world.orders.invalidate(0, 1, sender=roles.attacker)  # one's own only
    claim(world, signed(world, world.order(nonce=0)))


def test_claim__prices_out_of_order__is_refused(world, refuses):
    for changes in ({"min_price": 4 * 10**15}, {"max_price": 2**128}, {"ramp": 2**32}):
        refused(world, refuses, "market: prices out of order", world.order(world.offer(**changes)))


def test_claim__another_input_than_signed__is_refused(world, refuses):
    refused(world, refuses, "orders: wrong input", world.order(), inputs=[INPUT[:-1]])
    for flags in (Flags.UPLOADED, Flags.UNWATCHABLE):
        short = world.order(world.offer(flags=flags), question=bytes(31))
        refused(world, refuses, "orders: wrong input", short, inputs=[bytes(31)])


def test_claim__anything_changed_after_signing__is_refused(world, roles, refuses):
    order = world.order()
    signature = world.sign(order)
    other_model = world.create_model()
    world.market.freeze(other_model, 1, sender=roles.stranger)
    offers = [
        order.offer._replace(version=1),
        order.offer._replace(max_window=order.offer.max_window + 1),
        order.offer._replace(consumer=roles.attacker),
        order.offer._replace(flags=Flags.PREPAID),
        order.offer._replace(callback_gas=1),
        order.offer._replace(asset=world.bond_asset.address),
        order.offer._replace(min_price=order.offer.min_price + 1),
        order.offer._replace(max_price=order.offer.max_price + 1),
        order.offer._replace(ramp=order.offer.ramp - 1),
        order.offer._replace(claim_seconds=order.offer.claim_seconds + 1),
        order.offer._replace(result_seconds=order.offer.result_seconds + 1),
        order.offer._replace(bond=order.offer.bond + 1),
    ]
    changed = [order._replace(offer=offer) for offer in offers] + [
        order._replace(model=other_model.address),
        order._replace(requester=roles.second_requester),
        order._replace(start=order.start - 50),
        order._replace(expiry=order.expiry + 1),
        order._replace(nonce=1),
    ]
    for other in changed:
        refused(world, refuses, "orders: wrong signature", other, signature)
    question = order._replace(input=keccak(b"another"))
    refused(world, refuses, "orders: wrong signature", question, signature, inputs=[b"another"])


def test_claim__signature_malleated_or_malformed__is_refused(world, refuses):
    order = world.order()
    good = world.sign(order)
    n = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    r, s, v = good[:32], int.from_bytes(good[32:64], "big"), good[64]
    mirrored = r + (n - s).to_bytes(32, "big") + bytes([55 - v])
    bad = [
        b"",
        good[:64],
        good + b"\x00",
        mirrored,
        good[:64] + bytes([v - 27]),
        good[:64] + bytes([55 - v]),
        bytes(65),
        bytes(64) + b"\x1b",
    ]
    for signature in bad:
        refused(world, refuses, "orders: wrong signature", order, signature)


def test_claim__nobody_as_requester__is_refused(world, roles, refuses):
    """A failed recovery yields the zero address, which must sign for nobody."""
    world.market.deposit("0x" + "00" * 20, "0x" + "00" * 20, 10**18, sender=roles.attacker, value=10**18)
    order = world.order(requester="0x" + "00" * 20)
    for signature in (bytes(65), bytes(64) + b"\x1b", world.sign(order)):
        refused(world, refuses, "orders: wrong signature", order, signature)


def test_claim__signed_for_another_domain__is_refused(world, refuses):
    order = world.order()
    others = [
        {"name": "Elenchos"},
        {"version": "2"},
        {"chainId": world.chain_id + 1},
        {"verifyingContract": world.market.address},
    ]
    for other in others:
        refused(world, refuses, "orders: wrong signature", order, world.sign(order, **other))


def test_claim__balance_too_small__is_refused(world, roles, refuses):
    world.market.withdraw("0x" + "00" * 20, roles.requester, FUNDS - 5, sender=roles.requester)
    order = world.order(world.offer(min_price=6, max_price=6))
    refused(world, refuses, "market: balance too small", order)
    claim(world, signed(world, world.order(world.offer(min_price=5, max_price=5))))


def test_claim__terms_never_frozen__is_refused(world, roles, refuses):
    model = world.create_model()
    refused(world, refuses, "market: terms not frozen", world.order(model=model))
    world.market.freeze(model, 1, sender=roles.stranger)
    claim(world, signed(world, world.order(model=model)))


def test_claim__offer_does_not_fit__is_refused_with_the_markets_reason(world, refuses):
    cases = {
        "market: bond too small": {"bond": MIN_BOND - 1},
        "market: window too long": {"max_window": WINDOW - 1},
        "market: no consumer": {"flags": Flags.AT_POST},
        "market: unknown flags": {"flags": 32},
        "market: deadlines out of bounds": {"claim_seconds": 0},
        "market: unwatchable input": {"flags": Flags.UNWATCHABLE},
        "market: input not uploaded": {"flags": Flags.UPLOADED},
    }
    for reason, changes in cases.items():
        offer = world.offer(**changes)
        data = INPUT[:32]
        reference = data if offer.flags & 12 else keccak(data)
        order = world.order(offer, input=reference)
        refused(world, refuses, reason, order, inputs=[data])


def test_claim__model_refuses__is_skipped(world, roles, refuses):
    world.model.pause(sender=roles.guardian)
    refused(world, refuses, "orders: model refuses", world.order())
    refused(world, refuses, "orders: model refuses", world.order(model=roles.stranger))
    world.model.unpause(sender=roles.owner)
    refused(world, refuses, "orders: model refuses", world.order(world.offer(version=7)))
    world.model.revoke(1, sender=roles.guardian)
    refused(world, refuses, "orders: model refuses", world.order())


@pytest.mark.parametrize("conduct", [1, 2, 4], ids=["revert", "gas", "bomb"])
def test_claim__hostile_model__costs_the_others_nothing(world, roles, conduct):
    hostile = world.deploy("MockModel", world.market, world.terms())
    hostile.misbehave(conduct, sender=roles.attacker)
    bad, good = world.order(model=hostile, nonce=1), world.order(nonce=2)
    receipt = claim(world, signed(world, bad), signed(world, good))
    assert reasons(world, receipt) == ["orders: model refuses"]
    assert world.stakes(roles.staker)[1] == MIN_BOND


@pytest.mark.parametrize(
    "code",
    ["0x", "0x00", "0x5f5ff3", "0x601f5ff3", "0x60205ffd"],
    ids=["no code", "stops", "returns nothing", "returns 31 bytes", "reverts with 32"],
)
def test_claim__model_answers_nonsense__is_refused(world, roles, refuses, code):
    world.wire.request("anvil_setCode", DEAD, code)
    refused(world, refuses, "orders: model refuses", world.order(model=DEAD))


def test_claim__pinned_version_and_another_answers__is_refused(world, roles, refuses):
    model = world.deploy("MockModel", world.market, world.terms())
    world.market.freeze(model, 1, sender=roles.stranger)
    world.market.freeze(model, 2, sender=roles.stranger)
    model.set_answering(2, sender=roles.attacker)
    refused(world, refuses, "orders: model refuses", world.order(world.offer(version=1), model=model))


def test_claim__lengths_do_not_fit__is_refused(world, roles, refuses):
    orders, sender = world.orders, roles.executor
    batch, terms, lengths, inputs, signatures = world.order_words(signed(world, world.order()))
    one_each, differ = "orders: one length and terms an item", "orders: lengths and data differ"
    refuses(one_each, orders.claim, batch, terms, [], inputs, signatures, sender=sender)
    refuses(one_each, orders.claim, batch, [], lengths, inputs, signatures, sender=sender)
    refuses(one_each, orders.claim, [], terms, lengths, inputs, signatures, sender=sender)
    refuses(differ, orders.claim, batch, terms, lengths, inputs[1:], signatures, sender=sender)
    refuses(differ, orders.claim, batch, terms, lengths, inputs, signatures + b"1", sender=sender)
    for bit in (64, 96, 200):
        long = [lengths[0] | 1 << bit]
        refuses(differ, orders.claim, batch, terms, long, inputs, signatures, sender=sender)
    refuses(differ, orders.answer, batch, terms, lengths, inputs, signatures, OUTPUT, sender=sender)


def test_claim__lengths_that_carry_over__are_refused(world, roles, refuses):
    """Two inputs of 2^32 - 1 and 65 bytes would add up to 64 bytes of input and one more of signature."""
    first, second = signed(world, world.order(nonce=1)), signed(world, world.order(nonce=2))
    batch, terms, _, inputs, signatures = world.order_words(first, second, inputs=[b"", INPUT])
    lengths = [(2**32 - 1) | 65 << 32, 65 | 64 << 32]
    assert sum(lengths) == len(inputs) | len(signatures) << 32
    refuses("", world.orders.claim, batch, terms, lengths, inputs, signatures, sender=roles.executor)


def test_claim__terms_nobody_consented_to__are_refused(world, roles, refuses):
    pair = signed(world, world.order())
    for terms in (bytes(32), keccak(b"other")):
        words = world.order_words(pair, terms=[terms])
        refuses("orders: other terms", world.orders.claim, *words, sender=roles.executor)


def test_claim__input_hook_refuses__is_skipped(world, roles, refuses):
    hook = world.deploy("MockHook")
    model = world.create_model(hook=hook.address)
    world.market.freeze(model, 1, sender=roles.stranger)
    claim(world, signed(world, world.order(model=model, nonce=1)))
    hook.misbehave(1, 0, sender=roles.deployer)
    refused(world, refuses, "market: input refused", world.order(model=model))


def test_claim__frozen_terms_revoked_by_a_hostile_model__is_refused(world, roles, refuses):
    model = world.deploy("MockModel", world.market, world.terms())
    world.market.freeze(model, 1, sender=roles.stranger)
    model.revoke(1, sender=roles.attacker)
    refused(world, refuses, "market: version revoked", world.order(model=model))
