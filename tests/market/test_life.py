"""The whole life of a request when nobody doubts, and who holds which wei at its end."""

from tests.words import BPS, Status
from tests.world import FUNDS, MIN_BOND, OUTPUT, PARAMETERS, ROYALTY_BPS, STAKE, WINDOW


def test_life__nobody_doubts__everybody_is_paid_to_the_wei(world, roles):
    offer = world.offer()
    request = world.open(offer)
    opened_at = world.now()
    assert world.status(request) == Status.OPEN
    world.warp(40)

    (claimed,) = world.market.events(world.claim(request), "Claimed")
    elapsed = world.now() - opened_at
    price = offer.price_after(elapsed)
    assert (claimed.executor, claimed.price) == (roles.executor, price)
    assert offer.min_price < price < offer.max_price
    assert world.stakes(roles.staker) == (STAKE - MIN_BOND, MIN_BOND, 0)

    (result,) = world.post(request)
    assert result.work == world.work(roles.executor, elapsed)
    assert world.status(request) == Status.POSTED

    world.warp(WINDOW)
    (finalized,) = world.market.events(world.finalize(result), "Finalized")
    assert finalized.id == world.id(request)
    assert world.status(request) == Status.FINAL
    assert world.market.verify_output(world.id(request), OUTPUT)

    royalty, fee = price * ROYALTY_BPS // BPS, price * PARAMETERS.fee_bps // BPS
    assert world.balance(roles.staker) == price - royalty - fee
    assert world.shares(world.model) == (royalty, fee)
    assert world.balance(roles.requester) == FUNDS + offer.max_price - price
    assert world.stakes(roles.staker) == (STAKE, 0, 0)
