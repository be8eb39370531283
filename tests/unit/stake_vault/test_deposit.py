"""StakeVault: what it is made with, and stake that comes in."""

from __future__ import annotations

import ape
from ape.utils import ZERO_ADDRESS

from tests.unit.stake_vault.stakes import STAKE, UNBONDING, stake_of


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
