"""StakeVault: lock, release and slash, by the market."""

from __future__ import annotations

from ape.utils import ZERO_ADDRESS

from tests.unit.stake_vault.stakes import DEAD, STAKE, stake_of


def test_lock__free_stake__moves_to_locked(staked, market_caller, staker, executor):
    assert staked.lock(executor, 400, sender=market_caller).return_value == staker
    assert stake_of(staked, staker) == (600, 400)
    assert staked.capacity(executor) == 600


def test_lock__no_wei_backs_two_locks__reverts(refuses, staked, market_caller, staker, executor):
    staked.propose_operator(market_caller, sender=staker)
    staked.accept_operator(staker, sender=market_caller)
    staked.lock(executor, 600, sender=market_caller)
    refuses("vault: not enough free stake", staked.lock, market_caller, 401, sender=market_caller)
    staked.lock(market_caller, 400, sender=market_caller)
    assert stake_of(staked, staker) == (0, STAKE)


def test_lock__not_an_operator__reverts(refuses, staked, market_caller, stranger):
    refuses("vault: not an operator", staked.lock, stranger, 0, sender=market_caller)


def test_release__locked_stake__is_free_again(staked, market_caller, staker, executor):
    staked.lock(executor, STAKE, sender=market_caller)
    assert staked.release(executor, 300, sender=market_caller).return_value == staker
    assert stake_of(staked, staker) == (300, 700)


def test_release__more_than_locked__reverts(refuses, staked, market_caller, executor):
    staked.lock(executor, 100, sender=market_caller)
    refuses("vault: not so much locked", staked.release, executor, 101, sender=market_caller)


def test_slash__three_shares__each_arrives(
    staked, token, market_caller, staker, executor, requester, challenger
):
    staked.lock(executor, 500, sender=market_caller)
    receipt = staked.slash(executor, requester, 30, challenger, 20, 150, sender=market_caller)

    assert stake_of(staked, staker) == (500, 300)
    assert staked.rewards(requester) == 30
    assert staked.rewards(challenger) == 20
    assert token.balanceOf(DEAD) == 150
    (log,) = receipt.decode_logs(staked.Slashed)
    assert (log.account, log.victim, log.winner) == (staker, requester, challenger)
    assert (log.compensation, log.bounty, log.burned) == (30, 20, 150)


def test_slash__winner_is_an_operator__its_account_is_rewarded(
    staked, market_caller, staker, executor, second_executor, requester, token, deployer
):
    token.mint(second_executor, 10, sender=deployer)
    token.approve(staked, 10, sender=second_executor)
    staked.deposit(second_executor, 10, sender=second_executor)
    staked.lock(second_executor, 10, sender=market_caller)
    staked.revoke_operator(executor, sender=staker)  # revoked or not
    staked.slash(second_executor, requester, 0, executor, 10, 0, sender=market_caller)
    assert staked.rewards(staker) == 10
    assert staked.rewards(executor) == 0


def test_slash__nothing_for_anybody__needs_nobody(staked, token, market_caller, staker, executor):
    staked.lock(executor, 500, sender=market_caller)
    staked.slash(executor, ZERO_ADDRESS, 0, ZERO_ADDRESS, 0, 500, sender=market_caller)
    assert stake_of(staked, staker) == (500, 0)
    assert token.balanceOf(DEAD) == 500


def test_slash__compensation_of_nobody__burns(staked, token, market_caller, staker, executor):
    staked.lock(executor, 500, sender=market_caller)
    staked.slash(executor, ZERO_ADDRESS, 100, ZERO_ADDRESS, 0, 400, sender=market_caller)
    assert stake_of(staked, staker) == (500, 0)
    assert staked.rewards(ZERO_ADDRESS) == 0
    assert token.balanceOf(DEAD) == 500


def test_slash__bounty_of_nobody__reverts(refuses, staked, market_caller, executor, requester):
    staked.lock(executor, 500, sender=market_caller)
    refuses(
        "vault: no winner", staked.slash, executor, requester, 0, ZERO_ADDRESS, 1, 0, sender=market_caller
    )


def test_slash__more_than_locked__reverts(refuses, staked, market_caller, executor, requester):
    staked.lock(executor, 500, sender=market_caller)
    refuses(
        "vault: not so much locked",
        staked.slash,
        executor,
        requester,
        500,
        requester,
        1,
        0,
        sender=market_caller,
    )


def test_lock_release_slash__not_the_market__reverts(refuses, staked, staker, executor, attacker):
    for caller in (staker, executor, attacker):
        refuses("vault: not the market", staked.lock, executor, 1, sender=caller)
        refuses("vault: not the market", staked.release, executor, 1, sender=caller)
        refuses("vault: not the market", staked.slash, executor, caller, 1, caller, 0, 0, sender=caller)


def test_lock_release_slash__challenges__may_as_well(staked, token, challenges_caller, staker, executor):
    staked.lock(executor, 300, sender=challenges_caller)
    staked.release(executor, 100, sender=challenges_caller)
    staked.slash(executor, ZERO_ADDRESS, 0, ZERO_ADDRESS, 0, 200, sender=challenges_caller)
    assert stake_of(staked, staker) == (800, 0)
    assert token.balanceOf(DEAD) == 200


def test_lock__warm__reads_two_words_and_writes_one(staked, market_caller, executor):
    staked.lock(executor, 100, sender=market_caller)
    used = staked.lock(executor, 100, sender=market_caller).gas_used
    # 21,000 + calldata for the transaction; two cold reads and one write of a word that is not zero.
    assert used - 21_000 - 1_000 <= 2 * 2_100 + 2_900 + 1_000
