"""StakeVault: deposit, operators, lock, release, slash, unbonding, rewards."""

import ape
import pytest
from ape.utils import ZERO_ADDRESS

DEAD = "0x000000000000000000000000000000000000dEaD"
UNBONDING = 14 * 86_400
STAKE = 1_000


@pytest.fixture(scope="module")
def token(project, deployer, staker):
    token = project.MockToken.deploy(sender=deployer)
    token.mint(staker, 10 * STAKE, sender=deployer)
    return token


@pytest.fixture(scope="module")
def vault(project, deployer, market_caller, challenges_caller, token, staker):
    vault = project.StakeVault.deploy(token, market_caller, challenges_caller, UNBONDING, sender=deployer)
    token.approve(vault, 10 * STAKE, sender=staker)
    return vault


@pytest.fixture
def staked(vault, staker, executor):
    """A vault in which `executor` works for `staker`, who holds 1,000."""
    vault.deposit(staker, STAKE, sender=staker)
    vault.propose_operator(executor, sender=staker)
    vault.accept_operator(staker, sender=executor)
    return vault


def stake_of(vault, account):
    return vault.free(account), vault.locked(account)


# --- constructor ---


def test_init__valid__states_its_parameters(vault, token, market_caller, challenges_caller):
    assert vault.asset() == token
    assert vault.market() == market_caller
    assert vault.challenges() == challenges_caller
    assert vault.unbonding_seconds() == UNBONDING


def test_init__bad_parameters__reverts(project, deployer, token, market_caller, challenges_caller):
    with ape.reverts("vault: asset has no code"):
        project.StakeVault.deploy(market_caller, market_caller, challenges_caller, UNBONDING, sender=deployer)
    with ape.reverts("vault: no market"):
        project.StakeVault.deploy(token, ZERO_ADDRESS, challenges_caller, UNBONDING, sender=deployer)
    with ape.reverts("vault: no challenges"):
        project.StakeVault.deploy(token, market_caller, ZERO_ADDRESS, UNBONDING, sender=deployer)
    with ape.reverts("vault: no unbonding time"):
        project.StakeVault.deploy(token, market_caller, challenges_caller, 0, sender=deployer)


# --- deposit ---


def test_deposit__own_account__is_free_and_makes_it_its_own_operator(vault, token, staker):
    receipt = vault.deposit(staker, STAKE, sender=staker)

    assert stake_of(vault, staker) == (STAKE, 0)
    assert token.balanceOf(vault) == STAKE
    assert vault.account_of(staker) == staker
    assert vault.capacity(staker) == STAKE
    (deposited,) = receipt.decode_logs(vault.Deposited)
    (accepted,) = receipt.decode_logs(vault.OperatorAccepted)
    assert (deposited.account, deposited.sender, deposited.amount) == (staker, staker, STAKE)
    assert (accepted.account, accepted.operator) == (staker, staker)


def test_deposit__anothers_account__gives_stake_but_no_operator(vault, staker, executor):
    vault.deposit(executor, STAKE, sender=staker)

    assert stake_of(vault, executor) == (STAKE, 0)
    assert vault.account_of(executor) == ZERO_ADDRESS
    assert vault.capacity(executor) == 0


def test_deposit__operator_of_another__stays_with_its_account(staked, token, staker, executor):
    token.transfer(executor, 10, sender=staker)
    token.approve(staked, 10, sender=executor)
    staked.deposit(executor, 10, sender=executor)

    assert staked.account_of(executor) == staker
    assert stake_of(staked, executor) == (10, 0)


def test_deposit__after_revoking_itself__does_not_activate_it_again(vault, staker):
    vault.deposit(staker, STAKE, sender=staker)
    vault.revoke_operator(staker, sender=staker)
    vault.deposit(staker, STAKE, sender=staker)

    assert vault.capacity(staker) == 0
    assert stake_of(vault, staker) == (2 * STAKE, 0)


def test_deposit__nothing_or_nobody__reverts(refuses, vault, staker):
    refuses("vault: no account", vault.deposit, ZERO_ADDRESS, STAKE, sender=staker)
    refuses("vault: nothing deposited", vault.deposit, staker, 0, sender=staker)


def test_deposit__beyond_128_bits__reverts(refuses, staked, token, market_caller, staker, executor):
    staked.lock(executor, STAKE, sender=market_caller)
    token.mint(staker, 2**128, sender=staker)
    token.approve(staked, 2**256 - 1, sender=staker)
    refuses("vault: stake too large", staked.deposit, staker, 2**128 - STAKE, sender=staker)

    staked.deposit(staker, 2**128 - 1 - STAKE, sender=staker)
    assert stake_of(staked, staker) == (2**128 - 1 - STAKE, STAKE)
    staked.release(executor, STAKE, sender=market_caller)
    assert stake_of(staked, staker) == (2**128 - 1, 0)


# --- odd tokens ---


def vault_over(project, name, staker, deployer, market_caller, challenges_caller):
    token = project.get_contract(name).deploy(sender=deployer)
    vault = project.StakeVault.deploy(token, market_caller, challenges_caller, UNBONDING, sender=deployer)
    token.mint(staker, STAKE, sender=deployer)
    token.approve(vault, STAKE, sender=staker)
    return token, vault


def test_deposit__token_takes_a_fee__credits_what_arrives(
    project, staker, deployer, market_caller, challenges_caller, chain
):
    token, vault = vault_over(
        project, "FeeOnTransferToken", staker, deployer, market_caller, challenges_caller
    )
    vault.deposit(staker, STAKE, sender=staker)
    assert stake_of(vault, staker) == (990, 0)
    assert token.balanceOf(vault) == 990

    vault.begin_unbonding(990, sender=staker)
    chain.mine(deltatime=UNBONDING)
    vault.withdraw(staker, sender=staker)
    assert token.balanceOf(vault) == 0


def test_withdraw__token_returns_nothing__pays(
    project, staker, deployer, market_caller, challenges_caller, chain
):
    token, vault = vault_over(project, "NoReturnToken", staker, deployer, market_caller, challenges_caller)
    vault.deposit(staker, STAKE, sender=staker)
    vault.begin_unbonding(STAKE, sender=staker)
    chain.mine(deltatime=UNBONDING)
    vault.withdraw(staker, sender=staker)
    assert token.balanceOf(staker) == STAKE


def test_deposit__token_returns_false__reverts(
    refuses, project, staker, deployer, market_caller, challenges_caller
):
    _, vault = vault_over(project, "FalseToken", staker, deployer, market_caller, challenges_caller)
    refuses("transfers: token refused", vault.deposit, staker, STAKE + 1, sender=staker)


def test_deposit__token_reverts__reverts(refuses, vault, stranger):
    refuses("transfers: token reverted", vault.deposit, stranger, 1, sender=stranger)


def test_deposit__token_reenters_deposit__credits_each_coin_once(
    project, staker, deployer, market_caller, challenges_caller, attacker
):
    token, vault = vault_over(project, "ReentrantToken", staker, deployer, market_caller, challenges_caller)
    token.mint(token, STAKE, sender=attacker)
    nested = vault.deposit.encode_input(attacker, STAKE)
    token.arm(vault, nested, sender=attacker)
    vault.deposit(staker, STAKE, sender=staker)

    assert token.attempts() == 1
    assert not token.succeeded()
    assert vault.free(staker) + vault.free(attacker) == token.balanceOf(vault) == STAKE
    # The same call outside a transfer goes through: it is the lock that refused it.
    token.order(vault, nested, sender=attacker)
    assert vault.free(attacker) == STAKE


def test_withdraw__token_reenters_withdraw__pays_once(
    project, staker, deployer, market_caller, challenges_caller, chain
):
    token, vault = vault_over(project, "ReentrantToken", staker, deployer, market_caller, challenges_caller)
    token.mint(token, STAKE, sender=deployer)
    vault.deposit(staker, STAKE, sender=staker)
    token.order(vault, vault.deposit.encode_input(token, STAKE), sender=deployer)
    token.order(vault, vault.begin_unbonding.encode_input(STAKE), sender=deployer)
    chain.mine(deltatime=UNBONDING)
    token.arm(vault, vault.withdraw.encode_input(token), sender=deployer)
    token.order(vault, vault.withdraw.encode_input(token), sender=deployer)

    assert token.attempts() == 1
    assert not token.succeeded()
    assert token.balanceOf(vault) == STAKE == vault.free(staker)


# --- operators ---


def test_accept_operator__proposed__works_for_the_account(vault, staker, executor):
    vault.deposit(staker, STAKE, sender=staker)
    proposed = vault.propose_operator(executor, sender=staker)
    assert vault.account_of(executor) == ZERO_ADDRESS
    assert vault.capacity(executor) == 0

    accepted = vault.accept_operator(staker, sender=executor)
    assert vault.account_of(executor) == staker
    assert vault.capacity(executor) == STAKE
    for receipt, event in ((proposed, vault.OperatorProposed), (accepted, vault.OperatorAccepted)):
        (log,) = receipt.decode_logs(event)
        assert (log.account, log.operator) == (staker, executor)


def test_accept_operator__not_proposed__reverts(refuses, vault, staker, executor):
    refuses("vault: not proposed", vault.accept_operator, staker, sender=executor)


def test_accept_operator__of_another_account__reverts(refuses, staked, stranger, executor):
    refuses("vault: operator of another account", staked.accept_operator, stranger, sender=executor)


def test_accept_operator__proposal_used_before__reverts(refuses, staked, staker, executor):
    staked.revoke_operator(executor, sender=staker)
    refuses("vault: not proposed", staked.accept_operator, staker, sender=executor)


def test_propose_operator__squatted_by_another_account__the_operator_chooses(
    vault, staker, attacker, executor
):
    vault.propose_operator(executor, sender=attacker)
    vault.propose_operator(executor, sender=staker)
    vault.accept_operator(staker, sender=executor)
    assert vault.account_of(executor) == staker


def test_propose_operator__cannot_take_effect__reverts(refuses, staked, staker, executor, stranger):
    refuses("vault: no operator", staked.propose_operator, ZERO_ADDRESS, sender=staker)
    refuses("vault: already an operator", staked.propose_operator, executor, sender=staker)
    refuses("vault: operator of another account", staked.propose_operator, executor, sender=stranger)


def test_revoke_operator__at_work__locks_no_more_but_settles(
    refuses, staked, market_caller, staker, executor
):
    staked.lock(executor, 400, sender=market_caller)
    receipt = staked.revoke_operator(executor, sender=staker)

    (log,) = receipt.decode_logs(staked.OperatorRevoked)
    assert (log.account, log.operator) == (staker, executor)
    assert staked.capacity(executor) == 0
    assert staked.account_of(executor) == staker
    refuses("vault: not an operator", staked.lock, executor, 1, sender=market_caller)
    staked.release(executor, 400, sender=market_caller)
    assert stake_of(staked, staker) == (STAKE, 0)


def test_revoke_operator__then_accepted_again__locks_again(staked, market_caller, staker, executor):
    staked.revoke_operator(executor, sender=staker)
    staked.propose_operator(executor, sender=staker)
    staked.accept_operator(staker, sender=executor)
    assert staked.lock(executor, 1, sender=market_caller).return_value == staker


def test_revoke_operator__proposed_only__withdraws_the_proposal(refuses, vault, staker, executor):
    vault.propose_operator(executor, sender=staker)
    vault.revoke_operator(executor, sender=staker)
    refuses("vault: not proposed", vault.accept_operator, staker, sender=executor)


def test_revoke_operator__of_another_account__reverts(refuses, staked, stranger, executor):
    refuses("vault: not your operator", staked.revoke_operator, executor, sender=stranger)


# --- lock, release, slash ---


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


# --- unbonding ---


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


# --- rewards ---


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


# --- gas ---


def test_lock__warm__reads_two_words_and_writes_one(staked, market_caller, executor):
    staked.lock(executor, 100, sender=market_caller)
    used = staked.lock(executor, 100, sender=market_caller).gas_used
    # 21,000 + calldata for the transaction; two cold reads and one write of a word that is not zero.
    assert used - 21_000 - 1_000 <= 2 * 2_100 + 2_900 + 1_000
