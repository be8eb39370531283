"""RULES, Market and Dispute: what money does. Whoever cheats, stalls or lures ends poorer."""

from __future__ import annotations

import pytest

from tests.market.doubts import BOUNTY, COMPENSATION, DEPOSIT, POT, doubt
from tests.words import BPS, CHALLENGER, DEFENDER, NATIVE, Status
from tests.world import FUNDS, INPUT, MIN_BOND, OUTPUT, PARAMETERS, STAKE, WRONG_OUTPUT

PENALTY = PARAMETERS.penalty


def wealth(world, *accounts):
    """Bond asset that accounts hold in the vault, rewards included."""
    return sum(sum(world.stakes(account)) for account in accounts)


@pytest.fixture
def wrong(world):
    return world.posted_result(output=WRONG_OUTPUT)


def miss(world, request, sender=""):
    world.claim(request, sender=sender)
    world.warp(300)
    world.market.expire(request, sender=world.roles.stranger)


# --- "A missed claim costs a bounded penalty fixed in the terms, locked at the claim, not the whole bond" ---


def test_missed_claim__costs_the_penalty_of_its_terms(world, roles):
    """The network raises the penalty while the claim runs: the executor agreed to the old one."""
    request = world.open(world.offer(bond=10 * MIN_BOND))
    world.claim(request)
    raised = PARAMETERS._replace(penalty=MIN_BOND)
    world.network.set_parameters(raised, sender=roles.network_owner)
    world.market.freeze(world.model, 1, sender=roles.stranger)
    world.warp(300)
    world.market.expire(request, sender=roles.stranger)
    assert world.stakes(roles.staker) == (STAKE - PENALTY, 0, 0)


def test_missed_claim__part_to_the_requester_at_least_half_burns(world, roles):
    burned = world.burned()
    miss(world, world.open())
    assert world.stakes(roles.requester)[2] == PENALTY // 2
    assert world.burned() - burned == PENALTY - PENALTY // 2 >= PENALTY / 2


def test_missed_claim__stake_for_it__is_locked_when_it_is_claimed(world, roles, refuses):
    """An executor cannot take a claim and its stake away."""
    request = world.open()
    world.claim(request)
    refuses("vault: not enough free stake", world.vault.begin_unbonding, STAKE, sender=roles.staker)
    world.vault.begin_unbonding(STAKE - MIN_BOND, sender=roles.staker)
    world.warp(300)
    world.market.expire(request, sender=roles.stranger)
    assert world.stakes(roles.staker) == (MIN_BOND - PENALTY, 0, 0)


def test_missed_claim__stalling__buys_no_higher_price(world, roles):
    """Two operators of one owner: the first claims and stalls, the second waits for the ramp."""
    offer = world.offer(ramp=400, claim_seconds=2_000)
    request = world.open(offer)
    opened_at = world.now()
    world.at(opened_at + 10)
    world.claim(request)
    world.at(opened_at + 310)
    world.market.expire(request, sender=roles.staker)
    (claimed,) = world.market.events(world.claim(request, sender=roles.second_executor), "Claimed")
    assert claimed.price == offer.price_after(11)
    assert claimed.price < offer.price_after(311)


def test_missed_claim__inducing_it__pays_its_requester_less_than_it_costs_together(world, roles):
    """Requester and executor are one person and let claims lapse: every miss burns."""
    before = wealth(world, roles.attacker)
    request = world.open(sender=roles.attacker)
    for _ in range(PARAMETERS.max_attempts):
        miss(world, request, sender=roles.attacker)
    burned = PARAMETERS.max_attempts * (PENALTY - PENALTY // 2)
    assert wealth(world, roles.attacker) == before - burned
    assert world.status(request) == Status.REFUNDED
    assert world.balance(roles.attacker) == request.max_price


def test_missed_claim__result_time_too_short_to_be_met__is_refused(world, roles, refuses):
    """A requester who would live on penalties asks for answers within a second."""
    offer = world.offer(result_seconds=1)
    words, value = (offer, INPUT), offer.max_price
    refuses("market: result time too short", world.model.request, *words, sender=roles.attacker, value=value)


def test_late_result__earns_nothing(world, roles, refuses):
    request = world.open()
    world.claim(request)
    world.warp(300)
    words = world.post_words(request)
    refuses("market: result too late", world.market.post, *words, sender=roles.executor)
    refuses("market: not open", world.market.answer, *words, sender=roles.executor)


# --- "The Market, not the arbiter, computes the shares: at least half of a slashed bond burns" ---


@pytest.mark.parametrize("challengers", [1, 2, 3])
def test_slash__at_least_half_burns__however_many_challenge(world, roles, wrong, challengers):
    """All challengers and the requester may be the cheater himself."""
    names = ["second_executor", "attacker", "second_challenger"][:challengers]
    games = [doubt(world, wrong, getattr(roles, name)) for name in names]
    burned = world.burned()
    world.rule(games[0], CHALLENGER)
    for game in games:
        world.settle(wrong, game)
    lost = world.burned() - burned
    assert lost >= MIN_BOND // 2
    together = (roles.staker, roles.attacker, roles.second_challenger, roles.requester)
    assert wealth(world, *together) == 3 * STAKE - lost


def test_slash__larger_bond__burns_all_above_the_fixed_amounts(world, roles):
    result = world.posted_result(world.offer(bond=50 * MIN_BOND), output=WRONG_OUTPUT)
    burned, game = world.burned(), doubt(world, result)
    world.rule(game, CHALLENGER)
    world.settle(result, game)
    assert world.burned() - burned == 50 * MIN_BOND - BOUNTY - COMPENSATION
    assert world.stakes(roles.challenger) == (STAKE, 0, BOUNTY)


@pytest.mark.parametrize("verdict", [DEFENDER, CHALLENGER])
def test_cheater__challenges_himself__ends_poorer_either_way(world, roles, verdict):
    """Executor, requester and challenger are one person, who wins or loses his own game."""
    before = wealth(world, roles.attacker, roles.rival_executor)
    request = world.open(sender=roles.attacker)
    world.claim(request, sender=roles.rival_executor)
    (result,) = world.post(request, outputs=[WRONG_OUTPUT], sender=roles.rival_executor)
    first, second = doubt(world, result, roles.attacker), doubt(world, result, roles.rival_executor)
    world.rule(first, verdict)
    world.rule(second, CHALLENGER)
    for game in (first, second) if verdict == CHALLENGER else (second, first):
        world.settle(result, game)
    assert wealth(world, roles.attacker, roles.rival_executor) <= before - MIN_BOND // 2


def test_verdict__an_arbiter_takes_nothing_for_itself(world, roles, wrong):
    game = doubt(world, wrong)
    world.rule(game, CHALLENGER)
    world.settle(wrong, game)
    assert world.stakes(world.arbiter.address) == (0, 0, 0)
    assert world.bond_asset.balanceOf(world.arbiter) == 0


def test_slash__requester_of_no_address__keeps_nobody_from_being_slashed(world, roles):
    """A hostile model names nobody as requester: what would be his burns."""
    model = world.deploy("MockModel", world.market, world.terms())
    offer, nobody = world.offer(version=1), "0x" + "00" * 20
    ask = (nobody, offer, INPUT)
    missed, wrong = (
        world.opened(model.request_as(*ask, sender=roles.attacker, value=offer.max_price)) for _ in range(2)
    )
    burned = world.burned()
    miss(world, missed)
    assert world.burned() - burned == PENALTY
    world.claim(wrong)
    (result,) = world.post(wrong, outputs=[WRONG_OUTPUT])
    game = doubt(world, result)
    world.rule(game, CHALLENGER)
    world.settle(result, game)
    assert world.burned() - burned == PENALTY + MIN_BOND - BOUNTY
    assert world.stakes(roles.staker) == (STAKE - PENALTY - MIN_BOND, 0, 0)


# --- "An arbiter that has not ruled by its deadline: bond and deposits return, requester refunded" ---


def test_silence__of_the_arbiter__costs_nobody(world, roles, wrong):
    games = [doubt(world, wrong), doubt(world, wrong, roles.second_challenger)]
    burned = world.burned()
    world.warp(PARAMETERS.ruling_seconds)
    world.challenges.expire(wrong, games[1], sender=roles.stranger)
    for game in games:
        world.settle(wrong, game)
    assert world.burned() == burned
    assert world.balance(roles.requester) == FUNDS + wrong.request.max_price
    for account in (roles.staker, roles.challenger, roles.second_challenger):
        assert world.stakes(account) == (STAKE, 0, 0)


# --- Dispute: "Other live challengers get their deposits back, and gas pro rata from a fixed pot" ---


def test_pot__shared_by_the_others__is_fixed(world, roles, wrong):
    won = doubt(world, wrong)
    others = [doubt(world, wrong, roles.attacker) for _ in range(7)]
    world.rule(won, CHALLENGER)
    world.settle(wrong, won)
    for game in others:
        world.settle(wrong, game)
    assert world.stakes(roles.attacker) == (STAKE, 0, 7 * (POT // 7))
    assert world.stakes(roles.challenger) == (STAKE, 0, BOUNTY)
    assert world.stakes(roles.staker) == (STAKE - MIN_BOND, 0, 0)


def test_pot__fakes_that_were_lost_before__have_no_share(world, roles, wrong):
    fakes = [doubt(world, wrong, roles.attacker) for _ in range(3)]
    for game in fakes:
        world.rule(game, DEFENDER)
    honest, other = doubt(world, wrong), doubt(world, wrong, roles.second_challenger)
    world.rule(honest, CHALLENGER)
    for game in (honest, other, *fakes):
        world.settle(wrong, game)
    assert world.stakes(roles.second_challenger) == (STAKE, 0, POT)
    assert world.stakes(roles.attacker) == (STAKE - 3 * DEPOSIT, 0, 0)


# --- Dispute: "the number of games is not capped and does not change anybody's price" ---


def test_games__many_fakes_first__neither_keep_the_honest_out_nor_cost_him(world, roles, wrong):
    for _ in range(40):
        doubt(world, wrong, roles.second_executor)
    honest = doubt(world, wrong)
    assert world.stakes(roles.challenger) == (STAKE - DEPOSIT, DEPOSIT, 0)
    world.rule(honest, CHALLENGER)
    world.settle(wrong, honest)
    assert world.stakes(roles.challenger) == (STAKE, 0, BOUNTY)
    assert world.status(wrong.request) == Status.OPEN


# --- Dispute: "The deposit covers the worst defence gas of one game" ---


def test_deposit__lost__pays_the_defender_his_worst_gas(world, roles):
    result = world.posted_result()
    game = world.challenge(result)
    world.rule(game, DEFENDER)
    world.settle(result, game)
    assert world.stakes(roles.staker)[2] >= PARAMETERS.defence_cost


def test_deposit__network_asks_too_little__is_refused(world, roles, refuses):
    cheap = PARAMETERS._replace(deposit=PARAMETERS.defence_cost)  # after the requester's part it would not do
    refuses(
        "network: deposit below the defence", world.network.set_parameters, cheap, sender=roles.network_owner
    )


# --- Dispute: "Of a lost challenge's deposit the requester gets a part: delay has a price" ---


def test_deposit__lost__pays_the_requester_for_the_delay(world, roles):
    result = world.posted_result()
    for game in [world.challenge(result) for _ in range(3)]:
        world.rule(game, DEFENDER)
        world.settle(result, game)
    part = DEPOSIT * PARAMETERS.delay_bps // BPS
    assert part > 0
    assert world.stakes(roles.requester)[2] == 3 * part
    assert wealth(world, roles.challenger) == STAKE - 3 * DEPOSIT


# --- "Locks survive unbonding: only unlocked stake leaves" ---


def test_locks__everything_else_unbonded_and_withdrawn__the_bond_is_still_there(world, roles, wrong):
    world.vault.begin_unbonding(STAKE - MIN_BOND, sender=roles.staker)
    game = doubt(world, wrong)
    world.rule(game, CHALLENGER)
    world.warp(14 * 86_400)
    world.vault.withdraw(roles.staker, sender=roles.staker)
    world.settle(wrong, game)
    assert world.stakes(roles.staker) == (0, 0, 0)
    assert world.stakes(roles.challenger)[2] == BOUNTY


def test_locks__pledged_stake__does_not_leave_either(world, roles, refuses):
    world.market.pledge(STAKE, sender=roles.executor)
    refuses("vault: not enough free stake", world.vault.begin_unbonding, 1, sender=roles.staker)
    world.market.unpledge(roles.executor, sender=roles.staker)
    world.vault.begin_unbonding(STAKE, sender=roles.staker)


def test_locks__no_wei_backs_two(world, roles, refuses):
    """One stake, two operators, claims and challenges at once."""
    world.vault.begin_unbonding(STAKE - MIN_BOND, sender=roles.staker)
    result = world.posted_result(sender=roles.rival_executor)
    world.claim(world.open())
    words = [world.open()]
    refuses("vault: not enough free stake", world.market.claim, words, sender=roles.second_executor)
    doubted = (result, INPUT, OUTPUT)
    refuses("vault: not enough free stake", world.challenges.challenge, *doubted, sender=roles.executor)


# --- "Owner key and hot operator key are separate" ---


def test_keys__stolen_operator_key__moves_no_stake_and_no_earnings(world, roles, refuses):
    world.finished()
    vault, thief = world.vault, roles.executor
    assert world.balance(roles.staker) > 0
    refuses("vault: not enough free stake", vault.begin_unbonding, 1, sender=thief)
    refuses("vault: nothing unbonds", vault.withdraw, thief, sender=thief)
    refuses("vault: no rewards", vault.withdraw_rewards, thief, sender=thief)
    refuses("vault: not your operator", vault.revoke_operator, roles.second_executor, sender=thief)
    refuses("market: balance too small", world.market.withdraw, NATIVE, thief, 1, sender=thief)
