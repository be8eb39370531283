"""Attacks that want money to wait for ever: bonds, deposits and escrows that no call can move any more."""

from __future__ import annotations

import pytest

from tests.words import CHALLENGER, DEFENDER, NATIVE, NOBODY, Flags, Request, Status
from tests.world import (
    INPUT,
    MIN_BOND,
    OUTPUT,
    PARAMETERS,
    STAKE,
    UNBONDING,
    WINDOW,
)

COMPENSATION, BOUNTY, DEPOSIT = PARAMETERS.compensation, PARAMETERS.bounty, PARAMETERS.deposit


@pytest.fixture
def hostile_model(world):
    return world.deploy("MockModel", world.market, world.terms())


@pytest.fixture
def ask_as(world, roles, hostile_model):
    """A request of the hostile model's, in the name of whomever it likes."""

    def ask(requester: str) -> Request:
        offer = world.offer(version=1)
        receipt = hostile_model.request_as(
            requester, offer, INPUT, sender=roles.attacker, value=offer.max_price
        )
        return world.opened(receipt)

    return ask


def test_expire__requester_is_nobody__releases_the_bond(world, roles, ask_as):
    unnamed = ask_as(NOBODY)
    world.claim(unnamed)
    world.warp(300)
    world.market.expire(unnamed, sender=roles.stranger)
    free, locked, _ = world.stakes(roles.staker)
    assert (free, locked) == (STAKE - PARAMETERS.penalty, 0)


@pytest.mark.parametrize("verdict", [DEFENDER, CHALLENGER])
def test_settle__requester_is_nobody__releases_bond_and_deposits(world, roles, ask_as, verdict):
    unnamed = ask_as(NOBODY)
    world.claim(unnamed)
    (result,) = world.post(unnamed)
    game, other = world.challenge(result), world.challenge(result, sender=roles.second_challenger)
    world.rule(game, verdict)
    world.settle(result, game)
    if verdict == CHALLENGER:
        world.settle(result, other)
        assert world.stakes(roles.second_challenger)[:2] == (STAKE, 0)
        assert world.stakes(roles.challenger) == (STAKE, 0, BOUNTY)
        assert world.stakes(roles.staker)[:2] == (STAKE - MIN_BOND, 0)
    else:
        assert world.stakes(roles.challenger)[:2] == (STAKE - DEPOSIT, 0)


@pytest.mark.parametrize("name", ["vault", "market", "challenges", "bond_asset", "model"])
def test_settle__requester_is_a_contract_of_ours__pays_and_frees_everybody_else(world, roles, ask_as, name):
    named = getattr(world, name).address
    request = ask_as(named)
    world.claim(request)
    (result,) = world.post(request)
    game = world.challenge(result)
    world.rule(game, CHALLENGER)
    world.settle(result, game)
    assert world.stakes(roles.challenger) == (STAKE, 0, BOUNTY)
    assert world.stakes(roles.staker) == (STAKE - MIN_BOND, 0, 0)
    assert world.stakes(named) == (0, 0, COMPENSATION)
    world.warp(600)
    world.market.expire(request, sender=roles.stranger)
    assert world.status(request) == Status.REFUNDED
    assert world.balance(named) == request.max_price
    assert world.bond_asset.balanceOf(world.vault) == 5 * STAKE - MIN_BOND + BOUNTY + COMPENSATION


def test_unpledge__while_bonds_are_at_work__frees_only_what_is_idle(world, roles, refuses):
    """Neither unpledging nor revoking nor unbonding takes a bond away from a result that stands."""
    world.market.pledge(3 * MIN_BOND, sender=roles.executor)
    result = world.posted_result()
    world.market.unpledge(roles.executor, sender=roles.executor)
    assert world.stakes(roles.staker)[:2] == (STAKE - MIN_BOND, MIN_BOND)
    world.vault.revoke_operator(roles.executor, sender=roles.staker)
    refuses("vault: not enough free stake", world.vault.begin_unbonding, STAKE, sender=roles.staker)
    refuses("vault: not an operator", world.market.pledge, 1, sender=roles.executor)
    world.vault.begin_unbonding(STAKE - MIN_BOND, sender=roles.staker)
    game = world.challenge(result)
    world.rule(game, CHALLENGER)
    world.warp(UNBONDING)
    world.vault.withdraw(roles.staker, sender=roles.staker)
    world.settle(result, game)
    assert world.stakes(roles.staker) == (0, 0, 0)
    assert world.stakes(roles.challenger) == (STAKE, 0, BOUNTY)


def test_unpledge__by_anybody_else__is_refused(world, roles, refuses):
    world.market.pledge(MIN_BOND, sender=roles.executor)
    for actor in (roles.attacker, roles.second_executor, roles.owner, roles.network_owner, roles.requester):
        refuses("market: wrong caller", world.market.unpledge, roles.executor, sender=actor)
    world.market.unpledge(roles.attacker, sender=roles.attacker)  # a pledge that never was
    assert world.stakes(roles.staker)[:2] == (STAKE - MIN_BOND, MIN_BOND)


def test_finalize__revoked_operator_with_a_pledge__is_paid_and_can_take_it_home(world, roles):
    """Revoking an operator in the middle of its work leaves nothing behind that its account cannot move."""
    world.market.pledge(2 * MIN_BOND, sender=roles.executor)
    result = world.posted_result()
    world.vault.revoke_operator(roles.executor, sender=roles.staker)
    world.warp(WINDOW)
    world.finalize(result)
    world.market.unpledge(roles.executor, sender=roles.staker)
    assert world.stakes(roles.staker) == (STAKE, 0, 0)
    assert world.balance(roles.staker) > 0


def test_expire__arbiter_lost_its_code__ends_the_game(world, roles):
    """An arbiter without code can neither rule nor refuse; the deadline ends it."""
    arbiter = world.deploy("MockArbiter")
    model = world.create_model(arbiter=arbiter.address)
    request = world.open(model=model)
    world.claim(request)
    (result,) = world.post(request)
    game = arbiter.games() + 1
    world.challenge(result)
    world.wire.request("anvil_setCode", arbiter.address, "0x")
    world.warp(PARAMETERS.ruling_seconds)
    world.challenges.expire(result, game, sender=roles.stranger)
    world.settle(result, game)
    assert world.status(request) == Status.REFUNDED
    assert world.stakes(roles.staker) == (STAKE, 0, 0)
    assert world.stakes(roles.challenger) == (STAKE, 0, 0)


def test_finalize__model_lost_its_code__everybody_is_paid(world, roles, ask_as, hostile_model):
    request = ask_as(roles.requester)
    world.claim(request)
    (result,) = world.post(request)
    world.wire.request("anvil_setCode", hostile_model.address, "0x")
    world.warp(WINDOW)
    world.finalize(result)
    assert world.status(request) == Status.FINAL
    assert world.stakes(roles.staker) == (STAKE, 0, 0)
    assert world.balance(roles.staker) > 0


@pytest.mark.parametrize("name", ["market", "vault", "challenges", "orders", "bond_asset", "inputs"])
def test_finalize__consumer_is_a_contract_of_ours__changes_nothing_there(world, roles, name):
    """What the Market says to a consumer means nothing to the contracts that trust the Market."""
    named = getattr(world, name).address
    flags = Flags.AT_POST | Flags.AT_FINAL
    offer = world.offer(consumer=named, flags=flags, callback_gas=500_000)
    before = world.stakes(named), world.bond_asset.balanceOf(named), world.balance(named)
    result = world.posted_result(offer)
    with world.wire.rewound():
        game = world.challenge(result)
        world.rule(game, CHALLENGER)
        world.settle(result, game)
        assert world.stakes(roles.staker) == (STAKE - MIN_BOND, 0, 0)
    world.warp(WINDOW)
    world.finalize(result, outputs=[OUTPUT])
    assert (world.stakes(named), world.bond_asset.balanceOf(named), world.balance(named)) == before
    assert world.stakes(roles.staker) == (STAKE, 0, 0)
    assert world.balance(named, NATIVE) == 0
