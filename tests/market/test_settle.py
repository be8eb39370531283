"""Challenges.rule, settle and expire: who is paid what when a result falls, stands, or nobody says."""

from __future__ import annotations

import pytest

from tests.market.doubts import BOUNTY, COMPENSATION, DELAY, DEPOSIT, POT, doubt
from tests.words import CHALLENGER, DEFENDER, GameStatus, Status
from tests.world import FUNDS, MIN_BOND, PARAMETERS, STAKE, WINDOW, WRONG_OUTPUT


@pytest.fixture
def result(world):
    """A wrong one, as those who challenge it believe."""
    return world.posted_result(output=WRONG_OUTPUT)


# --- rule ---


def test_rule__by_the_arbiter__is_kept_once(world, roles, refuses, result):
    game, request_id = doubt(world, result), world.id(result.request)
    (ruled,) = world.challenges.events(world.rule(game, CHALLENGER), "Ruled")
    assert (ruled.id, ruled.attempt, ruled.game, ruled.verdict) == (request_id, 1, game, CHALLENGER)
    assert world.game_status(result, game) == GameStatus.WON
    assert world.status(result.request) == Status.REFUTED
    for verdict in (DEFENDER, CHALLENGER):
        refuses("challenges: no such game", world.arbiter.order, game, verdict, sender=roles.stranger)


def test_rule__unknown_verdict__is_refused(world, roles, refuses, result):
    game = doubt(world, result)
    for verdict in (0, 3, 2**255):
        refuses("challenges: unknown verdict", world.arbiter.order, game, verdict, sender=roles.stranger)


def test_rule__by_anybody_else__finds_no_game(world, roles, refuses, result):
    game, request_id = doubt(world, result), world.id(result.request)
    rule = world.challenges.rule
    for actor in (roles.attacker, roles.challenger, roles.executor, roles.owner):
        refuses("challenges: no such game", rule, request_id, 1, game, CHALLENGER, sender=actor)
    other = world.deploy("MockArbiter")
    order = other.order_as
    refuses(
        "challenges: no such game",
        order,
        world.challenges,
        request_id,
        1,
        game,
        CHALLENGER,
        sender=roles.attacker,
    )


def test_rule__game_never_opened__is_refused(world, roles, refuses, result):
    order, request_id = world.arbiter.order_as, world.id(result.request)
    game = doubt(world, result)
    for attempt, number in ((1, game + 1), (2, game), (0, game)):
        refuses(
            "challenges: no such game",
            order,
            world.challenges,
            request_id,
            attempt,
            number,
            CHALLENGER,
            sender=roles.attacker,
        )


# --- settle ---


def test_settle__defender_was_right__deposit_pays_him_and_the_requester(world, roles, result):
    game = doubt(world, result)
    world.rule(game, DEFENDER)
    assert world.game_status(result, game) == GameStatus.LOST
    (settled,) = world.challenges.events(world.settle(result, game), "Settled")
    assert (settled.id, settled.attempt, settled.game) == (world.id(result.request), 1, game)
    assert world.stakes(roles.challenger) == (STAKE - DEPOSIT, 0, 0)
    assert world.stakes(roles.requester) == (0, 0, DELAY)
    assert world.stakes(roles.staker) == (STAKE - MIN_BOND, MIN_BOND, DEPOSIT - DELAY)
    world.warp(WINDOW)
    world.finalize(result)
    assert world.stakes(roles.staker) == (STAKE, 0, DEPOSIT - DELAY)


def test_settle__challenger_was_right__bond_pays_and_burns(world, roles, result):
    game, burned = doubt(world, result), world.burned()
    world.rule(game, CHALLENGER)
    receipt = world.settle(result, game)
    (reopened,) = world.market.events(receipt, "Reopened")
    assert (reopened.id, reopened.attempt) == (world.id(result.request), 2)
    assert world.stakes(roles.staker) == (STAKE - MIN_BOND, 0, 0)
    assert world.stakes(roles.challenger) == (STAKE, 0, BOUNTY)
    assert world.stakes(roles.requester) == (0, 0, COMPENSATION)
    assert world.burned() == burned + MIN_BOND - BOUNTY - COMPENSATION
    assert world.game_status(result, game) == GameStatus.SETTLED
    assert world.status(result.request) == Status.OPEN


def test_settle__refuted__ramp_goes_on_from_the_claimed_price(world):
    offer = world.offer(ramp=100)
    request = world.open(offer)
    opened_at = world.now()
    world.at(opened_at + 40)
    world.claim(request)
    (result,) = world.post(request, outputs=[WRONG_OUTPUT])
    game = doubt(world, result)
    world.rule(game, CHALLENGER)
    world.settle(result, game)
    reopened_at = world.now()
    world.at(reopened_at + 5)
    (claimed,) = world.market.events(world.claim(request), "Claimed")
    assert claimed.price == offer.price_after(45)


def test_settle__refuted_on_the_last_attempt__refunds(world, roles):
    request = world.open()
    for attempt in range(1, PARAMETERS.max_attempts + 1):
        world.claim(request)
        (result,) = world.post(request, outputs=[WRONG_OUTPUT])
        game = doubt(world, result)
        world.rule(game, CHALLENGER)
        world.settle(result, game, attempt)
    assert world.status(request) == Status.REFUNDED
    assert world.balance(roles.requester) == FUNDS + request.max_price


def test_settle__several_challengers__pot_is_shared_and_deposits_return(world, roles, result):
    burned = world.burned()
    won = doubt(world, result)
    live = doubt(world, result, roles.second_challenger)
    void = doubt(world, result, roles.attacker)
    lost = doubt(world, result, roles.rival_executor)
    world.rule(lost, DEFENDER)
    world.rule(won, CHALLENGER)
    world.rule(void, DEFENDER)  # too late: the result has fallen
    assert world.game_status(result, void) == GameStatus.VOID
    world.settle(result, won)
    share = POT // 2
    assert world.stakes(roles.staker)[1] == 2 * share
    for game in (live, void, lost):
        world.settle(result, game)
    assert world.stakes(roles.second_challenger) == (STAKE, 0, share)
    assert world.stakes(roles.attacker) == (STAKE, 0, share)
    assert world.stakes(roles.rival_executor) == (STAKE - DEPOSIT, 0, 0)
    assert world.stakes(roles.staker) == (STAKE - MIN_BOND, 0, DEPOSIT - DELAY)
    assert world.burned() == burned + MIN_BOND - BOUNTY - COMPENSATION - 2 * share


def test_settle__again__is_refused(world, roles, refuses, result):
    game, settle = doubt(world, result), world.challenges.settle
    world.rule(game, CHALLENGER)
    world.settle(result, game)
    refuses("challenges: no such game", settle, result, 1, game, sender=roles.challenger)
    for attempt, number in ((1, game + 1), (2, game)):
        refuses("challenges: no such game", settle, result, attempt, number, sender=roles.challenger)


def test_settle__result_still_stands__is_refused(world, roles, refuses, result):
    game = doubt(world, result)
    refuses(
        "challenges: result still stands",
        world.challenges.settle,
        result,
        1,
        game,
        sender=roles.challenger,
    )


def test_settle__refuted_but_not_settled__others_wait(world, roles, refuses, result):
    won, other = doubt(world, result), doubt(world, result, roles.second_challenger)
    world.rule(won, CHALLENGER)
    settle, sender = world.challenges.settle, roles.second_challenger
    refuses("challenges: result still stands", settle, result, 1, other, sender=sender)
    world.settle(result, won)
    world.settle(result, other)
    assert world.stakes(roles.second_challenger) == (STAKE, 0, POT)


def test_settle__another_result_of_the_request__is_refused(world, roles, refuses, result):
    game = doubt(world, result)
    world.rule(game, CHALLENGER)
    foreign = result._replace(work=result.work ^ (1 << 24))
    refuses("market: not this result", world.challenges.settle, foreign, 1, game, sender=roles.attacker)


def test_settle__old_game_while_the_next_attempt_runs__leaves_it_alone(world, roles, result):
    won, other = doubt(world, result), doubt(world, result, roles.second_challenger)
    world.rule(won, CHALLENGER)
    world.settle(result, won)
    world.claim(result.request, sender=roles.rival_executor)
    (second,) = world.post(result.request, sender=roles.rival_executor)
    world.rule(other, CHALLENGER)
    assert world.status(result.request) == Status.POSTED
    world.settle(result, other)
    world.warp(WINDOW)
    world.finalize(second)
    assert world.stakes(roles.rival_executor) == (STAKE, 0, 0)
    assert world.stakes(roles.staker) == (STAKE - MIN_BOND, 0, 0)


def test_settle__defender_is_challenger__ends_poorer(world, roles, result):
    before = sum(world.stakes(roles.staker))
    game = doubt(world, result, roles.second_executor)
    world.rule(game, CHALLENGER)
    world.settle(result, game)
    assert sum(world.stakes(roles.staker)) == before - MIN_BOND + BOUNTY


# --- expire: the arbiter is silent ---


def test_expire__arbiter_silent__everything_returns(world, roles, result):
    first, second = doubt(world, result), doubt(world, result, roles.second_challenger)
    opened_at = world.now() - 1
    world.at(opened_at + PARAMETERS.ruling_seconds)
    world.challenges.expire(result, first, sender=roles.stranger)
    assert world.status(result.request) == Status.REFUNDED
    assert world.balance(roles.requester) == FUNDS + result.request.max_price
    assert world.stakes(roles.staker) == (STAKE, 0, 0)
    for game in (first, second):
        world.settle(result, game)
    assert world.stakes(roles.challenger) == (STAKE, 0, 0)
    assert world.stakes(roles.second_challenger) == (STAKE, 0, 0)


def test_expire__ruling_still_due__is_refused(world, roles, refuses, result):
    game = doubt(world, result)
    opened_at = world.now()
    world.at(opened_at + PARAMETERS.ruling_seconds - 1)
    refuses("challenges: ruling still due", world.challenges.expire, result, game, sender=roles.challenger)


def test_expire__no_such_game__is_refused(world, roles, refuses, result):
    expire, sender = world.challenges.expire, roles.stranger
    game = doubt(world, result)
    refuses("challenges: no such game", expire, result, game + 1, sender=sender)
    world.rule(game, DEFENDER)
    world.warp(PARAMETERS.ruling_seconds)
    refuses("challenges: no such game", expire, result, game, sender=sender)


def test_expire__another_result_of_the_request__is_refused(world, roles, refuses, result):
    game = doubt(world, result)
    world.warp(PARAMETERS.ruling_seconds)
    foreign = result._replace(work=result.work ^ (1 << 24))
    refuses("market: not this result", world.challenges.expire, foreign, game, sender=roles.attacker)


def test_expire__refuted_meanwhile__is_refused(world, roles, refuses, result):
    silent, won = doubt(world, result), doubt(world, result, roles.second_challenger)
    world.rule(won, CHALLENGER)
    world.warp(PARAMETERS.ruling_seconds)
    refuses("market: not posted", world.challenges.expire, result, silent, sender=roles.attacker)
    world.settle(result, won)
    refuses("challenges: no such game", world.challenges.expire, result, silent, sender=roles.attacker)


def test_rule__after_expiry__is_refused(world, roles, refuses, result):
    game, ruling = doubt(world, result), world.arbiter.order
    world.warp(PARAMETERS.ruling_seconds)
    world.challenges.expire(result, game, sender=roles.stranger)
    refuses("challenges: ruled too late", ruling, game, CHALLENGER, sender=roles.stranger)
    assert world.status(result.request) == Status.REFUNDED
    world.settle(result, game)
    assert world.stakes(roles.staker) == (STAKE, 0, 0)


def test_rule__at_its_deadline__either_a_ruling_or_expiry_never_both(world, roles, refuses, result):
    game = doubt(world, result)
    deadline = world.now() + PARAMETERS.ruling_seconds
    ruling, expire = (world.arbiter.order, game, CHALLENGER), (world.challenges.expire, result, game)
    world.at(deadline - 1)
    refuses("challenges: ruling still due", *expire, sender=roles.stranger)
    ruling[0].asked(*ruling[1:], sender=roles.stranger)
    world.at(deadline)
    refuses("challenges: ruled too late", *ruling, sender=roles.stranger)
    world.challenges.expire(result, game, sender=roles.stranger)
    assert world.status(result.request) == Status.REFUNDED
