"""StakeVault: unbonding, and rewards."""

from __future__ import annotations

import ape
from ape.utils import ZERO_ADDRESS

from tests.unit.stake_vault.stakes import DEAD, STAKE, UNBONDING, stake_of


def test_withdraw__after_unbonding__pays(staked, token, staker, stranger, chain):
    receipt = staked.begin_unbonding(400, sender=staker)
    release_at = receipt.timestamp + UNBONDING
    assert staked.unbonding(staker) == (400, release_at)
    assert stake_of(staked, staker) == (600, 0)
    (log,) = receipt.decode_logs(staked.UnbondingBegun)
    assert (log.account, log.amount, log.release_at) == (staker, 400, release_at)

    chain.pending_timestamp = release_at
    receipt = staked.withdraw(stranger, sender=staker)
    assert token.balanceOf(stranger) == 400
    assert staked.unbonding(staker) == (0, 0)
    (log,) = receipt.decode_logs(staked.Withdrawn)
    assert (log.account, log.to, log.amount) == (staker, stranger, 400)


def test_withdraw__one_second_early__reverts(staked, staker, chain):
    receipt = staked.begin_unbonding(400, sender=staker)
    chain.pending_timestamp = receipt.timestamp + UNBONDING - 1
    with ape.reverts("vault: still unbonding"):
        staked.withdraw(staker, sender=staker)


def test_withdraw__nothing_or_to_nobody__reverts(refuses, staked, staker):
    refuses("vault: nothing unbonds", staked.withdraw, staker, sender=staker)
    refuses("vault: no recipient", staked.withdraw, ZERO_ADDRESS, sender=staker)


def test_begin_unbonding__twice__joins_and_restarts_the_time(refuses, staked, staker, chain):
    staked.begin_unbonding(400, sender=staker)
    chain.mine(deltatime=UNBONDING)
    second = staked.begin_unbonding(100, sender=staker)
    assert staked.unbonding(staker) == (500, second.timestamp + UNBONDING)
    refuses("vault: still unbonding", staked.withdraw, staker, sender=staker)


def test_begin_unbonding__locked_stake__stays(refuses, staked, market_caller, staker, executor, chain, token):
    staked.begin_unbonding(100, sender=staker)
    staked.lock(executor, 600, sender=market_caller)
    refuses("vault: not enough free stake", staked.begin_unbonding, 301, sender=staker)
    refuses("vault: nothing to unbond", staked.begin_unbonding, 0, sender=staker)

    # Locks survive unbonding: what unbonded leaves, what is locked can still be slashed.
    chain.mine(deltatime=UNBONDING)
    staked.withdraw(staker, sender=staker)
    staked.slash(executor, ZERO_ADDRESS, 0, ZERO_ADDRESS, 0, 600, sender=market_caller)
    assert token.balanceOf(DEAD) == 600
    assert token.balanceOf(staked) == 300 == staked.free(staker)


def test_lock__unbonding_stake__backs_nothing(refuses, staked, market_caller, staker, executor):
    staked.begin_unbonding(STAKE, sender=staker)
    refuses("vault: not enough free stake", staked.lock, executor, 1, sender=market_caller)


def test_withdraw_rewards__earned__pays_at_once(staked, token, market_caller, executor, requester, stranger):
    staked.lock(executor, 500, sender=market_caller)
    staked.slash(executor, requester, 30, ZERO_ADDRESS, 0, 30, sender=market_caller)
    receipt = staked.withdraw_rewards(stranger, sender=requester)

    assert token.balanceOf(stranger) == 30
    assert staked.rewards(requester) == 0
    (log,) = receipt.decode_logs(staked.RewardsWithdrawn)
    assert (log.account, log.to, log.amount) == (requester, stranger, 30)


def test_withdraw_rewards__none_or_to_nobody__reverts(refuses, staked, requester):
    refuses("vault: no rewards", staked.withdraw_rewards, requester, sender=requester)
    refuses("vault: no recipient", staked.withdraw_rewards, ZERO_ADDRESS, sender=requester)
