"""RULES, Market: models, hooks, tokens, consumers and arbiters are hostile. Each attack fails."""

from __future__ import annotations

import pytest

from tests.words import CHALLENGER, LIVE, NATIVE, Flags, Status, Work
from tests.world import ETHER, FUNDS, INPUT, MIN_BOND, OUTPUT, PARAMETERS, STAKE, WINDOW

TRAP = "0xfe"  # code that burns all its gas, whatever is asked


def trap(world, contract):
    """From now on nothing of this contract works."""
    world.wire.request("anvil_setCode", str(contract), TRAP)


# --- "it copies the terms at open and never asks the Model again" ---


def test_model__dead_after_open__the_whole_life_goes_on(world, roles):
    model = world.create_model()
    offer = world.offer(ramp=0)
    requests = [world.open(offer, model=model) for _ in range(5)]
    trap(world, model)
    claimed, answered, missed, doubted, cancelled = requests
    world.market.cancel(cancelled, sender=roles.requester)
    world.claim(claimed, missed, doubted)
    (first,) = world.post(claimed)
    (second,) = world.answer(answered)
    (third,) = world.post(doubted)
    game = world.challenge(third)
    world.rule(game, CHALLENGER)
    world.settle(third, game)
    world.warp(WINDOW)
    world.market.expire(missed, sender=roles.stranger)
    world.finalize(first, second)
    assert [world.status(request) for request in requests] == [
        Status.FINAL,
        Status.FINAL,
        Status.OPEN,
        Status.OPEN,
        Status.REFUNDED,
    ]
    assert world.shares(model)[0] == 2 * (offer.max_price // 10)


def test_model__changes_its_terms__running_requests_and_frozen_versions_keep_theirs(world, roles):
    model = world.deploy("MockModel", world.market, world.terms())
    offer = world.offer(version=1)
    ask = (roles.requester, offer, INPUT)
    request = world.opened(model.request_as(*ask, sender=roles.idle, value=offer.max_price))
    model.set_terms(world.terms(royalty_bps=5_000, min_bond=50 * ETHER), sender=roles.attacker)
    later = world.opened(model.request_as(*ask, sender=roles.idle, value=offer.max_price))
    assert later.terms == request.terms


# --- "checks them against the network's bounds", "nobody freezes a bond for ten years" ---

GREEDY = {
    "network: window out of bounds": [{"window": 10 * 365 * 86_400}, {"window": 0}],
    "network: royalty too high": [{"royalty_bps": 10_000}],
    "network: bond too small": [{"min_bond": 1}],
    "network: arbiter has no code": [{"arbiter": "0x" + "00" * 20}],
}


@pytest.mark.parametrize(
    ("reason", "terms"), [(reason, terms) for reason, cases in GREEDY.items() for terms in cases]
)
def test_terms__beyond_the_networks_bounds__never_open(world, roles, refuses, reason, terms):
    model = world.deploy("MockModel", world.market, world.terms(**terms))
    offer = world.offer(version=1, max_window=2**256 - 1)
    ask = (roles.requester, offer, INPUT)
    refuses(reason, model.request_as, *ask, sender=roles.attacker, value=offer.max_price)


def test_terms__bond_covers_twice_what_a_fall_costs(world):
    owed = PARAMETERS.bounty + PARAMETERS.compensation + PARAMETERS.pot + PARAMETERS.defence_cost
    assert owed <= MIN_BOND // 2


def test_bond__longest_anybody_can_make_it_wait__is_months(world, roles):
    """The longest result time, window and ruling that the bounds allow, one after the other."""
    day = 86_400
    slow = PARAMETERS._replace(ruling_seconds=60 * day)
    world.network.set_parameters(slow, sender=roles.network_owner)
    model = world.create_model(window=30 * day)
    request = world.open(world.offer(max_window=30 * day, result_seconds=30 * day), model=model)
    started = world.now()
    world.claim(request)
    world.at(world.now() + 30 * day - 1)
    (result,) = world.post(request)
    world.at(world.now() + 30 * day - 1)
    game = world.challenge(result)
    world.at(world.now() + 60 * day)
    world.challenges.expire(result, game, sender=roles.stranger)
    assert world.stakes(roles.staker) == (STAKE, 0, 0)
    assert world.now() - started <= 120 * day


# --- "Who pays" ---


def test_payer__named_by_a_hostile_model__pays_nothing(world, roles, refuses):
    """The victim has a balance in the Market and an unlimited allowance; anybody can make a model."""
    token = world.deploy("MockToken")
    token.mint(roles.requester, ETHER, sender=roles.deployer)
    token.approve(world.market, 2**256 - 1, sender=roles.requester)
    model = world.deploy("MockModel", world.market, world.terms())
    for changes in ({}, {"flags": Flags.PREPAID}, {"asset": token}):
        offer = world.offer(version=1, **changes)
        reason = "market: a model pays by value" if changes else "market: wrong value"
        refuses(reason, model.request_as, roles.requester, offer, INPUT, sender=roles.attacker)
    assert world.balance(roles.requester) == FUNDS
    assert token.balanceOf(roles.requester) == ETHER


def test_payer__named_as_requester__gets_the_refund_of_somebody_elses_money(world, roles):
    model = world.deploy("MockModel", world.market, world.terms())
    offer = world.offer(version=1)
    ask = (roles.requester, offer, INPUT)
    request = world.opened(model.request_as(*ask, sender=roles.attacker, value=offer.max_price))
    world.market.cancel(request, sender=roles.requester)
    assert world.balance(roles.requester) == FUNDS + offer.max_price


def test_payer__model_asked_by_staticcall__cannot_act(world, roles):
    """A model that wants to open, revoke or write while it is asked: the whole question fails."""
    code = "0x60015f55602a5f5260205ff3"  # writes a slot, then answers
    world.wire.request("anvil_setCode", roles.idle, code)
    offer = world.offer(version=LIVE)
    with pytest.raises(Exception, match="revert"):
        world.market.open.asked(roles.idle, offer, INPUT, sender=roles.requester, value=offer.max_price)


def test_payer__prepaid_of_another__cannot_be_spent(world, roles, refuses):
    offer = world.offer(flags=Flags.PREPAID)
    words = (world.model, offer, INPUT)
    refuses("market: balance too small", world.market.open, *words, sender=roles.attacker)


def test_payer__allowance_of_another__cannot_be_spent(world, roles, refuses):
    token = world.deploy("MockToken")
    token.mint(roles.requester, ETHER, sender=roles.deployer)
    token.approve(world.market, 2**256 - 1, sender=roles.requester)
    words = (token, roles.attacker, ETHER)
    refuses("transfers: token reverted", world.market.deposit, *words, sender=roles.attacker)


# --- "Hooks" ---


def test_hook__input_hook__runs_in_open_only(world, roles):
    hook = world.deploy("MockHook")
    request = world.open(model=world.create_model(hook=hook.address))
    hook.misbehave(1, 0, sender=roles.attacker)
    world.claim(request)
    (result,) = world.post(request)
    world.warp(WINDOW)
    world.finalize(result)
    assert world.status(request) == Status.FINAL


def test_hook__lies_by_tx_origin__flags_and_stops_nobody(world, roles):
    """It calls one executor's outputs implausible: he is flagged, posts and is paid like everybody."""
    hook = world.deploy("OriginHook")
    model = world.create_model(hook=hook.address)
    hook.dislike(roles.executor, sender=roles.attacker)
    results = []
    for sender, implausible in ((roles.executor, True), (roles.rival_executor, False)):
        request = world.open(model=model)
        (result,) = world.answer(request, sender=sender)
        assert Work.read(result.work).implausible is implausible
        results.append(result)
    world.warp(WINDOW)
    world.finalize(*results)
    assert world.balance(roles.staker) > 0
    assert world.stakes(roles.staker) == (STAKE, 0, 0)


def test_hook__dies_after_open__blocks_neither_post_nor_payment(world, roles):
    hook = world.deploy("MockHook")
    model = world.create_model(hook=hook.address)
    first, second = world.open(model=model), world.open(model=model)
    trap(world, hook)
    world.claim(first)
    (posted,) = world.post(first)
    (answered,) = world.answer(second)
    world.warp(WINDOW)
    world.finalize(posted, answered)
    assert world.stakes(roles.staker) == (STAKE, 0, 0)


def test_hook__called_by_staticcall__writes_nothing(world, roles, refuses):
    world.wire.request("anvil_setCode", roles.idle, "0x60015f5560015f5260205ff3")
    model, offer = world.create_model(hook=roles.idle), world.offer()
    words = (offer, INPUT)
    refuses("market: input refused", model.request, *words, sender=roles.requester, value=offer.max_price)


# --- arbiters ---


def test_arbiter__dead__everything_returns_in_the_end(world, roles):
    arbiter = world.deploy("MockArbiter")
    request = world.open(model=world.create_model(arbiter=arbiter.address))
    world.claim(request)
    (result,) = world.post(request)
    receipt = world.challenges.challenge(result, INPUT, OUTPUT, sender=roles.challenger)
    (event,) = world.challenges.events(receipt, "Challenged")
    trap(world, arbiter)
    world.warp(PARAMETERS.ruling_seconds)
    world.challenges.expire(result, event.game, sender=roles.stranger)
    world.settle(result, event.game)
    assert world.stakes(roles.staker) == (STAKE, 0, 0)
    assert world.stakes(roles.challenger) == (STAKE, 0, 0)
    assert world.balance(roles.requester) == FUNDS + request.max_price


def test_arbiter__of_another_model__cannot_touch_a_result(world, roles, refuses):
    """An attacker's model names the attacker's arbiter, which rules on other people's games."""
    hostile = world.deploy("HostileArbiter")
    model = world.create_model(arbiter=hostile.address)
    world.claim(own := world.open(model=model))
    (own_result,) = world.post(own)
    world.challenges.challenge(own_result, INPUT, OUTPUT, sender=roles.attacker)
    result = world.posted_result()
    game = world.challenge(result)
    rule = world.challenges.rule
    for number in (0, game):
        words = (world.id(result.request), 1, number, CHALLENGER)
        refuses("challenges: no such game", rule, *words, sender=hostile.address)
    ruling = rule.encode_input(world.id(own), 1, 0, CHALLENGER)
    hostile.order(world.challenges, ruling, sender=roles.attacker)
    assert world.status(own) == Status.REFUTED
    assert world.status(result.request) == Status.POSTED


# --- "Batches skip bad items and log why; one bad item blocks nobody" ---


@pytest.mark.parametrize("place", [0, 1, 2])
def test_batch__one_bad_item_anywhere__blocks_nobody(world, roles, place):
    """Cancelled before the claim, taken before the post, doubted before the end."""
    good = [world.open(), world.open()]
    bad = world.open()
    batch = [*good[:place], bad, *good[place:]]
    with world.wire.rewound():
        world.market.cancel(bad, sender=roles.requester)
        receipt = world.claim(*batch)
        assert world.reasons(receipt) == ["market: not open"]
        assert world.stakes(roles.staker)[1] == 2 * MIN_BOND
    with world.wire.rewound():
        world.claim(bad, sender=roles.rival_executor)
        world.claim(*good)
        receipt = world.market.post(*world.post_words(*batch), sender=roles.executor)
        assert world.reasons(receipt) == ["market: not the executor"]
    results = world.answer(*batch)
    world.challenge(next(result for result in results if result.request == bad))
    world.warp(WINDOW)
    receipt = world.finalize(*results)
    assert world.reasons(receipt) == ["market: game open"]
    assert world.stakes(roles.staker)[1] == MIN_BOND


@pytest.mark.parametrize("conduct", [1, 2, 4], ids=["reverts", "bombs", "eats gas"])
def test_batch__one_consumer_misbehaves__blocks_nobody(world, roles, conduct):
    consumer = world.deploy("MockConsumer")
    consumer.misbehave(conduct, sender=roles.attacker)
    both = Flags.AT_POST | Flags.AT_FINAL
    bad = world.open(world.offer(consumer=consumer, flags=both, callback_gas=2_000_000))
    good = [world.open(), world.open()]
    results = world.answer(good[0], bad, good[1])
    world.warp(WINDOW)
    world.finalize(*results, outputs=[OUTPUT] * 3)
    assert all(world.status(request) == Status.FINAL for request in (bad, *good))
    assert world.stakes(roles.staker) == (STAKE, 0, 0)


# --- "Assets" ---


def test_assets__fee_in_one_bond_in_another__nothing_converts(world, roles):
    token = world.deploy("MockToken")
    token.mint(roles.requester, 10 * ETHER, sender=roles.deployer)
    token.approve(world.market, 10 * ETHER, sender=roles.requester)
    offer = world.offer(asset=token)
    words = (world.model, offer, INPUT)
    request = world.opened(world.market.open(*words, sender=roles.requester))
    world.claim(request)
    (result,) = world.post(request)
    game = world.challenge(result)
    world.rule(game, CHALLENGER)
    world.settle(result, game)
    assert world.stakes(roles.requester)[2] == PARAMETERS.compensation  # bond asset
    world.market.cancel(request, sender=roles.requester)
    assert world.balance(roles.requester, token) == offer.max_price  # fee asset
    assert world.balance(roles.requester, NATIVE) == FUNDS
    assert world.vault.asset() == world.bond_asset.address


def test_assets__burning__is_sending_to_dead(world, roles):
    burned, vault = world.burned(), world.bond_asset.balanceOf(world.vault)
    request = world.open()
    world.claim(request)
    world.warp(300)
    world.market.expire(request, sender=roles.stranger)
    lost = PARAMETERS.penalty - PARAMETERS.penalty // 2
    assert world.burned() == burned + lost
    assert world.bond_asset.balanceOf(world.vault) == vault - lost
