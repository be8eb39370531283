"""Attacks on signed orders: what an executor consents to, what a signer gives away, batches that lie."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from tests.wire import Refused
from tests.words import CHALLENGER, LIVE, Status
from tests.world import FUNDS, INPUT, MIN_BOND, OUTPUT, STAKE


@pytest.fixture(autouse=True)
def frozen(world, roles):
    """Orders open under terms that are frozen already."""
    world.market.freeze(world.model, 1, sender=roles.stranger)


@pytest.mark.parametrize("version", [LIVE, 1])
def test_answer__terms_change_in_front_of_it__costs_the_executor_no_bond(world, roles, version):
    """The executor agreed to an honest arbiter; its model names another one a moment before.

    Through the live pointer any model's owner can do that, under a number a contract that poses as a model.
    """
    arbiter = world.deploy("HostileArbiter")
    if version == LIVE:
        model = world.create_model()
        world.market.freeze(model, 1, sender=roles.attacker)
    else:
        model = world.deploy("MockModel", world.market, world.terms())
        world.market.freeze(model, 1, sender=roles.attacker)
    order = world.order(world.offer(version=version), model=model)
    words = world.order_words((order, world.sign(order)), outputs=[OUTPUT])
    assert world.orders.answer.asked(*words, sender=roles.executor) == 1  # as the node simulates it

    if version == LIVE:
        second = world.publish(model, arbiter=arbiter.address, program_root=keccak(text="a trap"))
        world.market.freeze(model, second, sender=roles.attacker)
    else:
        model.set_terms(world.terms(arbiter=arbiter.address), sender=roles.attacker)
        world.market.freeze(model, 1, sender=roles.attacker)
    try:
        receipt = world.orders.answer(*words, sender=roles.executor)
    except Refused:
        receipt = None
    if receipt:
        (result,) = world.posted(receipt)
        world.challenges.challenge(result, INPUT, OUTPUT, sender=roles.challenger)
        payload = world.challenges.rule.encode_input(world.id(result.request), 1, 0, CHALLENGER)
        arbiter.order(world.challenges, payload, sender=roles.attacker)
        world.challenges.settle(result, 1, 0, sender=roles.attacker)
    assert sum(world.stakes(roles.staker)[:2]) == STAKE


def test_claim__same_order_twice_in_a_batch__is_served_once(world, roles):
    order = world.order()
    pair = (order, world.sign(order))
    receipt = world.orders.claim(*world.order_words(pair, pair), sender=roles.executor)
    assert world.reasons(receipt, world.orders) == ["orders: nonce spent"]
    assert world.stakes(roles.staker)[:2] == (STAKE - MIN_BOND, MIN_BOND)
    (claimed,) = world.market.events(receipt, "Claimed")
    assert world.balance(roles.requester) == FUNDS - claimed.price


def test_claim__malleated_or_foreign_signature__is_no_second_one(world, roles, refuses):
    order = world.order()
    signature = world.sign(order)
    half = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    mirrored = (half - int.from_bytes(signature[32:64], "big")).to_bytes(32, "big")
    forged = [
        signature[:32] + mirrored + bytes([55 - signature[64]]),
        signature[:64] + b"\x00",
        signature[:64],
        signature + b"\x00",
        b"",
        bytes(65),
        bytes(64) + b"\x1b",
    ]
    for bytes_ in forged:
        words = world.order_words((order, bytes_))
        refuses("orders: wrong signature", world.orders.claim, *words, sender=roles.executor)
    nobody = order._replace(requester="0x" + "00" * 20)
    words = world.order_words((nobody, bytes(64) + b"\x1b"))
    refuses("orders: wrong signature", world.orders.claim, *words, sender=roles.executor)


@pytest.mark.parametrize(
    "change",
    [
        {"nonce": 1},
        {"expiry": 2**255},
        {"start": 1},
        {"input": keccak(b"another question")},
    ],
)
def test_claim__one_signed_word_changed__is_refused(world, roles, change):
    order = world.order()
    words = world.order_words((order._replace(**change), world.sign(order)))
    with pytest.raises(Refused) as refusal:
        world.orders.claim.asked(*words, sender=roles.executor)
    assert refusal.value.reason in ("orders: wrong signature", "orders: wrong input")


def test_claim__any_word_of_the_offer_changed__is_refused(world, roles):
    order = world.order()
    signature = world.sign(order)
    for field in order.offer._fields:
        value = getattr(order.offer, field)
        changed = order.offer._replace(**{field: roles.attacker if isinstance(value, str) else value ^ 1})
        words = world.order_words((order._replace(offer=changed), signature))
        with pytest.raises(Refused) as refusal:
            world.orders.claim.asked(*words, sender=roles.executor)
        assert refusal.value.reason == "orders: wrong signature", field


def test_claim__lengths_that_carry__are_refused(world, roles):
    """Packed lengths that add up by a carry from one lane into the next find no bytes to read."""
    orders = [world.order(nonce=nonce) for nonce in range(2)]
    pairs = [(order, world.sign(order)) for order in orders]
    batch, terms, lengths, *data = world.order_words(*pairs)
    assert world.orders.claim.asked(batch, terms, lengths, *data, sender=roles.executor) == 2
    for shift in (1 << 32, 2**32 - 64, 1 << 64, 1 << 255):
        bent = [lengths[0] + shift, lengths[1] - shift] if shift <= lengths[1] else [lengths[0], shift]
        with pytest.raises(Refused):
            world.orders.claim.asked(batch, terms, bent, *data, sender=roles.executor)


def test_open_signed_post_signed__by_anybody_else__is_refused(world, roles, refuses):
    """The Market trusts Orders alone to open in somebody's name, whoever calls."""
    request = world.open()
    offer = world.offer(version=1)
    for actor in (roles.attacker, world.challenges.address, world.model.address, world.vault.address):
        arguments = (actor, roles.requester, world.model.address, offer, INPUT)
        refuses("market: wrong caller", world.market.open_signed, *arguments, sender=actor)
        posting = (world.id(request), request, actor, OUTPUT)
        refuses("market: wrong caller", world.market.post_signed, *posting, sender=actor)
    assert world.status(request) == Status.OPEN
