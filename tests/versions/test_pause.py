"""Who pauses a model for how long: its owner as long as it likes, a guardian a week, with a month between."""

from __future__ import annotations

import pytest

DAY = 86_400
FOREVER = 2**40 - 1
PAUSE, REST = 7 * DAY, 30 * DAY


def test_pause__owner__lasts_until_unpaused(stage):
    receipt = stage.model.pause(sender=stage.roles.owner)
    assert stage.events(receipt) == [("Paused", stage.roles.owner, FOREVER)]
    assert stage.model.paused_until() == FOREVER
    stage.world.warp(400 * DAY)
    assert stage.model.paused()


def test_pause__guardian__ends_by_itself_after_seven_days(stage, refuses):
    receipt = stage.model.pause(sender=stage.roles.guardian)
    until = stage.world.now() + PAUSE
    assert stage.events(receipt) == [("Paused", stage.roles.guardian, until)]
    assert (stage.model.paused_until(), stage.model.rests_until()) == (until, until + REST)
    offer = stage.world.offer()
    stage.world.at(until - 1)
    refuses(
        "model: paused",
        stage.model.request,
        offer,
        b"",
        sender=stage.roles.requester,
        value=offer.max_price,
    )
    stage.world.at(until)
    stage.asked(stage.callers[0])
    assert not stage.model.paused()


def test_pause__guardian_again__only_thirty_days_after_it_lapsed(stage, refuses):
    guardian = stage.roles.guardian
    stage.model.pause(sender=guardian)
    refuses("model: paused", stage.model.pause, sender=guardian)
    until = stage.world.now() + PAUSE
    stage.world.at(until)
    refuses("model: guardian rests", stage.model.pause, sender=guardian)
    stage.world.at(until + REST - 1)
    refuses("model: guardian rests", stage.model.pause, sender=guardian)
    stage.world.at(until + REST)
    stage.model.pause(sender=guardian)
    assert stage.model.paused_until() == until + REST + PAUSE


def test_pause__guardian_after_the_owner_lifted__thirty_days_from_then(stage, refuses):
    guardian = stage.roles.guardian
    stage.model.pause(sender=guardian)
    stage.world.warp(2 * DAY)
    stage.model.unpause(sender=stage.roles.owner)
    lifted = stage.world.now()
    assert stage.model.rests_until() == lifted + REST
    stage.world.at(lifted + REST - 1)
    refuses("model: guardian rests", stage.model.pause, sender=guardian)
    stage.world.at(lifted + REST)
    stage.model.pause(sender=guardian)


def test_pause__new_guardian__rests_as_the_old_one_did(stage, refuses):
    stage.model.pause(sender=stage.roles.guardian)
    stage.model.unpause(sender=stage.roles.owner)
    stage.model.set_guardian(stage.roles.stranger, sender=stage.roles.owner)
    refuses("model: guardian rests", stage.model.pause, sender=stage.roles.stranger)


def test_pause__owner_s_own__leaves_the_guardian_free(stage):
    owner = stage.roles.owner
    stage.model.pause(sender=owner)
    stage.model.unpause(sender=owner)
    stage.model.pause(sender=stage.roles.guardian)
    assert stage.model.paused()


def test_pause__owner_while_a_guardian_s_runs__makes_it_last(stage, refuses):
    owner, guardian = stage.roles.owner, stage.roles.guardian
    stage.model.pause(sender=guardian)
    rest = stage.model.rests_until()
    stage.model.pause(sender=owner)
    assert (stage.model.paused_until(), stage.model.rests_until()) == (FOREVER, rest)
    refuses("model: paused", stage.model.pause, sender=owner)
    refuses("model: paused", stage.model.pause, sender=guardian)
    stage.world.warp(60 * DAY)
    assert stage.model.paused()
    stage.model.unpause(sender=owner)
    stage.model.pause(sender=guardian)


def test_pause__owner_that_is_its_own_guardian__is_the_owner(stage):
    owner = stage.roles.owner
    stage.model.set_guardian(owner, sender=owner)
    for _ in range(2):
        stage.model.pause(sender=owner)
        assert stage.model.paused_until() == FOREVER
        stage.model.unpause(sender=owner)


def test_unpause__by_the_guardian__reverts(stage, refuses):
    stage.model.pause(sender=stage.roles.guardian)
    refuses("model: not the owner", stage.model.unpause, sender=stage.roles.guardian)


def test_unpause__not_paused_or_lapsed__does_nothing(stage):
    """Else an operation that unpauses and promotes, decided during a pause, fails once that has lapsed."""
    owner = stage.roles.owner
    assert stage.events(stage.model.unpause(sender=owner)) == []
    stage.model.pause(sender=stage.roles.guardian)
    stage.world.warp(PAUSE)
    until, rest = stage.model.paused_until(), stage.model.rests_until()
    stage.world.warp(DAY)
    assert stage.events(stage.model.unpause(sender=owner)) == []
    assert (stage.model.paused_until(), stage.model.rests_until()) == (until, rest)
    stage.model.promote(3, sender=owner)


@pytest.mark.parametrize("verb", ["rollback", "revoke"])
def test_pause__guardian_s__stops_neither_rollback_nor_revocation(stage, verb):
    stage.model.pause(sender=stage.roles.guardian)
    getattr(stage.model, verb)(1, sender=stage.roles.guardian)
    assert stage.model.paused()
    assert stage.model.live() == (1 if verb == "rollback" else 2)
