"""Attacks in front of somebody else's call, or from inside of it, on what that call relies on."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from tests.wire import Refused
from tests.words import CHALLENGER, NATIVE, Flags, Result, Status, pack_work
from tests.world import (
    ETHER,
    FUNDS,
    INPUT,
    MIN_BOND,
    OUTPUT,
    PARAMETERS,
    STAKE,
    WINDOW,
)


def test_post__owner_read_the_answer_and_revoked__is_paid(world, roles, refuses):
    """The output is in the mempool; the owner, who asked himself, wants it for nothing."""
    request = world.open(sender=roles.owner)
    world.claim(request)
    world.model.revoke(1, sender=roles.owner)
    for actor in (roles.owner, roles.attacker):
        refuses("market: already claimed", world.market.cancel, request, sender=actor)
    with world.wire.rewound():
        world.market.cancel(request, sender=roles.executor)  # who claimed may give it back
        assert world.stakes(roles.staker) == (STAKE, 0, 0)
    (result,) = world.post(request)
    world.warp(WINDOW)
    world.finalize(result)
    assert world.balance(roles.staker) > 0


def test_expire__claim_of_a_revoked_version_that_nobody_posts__comes_back(world, roles):
    """However a revocation is used, escrow and bond are home after the deadline."""
    request = world.open()
    world.claim(request)
    world.model.revoke(1, sender=roles.owner)
    world.at(world.now() + 300)
    world.market.expire(request, sender=roles.stranger)
    assert world.balance(roles.requester) == FUNDS + request.max_price
    assert world.stakes(roles.staker) == (STAKE, 0, 0)


def test_finalize__owner_revoked_a_posted_result__is_paid_and_royalties_too(world, roles):
    result = world.posted_result()
    world.model.revoke(1, sender=roles.owner)
    world.model.pause(sender=roles.owner)
    world.warp(WINDOW)
    world.finalize(result)
    assert world.stakes(roles.staker) == (STAKE, 0, 0)
    assert world.balance(roles.staker) > 0
    assert world.shares(world.model)[0] > 0


def test_set_parameters__in_front_of_everything__touches_no_open_request(world, roles):
    """The network's owner raises every share and cuts every time; what is open keeps what it had."""
    request = world.open(world.offer(ramp=0))
    harsh = PARAMETERS._replace(
        fee_bps=1_000, penalty=MIN_BOND, bounty=0, compensation=0, pot=0, ruling_seconds=1, max_attempts=1
    )
    world.network.set_parameters(harsh, sender=roles.network_owner)
    world.market.freeze(world.model, 1, sender=roles.attacker)
    world.claim(request)
    world.at(world.now() + 300)
    world.market.expire(request, sender=roles.stranger)
    assert world.stakes(roles.staker) == (STAKE - PARAMETERS.penalty, 0, 0)
    world.claim(request)
    (result,) = world.post(request)
    world.warp(WINDOW)
    world.finalize(result)
    assert world.shares(world.model)[1] == request.max_price * PARAMETERS.fee_bps // 10_000
    assert world.open().terms != request.terms


def test_answer__consumer_challenges_what_is_posted_but_not_yet_covered__the_bond_is_there(world, roles):
    """In a batch the quiet item's bond is locked after the loud item's consumer was called."""
    consumer = world.deploy("MockConsumer")
    world.bond_asset.deposit(sender=roles.attacker, value=STAKE)
    world.bond_asset.approve(world.vault, STAKE, sender=roles.attacker)
    for step in (world.vault.propose_operator, world.vault.accept_operator):
        consumer.order(world.vault, step.encode_input(consumer.address), sender=roles.attacker)
    world.vault.deposit(consumer, STAKE, sender=roles.attacker)
    quiet = world.open(world.offer(ramp=0))
    loud = world.open(world.offer(consumer=consumer, flags=Flags.AT_POST, callback_gas=1_500_000))
    posted_at = world.now() + 50
    result = Result(quiet, pack_work(roles.executor, 0, posted_at), keccak(OUTPUT))
    payload = world.challenges.challenge.encode_input(result, INPUT, OUTPUT)
    with world.wire.rewound():
        consumer.arm(world.challenges, payload, sender=roles.attacker)
        world.vault.begin_unbonding(STAKE - MIN_BOND, sender=roles.staker)  # enough for one of two
        world.at(posted_at)
        with pytest.raises(Refused) as refusal:
            world.market.answer([quiet, loud], OUTPUT * 2, sender=roles.executor)
        assert refusal.value.reason == "vault: not enough free stake"
    consumer.arm(world.challenges, payload, sender=roles.attacker)
    world.at(posted_at)
    world.market.answer([quiet, loud], OUTPUT * 2, sender=roles.executor)
    assert consumer.called()
    assert world.stakes(roles.staker)[:2] == (STAKE - 2 * MIN_BOND, 2 * MIN_BOND)
    game = world.arbiter.games()
    world.rule(game, CHALLENGER)
    world.settle(result, game)
    assert world.stakes(roles.staker)[:2] == (STAKE - 2 * MIN_BOND, MIN_BOND)
    assert world.stakes(consumer) == (STAKE, 0, PARAMETERS.bounty)


def test_finalize__batch_in_front_of_the_executors_own__pays_the_same(world, roles):
    """Who finalizes, in which order and in how many calls, moves no wei."""
    results = [world.posted_result(world.offer(ramp=7 + step)) for step in range(3)]
    world.warp(WINDOW)

    def books():
        return (
            world.balance(roles.staker),
            world.balance(roles.requester),
            world.shares(world.model),
            world.stakes(roles.staker),
        )

    with world.wire.rewound():
        world.finalize(*results)
        at_once = books()
    world.finalize(results[2], sender=roles.attacker)
    receipt = world.finalize(*results)
    assert world.reasons(receipt) == ["market: not this result"]
    assert books() == at_once
    assert world.balance(roles.attacker) == 0


def test_withdraw__in_front_of_a_signed_claim__costs_the_executor_nothing_but_gas(world, roles):
    """The signer takes his money home first: his item is skipped, the others are served."""
    world.market.freeze(world.model, 1, sender=roles.stranger)
    broke, good = world.order(), world.order(requester=roles.second_requester)
    words = world.order_words(
        (broke, world.sign(broke)), (good, world.sign(good, "second_requester")), outputs=[OUTPUT, OUTPUT]
    )
    world.market.withdraw(NATIVE, roles.requester, FUNDS, sender=roles.requester)
    receipt = world.orders.answer(*words, sender=roles.executor)
    assert world.reasons(receipt, world.orders) == ["market: balance too small"]
    assert world.stakes(roles.staker)[:2] == (STAKE - MIN_BOND, MIN_BOND)
    world.market.deposit(NATIVE, roles.requester, ETHER, sender=roles.stranger, value=ETHER)
    receipt = world.orders.claim(*world.order_words((broke, world.sign(broke))), sender=roles.second_executor)
    assert world.status(world.opened(receipt)) == Status.CLAIMED
