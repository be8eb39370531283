"""Whole games, both sides by the book: a lie anywhere loses, the truth wins, whoever says it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.judge.dispute.programs import Example, digits, increments, recurrence, reduction, table
from tests.program.build import maximum
from tests.words import CHALLENGER, DEFENDER, Status

LIES: dict[str, tuple[Callable[[], Example], tuple[int, int, int]]] = {
    "digits, first operation": (digits, (0, 0, 5)),
    "digits, a hidden layer": (digits, (0, 9, 3)),
    "digits, the answer": (digits, (0, 19, 0)),
    "one operation in 40": (lambda: increments(40), (0, 33, 4)),
    "last of 40 operations": (lambda: increments(40), (0, 39, 0)),
    "the only operation": (lambda: increments(1), (0, 0, 5)),
    "first of three operations": (lambda: increments(3), (0, 0, 5)),
    "second of two chunks": (lambda: reduction(2), (0, 0, 1, 1)),
    "last of 33 chunks": (lambda: reduction(33), (0, 0, 0, 32)),
    "one of 1,100 chunks": (lambda: reduction(1_100), (0, 0, 1, 777)),
    "one of 33 chunks of a maximum": (lambda: reduction(33, maximum), (0, 0, 0, 7)),
    "a chunked dot was right, what follows is wrong": (lambda: reduction(33), (0, 1, 1)),
    "first of three tiles": (lambda: table(5), (0, 0, 7)),
    "last of three tiles, which is half full": (lambda: table(5), (0, 0, 5 * 64 - 1)),
    "one of 66 rows": (lambda: table(66), (0, 0, 64 * 64 + 9)),
    "the maximum of a row": (lambda: table(66), (0, 1, 65)),
    "first of six steps": (lambda: recurrence(6), (0, 1, 0)),
    "last of six steps": (lambda: recurrence(6), (5, 0, 0)),
    "one of 40 steps": (lambda: recurrence(40), (17, 1, 0)),
    "last of 40 steps": (lambda: recurrence(40), (39, 1, 0)),
    "one of seven steps that were asked for": (lambda: recurrence(40, 7), (4, 0, 0)),
    "the only step that was asked for": (lambda: recurrence(40, 1), (0, 1, 0)),
}
each_lie = pytest.mark.parametrize(("example", "place"), LIES.values(), ids=LIES)


@each_lie
def test_play__a_lie_and_what_follows_from_it__is_refuted(court, example, place):
    example = example()
    lie = example.lie(*place)
    hearing = court.hear_trace(lie)
    game = hearing.challenge()
    hearing.trace(lie)
    assert hearing.play(game, lie, example.trace) == CHALLENGER
    assert hearing.events("Picked")[-1].game == game
    proof = hearing.proofs()[-1]
    assert proof.game == game
    assert proof.claimed > proof.computed
    assert court.world.status(hearing.result.request) == Status.REFUTED


@each_lie
def test_play__the_truth__stands_against_a_challenger_who_believes_the_lie(court, example, place):
    example = example()
    hearing = court.hear_trace(example.trace)
    game = hearing.challenge()
    hearing.trace(example.trace)
    assert hearing.play(game, example.trace, example.lie(*place)) == DEFENDER
    assert court.world.status(hearing.result.request) == Status.POSTED
