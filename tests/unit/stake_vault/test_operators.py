"""StakeVault: who works for whose stake."""

from __future__ import annotations

from ape.utils import ZERO_ADDRESS

from tests.unit.stake_vault.stakes import STAKE, stake_of


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
