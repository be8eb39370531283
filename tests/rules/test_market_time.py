"""RULES, Market: signed requests, callbacks, revocation, pause, and time. Each attack is written out."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from tests.market.serving import claim, signed
from tests.wire import Refused
from tests.words import CHALLENGER, LIVE, NATIVE, ConsumerConduct, Flags, Status
from tests.world import FUNDS, INPUT, MIN_BOND, OUTPUT, PARAMETERS, STAKE, WINDOW, WRONG_OUTPUT

BOTH = Flags.AT_POST | Flags.AT_FINAL


@pytest.fixture
def frozen(world):
    world.market.freeze(world.model, 1, sender=world.roles.stranger)


# --- "Signed requests open, are claimed (and posted) in one step, at that block's price" ---


def test_signed__replayed_before_and_after_its_end__opens_once(world, roles, refuses, frozen):
    pair = signed(world, world.order())
    request = world.opened(claim(world, pair))
    words = world.order_words(pair)
    refuses("orders: nonce spent", world.orders.claim, *words, sender=roles.attacker)
    (result,) = world.post(request)
    world.warp(WINDOW)
    world.finalize(result)
    for order in (pair[0], pair[0]._replace(expiry=2**255)):
        words = world.order_words((order, pair[1]))
        refuses_with = "orders: expired" if order is pair[0] else "orders: nonce spent"
        refuses(refuses_with, world.orders.claim, *words, sender=roles.attacker)


def test_signed__on_another_chain_or_for_another_contract__is_refused(world, roles, refuses, frozen):
    order = world.order()
    for domain in ({"chainId": 1}, {"verifyingContract": world.model.address}):
        words = world.order_words((order, world.sign(order, **domain)))
        refuses("orders: wrong signature", world.orders.claim, *words, sender=roles.executor)


def test_signed__price_is_that_of_the_block__never_more_than_signed(world, roles, frozen):
    for elapsed in (0, 50, 100, 3_000):
        with world.wire.rewound():
            order = world.order(start=world.now() + 10, expiry=world.now() + 5_000)
            world.at(order.start + elapsed)
            request = world.opened(claim(world, signed(world, order)))
            assert request.max_price == order.offer.price_after(elapsed) <= order.offer.max_price
            assert FUNDS - world.balance(roles.requester) == request.max_price


def test_signed__executor_cannot_choose_another_version(world, roles, refuses, frozen):
    """Version 2 is live and worse; the signer wanted 1, and the executor would rather serve 2."""
    order = world.order(world.offer(version=1))
    signature = world.sign(order)
    world.publish(program_root=keccak(b"worse"))
    world.market.freeze(world.model, 2, sender=roles.stranger)
    changed = order._replace(offer=order.offer._replace(version=2))
    for other in (changed, order._replace(offer=order.offer._replace(version=LIVE))):
        words = world.order_words((other, signature))
        refuses("orders: wrong signature", world.orders.claim, *words, sender=roles.executor)
    request = world.opened(claim(world, (order, signature)))
    assert request.origin >> 64 & LIVE == 1


def test_signed__window_lengthened_by_a_new_version__is_refused(world, roles, refuses, frozen):
    order = world.order()
    signature = world.sign(order)
    world.publish(window=2 * WINDOW)
    world.market.freeze(world.model, 2, sender=roles.stranger)
    words = world.order_words((order, signature))
    refuses("market: window too long", world.orders.claim, *words, sender=roles.executor)


def test_signed__model_changes_its_terms_in_front__executor_never_consented(world, roles, refuses, frozen):
    """A hostile model longs for the executor's bond: an arbiter of its own, frozen right before the claim."""
    model = world.deploy("MockModel", world.market, world.terms())
    world.market.freeze(model, 1, sender=roles.stranger)
    words = world.order_words(signed(world, world.order(model=model)))
    hostile = world.deploy("HostileArbiter")
    model.set_terms(world.terms(arbiter=hostile.address), sender=roles.attacker)
    world.market.freeze(model, 1, sender=roles.attacker)
    refuses("orders: other terms", world.orders.claim, *words, sender=roles.executor)


def test_signed__balance_withdrawn_before_the_claim__is_skipped(world, roles, frozen):
    poor, rich = world.order(), world.order(requester=roles.second_requester)
    world.market.withdraw(NATIVE, roles.requester, FUNDS, sender=roles.requester)
    receipt = claim(world, signed(world, poor), signed(world, rich, signer="second_requester"))
    assert world.reasons(receipt, world.orders) == ["market: balance too small"]


def test_signed__one_balance_many_orders__pays_while_it_lasts(world, roles, frozen):
    offer = world.offer(min_price=FUNDS // 2, max_price=FUNDS // 2)
    batch = [signed(world, world.order(offer, nonce=nonce)) for nonce in range(3)]
    receipt = claim(world, *batch)
    assert world.reasons(receipt, world.orders) == ["market: balance too small"]
    assert world.balance(roles.requester) == 0
    assert world.stakes(roles.staker)[1] == 2 * MIN_BOND


def test_signed__wallet_contract_that_eats_gas__costs_at_most_its_cap(world, roles, frozen):
    wallet = world.deploy("MockWallet", roles.attacker)
    good = signed(world, world.order(nonce=1))
    alone = int(claim(world, good)["gasUsed"], 16)
    wallet.misbehave(2, sender=roles.attacker)
    bad = signed(world, world.order(requester=wallet), signer="attacker")
    receipt = claim(world, bad, signed(world, world.order(nonce=2)))
    assert world.reasons(receipt, world.orders) == ["orders: wrong signature"]
    assert int(receipt["gasUsed"], 16) < alone + 160_000


def test_invalidate__unordered__leaves_the_neighbours(world, roles, refuses, frozen):
    world.orders.invalidate(0, 1 << 7, sender=roles.requester)
    words = world.order_words(signed(world, world.order(nonce=7)))
    refuses("orders: nonce spent", world.orders.claim, *words, sender=roles.executor)
    claim(world, signed(world, world.order(nonce=8)), signed(world, world.order(nonce=6)))


# --- "Callbacks" ---


def test_callbacks__who_may_fail__is_told_again_by_anybody_for_ever(world, roles):
    consumer = world.deploy("MockConsumer")
    offer = world.offer(consumer=consumer, flags=BOTH, callback_gas=300_000)
    consumer.misbehave(ConsumerConduct.REVERT, sender=roles.requester)
    result = world.finished(offer, outputs=[OUTPUT])
    assert consumer.results() == 0
    consumer.misbehave(0, sender=roles.requester)
    world.warp(10 * 365 * 86_400)
    world.market.redeliver(result, OUTPUT, sender=roles.stranger)
    assert (consumer.results(), consumer.last_final(), consumer.last_output()) == (1, True, OUTPUT)


def test_callbacks__forged_output_by_redelivery__is_refused(world, roles, refuses):
    consumer = world.deploy("MockConsumer")
    offer = world.offer(consumer=consumer, flags=BOTH, callback_gas=300_000)
    result = world.finished(offer, outputs=[OUTPUT])
    forged = result._replace(output_hash=keccak(WRONG_OUTPUT))
    for fake in (result, forged):
        words = (fake, WRONG_OUTPUT)
        refuses("market: nothing to deliver", world.market.redeliver, *words, sender=roles.attacker)


def test_callbacks__return_data_bomb__is_not_copied(world, roles):
    consumer = world.deploy("MockConsumer")
    offer = world.offer(consumer=consumer, flags=Flags.AT_FINAL, callback_gas=300_000)
    quiet, loud = (world.posted_result(offer) for _ in range(2))
    world.warp(WINDOW)
    usual = int(world.finalize(quiet, outputs=[OUTPUT])["gasUsed"], 16)
    consumer.misbehave(ConsumerConduct.BOMB, sender=roles.attacker)
    bombed = int(world.finalize(loud, outputs=[OUTPUT])["gasUsed"], 16)
    assert bombed < usual + 100_000


def test_callbacks__answer_that_fell__is_retracted_before_the_next(world, roles):
    consumer = world.deploy("MockConsumer")
    offer = world.offer(consumer=consumer, flags=BOTH, callback_gas=300_000)
    result = world.posted_result(offer, output=WRONG_OUTPUT)
    game = world.challenge(result, output=WRONG_OUTPUT)
    world.rule(game, CHALLENGER)
    world.settle(result, game)
    assert (consumer.results(), consumer.retractions(), consumer.last_attempt()) == (1, 1, 1)
    world.answer(result.request)
    assert (consumer.results(), consumer.last_attempt()) == (2, 2)


# --- "Revoke", "Pause", "Rollback" ---


def test_revoke__open_refunded_claimed_released_posted_paid(world, roles):
    open_, claimed = world.open(), world.open()
    world.claim(claimed)
    posted = world.posted_result()
    world.model.revoke(1, sender=roles.guardian)
    for request, actor in ((open_, roles.stranger), (claimed, roles.executor)):
        world.market.cancel(request, sender=actor)
        assert world.status(request) == Status.REFUNDED
    world.warp(WINDOW)
    world.finalize(posted)
    assert world.balance(roles.staker) > 0
    assert world.stakes(roles.staker) == (STAKE, 0, 0)


def test_revoke__owner_reads_the_answer_and_revokes__pays_all_the_same(world, roles, refuses):
    """The owner asks its own model, sees the output in the event, and revokes to have the fee back."""
    request = world.open(sender=roles.owner)
    world.claim(request)
    (result,) = world.post(request)
    world.model.revoke(1, sender=roles.owner)
    refuses("market: not open", world.market.cancel, request, sender=roles.owner)
    refuses("market: nothing expired", world.market.expire, request, sender=roles.owner)
    world.warp(WINDOW)
    world.finalize(result)
    assert world.balance(roles.staker) > 0


def test_revoke__owner_reads_the_answer_on_its_way_and_revokes__it_is_posted_all_the_same(
    world, roles, refuses
):
    """The owner sees the post in the mempool and goes in front of it with a revocation and a cancellation."""
    request = world.open(sender=roles.owner)
    world.claim(request)
    world.model.revoke(1, sender=roles.owner)
    refuses("market: already claimed", world.market.cancel, request, sender=roles.owner)
    (result,) = world.post(request)
    world.warp(WINDOW)
    world.finalize(result)
    assert world.balance(roles.staker) > 0


def test_revoke__posted_results__can_still_be_refuted(world, roles):
    result = world.posted_result(output=WRONG_OUTPUT)
    world.model.revoke(1, sender=roles.owner)
    game = world.challenge(result, output=WRONG_OUTPUT)
    world.rule(game, CHALLENGER)
    world.settle(result, game)
    assert world.stakes(roles.staker) == (STAKE - MIN_BOND, 0, 0)
    world.market.cancel(result.request, sender=roles.stranger)
    assert world.balance(roles.requester) == FUNDS + result.request.max_price


def test_revoke__requester_waits_for_the_deadline_instead__gets_no_penalty(world, roles):
    """Executors are told to stop; whoever then calls `expire` rather than `cancel` must not profit."""
    request = world.open()
    world.claim(request)
    world.model.revoke(1, sender=roles.owner)
    world.warp(300)
    world.market.expire(request, sender=roles.requester)
    assert world.stakes(roles.requester)[2] == 0
    assert world.stakes(roles.staker) == (STAKE, 0, 0)


def test_revoke__by_another_model__touches_nothing(world, roles):
    request = world.open()
    hostile = world.deploy("MockModel", world.market, world.terms())
    hostile.revoke(1, sender=roles.attacker)
    world.claim(request)
    assert world.status(request) == Status.CLAIMED


def test_pause__stops_open_and_promote_only(world, roles, refuses):
    second = world.model.publish.asked(world.version(), sender=roles.owner)
    world.model.publish(world.version(), sender=roles.owner)
    open_, claimed = world.open(), world.open()
    posted, doubted = world.posted_result(), world.posted_result()
    world.claim(claimed)
    game = world.challenge(doubted)
    world.model.pause(sender=roles.guardian)
    offer = world.offer()
    words, value = (offer, INPUT), offer.max_price
    refuses("model: paused", world.model.request, *words, sender=roles.requester, value=value)
    refuses("model: paused", world.market.open, world.model, *words, sender=roles.requester, value=value)
    refuses("model: paused", world.model.promote, second, sender=roles.owner)
    world.claim(open_)
    world.post(open_, claimed)
    world.rule(game, CHALLENGER)
    world.settle(doubted, game)
    world.warp(WINDOW)
    world.finalize(posted)
    assert world.status(posted.request) == Status.FINAL


def test_rollback__to_a_revoked_version__is_refused(world, roles, refuses):
    world.publish()
    world.model.revoke(1, sender=roles.guardian)
    for actor in (roles.owner, roles.guardian):
        refuses("model: not a retired version", world.model.rollback, 1, sender=actor)


def test_rollback__while_work_is_in_flight__settles_it_on_its_own_version(world, roles):
    second = world.publish(royalty_bps=0)
    result = world.posted_result()
    world.model.rollback(1, sender=roles.guardian)
    assert result.request.origin >> 64 & LIVE == second
    world.warp(WINDOW)
    world.finalize(result)
    assert world.shares(world.model)[0] == 0


# --- "Windows are > 0. Deadlines extend by an optional sequencer-uptime feed" ---

HOUR = 3_600


def test_uptime__sequencer_down__no_deadline_passes(rollup, refuses):
    world, feed = rollup
    roles = world.roles
    unclaimed, claimed = world.open(), world.open()
    world.claim(claimed)
    result = world.posted_result()
    feed.report(1, world.now(), sender=roles.stranger)
    world.warp(10 * WINDOW)
    for request in (unclaimed, claimed):
        refuses("market: nothing expired", world.market.expire, request, sender=roles.stranger)
    refuses("market: window open", world.market.finalize, [result], b"", sender=roles.stranger)
    world.claim(unclaimed)
    world.post(claimed)
    world.challenge(result)


def test_uptime__back_for_less_than_an_hour__no_deadline_passes(rollup):
    world, feed = rollup
    roles = world.roles
    result = world.posted_result()
    feed.report(1, world.now(), sender=roles.stranger)
    world.warp(10 * WINDOW)
    back = world.now() + 1
    feed.report(0, back, sender=roles.stranger)
    world.at(back + HOUR - 1)
    assert not world.market.passed(back)
    world.challenge(result)
    late = world.posted_result()
    world.warp(WINDOW)
    assert world.market.passed(back)
    world.finalize(late)
    assert world.status(late.request) == Status.FINAL


def test_uptime__silent_arbiter__has_the_outage_on_top(rollup, refuses):
    world, feed = rollup
    roles = world.roles
    result = world.posted_result()
    game = world.challenge(result)
    feed.report(1, world.now(), sender=roles.stranger)
    world.warp(PARAMETERS.ruling_seconds)
    refuses("challenges: ruling still due", world.challenges.expire, result, game, sender=roles.stranger)
    back = world.now() + 1
    feed.report(0, back, sender=roles.stranger)
    world.at(back + HOUR)
    world.challenges.expire(result, game, sender=roles.stranger)
    assert world.status(result.request) == Status.REFUNDED


def test_uptime__feed_fails__counts_as_up(rollup):
    """Nothing waits for ever, also not for a feed that reverts, eats gas, is gone or says nonsense."""
    world, feed = rollup
    for code in ("0x", "0xfe", "0x5f5ffd", "0x5b5f56", "0x60205ff3"):
        with world.wire.rewound():
            result = world.posted_result()
            world.wire.request("anvil_setCode", feed.address, code)
            world.warp(WINDOW)
            world.finalize(result)
            assert world.status(result.request) == Status.FINAL


def test_uptime__feed_says_it_came_up_in_the_future__counts_as_up(rollup):
    world, feed = rollup
    result = world.posted_result()
    feed.report(0, 2**255, sender=world.roles.stranger)
    world.warp(WINDOW)
    world.finalize(result)
    assert world.status(result.request) == Status.FINAL


def test_uptime__feed_starved_by_the_caller__passes_for_nothing(rollup):
    """Whatever gas the finalizer sends while the sequencer is down, the window stays open."""
    world, feed = rollup
    result = world.posted_result()
    feed.report(1, 0, sender=world.roles.stranger)
    world.warp(WINDOW)
    outcomes = set()
    for gas in range(30_000, 400_000, 10_000):
        with pytest.raises(Refused) as refusal:
            world.with_gas(gas, world.market.finalize, [result], b"", sender=world.roles.attacker)
        outcomes.add(refusal.value.reason)
    assert outcomes - {""} == {"market: too little gas", "market: window open"}


def test_uptime__up_all_the_time__changes_nothing(rollup):
    world, _ = rollup
    result = world.finished()
    assert world.status(result.request) == Status.FINAL


def test_windows__of_no_length__do_not_exist(world, roles, refuses):
    words = PARAMETERS._replace(min_window=0)
    refuses("network: window out of bounds", world.network.set_parameters, words, sender=roles.network_owner)
    version = world.version(window=0)
    refuses("model: no challenge window", world.model.publish, version, sender=roles.owner)
