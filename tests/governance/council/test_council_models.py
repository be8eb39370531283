"""The Council as guardian of models: what it does there, and what a model can do to it."""

from __future__ import annotations

import pytest
from eth_abi import encode
from eth_utils import keccak

from tests.governance.council.chamber import DAY, Chamber, Power
from tests.wire import ERROR_STRING, Refused

NO_CODE = "0x" + "00" * 19 + "99"


@pytest.fixture
def council(chamber: Chamber):
    """The Council itself."""
    return chamber.council


@pytest.fixture
def strange(chamber):
    """A contract that is no model; it does as it is ordered."""
    return chamber.target


def test_pause__carried__pauses_the_model(chamber, council):
    *_, last = chamber.approve(council.pause, chamber.model)
    (event,) = chamber.model.events(last, "Paused")
    assert event.by == council.address
    assert chamber.model.paused()


def test_rollback__carried__makes_the_version_live(chamber, council):
    *_, last = chamber.approve(council.rollback, chamber.model, 1)
    (event,) = chamber.model.events(last, "RolledBack")
    assert (event.version, event.by) == (1, council.address)
    assert chamber.model.live() == 1


def test_rollback__to_new_code__is_what_the_model_refuses(chamber, council, refuses):
    """Published and never live: a Council cannot bring new code."""
    chamber.model.publish(chamber.world.version(), sender=chamber.world.roles.owner)
    council.rollback(chamber.model, 3, sender=chamber.members[0])
    reason = "model: not a retired version"
    refuses(reason, council.rollback, chamber.model, 3, sender=chamber.members[1])


def test_withdraw__carried__ends_the_canary(chamber, council):
    owner = chamber.world.roles.owner
    chamber.model.publish(chamber.world.version(), sender=owner)
    chamber.model.canary(3, 1_000, sender=owner)
    *_, last = chamber.approve(council.withdraw, chamber.model)
    (event,) = chamber.model.events(last, "CanaryWithdrawn")
    assert (event.version, event.by) == (3, council.address)
    assert (chamber.model.candidate(), chamber.model.live()) == (0, 2)


def test_withdraw__without_a_candidate__is_what_the_model_refuses(chamber, council, refuses):
    council.withdraw(chamber.model, sender=chamber.members[0])
    refuses("model: no candidate", council.withdraw, chamber.model, sender=chamber.members[1])


def test_pause__of_a_guardian_s_length__ends_by_itself_and_cannot_be_repeated_at_once(
    chamber, council, refuses
):
    """However many members agree, they do not keep a model shut."""
    chamber.approve(council.pause, chamber.model)
    until = chamber.model.paused_until()
    assert until == chamber.world.now() + 7 * DAY
    chamber.world.at(until)
    assert not chamber.model.paused()
    council.pause(chamber.model, sender=chamber.members[0])
    reason = "model: guardian rests"
    refuses(reason, council.pause, chamber.model, sender=chamber.members[1])
    chamber.world.at(chamber.model.rests_until())
    chamber.approve(council.pause, chamber.model)
    assert chamber.model.paused()


def test_guard__of_a_model_that_has_another_guardian__is_refused_by_it(chamber, council, refuses):
    other = chamber.world.create_model()
    council.pause(other, sender=chamber.members[0])
    reason = "model: neither owner nor guardian"
    refuses(reason, council.pause, other, sender=chamber.members[1])


def test_abi__members_can_call__is_what_is_documented_and_nothing_else(chamber, project):
    """Whatever else a Council could be made to call would be a power that nobody gave it."""
    entries = [entry for entry in project.Council.contract_type.abi if entry.type == "function"]
    acting = {entry.name for entry in entries if entry.stateMutability not in ("view", "pure")}
    assert acting == {"veto", "pause", "rollback", "withdraw", "resign", "seat", "set_quorum", "renew"}


@pytest.mark.parametrize(
    ("function", "arguments", "call"),
    [
        ("pause", (), "pause()"),
        ("rollback", (5,), "rollback(uint256)"),
        ("withdraw", (), "withdraw()"),
    ],
)
def test_motions__carried__call_that_function_of_the_model_and_no_other(
    chamber, council, strange, function, arguments, call
):
    chamber.approve(getattr(council, function), strange, *arguments)
    assert (strange.count(), strange.last_call()) == (1, keccak(text=call)[:4])


# --- models that are none, or hostile ---


def test_motions__on_an_address_without_code__are_refused(chamber, council, refuses):
    reason = "council: model has no code"
    member = chamber.members[0]
    refuses(reason, council.pause, NO_CODE, sender=member)
    refuses(reason, council.rollback, NO_CODE, 1, sender=member)
    refuses(reason, council.withdraw, NO_CODE, sender=member)


def test_pause__of_a_model_that_fails__says_why_and_keeps_the_approvals(chamber, council, strange, refuses):
    strange.order_failure(ERROR_STRING + encode(["string"], ["model: broken"]), sender=chamber.roles.stranger)
    council.pause(strange, sender=chamber.members[0])
    refuses("model: broken", council.pause, strange, sender=chamber.members[1])
    assert chamber.motion(Power.PAUSE, strange)[:2] == (1, 1)


def test_pause__of_a_model_that_burns_all_gas__fails_alone(chamber, council, strange):
    strange.order_call(strange, b"", sender=chamber.roles.stranger)  # calls itself without end
    council.pause(strange, sender=chamber.members[0])
    with pytest.raises(Refused):
        council.pause(strange, sender=chamber.members[1])
    chamber.approve(council.pause, chamber.model)
    assert chamber.model.paused()


def test_pause__of_a_model_that_comes_back__finds_the_motion_closed(chamber, council, strange):
    """A model that is a member, too, cannot count twice, nor carry the motion that is being carried."""
    chamber.decide(chamber.seat(3, strange.address))
    council.pause(strange, sender=chamber.members[0])
    strange.order_call(council, council.pause.encode_input(strange), sender=chamber.roles.stranger)
    council.pause(strange, sender=chamber.members[1])
    assert strange.count() == 1
    assert chamber.motion(Power.PAUSE, strange)[:2] == (1 << 3, 1)


def test_pause__of_a_model_that_comes_back_as_a_stranger__fails(chamber, council, strange, refuses):
    strange.order_call(council, council.pause.encode_input(strange), sender=chamber.roles.stranger)
    council.pause(strange, sender=chamber.members[0])
    refuses("council: not a member", council.pause, strange, sender=chamber.members[1])


def test_pause__of_a_model_that_resigns_meanwhile__is_carried_by_the_old_roster(chamber, council, strange):
    chamber.decide(chamber.seat(3, strange.address))
    council.pause(strange, sender=chamber.members[0])
    strange.order_call(council, council.resign.encode_input(), sender=chamber.roles.stranger)
    council.pause(strange, sender=chamber.members[1])
    assert (strange.count(), council.members()) == (1, 3)
