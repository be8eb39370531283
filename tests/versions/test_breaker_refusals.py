"""What is no evidence: each rule of the breaker, at its boundary, and who would have used a hole there."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from tests.versions.stage import NEEDED, PRICE, SPAN, VOLUME, bring
from tests.wire import Refused
from tests.words import LIVE, NATIVE, Flags
from tests.world import INPUT, OUTPUT, WRONG_OUTPUT


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
