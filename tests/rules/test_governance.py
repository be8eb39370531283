"""RULES, Governance: guardians, the breaker, canaries, what a version binds. Each attack is written out."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from tests.versions.stage import NEEDED, PRICE, VOLUME, Stage, State
from tests.words import CHALLENGER, LIVE, NATIVE
from tests.world import INPUT, OUTPUT, WINDOW, WRONG_OUTPUT

DAY = 86_400


@pytest.fixture
def stage(world) -> Stage:
    """Version 1 is retired, 2 live with a breaker, 3 published."""
    made = Stage(world)
    made.arm()
    return made


def version_of(request):
    return request.origin >> 64 & LIVE


# --- "Guardian powers lapse" ---


def test_guardian__pausing_whenever_it_can__leaves_a_model_open_most_of_the_time(stage, refuses):
    """It pauses at the first second at which it may, for half a year."""
    model, guardian, world = stage.model, stage.roles.guardian, stage.world
    shut, began = 0, world.now()
    while world.now() < began + 180 * DAY:
        world.at(max(world.now() + 1, model.rests_until()))
        model.pause(sender=guardian)
        paused_at = world.now()
        refuses("model: paused", model.pause, sender=guardian)
        world.at(model.paused_until())
        stage.asked(stage.callers[0])
        shut += world.now() - paused_at
        refuses("model: guardian rests", model.pause, sender=guardian)
    assert shut * 5 <= world.now() + 30 * DAY - began


def test_guardian__new_code__is_never_its_to_bring(stage, refuses):
    model, guardian = stage.model, stage.roles.guardian
    calls = {
        model.publish: (stage.world.version(),),
        model.promote: (3,),
        model.canary: (3, 1),
        model.declare_probe: (3, bytes(32), bytes(32)),
        model.set_breaker: (0, 0, 0),
        model.unpause: (),
        model.set_guardian: (guardian,),
        model.collect: (NATIVE, guardian),
    }
    for method, words in calls.items():
        refuses("model: not the owner", method, *words, sender=guardian)
    refuses("model: not a retired version", model.rollback, 3, sender=guardian)


# --- "The breaker counts output-hook rejections from distinct paying requesters ... never refutations" ---


def test_breaker__one_account_that_asks_often__trips_nothing(stage, refuses):
    requests = stage.final(*(stage.asked(stage.callers[0]) for _ in range(NEEDED)))
    stage.reject_outputs()
    words = 2, requests, OUTPUT * NEEDED
    refuses("model: requesters out of order", stage.model.trip, *words, sender=stage.roles.attacker)
    words = 2, [requests[0]], OUTPUT
    refuses("model: too little evidence", stage.model.trip, *words, sender=stage.roles.attacker)


def test_breaker__requesters_that_pay_nothing__trip_nothing(stage, refuses):
    requests = stage.final(*(stage.asked(caller, price=0) for caller in stage.callers[:8]))
    stage.reject_outputs()
    words = 2, requests, OUTPUT * 8
    refuses("model: too little volume", stage.model.trip, *words, sender=stage.roles.attacker)


def test_breaker__lies_that_were_refuted__trip_nothing(stage, refuses):
    """They convict the executor; the honest answer that follows is the one that counts, for the version."""
    requests = [stage.asked(caller) for caller in stage.callers[:NEEDED]]
    for result in stage.answered(*requests, output=WRONG_OUTPUT):
        game = stage.world.challenge(result, output=WRONG_OUTPUT)
        stage.world.rule(game, CHALLENGER)
        stage.world.settle(result, game)
    stage.reject_outputs()
    honest = stage.final(*requests)
    stage.hook.misbehave(0, 0, sender=stage.roles.stranger)
    for output, reason in (
        (WRONG_OUTPUT, "model: not a final output"),
        (OUTPUT, "model: neither rejected nor failed"),
    ):
        words = 2, honest, output * NEEDED
        refuses(reason, stage.model.trip, *words, sender=stage.roles.attacker)


def test_breaker__lie_within_its_window__trips_nothing_before_it_can_be_challenged(stage, refuses):
    requests = [stage.asked(caller) for caller in stage.callers[:NEEDED]]
    results = stage.answered(*requests, output=WRONG_OUTPUT)
    stage.reject_outputs()
    requests.sort(key=lambda request: request.payer >> 96)
    words = 2, requests, WRONG_OUTPUT * NEEDED
    refuses("model: not a final output", stage.model.trip, *words, sender=stage.roles.attacker)
    stage.world.warp(WINDOW - NEEDED - 10)
    for result in results:
        stage.world.challenge(result, output=WRONG_OUTPUT)
    stage.world.warp(WINDOW)
    refuses("model: not a final output", stage.model.trip, *words, sender=stage.roles.attacker)


def test_breaker__failed_probe__is_the_owner_s_own_statement_from_before_it_went_live(stage, refuses):
    owner = stage.roles.owner
    words = 2, keccak(INPUT), keccak(WRONG_OUTPUT)
    refuses("model: not a published version", stage.model.declare_probe, *words, sender=owner)
    stage.model.declare_probe(3, *words[1:], sender=owner)
    stage.model.promote(3, sender=owner)
    evidence = stage.final(stage.asked(stage.callers[0], price=VOLUME))
    stage.trip(3, evidence)
    assert stage.model.live() == 2


def test_breaker__a_trip__takes_one_transaction_of_a_stranger(stage):
    evidence = stage.evidence()
    in_flight = [stage.asked(stage.callers[at], version=2) for at in (8, 9)]
    stage.world.claim(in_flight[0])
    stage.reject_outputs()
    stage.trip(2, evidence)
    assert stage.states() == [State.LIVE, State.RETIRED, State.PUBLISHED]
    assert version_of(stage.asked(stage.callers[0])) == 1
    (first,) = stage.world.post(in_flight[0])
    (second,) = stage.answered(in_flight[1])
    stage.world.warp(WINDOW)
    stage.world.finalize(first, second)
    for request in in_flight:
        assert stage.world.market.verify_output(stage.world.id(request), OUTPUT)


# --- "tripping it has a stated minimum of paid volume" ---


def test_breaker__without_a_volume__cannot_be_set(stage, refuses):
    for rejections in range(1, 9):
        words = rejections, 0, 0
        refuses("model: breaker without volume", stage.model.set_breaker, *words, sender=stage.roles.owner)


def test_breaker__a_wei_too_little__trips_nothing(stage, refuses):
    *dear, last = stage.callers[:NEEDED]
    short = stage.final(*(stage.asked(caller) for caller in dear), stage.asked(last, price=PRICE - 1))
    stage.reject_outputs()
    words = 2, short, OUTPUT * NEEDED
    refuses("model: too little volume", stage.model.trip, *words, sender=stage.roles.attacker)


# --- "Canary choice can be retried by a caller that opens and reverts: a stated limit" ---


def test_canary__who_waits_for_another_block__gets_another_draw(stage):
    """The limit: prevrandao is known within the block, so a contract can look first, and revert."""
    stage.model.canary(3, 5_000, sender=stage.roles.owner)
    question = LIVE, stage.callers[0], stage.world.market.counter(), keccak(INPUT)
    draws = set()
    for _ in range(40):
        draws.add(stage.model.resolve(*question))
        stage.world.warp(1)
    assert draws == {2, 3}


def test_canary__a_draw__cannot_be_had_by_naming_another_requester_or_counter(stage):
    """The Market asks with its own count and its own caller."""
    stage.model.canary(3, 5_000, sender=stage.roles.owner)
    for number in range(20):
        caller, counter = stage.callers[number % 10], stage.world.market.counter()
        request = stage.asked(caller)
        assert (request.payer >> 96, request.counter) == (int(caller, 16), counter)


# --- "A version binds: program root, input and output schema, ..., arbiter, hook, terms" ---


def test_version__once_published__never_changes(stage):
    model, owner = stage.model, stage.roles.owner
    before = [model.version(number) for number in (1, 2, 3)]
    model.canary(3, 100, sender=owner)
    model.promote(3, sender=owner)
    model.rollback(1, sender=owner)
    model.revoke(2, sender=owner)
    assert [model.version(number) for number in (1, 2, 3)] == before
