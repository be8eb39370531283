"""Dispute.timeout and the clocks: who is silent for too long has lost, and well before nobody may rule."""

from __future__ import annotations

import pytest

from tests.judge.dispute.programs import increments, recurrence, reduction
from tests.words import CHALLENGER, DEFENDER, GameStatus
from tests.world import PARAMETERS

EXAMPLE = increments(40)
TRUTH, LIE = EXAMPLE.trace, EXAMPLE.lie(0, 33, 4)
CLOCK, EXTENSION = PARAMETERS.ruling_seconds * 3 // 10, 512


@pytest.fixture
def game(hearing):
    """The defender has yet to commit to a trace."""
    return hearing.challenge()


def clocks(hearing, game):
    """Seconds left to the defender and to the challenger."""
    return hearing.dispute.game_of(hearing.case.key, game)[2:4]


def refused_timeout(hearing, refuses, reason, game):
    refuses(reason, hearing.dispute.timeout, hearing.case, game, sender=hearing.world.roles.stranger)


def test_timeout__silent_defender__has_lost(court, hearing, game, refuses):
    deadline = court.world.now() + CLOCK
    assert hearing.deadline(game) == (DEFENDER, deadline)
    court.world.at(deadline - 1)
    refused_timeout(hearing, refuses, "dispute: time is not over", game)
    court.world.at(deadline)
    receipt = hearing.timeout(game)
    (event,) = hearing.dispute.events(receipt, "TimedOut")
    assert (event.game, event.verdict) == (game, CHALLENGER)
    assert hearing.verdict(game) == CHALLENGER


def test_timeout__silent_challenger__has_lost(court, hearing, game, refuses):
    court.world.warp(1_000)
    hearing.trace(LIE)
    deadline = court.world.now() + CLOCK
    assert hearing.deadline(game) == (CHALLENGER, deadline)
    court.world.at(deadline - 1)
    refused_timeout(hearing, refuses, "dispute: time is not over", game)
    court.world.at(deadline)
    hearing.timeout(game)
    assert hearing.verdict(game) == DEFENDER


def test_timeout__game_that_is_not_live__is_refused(hearing, game, refuses):
    refused_timeout(hearing, refuses, "dispute: game not live", game + 1)
    refuses("dispute: game not live", hearing.dispute.deadline_of, hearing.case.key, game + 1, sender=None)
    hearing.outwait(game)
    refused_timeout(hearing, refuses, "dispute: game not live", game)


def test_timeout__beyond_the_ruling_deadline__comes_too_late(court, hearing, game, refuses):
    court.world.warp(PARAMETERS.ruling_seconds)
    refused_timeout(hearing, refuses, "challenges: ruled too late", game)
    assert hearing.status(game) == GameStatus.LIVE


def test_timeout__of_a_void_game_that_was_settled__is_refused(court, hearing, game, refuses, roles):
    """Its result fell in another game, its deposit went home: there is nothing left to rule upon."""
    other = hearing.challenge(roles.second_challenger)
    hearing.outwait(other)
    court.world.settle(hearing.result, other)
    court.world.settle(hearing.result, game)
    assert court.world.now() >= hearing.deadline(game)[1]
    refused_timeout(hearing, refuses, "challenges: no such game", game)


def test_clocks__moves__take_their_time_off(court, hearing, game):
    opened = court.world.now()
    court.world.at(opened + 700)
    hearing.trace(LIE)
    court.world.at(opened + 1_000)
    hearing.attack(game, TRUTH)
    assert clocks(hearing, game) == (CLOCK - 700, CLOCK - 300)
    assert hearing.deadline(game) == (DEFENDER, opened + 1_000 + CLOCK - 700)


def test_clocks__what_was_revealed_before__costs_the_defender_nothing(court, hearing, game, roles):
    hearing.trace(LIE)
    hearing.attack(game, TRUTH)
    hearing.reveal(game, LIE)
    late = hearing.challenge(roles.second_challenger)
    opened = court.world.now()
    court.world.at(opened + 50)
    hearing.attack(late, TRUTH)
    assert clocks(hearing, late) == (CLOCK, CLOCK - 50)
    assert hearing.deadline(late) == (CHALLENGER, opened + 50 + CLOCK - 50)


def test_clocks__run_down__leave_the_extension(court, hearing, game):
    opened = court.world.now()
    court.world.at(opened + CLOCK - 1)
    hearing.trace(LIE)
    court.world.at(opened + 2 * CLOCK - 2)
    hearing.attack(game, TRUTH)
    now = court.world.now()
    assert clocks(hearing, game) == (1, 1)
    assert hearing.deadline(game) == (DEFENDER, now + EXTENSION)
    court.world.at(now + EXTENSION - 1)
    hearing.reveal(game, LIE)
    assert hearing.deadline(game) == (CHALLENGER, now + 2 * EXTENSION - 1)
    hearing.attack(game, TRUTH)
    assert clocks(hearing, game) == (0, 0)


def test_pick__after_the_challengers_time__is_refused(court, hearing, game, roles):
    hearing.trace(LIE)
    move = hearing.offence(game, TRUTH)
    court.world.at(hearing.deadline(game)[1])
    hearing.refuses("dispute: challenger is late", move, roles.challenger)
    court.world.at(hearing.deadline(game)[1] - 1)
    hearing.send(move, roles.challenger)


def test_reveal__after_the_defenders_time__has_lost_all_the_same(court, hearing, game, roles):
    """Nor can the two go on together: a game in which somebody was late can only end."""
    deadline = hearing.deadline(game)[1]
    court.world.at(deadline)
    hearing.trace(LIE)
    assert hearing.deadline(game) == (DEFENDER, deadline)
    move = hearing.offence(game, TRUTH)
    hearing.refuses("dispute: defender was late", move, roles.challenger)
    hearing.timeout(game)
    assert hearing.verdict(game) == CHALLENGER


def test_reveal__late_for_one_game__is_in_time_for_another(court, hearing, game, roles):
    court.world.warp(3_000)
    later = hearing.challenge(roles.second_challenger)
    court.world.at(hearing.deadline(game)[1])
    hearing.trace(LIE)
    assert [hearing.deadline(number)[0] for number in (game, later)] == [DEFENDER, CHALLENGER]


@pytest.mark.parametrize(
    ("example", "place"),
    [
        (increments(40), (0, 33, 4)),
        (reduction(1_100), (0, 0, 1, 777)),
        (recurrence(40), (17, 1, 0)),
    ],
    ids=["operations", "chunks", "steps"],
)
def test_play__both_as_slow_as_they_can__ends_before_the_ruling_deadline(court, example, place):
    truth, lie = example.trace, example.lie(*place)
    hearing = court.hear_trace(lie)
    game = hearing.challenge()
    opened = court.world.now()
    moves = 0
    while hearing.live(game):
        court.world.at(hearing.deadline(game)[1] - 1)
        if hearing.to_reveal(game):
            hearing.reveal(game, lie)
        else:
            hearing.attack(game, truth)
        moves += 1
    assert hearing.verdict(game) == CHALLENGER
    assert court.world.now() - opened > 2 * CLOCK
    assert court.world.now() - opened < 2 * CLOCK + (moves + 2) * EXTENSION
    assert moves <= 25
