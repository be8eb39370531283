"""Attacks with the largest and the smallest numbers that a word holds."""

from __future__ import annotations

import pytest

from tests.wire import Refused
from tests.words import BPS, CHALLENGER, NOBODY, Flags, Parameters, Status, pack_work
from tests.world import (
    ETHER,
    INPUT,
    MIN_BOND,
    OUTPUT,
    PARAMETERS,
    STAKE,
    WINDOW,
    World,
)

HIGHEST = 2**128 - 1


def test_finalize__highest_price_there_is__carries_into_no_other_word(world, roles):
    """A worthless token at 2^128 - 1: royalties saturate, the network's half beside them stays exact."""
    token = world.deploy("LyingToken")
    model = world.create_model(royalty_bps=5_000)
    offer = world.offer(asset=token, min_price=0, max_price=HIGHEST, ramp=1_000)
    offer = offer._replace(claim_seconds=2_000, flags=Flags.PREPAID)
    token.claim_gain(HIGHEST, sender=roles.attacker)
    royalties = fees = 0
    for _ in range(3):
        world.market.deposit(token, roles.attacker, HIGHEST, sender=roles.attacker)
        asked = world.market.open(model, offer, INPUT, sender=roles.attacker)
        opened_at, request = world.now(), world.opened(asked)
        assert world.balance(roles.attacker, token) == 0
        world.at(opened_at + 999)
        (result,) = world.answer(request)
        world.warp(WINDOW)
        earned = world.balance(roles.staker, token)
        world.finalize(result)
        price = HIGHEST * 999 // 1_000
        royalty, fee = price * 5_000 // BPS, price * PARAMETERS.fee_bps // BPS
        royalties, fees = royalties + royalty, fees + fee
        assert world.balance(roles.staker, token) == earned + price - royalty - fee
        assert world.balance(roles.attacker, token) == HIGHEST - price
        assert world.shares(model, token) == (min(royalties, HIGHEST), fees)
        token.forget(world.market.address, sender=roles.attacker)
        world.market.withdraw(token, roles.attacker, HIGHEST - price, sender=roles.attacker)
    assert royalties > HIGHEST
    assert world.stakes(roles.staker) == (STAKE, 0, 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"max_price": 2**128},
        {"max_price": 2**256 - 1},
        {"min_price": 2**255},
        {"bond": 2**80},
        {"bond": 2**96 + MIN_BOND},
        {"bond": 2**255},
        {"ramp": 2**32},
        {"ramp": 2**64},
        {"claim_seconds": 0},
        {"claim_seconds": 2**32},
        {"result_seconds": 2**32 + 300},
        {"result_seconds": 2**256 - 1},
        {"callback_gas": 2**32},
        {"callback_gas": 2**256 - 1},
        {"flags": Flags.PREPAID | 16},
        {"flags": Flags.PREPAID | Flags.HOOKED},
        {"flags": Flags.PREPAID | 256},
        {"flags": Flags.PREPAID | 1 << 200},
        {"version": 0},
        {"version": 2**32},
        {"version": 2**32 + 1},
        {"version": 2**256 - 1},
    ],
    ids=str,
)
def test_open__number_that_would_spill_over__is_refused_everywhere(world, roles, changes):
    """In every way in: by value, prepaid, in another's name, signed."""
    model = world.deploy("MockModel", world.market, world.terms())
    world.market.freeze(model, 1, sender=roles.stranger)
    world.market.freeze(world.model, 1, sender=roles.stranger)
    usual = world.offer(flags=Flags.PREPAID)
    bent = usual._replace(**changes)
    with pytest.raises(Refused):
        world.market.open.asked(world.model, bent, INPUT, sender=roles.requester)
    named = bent._replace(flags=int(bent.flags) & ~128)
    value = min(named.max_price, 10 * ETHER)
    if "version" not in changes:
        named = named._replace(version=1)
    with pytest.raises(Refused):
        model.request_as.asked(roles.attacker, named, INPUT, sender=roles.attacker, value=value)
    order = world.order(bent._replace(flags=int(bent.flags) & ~128))
    with pytest.raises(Refused):
        world.orders.claim.asked(*world.order_words((order, world.sign(order))), sender=roles.executor)


def test_expire__as_many_attempts_as_there_can_be__still_ends(world, roles, refuses):
    """The attempt is eight bits of the slot; the network allows no more than a hundred."""
    most = PARAMETERS._replace(max_attempts=101)
    refuses("network: attempts out of bounds", world.network.set_parameters, most, sender=roles.network_owner)
    world.network.set_parameters(PARAMETERS._replace(max_attempts=100), sender=roles.network_owner)
    world.market.freeze(world.model, 1, sender=roles.stranger)
    request = world.open()
    for attempt in range(1, 101):
        assert world.attempt(request) == attempt
        world.claim(request)
        world.at(world.now() + 300)
        world.market.expire(request, sender=roles.stranger)
    assert world.status(request) == Status.REFUNDED
    assert world.stakes(roles.staker) == (STAKE - 100 * PARAMETERS.penalty, 0, 0)


@pytest.fixture
def free_network(world, roles):
    """A network in which nothing costs anything, and a model that asks for the smallest bond there is."""
    nothing = Parameters(*[0] * 8, min_window=1, min_result_seconds=1, ruling_seconds=60, max_attempts=1)
    world.network.set_parameters(nothing, sender=roles.network_owner)
    return world.create_model(min_bond=1, royalty_bps=0)


def test_answer__smallest_bond_and_no_operator__is_refused(world, roles, refuses, free_network):
    """Where answers cost no bond, one of nobody's would earn for the zero address: there is no such model."""
    without = world.create_model(min_bond=0, royalty_bps=0)
    reason, offer = "network: bond too small", world.offer(bond=0, ramp=0, flags=Flags.PREPAID)
    refuses(reason, world.market.open, without, offer, INPUT, sender=roles.requester)
    refuses("market: bond too small", world.market.open, free_network, offer, INPUT, sender=roles.requester)
    request = world.open(world.offer(bond=1, ramp=0), model=free_network)
    for call, arguments in ((world.market.claim, ()), (world.market.answer, (OUTPUT,))):
        refuses("vault: not an operator", call, [request], *arguments, sender=roles.idle)


def test_settle__network_without_any_amounts__ends_all_the_same(world, roles, free_network):
    request = world.open(world.offer(bond=1), model=free_network)
    world.claim(request)
    (result,) = world.post(request)
    games = [world.challenge(result), world.challenge(result, sender=roles.second_challenger)]
    world.rule(games[0], CHALLENGER)
    for game in games:
        world.settle(result, game)
    assert world.status(request) == Status.REFUNDED
    assert world.stakes(roles.staker) == (STAKE - 1, 0, 0)
    for account in (roles.challenger, roles.second_challenger):
        assert world.stakes(account) == (STAKE, 0, 0)


def test_work_word__of_the_far_future__fits():
    """Forty bits of seconds last for 34,000 years."""
    assert pack_work(NOBODY, 2**32 - 1, 2**40 - 1, 255, True) < 2**96


# --- a feed that misbehaves ---


@pytest.fixture
def fed_world(project, accounts, chain):
    """A network on a rollup, and the feed that says whether its sequencer is up."""
    chain.contracts.clear_local_caches()  # Ape remembers what lay at these addresses before a rewind
    feed = accounts[20].deploy(project.MockUptimeFeed)
    made = World(project, accounts, chain.provider.http_uri, uptime_feed=str(feed.address))
    feed_contract = made.existing("MockUptimeFeed", feed.address)
    yield made, feed_contract
    made.wire.close()
    chain.contracts.clear_local_caches()


def test_passed__feed_that_is_down_for_ever__stops_deadlines_and_nothing_else(fed_world, refuses):
    world, feed = fed_world
    roles = world.roles
    result = world.posted_result()
    world.warp(WINDOW)
    feed.report(1, 0, sender=roles.stranger)
    refuses("market: window open", world.market.finalize, [result], b"", sender=roles.executor)
    unclaimed = world.open()
    world.warp(10 * WINDOW)
    world.market.cancel(unclaimed, sender=roles.requester)
    assert world.status(unclaimed) == Status.REFUNDED
    world.claim(world.open())
    world.challenge(result)
    feed.report(0, world.now(), sender=roles.stranger)
    world.warp(3_590)
    late = world.open()
    assert not world.market.passed(1)
    world.warp(20)
    assert world.market.passed(1)
    assert world.status(late) == Status.OPEN


def test_passed__feed_that_is_gone__freezes_no_bond(fed_world):
    """Feeds are retired, paused and put behind an access list; nobody can name another one to the Market."""
    world, feed = fed_world
    result = world.posted_result()
    world.wire.request("anvil_setCode", feed.address, "0x")
    world.warp(WINDOW + 86_400)
    world.finalize(result)
    assert world.status(result.request) == Status.FINAL


def test_passed__feed_that_a_caller_starves__is_not_taken_for_one_that_fails(fed_world):
    """During an outage a caller leaves the feed too little gas to say so, and would end a window early."""
    world, feed = fed_world
    result = world.posted_result()
    world.warp(WINDOW)
    with world.wire.rewound():
        needed = int(world.finalize(result)["gasUsed"], 16)
    feed.report(1, 0, sender=world.roles.stranger)
    for gas in range(needed // 2, 3 * needed, 2_000):
        with pytest.raises(Refused):
            world.with_gas(gas, world.market.finalize, [result], b"", sender=world.roles.attacker)
    assert world.status(result.request) == Status.POSTED
