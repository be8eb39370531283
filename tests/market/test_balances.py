"""Balances, pledges, royalties and fees: money in the Market, and its way out."""

from __future__ import annotations

import pytest

from tests.words import BPS, NATIVE, NOBODY
from tests.world import ETHER, FUNDS, MIN_BOND, PARAMETERS, ROYALTY_BPS, STAKE, WINDOW


@pytest.fixture
def token(world, roles):
    token = world.deploy("MockToken")
    token.mint(roles.requester, 100 * ETHER, sender=roles.deployer)
    token.approve(world.market, 100 * ETHER, sender=roles.requester)
    return token


# --- deposit and withdraw ---


def test_deposit__native__credits_the_value(world, roles):
    receipt = world.market.deposit(NATIVE, roles.idle, 5, sender=roles.stranger, value=5)
    (event,) = world.market.events(receipt, "Deposited")
    assert (event.asset, event.account, event.amount) == (NATIVE, roles.idle, 5)
    assert world.balance(roles.idle) == 5


def test_deposit__token__credits_what_arrived(world, roles, token):
    world.market.deposit(token, roles.idle, ETHER, sender=roles.requester)
    assert world.balance(roles.idle, token) == ETHER
    assert token.balanceOf(world.market) == ETHER


def test_deposit__wrong_value__is_refused(world, roles, refuses, token):
    deposit = world.market.deposit
    for value in (0, 4, 6):
        refuses("market: wrong value", deposit, NATIVE, roles.idle, 5, sender=roles.stranger, value=value)
    refuses("market: wrong value", deposit, token, roles.idle, 5, sender=roles.requester, value=5)


def test_withdraw__native__pays(world, roles):
    before = world.wire.balance(roles.idle)
    receipt = world.market.withdraw(NATIVE, roles.idle, 7, sender=roles.requester)
    (event,) = world.market.events(receipt, "Withdrawn")
    assert (event.asset, event.account, event.to, event.amount) == (NATIVE, roles.requester, roles.idle, 7)
    assert world.balance(roles.requester) == FUNDS - 7
    assert world.wire.balance(roles.idle) == before + 7


def test_withdraw__token__pays(world, roles, token):
    world.market.deposit(token, roles.requester, ETHER, sender=roles.requester)
    world.market.withdraw(token, roles.idle, ETHER, sender=roles.requester)
    assert token.balanceOf(roles.idle) == ETHER


def test_withdraw__more_than_there_is__is_refused(world, roles, refuses, token):
    withdraw = world.market.withdraw
    refuses("market: balance too small", withdraw, NATIVE, roles.idle, FUNDS + 1, sender=roles.requester)
    refuses("market: balance too small", withdraw, NATIVE, roles.idle, 1, sender=roles.attacker)
    refuses("market: balance too small", withdraw, token, roles.idle, 1, sender=roles.requester)


def test_withdraw__to_nobody__is_refused(world, roles, refuses):
    refuses("market: no recipient", world.market.withdraw, NATIVE, NOBODY, 1, sender=roles.requester)


def test_withdraw__recipient_refuses__is_refused(world, roles, refuses):
    to = world.model.address  # takes no plain payments
    refuses("market: payment refused", world.market.withdraw, NATIVE, to, 1, sender=roles.requester)


def test_withdraw__all__leaves_nothing(world, roles):
    world.market.withdraw(NATIVE, roles.requester, FUNDS, sender=roles.requester)
    assert world.balance(roles.requester) == 0


def test_market__plain_payment__is_refused(world, roles):
    with pytest.raises(Exception, match="revert"):
        world.wire.call(roles.stranger, world.market.address, b"", 1)


# --- royalties and fees ---


@pytest.fixture
def earned(world):
    """Royalty and fee of one final request."""
    offer = world.offer(ramp=0)
    world.finished(offer)
    return offer.max_price * ROYALTY_BPS // BPS, offer.max_price * PARAMETERS.fee_bps // BPS


def test_collect__royalties__go_to_the_owners_choice(world, roles, earned):
    royalty, fee = earned
    assert world.model.collect.asked(NATIVE, roles.idle, sender=roles.owner) == royalty
    receipt = world.model.collect(NATIVE, roles.idle, sender=roles.owner)
    (event,) = world.market.events(receipt, "Collected")
    assert (event.asset, event.model, event.to, event.amount) == (
        NATIVE,
        world.model.address,
        roles.idle,
        royalty,
    )
    assert world.balance(roles.idle) == royalty
    assert world.shares(world.model) == (0, fee)
    assert world.model.collect.asked(NATIVE, roles.idle, sender=roles.owner) == 0


def test_collect__by_anybody_else__is_refused_or_finds_nothing(world, roles, refuses, earned):
    refuses("model: not the owner", world.model.collect, NATIVE, roles.attacker, sender=roles.attacker)
    assert world.market.collect.asked(NATIVE, roles.attacker, sender=roles.attacker) == 0


def test_collect__fees__go_to_the_networks_owner(world, roles, earned):
    royalty, fee = earned
    models = [world.model, world.create_model()]
    receipt = world.network.collect(NATIVE, models, roles.network_owner, sender=roles.network_owner)
    events = list(world.market.events(receipt, "FeesCollected"))
    assert [event.amount for event in events] == [fee, 0]
    assert (events[0].asset, events[0].model, events[0].to) == (
        NATIVE,
        world.model.address,
        roles.network_owner,
    )
    assert world.balance(roles.network_owner) == fee
    assert world.shares(world.model) == (royalty, 0)
    world.market.withdraw(NATIVE, roles.network_owner, fee, sender=roles.network_owner)


def test_collect__fees_by_anybody_else__is_refused(world, roles, refuses, earned):
    words = (NATIVE, [world.model], roles.attacker)
    refuses("ownable: caller is not the owner", world.network.collect, *words, sender=roles.attacker)
    refuses(
        "market: wrong caller",
        world.market.collect_fees,
        NATIVE,
        world.model,
        roles.attacker,
        sender=roles.network_owner,
    )


# --- pledges ---


def pledged(world, operator):
    word = world.market.pledge_of(operator)
    return word >> 96, word & 2**96 - 1


def test_pledge__locks_once_for_many_jobs(world, roles):
    receipt = world.market.pledge(10 * MIN_BOND, sender=roles.executor)
    (event,) = world.market.events(receipt, "Pledged")
    assert (event.operator, event.account, event.amount) == (roles.executor, roles.staker, 10 * MIN_BOND)
    assert world.stakes(roles.staker) == (STAKE - 10 * MIN_BOND, 10 * MIN_BOND, 0)
    result = world.posted_result()
    assert world.stakes(roles.staker)[1] == 10 * MIN_BOND
    assert pledged(world, roles.executor) == (int(roles.staker, 16), 9 * MIN_BOND)
    world.warp(WINDOW)
    world.finalize(result)
    assert pledged(world, roles.executor)[1] == 10 * MIN_BOND
    assert world.stakes(roles.staker)[1] == 10 * MIN_BOND
    assert world.balance(roles.staker) > 0


def test_pledge__twice__adds_up(world, roles):
    for amount in (3, 4):
        world.market.pledge(amount, sender=roles.executor)
    assert pledged(world, roles.executor)[1] == 7


def test_pledge__too_small_for_a_bond__the_vault_locks_it_whole(world, roles):
    world.market.pledge(MIN_BOND - 1, sender=roles.executor)
    world.claim(world.open())
    assert pledged(world, roles.executor)[1] == MIN_BOND - 1
    assert world.stakes(roles.staker)[1] == 2 * MIN_BOND - 1


def test_pledge__without_stake_or_right__is_refused(world, roles, refuses):
    refuses("vault: not an operator", world.market.pledge, 1, sender=roles.attacker.lower()[:-1] + "0")
    refuses("vault: not enough free stake", world.market.pledge, STAKE + 1, sender=roles.executor)
    world.vault.revoke_operator(roles.executor, sender=roles.staker)
    refuses("vault: not an operator", world.market.pledge, 1, sender=roles.executor)


def test_pledge__more_than_its_word_holds__is_refused(world, roles, refuses):
    """An amount that carries over would name another account and lose the stake."""
    world.wire.request("anvil_setBalance", roles.attacker, hex(2**98))
    world.stake(roles.attacker, 2**97)
    pledge = world.market.pledge
    refuses("market: amount too large", pledge, 2**96, sender=roles.attacker)
    pledge(2**96 - 1, sender=roles.attacker)
    refuses("market: amount too large", pledge, 1, sender=roles.attacker)
    assert pledged(world, roles.attacker) == (int(roles.attacker, 16), 2**96 - 1)
    world.market.unpledge(roles.attacker, sender=roles.attacker)
    assert world.stakes(roles.attacker)[1] == 0


def test_pledge__full__bonds_return_to_the_vault_instead(world, roles):
    world.wire.request("anvil_setBalance", roles.attacker, hex(2**98))
    world.stake(roles.attacker, 2**97)
    request = world.open()
    world.claim(request, sender=roles.attacker)
    world.market.pledge(2**96 - 1, sender=roles.attacker)
    world.model.revoke(1, sender=roles.owner)
    world.market.cancel(request, sender=roles.attacker)
    assert pledged(world, roles.attacker) == (int(roles.attacker, 16), 2**96 - 1)
    assert world.stakes(roles.attacker)[1] == 2**96 - 1


def test_unpledge__by_operator_or_account__frees_what_is_idle(world, roles):
    for actor in (roles.executor, roles.staker):
        with world.wire.rewound():
            world.market.pledge(5 * MIN_BOND, sender=roles.executor)
            result = world.posted_result()
            receipt = world.market.unpledge(roles.executor, sender=actor)
            (event,) = world.market.events(receipt, "Unpledged")
            assert (event.operator, event.amount) == (roles.executor, 4 * MIN_BOND)
            assert world.stakes(roles.staker) == (STAKE - MIN_BOND, MIN_BOND, 0)
            world.warp(WINDOW)
            world.finalize(result)
            assert world.stakes(roles.staker) == (STAKE, 0, 0)
            assert world.market.pledge_of(roles.executor) == 0


def test_unpledge__by_anybody_else__is_refused(world, roles, refuses):
    world.market.pledge(MIN_BOND, sender=roles.executor)
    for actor in (roles.attacker, roles.second_executor, roles.owner):
        refuses("market: wrong caller", world.market.unpledge, roles.executor, sender=actor)


def test_unpledge__twice_or_nothing__frees_nothing(world, roles):
    world.market.pledge(MIN_BOND, sender=roles.executor)
    world.claim(world.open(), sender=roles.second_executor)
    for _ in range(2):
        world.market.unpledge(roles.executor, sender=roles.executor)
    assert world.stakes(roles.staker) == (STAKE - MIN_BOND, MIN_BOND, 0)


def test_pledge__missed_refuted_and_lost_bonds__never_return_to_it(world, roles):
    world.market.pledge(10 * MIN_BOND, sender=roles.executor)
    request = world.open()
    world.claim(request)
    world.warp(300)
    world.market.expire(request, sender=roles.stranger)
    kept = 10 * MIN_BOND - PARAMETERS.penalty
    assert pledged(world, roles.executor)[1] == kept
    assert world.stakes(roles.staker)[1] == kept
    result = world.posted_result()
    game = world.challenge(result)
    world.rule(game, 2)
    world.settle(result, game)
    assert pledged(world, roles.executor)[1] == kept - MIN_BOND
    assert world.stakes(roles.staker)[1] == kept - MIN_BOND


def test_pledge__revoked_and_cancelled_claims__return_to_it(world, roles):
    world.market.pledge(10 * MIN_BOND, sender=roles.executor)
    first, second = world.open(), world.open()
    world.claim(first, second)
    world.model.revoke(1, sender=roles.guardian)
    world.market.cancel(first, sender=roles.executor)
    world.warp(300)
    world.market.expire(second, sender=roles.stranger)
    assert pledged(world, roles.executor)[1] == 10 * MIN_BOND
