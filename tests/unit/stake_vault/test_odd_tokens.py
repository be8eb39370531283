"""StakeVault over tokens that take fees, return nothing, lie or call back."""

from __future__ import annotations

from tests.unit.stake_vault.stakes import STAKE, UNBONDING, stake_of


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
