"""Market.post: a claimed request gets its result, from its executor and in time."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from tests.wire import Refused
from tests.words import Flags, HookConduct, Status, Work, pack_work
from tests.world import MIN_BOND, OUTPUT, WINDOW, WRONG_OUTPUT


@pytest.fixture
def claimed(world):
    request = world.open()
    world.claim(request)
    return request


def test_post__in_time__logs_output_and_work(world, roles):
    offer = world.offer()
    request = world.open(offer)
    opened_at = world.now()
    world.at(opened_at + 37)
    world.claim(request)
    receipt = world.market.post([request], OUTPUT, sender=roles.executor)
    (posted,) = world.market.events(receipt, "Posted")
    assert (posted.id, posted.output) == (world.id(request), OUTPUT)
    assert posted.work == pack_work(roles.executor, 37, world.now())
    assert world.status(request) == Status.POSTED
    digest = world.market.slot_of(world.id(request)) >> 48
    expected = keccak(posted.work.to_bytes(32, "big") + keccak(OUTPUT))
    assert digest == int.from_bytes(expected, "big") >> 48


def test_post__bond__stays_locked(world, roles, claimed):
    world.post(claimed)
    assert world.stakes(roles.staker)[1] == MIN_BOND


def test_post__empty_and_largest_output__are_taken(world):
    for output in (b"", bytes(4096)):
        assert world.posted_result(output=output).output_hash == keccak(output)


def test_post__batch_with_bad_items__posts_the_good(world, roles):
    mine, foreign, unclaimed, late = (world.open() for _ in range(4))
    world.claim(late, sender=roles.executor)
    claimed_at = world.now()
    world.claim(foreign, sender=roles.rival_executor)
    world.at(claimed_at + 290)
    world.claim(mine)
    world.at(claimed_at + 300)
    outputs = [b"a", b"b", b"c", b"d", b"e"]
    words = world.post_words(foreign, unclaimed, late, mine, mine, outputs=outputs)
    receipt = world.market.post(*words, sender=roles.executor)
    assert world.reasons(receipt) == [
        "market: not the executor",
        "market: not claimed",
        "market: result too late",
        "market: not claimed",  # posted by the item before
    ]
    (result,) = world.posted(receipt)
    assert result.output_hash == keccak(b"d")


def test_post__by_another_operator_of_the_account__is_refused(world, roles, refuses, claimed):
    words = world.post_words(claimed)
    refuses("market: not the executor", world.market.post, *words, sender=roles.second_executor)


def test_post__after_its_operator_was_revoked__is_taken(world, roles, claimed):
    world.vault.revoke_operator(roles.executor, sender=roles.staker)
    world.post(claimed)
    assert world.status(claimed) == Status.POSTED


def test_post__never_claimed_or_twice__is_refused(world, roles, refuses, claimed):
    refuses("market: not claimed", world.market.post, *world.post_words(world.open()), sender=roles.executor)
    world.post(claimed)
    refuses("market: not claimed", world.market.post, *world.post_words(claimed), sender=roles.executor)


def test_post__second_of_the_deadline__is_too_late(world, roles, refuses, claimed):
    claimed_at = world.now()
    world.at(claimed_at + 300)
    refuses("market: result too late", world.market.post, *world.post_words(claimed), sender=roles.executor)
    world.at(claimed_at + 299)
    world.post(claimed)
    assert world.status(claimed) == Status.POSTED


def test_post__outputs_differ_in_length__is_refused(world, roles, refuses, claimed):
    post, sender = world.market.post, roles.executor
    refuses("market: outputs differ in length", post, [claimed, claimed], bytes(63), sender=sender)
    refuses("market: outputs differ in length", post, [], bytes(1), sender=sender)
    refuses("market: empty batch", post, [], b"", sender=sender)


# --- post_ids: the same by id alone ---


def test_post_ids__claimed__makes_the_same_result(world, roles):
    offer = world.offer()
    request = world.open(offer)
    opened_at = world.now()
    world.at(opened_at + 37)
    world.claim(request)
    receipt = world.market.post_ids([world.id(request)], OUTPUT, sender=roles.executor)
    (result,) = world.posted(receipt)
    assert result.work == pack_work(roles.executor, 37, world.now())
    world.warp(WINDOW)
    world.finalize(result)
    assert world.market.verify_output(world.id(request), OUTPUT)


def test_post_ids__bad_items__are_skipped(world, roles, refuses):
    mine, foreign, unclaimed, late = (world.open() for _ in range(4))
    world.claim(late)
    claimed_at = world.now()
    world.claim(foreign, sender=roles.rival_executor)
    world.at(claimed_at + 290)
    world.claim(mine)
    world.at(claimed_at + 300)
    ids = [world.id(request) for request in (foreign, unclaimed, late, mine, mine)]
    receipt = world.market.post_ids([*ids, bytes(32)], bytes(6), sender=roles.executor)
    assert world.reasons(receipt) == [
        "market: not the executor",
        "market: not claimed",
        "market: result too late",
        "market: not claimed",
        "market: not claimed",
    ]
    assert world.status(mine) == Status.POSTED
    refuses("market: empty batch", world.market.post_ids, [], b"", sender=roles.executor)
    refuses(
        "market: outputs differ in length",
        world.market.post_ids,
        [bytes(32)] * 2,
        b"1",
        sender=roles.executor,
    )


def test_post_ids__callback_or_hook__takes_the_whole_request(world, roles, refuses):
    consumer, hook = world.deploy("NoopConsumer"), world.deploy("MockHook")
    called = world.open(world.offer(consumer=consumer, flags=Flags.AT_POST, callback_gas=50_000))
    hooked = world.open(model=world.create_model(hook=hook.address))
    late_call = world.open(world.offer(consumer=consumer, flags=Flags.AT_FINAL, callback_gas=50_000))
    world.claim(called, hooked, late_call)
    for request in (called, hooked):
        refuses(
            "market: takes the whole request",
            world.market.post_ids,
            [world.id(request)],
            OUTPUT,
            sender=roles.executor,
        )
    world.market.post_ids([world.id(late_call)], OUTPUT, sender=roles.executor)
    assert world.status(late_call) == Status.POSTED


# --- the version's output hook ---


@pytest.fixture
def hook(world):
    return world.deploy("MockHook")


@pytest.mark.parametrize("conduct", list(HookConduct), ids=lambda conduct: conduct.name.lower())
def test_post__hook_does_not_agree__is_marked_and_stands(world, roles, hook, conduct):
    model = world.create_model(hook=hook.address)
    request = world.open(model=model)
    world.claim(request)
    hook.misbehave(0, conduct, sender=roles.deployer)
    (posted,) = world.market.events(
        world.market.post(*world.post_words(request), sender=roles.executor), "Posted"
    )
    assert Work.read(posted.work).implausible
    assert world.status(request) == Status.POSTED


def test_post__starved__never_takes_a_good_output_for_a_bad_one(world, roles, hook):
    """Whatever gas the executor sends, the hook gets all of its own, or nothing happens."""
    request = world.open(model=world.create_model(hook=hook.address))
    world.claim(request)
    outcomes = set()
    for gas in range(40_000, 400_000, 10_000):
        with world.wire.rewound():
            try:
                receipt = world.with_gas(gas, world.market.post, [request], OUTPUT, sender=roles.executor)
            except Refused as refusal:
                outcomes.add(refusal.reason)
            else:
                (posted,) = world.market.events(receipt, "Posted")
                assert not Work.read(posted.work).implausible
                outcomes.add("posted")
    assert outcomes - {""} == {"market: too little gas", "posted"}


def test_post__hook_agrees__is_plausible(world, roles, hook):
    request = world.open(model=world.create_model(hook=hook.address))
    world.claim(request)
    (posted,) = world.market.events(
        world.market.post(*world.post_words(request), sender=roles.executor), "Posted"
    )
    assert not Work.read(posted.work).implausible


# --- answer: both in one step ---


def test_answer__open_request__is_claimed_and_posted(world, roles):
    offer = world.offer()
    request = world.open(offer)
    opened_at = world.now()
    world.at(opened_at + 37)
    receipt = world.market.answer(*world.post_words(request), sender=roles.executor)
    (posted,) = world.market.events(receipt, "Posted")
    assert posted.work == pack_work(roles.executor, 37, world.now())
    assert world.stakes(roles.staker)[1] == MIN_BOND
    assert world.status(request) == Status.POSTED


def test_answer__batch_with_bad_items__answers_the_good(world, roles):
    taken, good, late = world.open(), world.open(), world.open(world.offer(claim_seconds=5))
    orphan_model = world.create_model()
    orphan = world.open(model=orphan_model)
    orphan_model.revoke(1, sender=roles.owner)
    world.claim(taken, sender=roles.rival_executor)
    world.warp(5)
    outputs = [b"1", b"2", b"3", b"4"]
    words = world.post_words(taken, late, orphan, good, outputs=outputs)
    receipt = world.market.answer(*words, sender=roles.executor)
    assert world.reasons(receipt) == [
        "market: not open",
        "market: claim deadline passed",
        "market: version revoked",
    ]
    (result,) = world.posted(receipt)
    assert result.output_hash == keccak(b"4")
    assert world.stakes(roles.staker)[1] == MIN_BOND


def test_answer__nothing_to_answer__reverts_with_the_last_reason(world, roles, refuses):
    request = world.open()
    refuses("market: empty batch", world.market.answer, [], b"", sender=roles.executor)
    refuses(
        "market: outputs differ in length", world.market.answer, [request] * 2, b"1", sender=roles.executor
    )
    refuses("vault: not an operator", world.market.answer, *world.post_words(request), sender=roles.stranger)
    world.claim(request)
    refuses("market: not open", world.market.answer, *world.post_words(request), sender=roles.executor)


def test_answer__with_and_without_callbacks__locks_every_bond_once(world, roles):
    consumer = world.deploy("MockConsumer")
    told = world.offer(consumer=consumer, flags=1, callback_gas=300_000)
    batch = [world.open(offer) for offer in (world.offer(), told, world.offer(), told)]
    world.answer(*batch, outputs=[OUTPUT, OUTPUT, WRONG_OUTPUT, WRONG_OUTPUT])
    assert world.stakes(roles.staker)[1] == 4 * MIN_BOND
    assert consumer.results() == 2


def test_answer__more_than_the_stake_covers__is_refused(world, roles, refuses):
    world.vault.begin_unbonding(98 * MIN_BOND, sender=roles.staker)
    consumer = world.deploy("NoopConsumer")
    told = world.offer(consumer=consumer, flags=1, callback_gas=50_000)
    for offers in ([told, world.offer(), told], [world.offer(), told, world.offer()]):
        words = world.post_words(*[world.open(offer) for offer in offers])
        refuses("vault: not enough free stake", world.market.answer, *words, sender=roles.executor)
