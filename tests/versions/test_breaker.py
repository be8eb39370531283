"""Anybody trips a bad version with its own final answers, in one transaction."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from tests.versions.stage import NEEDED, VOLUME, State, bring
from tests.words import NATIVE, HookConduct
from tests.world import INPUT, OUTPUT, WRONG_OUTPUT

FOREVER = 2**40 - 1


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
