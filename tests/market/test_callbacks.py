"""Callbacks: what a consumer is told, and how little it can do to those who tell it."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from tests.wire import Refused
from tests.words import CHALLENGER, NATIVE, ConsumerConduct, Flags, Status
from tests.world import FUNDS, INPUT, MIN_BOND, OUTPUT, PARAMETERS, STAKE, WINDOW, WRONG_OUTPUT

BOTH = Flags.AT_POST | Flags.AT_FINAL
GAS = 400_000


@pytest.fixture
def consumer(world):
    return world.deploy("MockConsumer")


@pytest.fixture
def offer(world, consumer):
    return world.offer(consumer=consumer, flags=BOTH, callback_gas=GAS)


def told(consumer):
    return consumer.results(), consumer.retractions(), consumer.last_attempt(), consumer.last_final()


def undelivered(world, receipt):
    return [(event.id, event.attempt) for event in world.market.events(receipt, "Undelivered")]


def refute(world, result, attempt=1):
    game = world.challenge(result)
    world.rule(game, CHALLENGER)
    return world.settle(result, game, attempt)


# --- delivery ---


def test_callback__posted_then_final__is_told_twice(world, consumer, offer):
    result = world.posted_result(offer)
    assert told(consumer) == (1, 0, 1, False)
    assert consumer.last_id() == world.id(result.request)
    world.warp(WINDOW)
    world.finalize(result, outputs=[OUTPUT])
    assert told(consumer) == (2, 0, 1, True)
    assert consumer.last_output() == OUTPUT


@pytest.mark.parametrize(("flags", "calls"), [(0, 0), (1, 1), (2, 1), (3, 2)])
def test_callback__only_when_asked_for(world, consumer, offer, flags, calls):
    world.finished(offer._replace(flags=flags), outputs=[OUTPUT])
    assert consumer.results() == calls


def test_callback__refuted__is_retracted_and_told_the_next_answer(world, consumer, offer):
    result = world.posted_result(offer)
    refute(world, result)
    assert told(consumer) == (1, 1, 1, False)
    world.claim(result.request)
    world.post(result.request, outputs=[WRONG_OUTPUT])
    assert told(consumer) == (2, 1, 2, False)
    assert consumer.last_output() == WRONG_OUTPUT


def test_callback__nobody_ruled__is_retracted(world, roles, consumer, offer):
    result = world.posted_result(offer)
    game = world.challenge(result)
    world.warp(PARAMETERS.ruling_seconds)
    world.challenges.expire(result, game, sender=roles.stranger)
    assert told(consumer) == (1, 1, 1, False)


def test_callback__final_only__is_never_told_of_what_fell(world, consumer, offer):
    result = world.posted_result(offer._replace(flags=Flags.AT_FINAL))
    refute(world, result)
    assert told(consumer) == (0, 0, 0, False)


def test_callback__consumer_without_code__hurts_nobody(world, roles, offer):
    world.finished(offer._replace(consumer=roles.idle), outputs=[OUTPUT])
    assert world.stakes(roles.staker) == (STAKE, 0, 0)


# --- consumers that fail ---


@pytest.mark.parametrize("conduct", [ConsumerConduct.REVERT, ConsumerConduct.BOMB, ConsumerConduct.EAT_GAS])
def test_callback__consumer_fails__post_and_payment_stand(world, roles, consumer, offer, conduct):
    consumer.misbehave(conduct, sender=roles.requester)
    request = world.open(offer)
    world.claim(request)
    receipt = world.market.post([request], OUTPUT, sender=roles.executor)
    assert undelivered(world, receipt) == [(world.id(request), 1)]
    (result,) = world.posted(receipt)
    world.warp(WINDOW)
    receipt = world.finalize(result, outputs=[OUTPUT])
    assert undelivered(world, receipt) == [(world.id(request), 1)]
    assert world.balance(roles.staker) > 0
    assert world.stakes(roles.staker) == (STAKE, 0, 0)
    assert int(receipt["gasUsed"], 16) < GAS + 250_000  # a bomb of return data is not copied


@pytest.mark.parametrize("conduct", [ConsumerConduct.REVERT, ConsumerConduct.BOMB, ConsumerConduct.EAT_GAS])
def test_callback__consumer_fails_on_retraction__the_money_moves(world, roles, consumer, offer, conduct):
    result = world.posted_result(offer)
    consumer.misbehave(conduct, sender=roles.requester)
    receipt = refute(world, result)
    assert undelivered(world, receipt) == [(world.id(result.request), 1)]
    assert world.status(result.request) == Status.OPEN
    assert world.stakes(roles.staker) == (STAKE - MIN_BOND, 0, 0)


def test_callback__starved_by_the_caller__never_passes_for_a_failure(world, roles, consumer, offer):
    """Whatever gas the finalizer sends, the consumer gets all of its own, or nothing happens."""
    result = world.posted_result(offer._replace(flags=Flags.AT_FINAL))
    world.warp(WINDOW)
    reasons = set()
    for gas in range(100_000, GAS + 300_000, 20_000):
        with world.wire.rewound():
            try:
                receipt = world.with_gas(gas, world.market.finalize, [result], OUTPUT, sender=roles.attacker)
            except Refused as refusal:
                reasons.add(refusal.reason)
            else:
                reasons.add("done")
                assert undelivered(world, receipt) == []
                assert consumer.results() == 1
    assert reasons >= {"market: too little gas", "done"}


# --- redelivery ---


def test_redeliver__lost_answer__is_told_again_by_anybody(world, roles, consumer, offer):
    consumer.misbehave(ConsumerConduct.REVERT, sender=roles.requester)
    result = world.posted_result(offer)
    consumer.misbehave(0, sender=roles.requester)
    world.market.redeliver(result, OUTPUT, sender=roles.stranger)
    assert told(consumer) == (1, 0, 1, False)
    world.warp(WINDOW)
    world.finalize(result, outputs=[OUTPUT])
    for calls in (3, 4):
        world.market.redeliver(result, OUTPUT, sender=roles.stranger)
        assert told(consumer) == (calls, 0, 1, True)


def test_redeliver__final__reads_the_request_alone(world, roles, consumer, offer):
    result = world.finished(offer, outputs=[OUTPUT])
    bare = result._replace(work=0, output_hash=bytes(32))
    world.market.redeliver(bare, OUTPUT, sender=roles.stranger)
    assert told(consumer) == (3, 0, 1, True)


def test_redeliver__wrong_output_or_unwanted_or_too_early__is_refused(world, roles, refuses, offer):
    redeliver, sender = world.market.redeliver, roles.attacker
    nothing = "market: nothing to deliver"
    result = world.posted_result(offer)
    refuses(nothing, redeliver, result, WRONG_OUTPUT, sender=sender)
    refuses(nothing, redeliver, result._replace(work=0), OUTPUT, sender=sender)
    quiet = world.posted_result(offer._replace(flags=0))
    late = world.posted_result(offer._replace(flags=Flags.AT_FINAL))
    refuses(nothing, redeliver, quiet, OUTPUT, sender=sender)
    refuses(nothing, redeliver, late, OUTPUT, sender=sender)
    world.warp(WINDOW)
    world.finalize(quiet)
    refuses(nothing, redeliver, quiet, OUTPUT, sender=sender)
    unknown = result._replace(request=result.request._replace(prices=0))
    refuses(nothing, redeliver, unknown, OUTPUT, sender=sender)


def test_redeliver__refuted__is_refused(world, roles, refuses, offer):
    result = world.posted_result(offer)
    game = world.challenge(result)
    world.rule(game, CHALLENGER)
    refuses("market: nothing to deliver", world.market.redeliver, result, OUTPUT, sender=roles.attacker)
    world.settle(result, game)
    refuses("market: nothing to deliver", world.market.redeliver, result, OUTPUT, sender=roles.attacker)


def test_redeliver_retraction__lost_one__is_told_again(world, roles, consumer, offer):
    result = world.posted_result(offer)
    consumer.misbehave(ConsumerConduct.REVERT, sender=roles.requester)
    refute(world, result)
    consumer.misbehave(0, sender=roles.requester)
    world.market.redeliver_retraction(result.request, 1, sender=roles.stranger)
    assert told(consumer) == (1, 1, 1, False)


def test_redeliver_retraction__refunded__of_attempts_that_were_only(world, roles, refuses, consumer, offer):
    """A made-up attempt would let a consumer take back what was never said, or count past what will be."""
    retract = world.market.redeliver_retraction
    result = world.posted_result(offer)
    refute(world, result)
    world.market.cancel(result.request, sender=roles.requester)
    for attempt in (0, 3, 255, 2**255):
        refuses("market: nothing to retract", retract, result.request, attempt, sender=roles.attacker)
    for attempt in (1, 2):
        retract(result.request, attempt, sender=roles.stranger)
    assert consumer.last_attempt() == 2


def test_redeliver_retraction__answer_stands__is_refused(world, roles, refuses, offer):
    nothing, retract = "market: nothing to retract", world.market.redeliver_retraction
    result = world.posted_result(offer)
    for attempt in (0, 1, 2):
        refuses(nothing, retract, result.request, attempt, sender=roles.attacker)
    refute(world, result)
    for attempt in (0, 2, 3):
        refuses(nothing, retract, result.request, attempt, sender=roles.attacker)
    quiet = world.posted_result(offer._replace(flags=Flags.AT_FINAL))
    refute(world, quiet)
    refuses(nothing, retract, quiet.request, 1, sender=roles.attacker)
    final = world.finished(offer, outputs=[OUTPUT])
    refuses(nothing, retract, final.request, 1, sender=roles.attacker)


# --- consumers that act ---


def test_callback__opens_a_request__is_allowed(world, roles, consumer, offer):
    asked = world.offer()
    payload = world.model.request.encode_input(asked, INPUT)
    consumer.arm(world.model, payload, sender=roles.requester, value=asked.max_price)
    request = world.open(offer)
    world.claim(request)
    receipt = world.market.post([request], OUTPUT, sender=roles.executor)
    (opened,) = world.market.events(receipt, "Opened")
    assert consumer.called()
    assert opened.requester == consumer.address


def test_callback__reenters_everything__gains_nothing(world, roles, consumer, offer):
    """The consumer, a staked operator too, turns every key it has from inside its callback."""
    market, challenges = world.market, world.challenges
    world.bond_asset.deposit(sender=roles.attacker, value=STAKE)
    world.bond_asset.approve(world.vault, STAKE, sender=roles.attacker)
    world.vault.deposit(consumer, STAKE, sender=roles.attacker)
    request = world.open(offer)
    world.claim(request)
    (result,) = world.post(request)
    other = world.open()
    world.claim(other)
    world.warp(WINDOW)

    calls = {
        "finalize": (market, market.finalize.encode_input([result], OUTPUT)),
        "post": (market, market.post.encode_input([other], OUTPUT)),
        "claim": (market, market.claim.encode_input([request])),
        "answer": (market, market.answer.encode_input([request], OUTPUT)),
        "cancel": (market, market.cancel.encode_input(request)),
        "expire": (market, market.expire.encode_input(request)),
        "challenge": (challenges, challenges.challenge.encode_input(result, INPUT, OUTPUT)),
        "withdraw": (market, market.withdraw.encode_input(NATIVE, consumer, 1)),
        "retract": (market, market.redeliver_retraction.encode_input(request, 1)),
        "begin": (market, market.begin_game.encode_input(result)),
        "revoke": (world.model, world.model.revoke.encode_input(1)),
        "release": (world.vault, world.vault.release.encode_input(roles.executor, 1)),
        "unpledge": (market, market.unpledge.encode_input(roles.executor)),
    }
    for name, (target, payload) in calls.items():
        with world.wire.rewound():
            consumer.arm(target, payload, sender=roles.requester)
            world.finalize(result, outputs=[OUTPUT])
            assert consumer.results() == 2, name
            assert not consumer.called(), name
            assert world.stakes(roles.staker) == (STAKE - MIN_BOND, MIN_BOND, 0), name
            assert world.status(request) == Status.FINAL, name


def test_callback__finalizes_others_of_its_executor__all_are_paid_once(world, roles, consumer, offer):
    first, second = world.posted_result(offer), world.posted_result()
    world.warp(WINDOW)
    consumer.arm(world.market, world.market.finalize.encode_input([second], b""), sender=roles.requester)
    with world.wire.rewound():
        world.finalize(first, outputs=[OUTPUT])
        assert consumer.called()
        paid = world.balance(roles.staker), world.balance(roles.requester), world.shares(world.model)
        assert world.stakes(roles.staker) == (STAKE, 0, 0)
    consumer.misbehave(0, sender=roles.requester)
    world.finalize(first, outputs=[OUTPUT])
    world.finalize(second)
    assert paid == (
        world.balance(roles.staker),
        world.balance(roles.requester),
        world.shares(world.model),
    )


def test_callback__withdraws_its_refund__gets_it_once(world, roles, consumer):
    """A requester that is its own consumer takes its refund while it is being told."""
    offer = world.offer(consumer=consumer, flags=Flags.AT_FINAL, callback_gas=GAS, ramp=1_000)
    payload = world.model.request.encode_input(offer, INPUT)
    receipt = consumer.order(world.model, payload, sender=roles.requester, value=offer.max_price)
    request = world.opened(receipt)
    world.claim(request)
    (result,) = world.post(request)
    refund = offer.max_price - offer.price_after(1)
    world.warp(WINDOW)
    consumer.arm(
        world.market,
        world.market.withdraw.encode_input(NATIVE, consumer, refund),
        sender=roles.requester,
    )
    before = world.wire.balance(consumer.address)
    world.finalize(result, outputs=[OUTPUT])
    assert consumer.called()
    assert world.wire.balance(consumer.address) == before + refund
    assert world.balance(consumer) == 0
    assert world.balance(roles.requester) == FUNDS


def test_callback__answer_batch__sees_its_bond_locked(world, roles, consumer, offer):
    """During the callback of `answer` a challenge of that very answer finds the bond."""
    quiet, loud = world.open(), world.open(offer)
    world.bond_asset.deposit(sender=roles.attacker, value=STAKE)
    world.bond_asset.approve(world.vault, STAKE, sender=roles.attacker)
    world.vault.deposit(consumer, STAKE, sender=roles.attacker)
    payload = world.vault.locked.encode_input(roles.staker)
    consumer.arm(world.vault, payload, sender=roles.requester)
    world.answer(quiet, loud)
    assert consumer.called()
    assert int.from_bytes(consumer.response(), "big") >= MIN_BOND


def test_on_result__says_the_whole_request(world, roles, offer):
    echo = world.deploy("EchoConsumer", world.model, MIN_BOND)
    request = world.open(offer._replace(consumer=echo.address))
    world.claim(request)
    receipt = world.market.post([request], OUTPUT, sender=roles.executor)
    (event,) = echo.events(receipt, "Received")
    assert event.news
    assert keccak(OUTPUT) == world.posted(receipt)[0].output_hash
