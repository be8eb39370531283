"""Market.finalize: whose window is over and whom nobody doubts is paid, by anybody."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from tests.words import BPS, NATIVE, Result, Status
from tests.world import ETHER, FUNDS, MIN_BOND, OUTPUT, PARAMETERS, ROYALTY_BPS, STAKE, WINDOW, WRONG_OUTPUT


@pytest.fixture
def result(world):
    return world.posted_result()


def test_finalize__window_over__pays_and_releases(world, roles):
    offer = world.offer(ramp=0)
    result = world.posted_result(offer)
    world.warp(WINDOW)
    receipt = world.finalize(result, sender=roles.stranger)
    (finalized,) = world.market.events(receipt, "Finalized")
    assert finalized.id == world.id(result.request)
    royalty = offer.max_price * ROYALTY_BPS // BPS
    fee = offer.max_price * PARAMETERS.fee_bps // BPS
    assert world.balance(roles.staker) == offer.max_price - royalty - fee
    assert world.shares(world.model) == (royalty, fee)
    assert world.balance(roles.executor) == 0  # the account earns, not the operator
    assert world.stakes(roles.staker) == (STAKE, 0, 0)
    assert world.status(result.request) == Status.FINAL


def test_finalize__last_second_of_the_window__is_too_early(world, roles, refuses, result):
    posted_at = world.now()
    finalize = world.market.finalize
    world.at(posted_at + WINDOW - 1)
    refuses("market: window open", finalize, [result], b"", sender=roles.stranger)
    world.at(posted_at + WINDOW)
    world.finalize(result)
    assert world.status(result.request) == Status.FINAL


def test_finalize__another_work_or_output__is_refused(world, roles, refuses, result):
    world.warp(WINDOW)
    fakes = [
        result._replace(work=result.work + (1 << 24)),
        result._replace(work=result.work ^ 1),
        result._replace(work=(int(roles.attacker, 16) << 96) | (result.work & (2**96 - 1))),
        result._replace(output_hash=keccak(WRONG_OUTPUT)),
        result._replace(request=result.request._replace(prices=result.request.prices - 1)),
        Result(world.open(), result.work, result.output_hash),
    ]
    for fake in fakes:
        refuses("market: not this result", world.market.finalize, [fake], b"", sender=roles.attacker)


def test_finalize__twice__is_refused(world, roles, refuses, result):
    world.warp(WINDOW)
    world.finalize(result)
    refuses("market: not this result", world.market.finalize, [result], b"", sender=roles.stranger)


def test_finalize__game_open__is_refused(world, roles, refuses, result):
    game = world.challenge(result)
    world.warp(WINDOW)
    refuses("market: game open", world.market.finalize, [result], b"", sender=roles.stranger)
    world.rule(game, 1)
    world.finalize(result)
    assert world.status(result.request) == Status.FINAL


def test_finalize__batch_of_different_executors_models_and_assets__pays_each(world, roles):
    token = world.deploy("MockToken")
    token.mint(roles.requester, ETHER, sender=roles.deployer)
    token.approve(world.market, ETHER, sender=roles.requester)
    other = world.create_model(royalty_bps=0)
    plain = world.offer(ramp=0)
    in_token = plain._replace(asset=token.address, max_price=7 * 10**15, min_price=0)
    requests = [
        (world.open(plain), roles.executor),
        (world.open(plain), roles.executor),
        (world.open(plain, model=other), roles.executor),
        (world.opened(world.market.open(other, in_token, b"", sender=roles.requester)), roles.executor),
        (world.open(plain), roles.rival_executor),
        (world.open(plain), roles.second_executor),
    ]
    results = [world.answer(request, sender=sender)[0] for request, sender in requests]
    world.warp(WINDOW)
    world.finalize(*results)

    fee = plain.max_price * PARAMETERS.fee_bps // BPS
    royalty = plain.max_price * ROYALTY_BPS // BPS
    token_fee = in_token.max_price * PARAMETERS.fee_bps // BPS
    assert world.balance(roles.staker) == 3 * (plain.max_price - royalty - fee) + plain.max_price - fee
    assert world.balance(roles.rival_executor) == plain.max_price - royalty - fee
    assert world.balance(roles.staker, token) == in_token.max_price - token_fee
    assert world.shares(world.model) == (4 * royalty, 4 * fee)
    assert world.shares(other) == (0, fee)
    assert world.shares(other, token) == (0, token_fee)
    assert world.stakes(roles.staker) == (STAKE, 0, 0)
    assert world.stakes(roles.rival_executor) == (STAKE, 0, 0)


def test_finalize__batch_with_bad_items__ends_the_good(world, roles):
    challenged, good, last = world.posted_result(), world.posted_result(), world.posted_result()
    world.challenge(challenged)
    world.warp(WINDOW)
    young = world.posted_result()
    receipt = world.finalize(challenged, young, good, good, last)
    assert world.reasons(receipt) == ["market: game open", "market: window open", "market: not this result"]
    assert world.status(good.request) == world.status(last.request) == Status.FINAL
    assert world.stakes(roles.staker)[1] == 2 * MIN_BOND


def test_finalize__lengths_do_not_fit__is_refused(world, roles, refuses, result):
    finalize, sender = world.market.finalize, roles.stranger
    world.warp(WINDOW)
    refuses("market: outputs differ in length", finalize, [result, result], OUTPUT + b"1", sender=sender)
    refuses("market: outputs differ in length", finalize, [], b"1", sender=sender)
    refuses("market: empty batch", finalize, [], b"", sender=sender)


def test_finalize__callback_wanted__needs_the_output(world, roles, refuses):
    consumer = world.deploy("MockConsumer")
    result = world.posted_result(world.offer(consumer=consumer, flags=2, callback_gas=300_000))
    world.warp(WINDOW)
    finalize, sender = world.market.finalize, roles.stranger
    refuses("market: wrong output", finalize, [result], b"", sender=sender)
    refuses("market: not this result", finalize, [result], WRONG_OUTPUT, sender=sender)
    world.finalize(result, outputs=[OUTPUT])
    assert (consumer.results(), consumer.last_final(), consumer.last_output()) == (1, True, OUTPUT)


def test_finalize__output_given_or_its_hash__either_is_enough(world, refuses, roles, result):
    world.warp(WINDOW)
    by_hash, by_bytes = result, result._replace(output_hash=bytes(32))
    with world.wire.rewound():
        world.finalize(by_bytes, outputs=[OUTPUT])
        assert world.market.verify_output(world.id(result.request), OUTPUT)
    refuses("market: not this result", world.market.finalize, [by_hash], WRONG_OUTPUT, sender=roles.stranger)
    world.finalize(by_hash)
    assert world.market.verify_output(world.id(result.request), OUTPUT)
    assert not world.market.verify_output(world.id(result.request), WRONG_OUTPUT)


def test_finalize__empty_output_with_callback__is_delivered(world):
    consumer = world.deploy("MockConsumer")
    result = world.posted_result(world.offer(consumer=consumer, flags=2, callback_gas=300_000), output=b"")
    world.warp(WINDOW)
    world.finalize(result)
    assert (consumer.results(), consumer.last_output()) == (1, b"")


def test_finalize__refund__goes_to_the_requester(world, roles):
    offer = world.offer(ramp=1_000, claim_seconds=2_000)
    request = world.open(offer)
    opened_at = world.now()
    world.at(opened_at + 333)
    world.claim(request)
    (result,) = world.post(request)
    world.warp(WINDOW)
    world.finalize(result)
    assert world.balance(roles.requester) == FUNDS + offer.max_price - offer.price_after(333)


def test_finalize__operator_revoked_meanwhile__pays_its_account(world, roles, result):
    world.vault.revoke_operator(roles.executor, sender=roles.staker)
    world.warp(WINDOW)
    world.finalize(result)
    assert world.balance(roles.staker, NATIVE) > 0
    assert world.stakes(roles.staker) == (STAKE, 0, 0)


# --- verify_output ---


def test_verify_output__not_final__is_false(world, result):
    assert not world.market.verify_output(world.id(result.request), OUTPUT)
    assert not world.market.verify_output(bytes(32), OUTPUT)
