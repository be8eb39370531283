"""Market.expire and Market.cancel: every wait ends, and who pays for it."""

from __future__ import annotations

from tests.words import Flags, Status
from tests.world import FUNDS, MIN_BOND, PARAMETERS, STAKE, WINDOW

PENALTY = PARAMETERS.penalty
TO_REQUESTER = PENALTY // 2
BURNED = PENALTY - TO_REQUESTER


def miss(world, request, sender=""):
    """Claim, let the deadline pass, and say so."""
    world.claim(request, sender=sender)
    world.at(world.now() + 300)
    return world.market.expire(request, sender=world.roles.stranger)


# --- nobody claimed ---


def test_expire__nobody_claimed__refunds_the_requester(world, roles):
    request = world.open()
    world.warp(600)
    receipt = world.market.expire(request, sender=roles.stranger)
    (refunded,) = world.market.events(receipt, "Refunded")
    assert refunded.id == world.id(request)
    assert world.balance(roles.requester) == FUNDS + request.max_price
    assert world.status(request) == Status.REFUNDED


def test_expire__before_the_deadline__is_refused(world, roles, refuses):
    request = world.open()
    opened_at = world.now()
    world.at(opened_at + 599)
    refuses("market: nothing expired", world.market.expire, request, sender=roles.requester)
    world.at(opened_at + 600)
    world.market.expire(request, sender=roles.requester)
    assert world.status(request) == Status.REFUNDED


# --- a missed claim ---


def test_expire__missed_claim__costs_the_penalty_and_reopens(world, roles):
    request = world.open()
    burned = world.burned()
    receipt = miss(world, request)
    (missed,) = world.market.events(receipt, "Missed")
    (reopened,) = world.market.events(receipt, "Reopened")
    assert (missed.id, missed.executor, missed.penalty) == (world.id(request), roles.executor, PENALTY)
    assert (reopened.id, reopened.attempt) == (world.id(request), 2)
    assert world.stakes(roles.staker) == (STAKE - PENALTY, 0, 0)
    assert world.stakes(roles.requester) == (0, 0, TO_REQUESTER)
    assert world.burned() == burned + BURNED
    assert world.status(request) == Status.OPEN
    assert world.attempt(request) == 2


def test_expire__claim_still_due__is_refused(world, roles, refuses):
    request = world.open()
    world.claim(request)
    claimed_at = world.now()
    world.at(claimed_at + 299)
    refuses("market: nothing expired", world.market.expire, request, sender=roles.requester)


def test_expire__missed_claim__ramp_goes_on_from_the_claimed_price(world):
    offer = world.offer(ramp=100)
    request = world.open(offer)
    opened_at = world.now()
    world.at(opened_at + 40)
    miss(world, request)
    reopened_at = world.now()
    world.at(reopened_at + 10)
    (claimed,) = world.market.events(world.claim(request), "Claimed")
    assert claimed.price == offer.price_after(50)


def test_expire__missed_claim__claim_deadline_runs_anew(world, roles, refuses):
    request = world.open()
    miss(world, request)
    reopened_at = world.now()
    world.at(reopened_at + 599)
    refuses("market: nothing expired", world.market.expire, request, sender=roles.stranger)
    world.claim(request)
    assert world.status(request) == Status.CLAIMED


def test_expire__last_attempt_missed__refunds(world, roles):
    request = world.open()
    for attempt in range(1, PARAMETERS.max_attempts + 1):
        assert world.attempt(request) == attempt
        miss(world, request)
    assert world.status(request) == Status.REFUNDED
    assert world.balance(roles.requester) == FUNDS + request.max_price
    assert world.stakes(roles.staker) == (STAKE - PARAMETERS.max_attempts * PENALTY, 0, 0)


def test_expire__unknown_posted_final_refunded__is_refused(world, roles, refuses):
    expire = world.market.expire
    posted = world.posted_result()
    unknown = posted.request._replace(prices=0)
    world.warp(WINDOW * 10)
    for request in (posted.request, unknown):
        refuses("market: nothing expired", expire, request, sender=roles.stranger)
    world.finalize(posted)
    refuses("market: nothing expired", expire, posted.request, sender=roles.stranger)
    cancelled = world.open()
    world.market.cancel(cancelled, sender=roles.requester)
    world.warp(WINDOW)
    refuses("market: nothing expired", expire, cancelled, sender=roles.stranger)


def test_expire__claim_of_a_revoked_version__costs_nothing(world, roles):
    request = world.open()
    world.claim(request)
    world.model.revoke(1, sender=roles.guardian)
    world.warp(300)
    world.market.expire(request, sender=roles.requester)
    assert world.stakes(roles.staker) == (STAKE, 0, 0)
    assert world.status(request) == Status.REFUNDED
    assert world.balance(roles.requester) == FUNDS + request.max_price


# --- cancel ---


def test_cancel__unclaimed__refunds(world, roles):
    request = world.open()
    receipt = world.market.cancel(request, sender=roles.requester)
    assert [event.id for event in world.market.events(receipt, "Refunded")] == [world.id(request)]
    assert world.balance(roles.requester) == FUNDS + request.max_price
    assert world.status(request) == Status.REFUNDED


def test_cancel__by_somebody_else__is_refused(world, roles, refuses):
    request = world.open()
    for actor in (roles.attacker, roles.owner, roles.executor, world.model.address):
        refuses("market: not the requester", world.market.cancel, request, sender=actor)


def test_cancel__claimed__is_refused(world, roles, refuses):
    request = world.open()
    world.claim(request)
    refuses("market: already claimed", world.market.cancel, request, sender=roles.requester)


def test_cancel__posted_final_refunded_unknown__is_refused(world, roles, refuses):
    result = world.posted_result()
    unknown = result.request._replace(prices=0)
    cancel = world.market.cancel
    for request in (result.request, unknown):
        refuses("market: not open", cancel, request, sender=roles.requester)
    world.warp(WINDOW)
    world.finalize(result)
    refuses("market: not open", cancel, result.request, sender=roles.requester)
    request = world.open()
    world.market.cancel(request, sender=roles.requester)
    refuses("market: not open", cancel, request, sender=roles.requester)


def test_cancel__reopened_after_a_miss__is_the_requesters_again(world, roles):
    request = world.open()
    miss(world, request)
    world.market.cancel(request, sender=roles.requester)
    assert world.status(request) == Status.REFUNDED


def test_cancel__version_revoked_and_unclaimed__by_anybody(world, roles):
    request = world.open()
    world.model.revoke(1, sender=roles.guardian)
    world.market.cancel(request, sender=roles.stranger)
    assert world.balance(roles.requester) == FUNDS + request.max_price
    assert world.status(request) == Status.REFUNDED


def test_cancel__version_revoked_and_claimed__by_its_executor_and_without_penalty(world, roles, refuses):
    request = world.open()
    world.claim(request)
    world.model.revoke(1, sender=roles.guardian)
    for actor in (roles.stranger, roles.requester, roles.owner, roles.second_executor, roles.staker):
        refuses("market: already claimed", world.market.cancel, request, sender=actor)
    world.market.cancel(request, sender=roles.executor)
    assert world.balance(roles.requester) == FUNDS + request.max_price
    assert world.stakes(roles.staker) == (STAKE, 0, 0)
    assert world.status(request) == Status.REFUNDED


def test_cancel__version_revoked_but_posted__is_refused(world, roles, refuses):
    result = world.posted_result()
    world.model.revoke(1, sender=roles.owner)
    refuses("market: not open", world.market.cancel, result.request, sender=roles.owner)
    world.warp(WINDOW)
    world.finalize(result)
    assert world.stakes(roles.staker) == (STAKE, 0, 0)
    assert world.balance(roles.staker) > 0


def test_cancel__erc20__refunds_the_token(world, roles):
    token = world.deploy("MockToken")
    token.mint(roles.requester, 10**18, sender=roles.deployer)
    token.approve(world.market, 10**18, sender=roles.requester)
    offer = world.offer(asset=token)
    request = world.opened(world.market.open(world.model, offer, b"", sender=roles.requester))
    world.market.cancel(request, sender=roles.requester)
    assert world.balance(roles.requester, token) == offer.max_price
    world.market.withdraw(token, roles.requester, offer.max_price, sender=roles.requester)
    assert token.balanceOf(roles.requester) == 10**18


def test_cancel__prepaid__returns_to_the_balance(world, roles):
    offer = world.offer(flags=Flags.PREPAID)
    request = world.opened(world.market.open(world.model, offer, b"", sender=roles.requester))
    world.market.cancel(request, sender=roles.requester)
    assert world.balance(roles.requester) == FUNDS


def test_expire__bond_above_the_minimum__only_the_penalty_is_lost(world, roles):
    request = world.open(world.offer(bond=5 * MIN_BOND))
    miss(world, request)
    assert world.stakes(roles.staker) == (STAKE - PENALTY, 0, 0)
