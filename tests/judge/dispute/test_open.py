"""Dispute.open: by Challenges alone, and whose clock runs."""

from __future__ import annotations

from executor.disputes.positions import Case
from tests.judge.dispute.programs import increments
from tests.words import CHALLENGER, DEFENDER
from tests.world import PARAMETERS


def test_open__by_anybody_but_challenges__is_refused(court, roles, refuses):
    words = (bytes(32), 1, bytes(32), bytes(32), bytes(32), bytes(32), roles.executor, roles.challenger)
    deadline = court.world.now() + 1_000
    for actor in (roles.attacker, roles.executor, court.world.market.address):
        refuses("dispute: wrong caller", court.dispute.open, *words, deadline, sender=actor)
    court.world.wire.call(
        court.world.challenges.address,
        court.dispute.address,
        court.dispute.open.encode_input(*words, deadline),
    )


def test_open__game__gets_its_clocks_from_the_time_that_is_left(court, roles):
    hearing = court.hear_trace(increments(3).trace)
    game, now = hearing.challenge(), court.world.now()
    clock, extension = PARAMETERS.ruling_seconds * 3 // 10, 512
    assert 2 * extension > PARAMETERS.ruling_seconds // 160 >= extension
    found = court.dispute.game_of(hearing.case.key, game)
    assert found == (roles.challenger, now, clock, clock, extension, 1, bytes(32))
    assert hearing.deadline(game) == (DEFENDER, now + clock)


def test_open__short_and_long_times__bound_clock_and_extension(court, roles):
    challenges, dispute = court.world.challenges.address, court.dispute
    court.world.wire.request("anvil_impersonateAccount", challenges)
    roots = (bytes(32), 1, bytes(32), bytes(32), bytes(32), bytes(32), roles.executor)
    expected = {1: (0, 1), 160: (48, 1), 319: (95, 1), 320: (96, 2), 2**30: (2**24 - 1, 2**22)}
    for total, (clock, extension) in expected.items():
        court.world.at(now := court.world.now() + 10)
        words = (*roots, roles.challenger, now + total)
        game = dispute.open.asked(*words, sender=challenges)
        dispute.open(*words, sender=challenges)
        assert dispute.game_of(Case(*roots).key, game)[1:5] == (now, clock, clock, extension)


def test_open__numbers__are_counted_over_all_cases(court):
    one, other = (court.hear_trace(increments(count).trace) for count in (3, 4))
    first = one.challenge()
    assert [other.challenge(), one.challenge()] == [first + 1, first + 2]


def test_open__after_the_trace__is_the_challengers_move_at_once(court, roles):
    trace = increments(3).trace
    hearing = court.hear_trace(trace)
    hearing.challenge()
    hearing.trace(trace)
    late = hearing.challenge(roles.second_challenger)
    clock = PARAMETERS.ruling_seconds * 3 // 10
    assert hearing.deadline(late) == (CHALLENGER, court.world.now() + clock)
