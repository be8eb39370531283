"""A vault, and somebody who has a stake in it."""

from __future__ import annotations

import pytest

from tests.unit.stake_vault.stakes import STAKE, UNBONDING


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
