"""How members act together: approvals, what they count for, and when they count no more."""

from __future__ import annotations

import pytest
from eth_abi import encode
from eth_utils import keccak

from tests.governance.council.chamber import MOTION, NO_ID, Chamber, Constituency, Power

NONE = (0, 0, 0)  # no such motion


@pytest.fixture
def council(chamber: Chamber):
    """The Council itself."""
    return chamber.council


def test_pause__one_approval__opens_a_motion_and_does_nothing(chamber, council):
    receipt = council.pause(chamber.model, sender=chamber.members[1])
    (approved,) = council.events(receipt)
    assert approved.name == "Approved"
    assert approved.motion == council.motion_id(Power.PAUSE, chamber.model, NO_ID)
    assert (approved.target, approved.member) == (chamber.model.address, chamber.members[1])
    assert (approved.seat, approved.power, approved.detail) == (1, Power.PAUSE, NO_ID)
    assert (approved.approvals, approved.needed) == (1, 2)
    assert chamber.motion(Power.PAUSE, chamber.model) == (1 << 1, 1, chamber.world.now())
    assert not chamber.model.paused()


def test_pause__the_last_approval__acts_and_forgets_the_motion(chamber, council):
    first, last = chamber.approve(council.pause, chamber.model)
    assert not list(council.events(first, "Carried"))
    approved, carried = council.events(last)
    assert (approved.name, approved.approvals, approved.needed) == ("Approved", 2, 2)
    assert (carried.name, carried.target, carried.power) == ("Carried", chamber.model.address, Power.PAUSE)
    assert carried.motion == approved.motion
    assert chamber.model.paused()
    assert chamber.motion(Power.PAUSE, chamber.model) == NONE


def test_pause__says_whether_it_was_carried(chamber, council):
    assert council.pause.asked(chamber.model, sender=chamber.members[0]) is False
    council.pause(chamber.model, sender=chamber.members[0])
    assert council.pause.asked(chamber.model, sender=chamber.members[1]) is True


def test_pause__approved_twice_by_one_seat__counts_once(chamber, council, refuses):
    member = chamber.members[0]
    council.pause(chamber.model, sender=member)
    refuses("council: approved already", council.pause, chamber.model, sender=member)
    assert chamber.motion(Power.PAUSE, chamber.model)[:2] == (1, 1)


def test_motions__that_differ_in_anything__are_counted_apart(chamber, council):
    other = chamber.world.create_model()
    first, second = chamber.members[:2]
    council.rollback(chamber.model, 1, sender=first)
    council.rollback(chamber.model, 2, sender=second)
    council.rollback(other, 1, sender=second)
    council.pause(chamber.model, sender=second)
    council.withdraw(chamber.model, sender=second)
    assert (chamber.model.live(), chamber.model.paused()) == (2, False)
    assert chamber.motion(Power.ROLLBACK, chamber.model, 1)[:2] == (0b01, 1)
    assert chamber.motion(Power.ROLLBACK, chamber.model, 2)[:2] == (0b10, 1)
    assert chamber.motion(Power.ROLLBACK, other, 1)[:2] == (0b10, 1)
    assert chamber.motion(Power.PAUSE, chamber.model)[:2] == (0b10, 1)
    assert chamber.motion(Power.WITHDRAW, chamber.model)[:2] == (0b10, 1)
    assert chamber.motion(Power.PAUSE, other) == NONE


def test_motion_id__is_the_hash_of_what_is_moved_and_of_the_roster(chamber, council):
    types = ["uint256", "address", "bytes32", "uint256"]
    words = Power.ROLLBACK, chamber.model.address, (1).to_bytes(32, "big"), council.roster()
    assert council.motion_id(*words[:3]) == keccak(encode(types, words))


# --- carried once, carried again ---


def test_pause__carried__takes_all_approvals_anew(chamber, council):
    chamber.approve(council.pause, chamber.model)
    chamber.model.unpause(sender=chamber.world.roles.owner)
    council.pause(chamber.model, sender=chamber.members[2])
    assert not chamber.model.paused()
    assert chamber.motion(Power.PAUSE, chamber.model)[:2] == (0b100, 1)


def test_pause__that_the_model_refuses__is_not_carried_and_can_be_later(chamber, council, refuses):
    owner = chamber.world.roles.owner
    chamber.model.pause(sender=owner)
    council.pause(chamber.model, sender=chamber.members[0])
    refuses("model: paused", council.pause, chamber.model, sender=chamber.members[1])
    assert chamber.motion(Power.PAUSE, chamber.model)[:2] == (1, 1)
    chamber.model.unpause(sender=owner)
    council.pause(chamber.model, sender=chamber.members[1])
    assert chamber.model.paused()


# --- time ---


def test_pause__seven_days_after_the_first_approval__still_counts_it(chamber, council):
    council.pause(chamber.model, sender=chamber.members[0])
    chamber.world.at(chamber.world.now() + MOTION)
    council.pause(chamber.model, sender=chamber.members[1])
    assert chamber.model.paused()


def test_pause__a_second_later__opens_a_motion_anew(chamber, council):
    council.pause(chamber.model, sender=chamber.members[0])
    chamber.world.at(chamber.world.now() + MOTION + 1)
    council.pause(chamber.model, sender=chamber.members[1])
    assert not chamber.model.paused()
    assert chamber.motion(Power.PAUSE, chamber.model) == (0b10, 1, chamber.world.now())
    council.pause(chamber.model, sender=chamber.members[0])  # whose first approval is forgotten
    assert chamber.model.paused()


def test_motion__that_has_lapsed__is_none(chamber, council):
    council.pause(chamber.model, sender=chamber.members[0])
    chamber.world.at(chamber.world.now() + MOTION)
    assert chamber.motion(Power.PAUSE, chamber.model)[1] == 1
    chamber.world.warp(MOTION + 1)
    assert chamber.motion(Power.PAUSE, chamber.model) == NONE


def test_pause__approved_late__does_not_live_longer(chamber, council):
    """A motion lapses by its first approval, so no approval ever counts for more than seven days."""
    chamber.decide(chamber.call(council.set_quorum, 3))
    council.pause(chamber.model, sender=chamber.members[0])
    opened = chamber.world.now()
    chamber.world.at(opened + MOTION - 1)
    council.pause(chamber.model, sender=chamber.members[1])
    chamber.world.at(opened + MOTION + 1)
    council.pause(chamber.model, sender=chamber.members[2])
    assert not chamber.model.paused()


# --- rosters ---


@pytest.fixture
def half_approved(chamber, council):
    """A motion of the first member's, and nobody else's."""
    council.pause(chamber.model, sender=chamber.members[0])
    return chamber


def assert_void(chamber: Chamber) -> None:
    """The first member's approval counts no more: it takes the quorum anew."""
    assert chamber.motion(Power.PAUSE, chamber.model) == NONE
    chamber.council.pause(chamber.model, sender=chamber.members[1])
    assert not chamber.model.paused()
    chamber.council.pause(chamber.model, sender=chamber.members[0])
    assert chamber.model.paused()


def test_seat__anywhere__voids_what_is_half_approved(half_approved):
    half_approved.decide(half_approved.seat(7, half_approved.roles.newcomer))
    assert_void(half_approved)


def test_set_quorum__to_the_same__voids_what_is_half_approved(half_approved):
    half_approved.decide(half_approved.call(half_approved.council.set_quorum, 2))
    assert_void(half_approved)


def test_set_quorum__lowered__does_not_let_old_approvals_carry(chamber, council):
    chamber.decide(chamber.call(council.set_quorum, 3))
    chamber.approve(council.pause, chamber.model, count=2)
    chamber.decide(chamber.call(council.set_quorum, 2))
    council.pause(chamber.model, sender=chamber.members[2])
    assert not chamber.model.paused()


def test_resign__of_anybody__voids_what_is_half_approved(half_approved):
    half_approved.council.resign(sender=half_approved.roles.users_member)
    assert_void(half_approved)


def test_seat__of_a_replaced_member__counts_no_old_approval_for_the_new_one(half_approved):
    council, newcomer = half_approved.council, half_approved.roles.newcomer
    half_approved.decide(half_approved.seat(0, newcomer, Constituency.EXECUTORS))
    council.pause(half_approved.model, sender=newcomer)
    assert not half_approved.model.paused()
    assert half_approved.motion(Power.PAUSE, half_approved.model)[:2] == (1, 1)


def test_seat__changed_for_a_member__does_not_let_him_approve_twice(half_approved):
    council, member = half_approved.council, half_approved.members[0]
    half_approved.decide(half_approved.vacate(0), half_approved.seat(9, member))
    council.pause(half_approved.model, sender=member)
    assert not half_approved.model.paused()


def test_seat__given_and_taken_back__does_not_revive_old_approvals(half_approved):
    first, newcomer = half_approved.members[0], half_approved.roles.newcomer
    half_approved.decide(half_approved.seat(0, newcomer), half_approved.seat(0, first))
    assert_void(half_approved)
