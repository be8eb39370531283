"""Who sits, for whom, for how long, and who decides that: a vote, and nobody else."""

from __future__ import annotations

import pytest

from tests.governance.council.chamber import (
    DAY,
    MOTION,
    QUORUM,
    TERM,
    YEAR,
    Chamber,
    Constituency,
    Power,
)
from tests.wire import Refused
from tests.words import NOBODY

VACANT = (Constituency.NONE, NOBODY)
SEATS = 32


@pytest.fixture
def council(chamber: Chamber):
    """The Council itself."""
    return chamber.council


@pytest.fixture
def refused_by_vote(chamber: Chamber, refuses):
    """`refused_by_vote(reason, council.seat, ...)`: the Timelock itself is refused."""

    def check(reason: str, method, *arguments) -> None:
        refuses(reason, method, *arguments, sender=chamber.timelock)

    return check


def test_init__seats_in_order__are_taken_and_counted(chamber, council):
    assert council.timelock() == chamber.timelock.address
    assert council.seat_at(0) == (Constituency.EXECUTORS, chamber.roles.executors_member)
    assert council.seat_at(1) == (Constituency.CONTRIBUTORS, chamber.roles.contributors_member)
    assert council.seat_at(2) == (Constituency.USERS, chamber.roles.users_member)
    assert council.seat_at(3) == VACANT
    assert [council.seat_of(member) for member in chamber.members] == [1, 2, 3]
    assert council.seat_of(chamber.roles.stranger) == 0
    assert (council.members(), council.quorum(), council.term_ends()) == (3, QUORUM, chamber.term_ends)


def test_init__a_vacant_seat_among_them__stays_vacant(chamber):
    council = chamber.create(seats=[VACANT, (Constituency.USERS, chamber.roles.newcomer)])
    assert council.seat_at(0) == VACANT
    assert (council.seat_of(chamber.roles.newcomer), council.members()) == (2, 1)


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("council: timelock has no code", {"timelock": NOBODY[:-1] + "9"}),
        ("council: quorum out of bounds", {"quorum": 1}),
        ("council: term too long", {"term_ends": 2**40}),
        ("council: not one constituency", {"seats": [(Constituency.NONE, NOBODY[:-1] + "9")]}),
        ("council: member has another seat", {"seats": [(Constituency.USERS, NOBODY[:-1] + "9")] * 2}),
    ],
)
def test_init__what_a_vote_could_not_set__is_refused(chamber, reason, changes):
    wanted = {"timelock": chamber.timelock, "term_ends": 0, "quorum": QUORUM, "seats": []} | changes
    code = chamber.world.creation_code("Council", *map(_plain, wanted.values()))
    with pytest.raises(Refused) as refusal:
        chamber.world.wire.request("eth_call", {"data": "0x" + code.hex()}, "pending")
    assert refusal.value.reason == reason


def _plain(value):
    return str(value) if hasattr(value, "address") else value


# --- seats ---


def test_seat__by_a_vote__replaces_whoever_sat_there(chamber, council):
    newcomer, before = chamber.roles.newcomer, council.roster()
    receipt = chamber.decide(chamber.seat(1, newcomer, Constituency.CONTRIBUTORS))
    (event,) = council.events(receipt, "Seated")
    assert (event.number, event.member) == (1, newcomer)
    assert (event.constituency, event.previous) == (
        Constituency.CONTRIBUTORS,
        chamber.roles.contributors_member,
    )
    assert council.seat_at(1) == (Constituency.CONTRIBUTORS, newcomer)
    assert (council.seat_of(newcomer), council.seat_of(chamber.roles.contributors_member)) == (2, 0)
    assert (council.members(), council.roster()) == (3, before + 1)


def test_seat__with_nobody__is_vacant(chamber, council):
    before = council.roster()
    receipt = chamber.decide(chamber.vacate(2))
    (event,) = council.events(receipt, "Seated")
    assert (event.number, event.member, event.constituency) == (2, NOBODY, Constituency.NONE)
    assert event.previous == chamber.roles.users_member
    assert council.seat_at(2) == VACANT
    assert (council.members(), council.seat_of(chamber.roles.users_member)) == (2, 0)
    assert council.roster() == before + 1
    assert council.seat_of(NOBODY) == 0


def test_seat__vacant_already__stays_so(chamber, council):
    chamber.decide(chamber.vacate(9))
    assert (council.members(), council.seat_at(9)) == (3, VACANT)


def test_seat__of_a_member_who_sits_elsewhere__is_refused(chamber, council, refused_by_vote):
    member = chamber.roles.executors_member
    refused_by_vote("council: member has another seat", council.seat, 3, Constituency.EXECUTORS, member)
    refused_by_vote("council: member has another seat", council.seat, 1, Constituency.EXECUTORS, member)


def test_seat__of_a_member_who_left_the_other__is_given(chamber, council):
    member = chamber.roles.executors_member
    chamber.decide(chamber.vacate(0), chamber.seat(3, member))
    assert (council.seat_of(member), council.members()) == (4, 3)


def test_seat__of_the_same_member__changes_whom_he_sits_for(chamber, council):
    member = chamber.roles.executors_member
    chamber.decide(chamber.seat(0, member, Constituency.USERS))
    assert council.seat_at(0) == (Constituency.USERS, member)
    assert (council.seat_of(member), council.members()) == (1, 3)


def test_seat__the_last__is_number_31(chamber, council, refused_by_vote):
    newcomer = chamber.roles.newcomer
    refused_by_vote("council: no such seat", council.seat, SEATS, Constituency.USERS, newcomer)
    refused_by_vote("council: no such seat", council.seat, 2**256 - 1, Constituency.USERS, newcomer)
    chamber.decide(chamber.seat(SEATS - 1, newcomer))
    chamber.decide(chamber.call(council.renew, chamber.world.now() + YEAR))
    council.pause(chamber.model, sender=newcomer)
    assert chamber.motion(Power.PAUSE, chamber.model)[:2] == (1 << 31, 1)


@pytest.mark.parametrize(
    "constituency", [Constituency.NONE, Constituency.EXECUTORS | Constituency.USERS, Constituency(7)]
)
def test_seat__not_for_one_constituency__is_refused(chamber, council, refused_by_vote, constituency):
    newcomer = chamber.roles.newcomer
    refused_by_vote("council: not one constituency", council.seat, 3, constituency, newcomer)


def test_seat__vacant_for_a_constituency__is_refused(council, refused_by_vote):
    reason = "council: vacant seat with a constituency"
    refused_by_vote(reason, council.seat, 0, Constituency.USERS, NOBODY)


def test_seat__all_at_once_at_deployment__sit(chamber):
    seats = [(Constituency.USERS, f"0x{i + 1:040x}") for i in range(SEATS)]
    council = chamber.create(seats=seats, quorum=SEATS)
    assert (council.members(), council.quorum()) == (SEATS, SEATS)
    assert council.seat_of(seats[-1][1]) == SEATS


# --- resignation ---


def test_resign__of_a_member__leaves_the_seat_vacant(chamber, council, refuses):
    member, before = chamber.roles.users_member, council.roster()
    receipt = council.resign(sender=member)
    (event,) = council.events(receipt, "Seated")
    assert (event.number, event.member, event.previous) == (2, NOBODY, member)
    assert (council.members(), council.seat_at(2), council.roster()) == (2, VACANT, before + 1)
    refuses("council: not a member", council.resign, sender=member)
    refuses("council: not a member", council.pause, chamber.model, sender=member)


def test_resign__of_the_member_in_seat_0__leaves_that_seat(chamber, council):
    council.resign(sender=chamber.roles.executors_member)
    assert council.seat_at(0) == VACANT
    assert council.seat_at(1)[1] == chamber.roles.contributors_member


def test_resign__after_the_term__is_possible(chamber, council):
    chamber.world.warp(TERM)
    council.resign(sender=chamber.roles.users_member)
    assert council.members() == 2


# --- quorum ---


def test_set_quorum__by_a_vote__holds(chamber, council):
    before = council.roster()
    receipt = chamber.decide(chamber.call(council.set_quorum, 3))
    (event,) = council.events(receipt, "QuorumSet")
    assert (event.previous, event.quorum) == (QUORUM, 3)
    assert (council.quorum(), council.roster()) == (3, before + 1)
    chamber.approve(council.pause, chamber.model)
    assert not chamber.model.paused()
    council.pause(chamber.model, sender=chamber.roles.users_member)
    assert chamber.model.paused()


@pytest.mark.parametrize("quorum", [0, 1, SEATS + 1, 2**256 - 1])
def test_set_quorum__out_of_bounds__is_refused(council, refused_by_vote, quorum):
    refused_by_vote("council: quorum out of bounds", council.set_quorum, quorum)


def test_set_quorum__beyond_the_seats_taken__leaves_no_power(chamber, council, refuses):
    chamber.decide(chamber.call(council.set_quorum, 4))
    chamber.approve(council.pause, chamber.model, count=3)
    assert not chamber.model.paused()
    for member in chamber.members:
        refuses("council: approved already", council.pause, chamber.model, sender=member)


def test_seat__of_all_but_one_cleared__leaves_no_power(chamber, council):
    chamber.decide(chamber.vacate(1), chamber.vacate(2))
    council.pause(chamber.model, sender=chamber.roles.executors_member)
    assert not chamber.model.paused()


# --- the term ---


def test_pause__in_the_last_second_of_the_term__is_possible(chamber, council):
    council.pause(chamber.model, sender=chamber.members[0])
    chamber.world.at(chamber.term_ends - MOTION)  # the first approval would have lapsed
    council.pause(chamber.model, sender=chamber.members[0])
    chamber.world.at(chamber.term_ends - 1)
    council.pause(chamber.model, sender=chamber.members[1])
    assert chamber.model.paused()


def test_motions__when_the_term_ends__are_all_refused(chamber, council, refuses):
    chamber.world.warp(TERM - DAY)
    operation = chamber.schedule(chamber.poke())
    member = chamber.members[0]
    chamber.world.at(chamber.term_ends)
    reason = "council: term is over"
    refuses(reason, council.veto, *operation, sender=member)
    refuses(reason, council.pause, chamber.model, sender=member)
    refuses(reason, council.rollback, chamber.model, 1, sender=member)
    refuses(reason, council.withdraw, chamber.model, sender=member)


def test_renew__by_a_vote_after_the_term__brings_the_powers_back(chamber, council):
    chamber.world.warp(TERM)
    ends = chamber.world.now() + YEAR
    receipt = chamber.decide(chamber.call(council.renew, ends))
    (event,) = council.events(receipt, "Renewed")
    assert (event.previous, event.term_ends) == (chamber.term_ends, ends)
    chamber.approve(council.pause, chamber.model)
    assert chamber.model.paused()


def test_renew__with_a_time_that_has_passed__ends_the_powers_at_once(chamber, council, refuses):
    chamber.decide(chamber.call(council.renew, chamber.world.now()))
    refuses("council: term is over", council.pause, chamber.model, sender=chamber.members[0])


def test_renew__for_two_years__is_the_most(chamber, council, refused_by_vote):
    ends = chamber.world.now() + 1_000
    chamber.world.at(ends)
    refused_by_vote("council: term too long", council.renew, ends + 2 * YEAR + 1)
    assert council.renew.asked(ends + 2 * YEAR, sender=chamber.timelock) == ()


def test_renew__halfway_through_a_motion__keeps_it(chamber, council):
    council.pause(chamber.model, sender=chamber.members[0])
    chamber.decide(chamber.call(council.renew, chamber.world.now() + YEAR))
    council.pause(chamber.model, sender=chamber.members[1])
    assert chamber.model.paused()


# --- who decides ---


def test_roster__by_anybody_but_the_timelock__is_refused(chamber, council, refuses):
    reason = "council: not the timelock"
    for caller in (*chamber.members, chamber.roles.attacker, chamber.world.roles.owner):
        refuses(reason, council.seat, 3, Constituency.USERS, caller, sender=caller)
        refuses(reason, council.set_quorum, 3, sender=caller)
        refuses(reason, council.renew, 0, sender=caller)


def test_motions__by_anybody_but_a_member__are_refused(chamber, council, refuses):
    operation = chamber.schedule(chamber.poke())
    reason = "council: not a member"
    for caller in (chamber.timelock, chamber.roles.attacker, chamber.roles.proposer):
        refuses(reason, council.veto, *operation, sender=caller)
        refuses(reason, council.pause, chamber.model, sender=caller)
        refuses(reason, council.rollback, chamber.model, 1, sender=caller)
        refuses(reason, council.withdraw, chamber.model, sender=caller)
        refuses(reason, council.resign, sender=caller)
