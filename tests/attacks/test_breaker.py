"""Attacks on the breaker: taking a good version down without the risk that its evidence stands for."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from tests.versions.stage import NEEDED, PRICE, VOLUME, Stage
from tests.words import Flags
from tests.world import INPUT, WRONG_OUTPUT, World


@pytest.fixture
def unwatchable(world: World) -> Stage:
    """Version 4 is live: its requesters may name inputs that nobody else can read."""
    stage = Stage(world)
    owner = stage.roles.owner
    number = stage.publish(unwatchable=True)
    stage.model.declare_probe(number, keccak(INPUT), keccak(b"\0" * 32), sender=owner)
    stage.model.promote(number, sender=owner)
    stage.arm()
    return stage


def test_trip__answers_to_inputs_that_nobody_can_read__are_no_evidence(unwatchable, refuses):
    """Nobody could have challenged them: whoever asks and answers himself risks no bond."""
    stage = unwatchable
    evidence = stage.final(
        *(
            stage.asked(caller, question=keccak(text=caller) + b"nowhere", flags=Flags.UNWATCHABLE)
            for caller in stage.callers[:NEEDED]
        )
    )
    stage.reject_outputs()
    words = 4, evidence, (7).to_bytes(32, "big") * NEEDED
    refuses("model: evidence on an unwatchable input", stage.model.trip, *words, sender=stage.roles.attacker)


def test_trip__probe_asked_as_an_unreadable_input__is_no_evidence(unwatchable, refuses):
    """The reference of the probe, named as the root of data that lie nowhere."""
    stage = unwatchable
    question = keccak(INPUT) + b"nowhere"
    request = stage.asked(stage.callers[0], price=VOLUME, question=question, flags=Flags.UNWATCHABLE)
    assert request.input == keccak(INPUT)
    evidence = stage.final(request, output=WRONG_OUTPUT)
    words = 4, evidence, WRONG_OUTPUT
    refuses("model: evidence on an unwatchable input", stage.model.trip, *words, sender=stage.roles.attacker)


def test_trip__readable_inputs_of_a_version_that_takes_others__are_evidence(unwatchable):
    evidence = unwatchable.evidence()
    unwatchable.reject_outputs()
    unwatchable.trip(4, evidence)
    assert unwatchable.model.live() == 2
    assert PRICE * NEEDED == VOLUME
