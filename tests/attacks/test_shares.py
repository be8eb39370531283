"""Attacks on who is credited at finality: royalties, fees, earnings, refunds."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from tests.words import BPS, NATIVE, Status, joined, number
from tests.world import FUNDS, MIN_BOND, OUTPUT, PARAMETERS, ROYALTY_BPS, STAKE, WINDOW


@pytest.fixture
def result(world):
    """A good one at the full price, its window over."""
    posted = world.posted_result(world.offer(ramp=0))
    world.warp(WINDOW)
    return posted


def royalty_of(result):
    return result.request.max_price * ROYALTY_BPS // BPS


def with_model(result, model):
    """The same result, but for a request that nobody opened: one to another model."""
    origin = joined((number(model), 160), (result.request.origin & (2**96 - 1), 96))
    return result._replace(request=result.request._replace(origin=origin))


def test_finalize__forged_item_before_a_good_one__leaves_royalties_with_the_model(world, roles, result):
    """The forged item is skipped, but it opens the group to which the good one's royalties are added."""
    forged = with_model(result, roles.attacker)
    receipt = world.finalize(forged, result, sender=roles.attacker)
    assert world.reasons(receipt) == ["market: not this result"]
    assert world.status(result.request) == Status.FINAL
    assert world.shares(roles.attacker) == (0, 0)
    fee = result.request.max_price * PARAMETERS.fee_bps // BPS
    assert world.shares(world.model) == (royalty_of(result), fee)
    world.market.collect(NATIVE, roles.attacker, sender=roles.attacker)
    assert world.balance(roles.attacker) == 0


def test_finalize__forged_items_between_good_ones__leave_every_share_in_place(world, roles):
    good = [world.posted_result(world.offer(ramp=0)) for _ in range(3)]
    world.warp(WINDOW)
    forged_terms = good[0]._replace(request=good[0].request._replace(terms=keccak(text="no terms")))
    forged_asset = good[1]._replace(
        request=good[1].request._replace(timing=good[1].request.timing | (1 << 255))
    )
    forged_executor = good[2]._replace(work=good[2].work ^ (1 << 200))
    batch = [forged_terms, good[0], good[0], forged_asset, good[1], forged_executor, good[2], forged_terms]
    receipt = world.market.finalize(batch, b"", sender=roles.attacker)
    assert len(world.reasons(receipt)) == 5
    price = good[0].request.max_price
    royalty, fee = price * ROYALTY_BPS // BPS, price * PARAMETERS.fee_bps // BPS
    assert world.shares(world.model) == (3 * royalty, 3 * fee)
    assert world.balance(roles.staker) == 3 * (price - royalty - fee)
    assert world.stakes(roles.staker) == (STAKE, 0, 0)
    assert world.balance(roles.requester) == FUNDS


def test_finalize__two_models_and_two_executors_interleaved__each_gets_its_own(world, roles):
    other = world.create_model(royalty_bps=ROYALTY_BPS // 2)
    offer = world.offer(ramp=0)
    ours = [world.open(offer) for _ in range(2)]
    theirs = [world.open(offer, model=other) for _ in range(2)]
    first = world.answer(ours[0], theirs[0])
    second = world.answer(ours[1], theirs[1], sender=roles.rival_executor)
    world.warp(WINDOW)
    world.finalize(first[0], second[1], second[0], first[1])
    price = offer.max_price
    royalty, fee = price * ROYALTY_BPS // BPS, price * PARAMETERS.fee_bps // BPS
    lower = price * (ROYALTY_BPS // 2) // BPS
    assert world.shares(world.model) == (2 * royalty, 2 * fee)
    assert world.shares(other) == (2 * lower, 2 * fee)
    earned = 2 * (price - fee) - royalty - lower
    assert world.balance(roles.staker) == earned
    assert world.balance(roles.rival_executor) == earned
    assert world.stakes(roles.rival_executor) == (STAKE, 0, 0)


def test_finalize__work_word_of_another__pays_nobody(world, roles, refuses, result):
    """The executor, the time and the ramp in a work word are the digest's, not the caller's."""
    for bit in (96, 64, 24, 16, 8, 0, 255):
        forged = result._replace(work=result.work ^ (1 << bit))
        refuses("market: not this result", world.market.finalize, [forged], b"", sender=roles.attacker)
    forged = result._replace(output_hash=keccak(b"another"))
    refuses("market: not this result", world.market.finalize, [forged], b"", sender=roles.attacker)
    refuses("market: not this result", world.market.finalize, [result], b"x" * 32, sender=roles.attacker)
    assert world.market.finalize.asked([result], OUTPUT, sender=roles.attacker) == 1
    assert world.stakes(roles.staker) == (STAKE - MIN_BOND, MIN_BOND, 0)
