"""Attacks from inside: consumers and arbiters that call back while a challenge is opened or settled."""

from __future__ import annotations

import pytest

from tests.words import CHALLENGER, DEFENDER, Flags, GameStatus, Status
from tests.world import INPUT, MIN_BOND, OUTPUT, PARAMETERS, STAKE

BOUNTY, POT, DEPOSIT = PARAMETERS.bounty, PARAMETERS.pot, PARAMETERS.deposit


@pytest.fixture
def consumer(world):
    return world.deploy("MockConsumer")


@pytest.fixture
def shown(world, consumer):
    """A result that its consumer has seen."""
    offer = world.offer(consumer=consumer, flags=Flags.AT_POST, callback_gas=900_000)
    return world.posted_result(offer)


@pytest.fixture
def arbiter(world):
    return world.deploy("HostileArbiter")


@pytest.fixture
def judged(world, arbiter):
    """A result under an arbiter that does what it likes while it opens a game."""
    request = world.open(model=world.create_model(arbiter=arbiter.address))
    world.claim(request)
    (result,) = world.post(request)
    return result


def verdict_of(world, result, game, verdict):
    return world.challenges.rule.encode_input(world.id(result.request), 1, game, verdict)


def test_settle__consumer_settles_another_game_while_it_is_told__its_pot_is_paid(
    world, roles, consumer, shown
):
    """When the consumer is told, the attempt is over, but the others' pot is not written down yet."""
    won, other = world.challenge(shown), world.challenge(shown, sender=roles.second_challenger)
    world.rule(won, CHALLENGER)
    payload = world.challenges.settle.encode_input(shown, 1, other)
    consumer.arm(world.challenges, payload, sender=roles.attacker)
    world.settle(shown, won)
    if world.game_status(shown, other) != GameStatus.SETTLED:
        world.settle(shown, other)
    assert world.stakes(roles.staker)[:2] == (STAKE - MIN_BOND, 0)
    assert world.stakes(roles.second_challenger) == (STAKE, 0, POT)


def test_settle__consumer_settles_the_same_game_while_it_is_told__pays_once(world, roles, consumer, shown):
    game = world.challenge(shown)
    world.rule(game, CHALLENGER)
    consumer.arm(
        world.challenges, world.challenges.settle.encode_input(shown, 1, game), sender=roles.attacker
    )
    world.settle(shown, game)
    assert consumer.retractions() == 1
    assert not consumer.called()
    assert world.stakes(roles.challenger) == (STAKE, 0, BOUNTY)
    assert world.stakes(roles.staker) == (STAKE - MIN_BOND, 0, 0)


def test_settle__consumer_claims_the_next_attempt_while_it_is_told__bonds_are_apart(
    world, roles, consumer, shown
):
    """The request is open again before the first bond is slashed: another bond may not pay for it."""
    world.bond_asset.deposit(sender=roles.attacker, value=2 * MIN_BOND)
    world.bond_asset.approve(world.vault, 2 * MIN_BOND, sender=roles.attacker)
    for step in (world.vault.propose_operator, world.vault.accept_operator):
        consumer.order(world.vault, step.encode_input(consumer.address), sender=roles.attacker)
    world.vault.deposit(consumer, 2 * MIN_BOND, sender=roles.attacker)
    game = world.challenge(shown)
    world.rule(game, CHALLENGER)
    payload = world.market.claim.encode_input([shown.request])
    consumer.arm(world.market, payload, sender=roles.attacker)
    world.settle(shown, game)
    assert consumer.called()
    assert world.status(shown.request) == Status.CLAIMED
    assert world.attempt(shown.request) == 2
    assert world.stakes(consumer)[:2] == (MIN_BOND, MIN_BOND)
    assert world.stakes(roles.staker) == (STAKE - MIN_BOND, 0, 0)
    assert world.stakes(roles.challenger) == (STAKE, 0, BOUNTY)


@pytest.mark.parametrize("verdict", [DEFENDER, CHALLENGER])
def test_open__arbiter_rules_the_game_it_is_opening__finds_none(world, roles, arbiter, judged, verdict):
    arbiter.arm(world.challenges, verdict_of(world, judged, 0, verdict), sender=roles.attacker)
    world.challenge(judged)
    assert not arbiter.called()
    assert world.status(judged.request) == Status.POSTED
    assert world.stakes(roles.challenger)[:2] == (STAKE - DEPOSIT, DEPOSIT)


def test_open__arbiter_lets_the_result_fall_while_it_opens_another_game__no_money_is_lost(
    world, roles, arbiter, judged
):
    """The second game is opened about a result that falls before the game is written down."""
    world.challenge(judged)
    arbiter.say(1, sender=roles.attacker)
    arbiter.arm(world.challenges, verdict_of(world, judged, 0, CHALLENGER), sender=roles.attacker)
    world.challenge(judged, sender=roles.second_challenger)
    assert arbiter.called()
    assert world.status(judged.request) == Status.REFUTED
    world.challenges.settle(judged, 1, 0, sender=roles.stranger)
    world.challenges.settle(judged, 1, 1, sender=roles.stranger)
    assert world.stakes(roles.challenger) == (STAKE, 0, BOUNTY)
    assert world.stakes(roles.second_challenger) == (STAKE, 0, POT)
    assert world.stakes(roles.staker) == (STAKE - MIN_BOND, 0, 0)


def test_open__arbiter_gives_a_number_twice__overwrites_no_game(world, roles, refuses, arbiter, judged):
    world.challenge(judged)
    arguments = (judged, INPUT, OUTPUT)
    refuses("challenges: game taken", world.challenges.challenge, *arguments, sender=roles.second_challenger)
    arbiter.order(
        world.challenges, verdict_of(world, judged, 0, DEFENDER), sender=roles.attacker
    )  # even when it is over
    refuses("challenges: game taken", world.challenges.challenge, *arguments, sender=roles.second_challenger)
    world.challenges.settle(judged, 1, 0, sender=roles.stranger)
    refuses("challenges: game taken", world.challenges.challenge, *arguments, sender=roles.second_challenger)


def test_rule__arbiter_of_another_model__reaches_no_game(world, roles, refuses, arbiter, judged):
    """Same request, same attempt, same number: an arbiter finds the games that it opened, and no other."""
    world.challenge(judged)
    request_id = world.id(judged.request)
    refuses(
        "challenges: no such game",
        world.arbiter.order_as,
        world.challenges,
        request_id,
        1,
        0,
        CHALLENGER,
        sender=roles.attacker,
    )


def test_settle__executor_challenges_himself_with_his_own_arbiter__half_the_bond_burns(world, roles, arbiter):
    """One person is requester, model owner, executor, challenger and judge: still he only loses."""
    everybody = roles.attacker
    receipt = world.registry.create_model(
        "mine", everybody, everybody, world.version(arbiter=arbiter.address), sender=everybody
    )
    (created,) = world.registry.events(receipt, "ModelCreated")
    model = world.existing("Model", created.model)
    request = world.open(sender=everybody, model=model)
    world.claim(request, sender=everybody)
    (result,) = world.post(request, sender=everybody)
    burned = world.burned()
    world.challenge(result, sender=everybody)
    arbiter.order(world.challenges, verdict_of(world, result, 0, CHALLENGER), sender=everybody)
    world.challenges.settle(result, 1, 0, sender=everybody)
    free, locked, rewards = world.stakes(everybody)
    assert locked == 0
    assert rewards == BOUNTY + PARAMETERS.compensation
    assert world.burned() - burned == STAKE - free - rewards
    assert world.burned() - burned >= MIN_BOND // 2
