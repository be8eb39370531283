"""Fee tokens as they are: none of them costs anybody money that is not theirs."""

from __future__ import annotations

import pytest

from tests.words import BPS, Flags, Status
from tests.world import ETHER, INPUT, PARAMETERS, ROYALTY_BPS, STAKE, WINDOW


def stocked(world, name):
    """A token of which requester and attacker hold plenty, all of it approved."""
    token = world.deploy(name)
    for holder in (world.roles.requester, world.roles.attacker):
        token.mint(holder, 100 * ETHER, sender=world.roles.deployer)
        token.approve(world.market, 100 * ETHER, sender=holder)
    return token


# --- a token that returns nothing ---


def test_no_return_token__whole_life__pays_everybody(world, roles):
    token = stocked(world, "NoReturnToken")
    offer = world.offer(asset=token, ramp=0)
    request = world.opened(world.market.open(world.model, offer, INPUT, sender=roles.requester))
    (result,) = world.answer(request)
    world.warp(WINDOW)
    world.finalize(result)
    royalty = offer.max_price * ROYALTY_BPS // BPS
    fee = offer.max_price * PARAMETERS.fee_bps // BPS
    earned = world.balance(roles.staker, token)
    assert earned == offer.max_price - royalty - fee
    world.market.withdraw(token, roles.staker, earned, sender=roles.staker)
    assert token.balanceOf(roles.staker) == earned
    assert token.balanceOf(world.market) == royalty + fee


# --- a token that answers false ---


def test_false_token__says_false__is_refused(world, roles, refuses):
    token = world.deploy("FalseToken")
    offer = world.offer(asset=token)
    open_, deposit = world.market.open, world.market.deposit
    refuses("transfers: token refused", open_, world.model, offer, INPUT, sender=roles.attacker)
    refuses("transfers: token refused", deposit, token, roles.attacker, 1, sender=roles.attacker)


# --- a token that takes a fee ---


def test_fee_on_transfer_token__direct_payment__is_refused(world, roles, refuses):
    token = stocked(world, "FeeOnTransferToken")
    offer = world.offer(asset=token)
    refuses("market: short transfer", world.market.open, world.model, offer, INPUT, sender=roles.requester)


def test_fee_on_transfer_token__prepaid__is_credited_with_what_arrived(world, roles, refuses):
    token = stocked(world, "FeeOnTransferToken")
    world.market.deposit(token, roles.requester, 1_000, sender=roles.requester)
    assert world.balance(roles.requester, token) == 990 == token.balanceOf(world.market)
    prepaid = world.offer(asset=token, flags=Flags.PREPAID, min_price=990, max_price=990)
    too_dear = prepaid._replace(max_price=991)
    open_, words = world.market.open, (world.model, too_dear, INPUT)
    refuses("market: balance too small", open_, *words, sender=roles.requester)
    request = world.opened(open_(world.model, prepaid, INPUT, sender=roles.requester))
    world.market.cancel(request, sender=roles.requester)
    world.market.withdraw(token, roles.idle, 990, sender=roles.requester)
    assert token.balanceOf(world.market) == 0
    assert token.balanceOf(roles.idle) == 981


# --- a token that calls back ---


@pytest.fixture
def reentrant(world):
    return stocked(world, "ReentrantToken")


def test_reentrant_token__deposit_within_deposit__credits_once(world, roles, reentrant):
    reentrant.mint(reentrant, 10, sender=roles.deployer)
    payload = world.market.deposit.encode_input(reentrant, roles.attacker, 10)
    reentrant.arm(world.market, payload, sender=roles.attacker)
    world.market.deposit(reentrant, roles.attacker, 10, sender=roles.attacker)
    assert (reentrant.attempts(), reentrant.succeeded()) == (1, False)
    assert world.balance(roles.attacker, reentrant) == 10 == reentrant.balanceOf(world.market)


def test_reentrant_token__open_within_open__pays_for_each(world, roles, reentrant):
    offer = world.offer(asset=reentrant)
    reentrant.mint(reentrant, ETHER, sender=roles.deployer)
    payload = world.market.open.encode_input(world.model, offer, INPUT)
    reentrant.arm(world.market, payload, sender=roles.attacker)
    receipt = world.market.open(world.model, offer, INPUT, sender=roles.attacker)
    assert (reentrant.attempts(), reentrant.succeeded()) == (1, False)
    assert len(list(world.market.events(receipt, "Opened"))) == 1
    assert reentrant.balanceOf(world.market) == offer.max_price


def test_reentrant_token__withdraw_within_withdraw__pays_once(world, roles, reentrant):
    for holder in (roles.attacker, roles.requester):
        world.market.deposit(reentrant, holder, ETHER, sender=holder)
    world.market.deposit(reentrant, reentrant, ETHER, sender=roles.attacker)
    payload = world.market.withdraw.encode_input(reentrant, roles.attacker, ETHER)
    reentrant.arm(world.market, payload, sender=roles.attacker)
    world.market.withdraw(reentrant, roles.attacker, ETHER, sender=roles.attacker)
    assert (reentrant.attempts(), reentrant.succeeded()) == (1, False)
    assert reentrant.balanceOf(world.market) == 2 * ETHER
    assert world.balance(roles.requester, reentrant) == ETHER


def test_reentrant_token__cancels_while_it_is_paid__gets_back_what_it_paid(world, roles, reentrant):
    """The request exists before its price arrives; whoever ends it meanwhile gains nothing."""
    offer = world.offer(asset=reentrant)
    world.market.deposit(reentrant, roles.requester, ETHER, sender=roles.requester)
    reentrant.mint(reentrant, offer.max_price, sender=roles.deployer)
    words = (world.model, offer, INPUT)
    with world.wire.rewound():
        payload = world.market.open.encode_input(*words)
        request = world.opened(_ordered(world, reentrant, payload))
    cancel = world.market.cancel.encode_input(request)
    reentrant.arm(world.market, cancel, sender=roles.attacker)
    _ordered(world, reentrant, world.market.open.encode_input(*words))
    assert reentrant.succeeded()
    assert world.status(request) == Status.REFUNDED
    assert world.balance(reentrant, reentrant) == offer.max_price
    assert reentrant.balanceOf(world.market) == ETHER + offer.max_price


def _ordered(world, token, payload):
    return token.order(world.market, payload, sender=world.roles.attacker)


# --- no token at all ---


def test_address_without_code__is_refused(world, roles, refuses):
    market, nothing = world.market, roles.idle
    refuses("transfers: not a token", market.withdraw, nothing, roles.attacker, 0, sender=roles.attacker)
    with pytest.raises(Exception, match="revert"):
        market.deposit.asked(nothing, roles.attacker, 1, sender=roles.attacker)


# --- a token that lies ---


@pytest.mark.parametrize("victim", ["requester", "staker"])
def test_lying_token__balance_without_end__freezes_no_bond(world, roles, refuses, victim):
    """Near 2^256 the payment at the end would overflow, and the executor's bond hangs on it."""
    token = world.deploy("LyingToken")
    offer = world.offer(asset=token, ramp=1_000)
    token.claim_gain(offer.max_price, sender=roles.attacker)
    request = world.opened(world.market.open(world.model, offer, INPUT, sender=roles.requester))
    (result,) = world.answer(request)
    deposit, words = world.market.deposit, (token, getattr(roles, victim), 1)
    for gain, accepted in ((2**256 - 1, False), (2**128, False), (2**128 - 1, True), (1, False)):
        token.forget(world.market, sender=roles.attacker)
        token.claim_gain(gain, sender=roles.attacker)
        if accepted:
            deposit(*words, sender=roles.attacker)
        else:
            refuses("market: amount too large", deposit, *words, sender=roles.attacker)
    world.warp(WINDOW)
    world.finalize(result)
    assert world.status(request) == Status.FINAL
    assert world.stakes(roles.staker) == (STAKE, 0, 0)


def test_lying_token__refuses_to_move__stays_where_it_is(world, roles, refuses):
    token = world.deploy("LyingToken")
    token.claim_gain(ETHER, sender=roles.attacker)
    world.market.deposit(token, roles.requester, ETHER, sender=roles.attacker)
    token.refuse(True, sender=roles.attacker)
    words = (token, roles.requester, ETHER)
    refuses("transfers: token reverted", world.market.withdraw, *words, sender=roles.requester)
    assert world.balance(roles.requester, token) == ETHER
