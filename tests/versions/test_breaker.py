"""Anybody trips a bad version with its own final answers, in one transaction."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from tests.versions.stage import NEEDED, PRICE, SPAN, VOLUME, State
from tests.wire import Refused
from tests.words import LIVE, NATIVE, Flags, HookConduct
from tests.world import INPUT, OUTPUT, WRONG_OUTPUT

FOREVER = 2**40 - 1


@pytest.fixture
def armed(stage):
    """Version 2 is live and 1 its fallback."""
    stage.arm()
    return stage


def bring(version, evidence, output=OUTPUT):
    """Arguments of `trip`."""
    return version, list(evidence), output * len(evidence)


# --- set_breaker, declare_probe ---


def test_set_breaker__owner__is_stated(stage, refuses):
    assert stage.model.breaker() == (0, 0, 0)
    receipt = stage.model.set_breaker(8, 2**128 - 1, 2**64 - 1, sender=stage.roles.owner)
    assert stage.events(receipt) == [("BreakerSet", 8, 2**128 - 1, 2**64 - 1)]
    assert stage.model.breaker() == (8, 2**128 - 1, 2**64 - 1)
    stage.model.set_breaker(0, 0, 0, sender=stage.roles.owner)
    assert stage.model.breaker() == (0, 0, 0)
    for caller in (stage.roles.guardian, stage.roles.stranger):
        refuses("model: not the owner", stage.model.set_breaker, 1, 1, 0, sender=caller)


@pytest.mark.parametrize("words", [(9, 1, 0), (2**256 - 1, 1, 0), (1, 2**128, 0), (1, 1, 2**64)])
def test_set_breaker__out_of_bounds__reverts(stage, refuses, words):
    refuses("model: breaker out of bounds", stage.model.set_breaker, *words, sender=stage.roles.owner)


def test_set_breaker__without_volume__reverts(stage, refuses):
    refuses("model: breaker without volume", stage.model.set_breaker, 1, 0, 0, sender=stage.roles.owner)


def test_declare_probe__owner_of_a_published_version__is_stated(stage, refuses):
    words = 3, keccak(INPUT), keccak(OUTPUT)
    receipt = stage.model.declare_probe(*words, sender=stage.roles.owner)
    assert stage.events(receipt) == [("ProbeDeclared", *words)]
    assert stage.model.probe(3, keccak(INPUT)) == keccak(OUTPUT)
    assert stage.model.probe(2, keccak(INPUT)) == bytes(32)
    for caller in (stage.roles.guardian, stage.roles.stranger):
        refuses("model: not the owner", stage.model.declare_probe, *words, sender=caller)


def test_declare_probe__version_that_answers_or_did__reverts(stage, refuses):
    stage.model.canary(3, 1, sender=stage.roles.owner)
    for version in (0, 1, 2, 3, 4):
        words = version, keccak(INPUT), keccak(OUTPUT)
        refuses("model: not a published version", stage.model.declare_probe, *words, sender=stage.roles.owner)


# --- a live version trips ---


def test_trip__live__the_pointer_falls_back_and_work_in_flight_goes_on(armed):
    evidence = armed.evidence()
    in_flight = armed.asked(armed.callers[9])
    armed.reject_outputs()
    receipt = armed.trip(2, evidence)
    assert armed.events(receipt) == [("Tripped", 2, 1, armed.roles.stranger)]
    assert armed.states() == [State.LIVE, State.RETIRED, State.PUBLISHED]
    assert (armed.model.live(), armed.model.fallback(), armed.model.paused()) == (1, 0, False)
    assert armed.model.since(1) == armed.world.market.counter()
    assert armed.asked(armed.callers[0]).origin >> 64 & 2**32 - 1 == 1
    armed.final(in_flight)
    assert armed.world.market.verify_output(armed.world.id(in_flight), OUTPUT)


@pytest.mark.parametrize("conduct", list(HookConduct))
def test_trip__whatever_the_hook_does_but_say_true__is_a_rejection(armed, conduct):
    evidence = armed.evidence()
    armed.reject_outputs(conduct)
    armed.trip(2, evidence)
    assert armed.model.live() == 1


def test_trip__eight_rejections_that_burn_all_their_gas__fit_a_transaction(armed):
    armed.arm(rejections=8)
    evidence = armed.evidence(count=8)
    armed.reject_outputs(HookConduct.EAT_GAS)
    receipt = armed.trip(2, evidence)
    assert int(receipt["gasUsed"], 16) < 3_000_000


def test_trip__again__has_no_fallback_and_pauses(armed):
    """What was left as bad is nothing to return to."""
    armed.reject_outputs()
    armed.trip(2, armed.evidence())
    receipt = armed.trip(1, armed.evidence())
    assert armed.events(receipt) == [
        ("Paused", armed.roles.stranger, FOREVER),
        ("Tripped", 1, 0, armed.roles.stranger),
    ]
    assert armed.states() == [State.RETIRED, State.RETIRED, State.PUBLISHED]
    assert (armed.model.live(), armed.model.paused_until()) == (0, FOREVER)
    armed.model.rollback(1, sender=armed.roles.guardian)
    armed.model.unpause(sender=armed.roles.owner)
    assert armed.asked(armed.callers[0]).origin >> 64 & 2**32 - 1 == 1


def test_trip__after_a_rollback__does_not_return_to_what_was_left(armed):
    armed.model.rollback(1, sender=armed.roles.guardian)
    assert armed.model.fallback() == 0
    armed.reject_outputs()
    armed.trip(1, armed.evidence())
    assert armed.model.paused_until() == FOREVER


def test_trip__fallback_revoked__pauses(armed):
    armed.model.revoke(1, sender=armed.roles.guardian)
    assert armed.model.fallback() == 0
    armed.reject_outputs()
    armed.trip(2, armed.evidence())
    assert armed.states() == [State.REVOKED, State.RETIRED, State.PUBLISHED]
    assert (armed.model.live(), armed.model.paused_until()) == (0, FOREVER)


def test_trip__guardian_s_pause_running__falls_back_and_stays_as_paused(armed):
    evidence = armed.evidence()
    armed.reject_outputs()
    armed.model.pause(sender=armed.roles.guardian)
    until = armed.model.paused_until()
    armed.trip(2, evidence)
    assert (armed.model.live(), armed.model.paused_until()) == (1, until)


def test_trip__guardian_s_pause_running_and_no_fallback__lasts(armed):
    armed.model.revoke(1, sender=armed.roles.guardian)
    evidence = armed.evidence()
    armed.reject_outputs()
    armed.model.pause(sender=armed.roles.guardian)
    rest = armed.model.rests_until()
    armed.trip(2, evidence)
    assert (armed.model.paused_until(), armed.model.rests_until()) == (FOREVER, rest)


def test_trip__with_a_canary__keeps_it_if_it_fits_the_fallback(armed):
    armed.model.canary(3, 1, sender=armed.roles.owner)
    evidence = armed.evidence(version=2)
    armed.reject_outputs()
    armed.trip(2, evidence)
    assert (armed.model.live(), armed.model.candidate()) == (1, 3)


def test_trip__without_fallback__ends_the_canary(armed):
    armed.model.revoke(1, sender=armed.roles.owner)
    armed.model.canary(3, 1, sender=armed.roles.owner)
    evidence = armed.evidence(version=2)
    armed.reject_outputs()
    receipt = armed.trip(2, evidence)
    assert [name for name, *_ in armed.events(receipt)] == ["CanaryWithdrawn", "Paused", "Tripped"]
    assert armed.states() == [State.REVOKED, State.RETIRED, State.PUBLISHED]
    assert armed.model.candidate() == 0


def test_fallback__versions_after_each_other__is_the_one_before(stage):
    owner = stage.roles.owner
    assert stage.model.fallback() == 1
    stage.model.promote(3, sender=owner)
    assert stage.model.fallback() == 2
    stage.model.promote(2, sender=owner)
    assert stage.model.fallback() == 3
    stage.model.revoke(2, sender=owner)
    assert stage.model.fallback() == 3
    stage.model.promote(1, sender=owner)
    assert stage.model.fallback() == 3
    stage.model.revoke(1, sender=owner)
    stage.model.promote(3, sender=owner)
    assert stage.model.fallback() == 0


# --- a candidate trips ---


def test_trip__candidate__is_published_only_again(armed, refuses):
    owner = armed.roles.owner
    armed.model.canary(3, 1, sender=owner)
    evidence = armed.evidence(version=3)
    armed.reject_outputs()
    receipt = armed.trip(3, evidence)
    assert armed.events(receipt) == [
        ("CanaryWithdrawn", 3, armed.roles.stranger),
        ("Tripped", 3, 2, armed.roles.stranger),
    ]
    assert armed.states() == [State.RETIRED, State.LIVE, State.PUBLISHED]
    assert (armed.model.live(), armed.model.candidate(), armed.model.fallback()) == (2, 0, 1)
    armed.model.canary(3, 1, sender=owner)
    words = bring(3, evidence)
    refuses("model: evidence too old", armed.model.trip, *words, sender=owner)


def test_trip__answers_of_the_candidate__do_not_convict_the_live_one(armed, refuses):
    armed.model.canary(3, 1, sender=armed.roles.owner)
    evidence = armed.evidence(version=3)
    armed.reject_outputs()
    words = bring(2, evidence)
    refuses("model: evidence of another version", armed.model.trip, *words, sender=armed.roles.stranger)


def test_trip__answers_of_its_time_as_candidate__do_not_convict_it_once_live(armed, refuses):
    armed.model.canary(3, 1, sender=armed.roles.owner)
    evidence = armed.evidence(version=3)
    armed.reject_outputs()
    armed.model.promote(3, sender=armed.roles.owner)
    words = bring(3, evidence)
    refuses("model: evidence too old", armed.model.trip, *words, sender=armed.roles.stranger)


# --- a failed probe ---


@pytest.fixture
def probed(armed):
    """Version 3 is live, and its owner has declared what it answers to INPUT."""
    owner = armed.roles.owner
    armed.model.declare_probe(3, keccak(INPUT), keccak(OUTPUT), sender=owner)
    armed.model.promote(3, sender=owner)
    return armed


def test_trip__one_failed_probe__is_enough_if_the_volume_is(probed, refuses):
    caller = probed.callers[0]
    cheap = probed.final(probed.asked(caller, price=VOLUME - 1), output=WRONG_OUTPUT)
    dear = probed.final(probed.asked(caller, price=VOLUME), output=WRONG_OUTPUT)
    words = bring(3, cheap, WRONG_OUTPUT)
    refuses("model: too little volume", probed.model.trip, *words, sender=caller)
    probed.trip(3, dear, WRONG_OUTPUT)
    assert probed.model.live() == 2


def test_trip__probe_that_holds__is_no_evidence(probed, refuses):
    evidence = probed.evidence()
    words = bring(3, evidence)
    refuses("model: neither rejected nor failed", probed.model.trip, *words, sender=NATIVE)


def test_trip__probe_of_another_input_or_version__is_no_evidence(armed, refuses):
    owner = armed.roles.owner
    armed.model.declare_probe(3, keccak(b"another input"), keccak(OUTPUT), sender=owner)
    evidence = armed.evidence(output=WRONG_OUTPUT)
    words = bring(2, evidence, WRONG_OUTPUT)
    refuses("model: neither rejected nor failed", armed.model.trip, *words, sender=owner)


def test_trip__probe_taken_back__is_none(armed, refuses):
    owner = armed.roles.owner
    for right in (keccak(OUTPUT), bytes(32)):
        armed.model.declare_probe(3, keccak(INPUT), right, sender=owner)
    armed.model.promote(3, sender=owner)
    words = bring(3, armed.evidence(output=WRONG_OUTPUT), WRONG_OUTPUT)
    refuses("model: neither rejected nor failed", armed.model.trip, *words, sender=owner)


def test_trip__failed_probe_among_rejections__both_count_to_the_volume(probed, refuses):
    """One answer that differs, and fewer rejected ones than it takes alone."""
    probed.arm(rejections=8)
    probe, *others = probed.callers[:NEEDED]
    requests = [probed.asked(caller, question=b"another input") for caller in others]
    evidence = probed.final(probed.asked(probe), *requests, output=WRONG_OUTPUT)
    probed.reject_outputs()
    without = [request for request in evidence if request.input != keccak(INPUT)]
    words = bring(3, without, WRONG_OUTPUT)
    refuses("model: too little evidence", probed.model.trip, *words, sender=probe)
    probed.trip(3, evidence, WRONG_OUTPUT)
    assert probed.model.live() == 2


# --- what is no evidence ---


def refused(stage, refuses, reason, evidence, output=OUTPUT, version=2):
    words = bring(version, evidence, output)
    refuses(reason, stage.model.trip, *words, sender=stage.roles.attacker)


def test_trip__no_breaker__reverts(stage, refuses):
    evidence = stage.evidence()
    stage.reject_outputs()
    refused(stage, refuses, "model: no breaker", evidence)
    stage.arm()
    stage.arm(rejections=0)
    refused(stage, refuses, "model: no breaker", evidence)


def test_trip__neither_live_nor_candidate__reverts(armed, refuses):
    for version in (0, 1, 3, 4, LIVE):
        refused(armed, refuses, "model: neither live nor candidate", [], version=version)


def test_trip__plausible_answers__revert(armed, refuses):
    refused(armed, refuses, "model: neither rejected nor failed", armed.evidence())


def test_trip__version_without_hook__cannot_be_rejected(armed, refuses):
    number = armed.publish(hook=NATIVE)
    armed.model.promote(number, sender=armed.roles.owner)
    refused(armed, refuses, "model: neither rejected nor failed", armed.evidence(), version=number)


def test_trip__too_few__reverts(armed, refuses):
    evidence = armed.evidence()
    armed.reject_outputs()
    refused(armed, refuses, "model: too little evidence", [])
    refused(armed, refuses, "model: too little evidence", evidence[1:])


def test_trip__too_little_paid__reverts(armed, refuses):
    evidence = armed.evidence()
    armed.reject_outputs()
    armed.arm(volume=VOLUME + 1)
    refused(armed, refuses, "model: too little volume", evidence)


def test_trip__price_on_a_ramp__counts_as_little_as_it_was_sure_to_be(armed, refuses):
    world, requests = armed.world, []
    for caller in armed.callers[:NEEDED]:
        offer = world.offer(min_price=PRICE - 1, max_price=100 * PRICE, ramp=100)
        requests.append(world.open(offer, sender=caller, model=armed.model))
    world.warp(100)
    evidence = armed.final(*requests)
    armed.reject_outputs()
    refused(armed, refuses, "model: too little volume", evidence)
    armed.arm(volume=NEEDED * (PRICE - 1))
    armed.trip(2, evidence)


def test_trip__one_requester_twice_or_out_of_order__reverts(armed, refuses):
    """Each twice would be as many as needed; so would one account with many requests."""
    evidence = armed.evidence()
    more = armed.final(*(armed.asked(armed.callers[0]) for _ in range(NEEDED)))
    armed.reject_outputs()
    reason = "model: requesters out of order"
    refused(armed, refuses, reason, [evidence[0], evidence[0], evidence[1]])
    refused(armed, refuses, reason, evidence[::-1])
    refused(armed, refuses, reason, more)


def test_trip__one_that_is_not_final__reverts(armed, refuses):
    *final, last = sorted(armed.callers[:NEEDED], key=lambda caller: int(caller, 16))
    evidence = armed.final(*(armed.asked(caller) for caller in final))
    opened = armed.asked(last)
    armed.reject_outputs()
    reason = "model: not a final output"
    refused(armed, refuses, reason, [*evidence, opened])
    armed.world.claim(opened)
    refused(armed, refuses, reason, [*evidence, opened])
    (result,) = armed.world.post(opened)
    refused(armed, refuses, reason, [*evidence, opened])
    armed.world.warp(3_600)
    armed.world.finalize(result)
    armed.trip(2, [*evidence, opened])


def test_trip__another_output_than_the_final_one__reverts(armed, refuses):
    evidence = armed.evidence()
    armed.reject_outputs()
    refused(armed, refuses, "model: not a final output", evidence, WRONG_OUTPUT)


@pytest.mark.parametrize("length", [0, 31, 33, 4_096])
def test_trip__outputs_of_another_length__revert(armed, refuses, length):
    evidence = armed.evidence()
    armed.reject_outputs()
    refused(armed, refuses, "model: outputs of other lengths", evidence, bytes(length))


FORGED = {
    "terms": bytes(32),
    "payer": 2**256 - 1,
    "callback": 1,
    "timing": 0,
    "prices": 2**256 - 1,
    "input": bytes(32),
}


@pytest.mark.parametrize("field", FORGED)
def test_trip__request_that_nobody_made__reverts(armed, refuses, field):
    *evidence, last = armed.evidence()
    armed.reject_outputs()
    forged = last._replace(**{field: FORGED[field]})
    refused(armed, refuses, "model: not a final output", [*evidence, forged])


def test_trip__another_counter__reverts(armed, refuses):
    """A request moved into the version's term."""
    *evidence, last = armed.evidence()
    armed.reject_outputs()
    refused(armed, refuses, "model: not a final output", [*evidence, last._replace(origin=last.origin + 1)])


def test_trip__requests_of_another_model__revert(armed, refuses):
    world, other = armed.world, armed.world.create_model(hook=armed.hook.address)
    offer = world.offer(min_price=PRICE, max_price=PRICE)
    requests = [world.open(offer, sender=caller, model=other) for caller in armed.callers[:NEEDED]]
    evidence = armed.final(*requests)
    armed.reject_outputs()
    reason = "model: evidence of another version"
    refused(armed, refuses, reason, evidence)
    relabelled = [
        request._replace(origin=int(str(armed.model), 16) << 96 | 2 << 64 | request.counter)
        for request in evidence
    ]
    refused(armed, refuses, "model: not a final output", relabelled)


def test_trip__paid_in_a_token__reverts(armed, refuses):
    """Anybody can make a token that is worth nothing."""
    world, token = armed.world, armed.world.deploy("MockToken")
    requests = []
    for caller in armed.callers[:NEEDED]:
        token.mint(caller, 100 * VOLUME, sender=caller)
        token.approve(world.market, 100 * VOLUME, sender=caller)
        offer = world.offer(asset=token.address, min_price=VOLUME, max_price=VOLUME)
        requests.append(world.opened(world.market.open(armed.model, offer, INPUT, sender=caller)))
    evidence = armed.final(*requests)
    armed.reject_outputs()
    refused(armed, refuses, "model: not paid in the native coin", evidence)


def test_trip__inputs_that_nobody_can_read__revert(armed, refuses):
    """Nobody could have challenged the answers."""
    number = armed.publish(unwatchable=True)
    armed.model.promote(number, sender=armed.roles.owner)
    hidden = {"question": keccak(INPUT) + b"nowhere", "flags": Flags.UNWATCHABLE}
    evidence = armed.final(*(armed.asked(caller, **hidden) for caller in armed.callers[:NEEDED]))
    armed.reject_outputs()
    refused(armed, refuses, "model: evidence on an unwatchable input", evidence, version=number)


def test_trip__asked_before_the_version_went_live_again__reverts(armed, refuses):
    """An owner that promotes a tripped version again is not tripped by the same evidence."""
    evidence = armed.evidence()
    armed.reject_outputs()
    armed.trip(2, evidence)
    armed.model.promote(2, sender=armed.roles.owner)
    assert armed.model.since(2) == armed.world.market.counter()
    refused(armed, refuses, "model: evidence too old", evidence)


def test_trip__the_first_request_of_its_term__counts(armed):
    armed.model.promote(1, sender=armed.roles.owner)
    armed.model.promote(2, sender=armed.roles.owner)
    since = armed.model.since(2)
    evidence = armed.evidence()
    assert min(request.counter for request in evidence) == since
    armed.reject_outputs()
    armed.trip(2, evidence)
    assert armed.model.live() == 1


def test_trip__too_far_apart__reverts(armed, refuses):
    first = armed.asked(armed.callers[0])
    second = armed.asked(armed.callers[1])
    for _ in range(SPAN - 2):
        armed.asked(armed.callers[9])
    last, later = armed.asked(armed.callers[2]), armed.asked(armed.callers[3])
    assert (last.counter - first.counter, later.counter - first.counter) == (SPAN, SPAN + 1)
    armed.reject_outputs()
    results = armed.answered(first, second, last, later)
    armed.world.warp(3_600)
    armed.world.finalize(*results)
    within, beyond = [first, second, last], [first, second, later]
    for evidence in (within, beyond):
        evidence.sort(key=lambda request: request.payer >> 96)
    refused(armed, refuses, "model: evidence too far apart", beyond)
    armed.arm(span=0)
    armed.model.trip.asked(*bring(2, beyond), sender=armed.roles.stranger)
    armed.arm()
    armed.trip(2, within)
    assert armed.model.live() == 1


def test_trip__result_that_was_refuted__never_counts(armed, refuses):
    """A refutation convicts an executor, not a version."""
    *others, accused = sorted(armed.callers[:NEEDED], key=lambda caller: int(caller, 16))
    evidence = armed.final(*(armed.asked(caller) for caller in others))
    request = armed.asked(accused)
    (result,) = armed.answered(request, output=WRONG_OUTPUT)
    game = armed.world.challenge(result, output=WRONG_OUTPUT)
    armed.world.rule(game, 2)
    armed.world.settle(result, game)
    armed.reject_outputs()
    words = 2, [*evidence, request], OUTPUT * 2 + WRONG_OUTPUT
    refuses("model: not a final output", armed.model.trip, *words, sender=armed.roles.attacker)


# Hashes 224,000 bytes, which takes 159,000 gas of the 200,000 that a hook is given, and returns true.
THOROUGH = "0x62036b005f205060015f5260205ff3"


def test_trip__little_gas__never_makes_a_rejection(armed):
    """An honest hook starved by whoever calls: the call reverts, at any amount of gas."""
    words = bring(2, armed.evidence())
    armed.world.wire.request("anvil_setCode", armed.hook.address, THOROUGH)
    outcomes = set()
    for gas in [*range(60_000, 900_000, 20_000), 3_000_000]:
        try:
            armed.world.with_gas(gas, armed.model.trip, *words, sender=armed.roles.attacker)
            outcomes.add("tripped")
        except Refused as refusal:
            outcomes.add(refusal.reason)
    assert outcomes - {""} == {"model: too little gas", "model: neither rejected nor failed"}


def test_trip__nine_items__are_no_call(armed, refuses):
    evidence = armed.evidence(count=9)
    armed.reject_outputs()
    refused(armed, refuses, "", evidence)
