"""Dispute.reveal and reveal_step: children of an inner node, and what opens a step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from executor.disputes.moves import Move
from executor.disputes.positions import Level, program_words
from executor.program.commitments import EMPTY, hash_node
from tests.judge.dispute.court import argument, changed
from tests.judge.dispute.programs import increments, recurrence, table
from tests.words import CHALLENGER

TRUTH = increments(40).trace
LIE = increments(40).lie(0, 33, 4)


@pytest.fixture
def game(hearing, game):
    """The challenger has picked, too."""
    hearing.attack(game, TRUTH)
    return game


def test_reveal__a_picked_cursor__opens_it_as_it_is(court, hearing, game):
    cursor = hearing.cursor(game)
    hearing.reveal(game, LIE)
    newest = hearing.path(game)[-1]
    assert newest.opening == cursor
    assert hash_node(*newest.children) == cursor.node
    assert hearing.dispute.entry_of(hearing.case.key, cursor.hash)[0] == court.world.now()
    assert hearing.deadline(game)[0] == CHALLENGER


def test_reveal__by_anybody__is_as_good(hearing, game, roles):
    hearing.send(hearing.defence(game, LIE), roles.stranger)
    assert not hearing.to_reveal(game)


def test_reveal__twice__is_refused(hearing, game, roles):
    move = hearing.defence(game, LIE)
    hearing.send(move, roles.executor)
    hearing.refuses("dispute: revealed already", move, roles.executor)


def test_reveal__what_nobody_picked__is_refused(hearing, game, roles):
    tree = LIE.outputs_tree(0)
    beside = replace(hearing.cursor(game), index=17, node=tree.node(1, 17))
    children = [tree.node(0, 34), tree.node(0, 35)]
    move = changed(hearing.defence(game, LIE), cursor=beside.packed(), children=children)
    hearing.refuses("dispute: nobody picked this", move, roles.executor)
    hearing.refuses("dispute: nobody picked this", changed(move, key=bytes(32)), roles.executor)


def test_reveal__other_children__is_refused(hearing, game, roles):
    move = hearing.defence(game, LIE)
    children = argument(move, "children")
    for wrong in ([children[1], children[0]], [children[0], EMPTY], [EMPTY, EMPTY]):
        hearing.refuses("dispute: wrong children", changed(move, children=wrong), roles.executor)
    for wrong in ([], children[:1], [*children, EMPTY]):
        reason = "dispute: wrong number of children"
        hearing.refuses(reason, changed(move, children=wrong), roles.executor)


def test_reveal__a_leaf__takes_its_own_verb(hearing, game, roles):
    hearing.reveal(game, LIE)
    hearing.attack(game, TRUTH)
    leaf = hearing.cursor(game)
    assert leaf.height == 0
    move = Move("reveal", (hearing.case.key, leaf.packed(), [leaf.node]))
    hearing.refuses("dispute: no inner node", move, roles.executor)


@pytest.mark.parametrize(
    ("example", "place", "level", "verb"),
    [
        (increments(3), (0, 1, 0), Level.OPERATIONS, "reveal_step"),
        (increments(3), (0, 1, 0), Level.OPERATIONS, "reveal_tile"),
        (table(5), (0, 0, 7), Level.TILES, "reveal_step"),
        (table(5), (0, 0, 7), Level.TILES, "reveal_operation"),
        (recurrence(6), (3, 1, 0), Level.STEPS, "reveal_operation"),
        (recurrence(6), (3, 1, 0), Level.STEPS, "reveal_tile"),
    ],
)
def test_reveal__verb_of_another_level__is_refused(court, roles, example, place, level, verb):
    reasons = {
        "reveal_step": "dispute: not a step",
        "reveal_operation": "dispute: not an operation",
        "reveal_tile": "dispute: not a tile",
    }
    truth, lie = example.trace, example.lie(*place)
    hearing = court.hear_trace(lie)
    game = hearing.challenge()
    hearing.trace(lie)
    while (cursor := hearing.cursor(game)) is None or (cursor.level, cursor.height) != (level, 0):
        if hearing.to_reveal(game):
            hearing.reveal(game, lie)
        else:
            hearing.attack(game, truth)
    case, words, root = hearing.case, cursor.packed(), program_words(example.program)
    arguments = {
        "reveal_step": (case, words, root, [cursor.node]),
        "reveal_operation": (case, words, root, bytes(32), [], [cursor.node], b""),
        "reveal_tile": (case.key, words, bytes(1)),
    }
    hearing.refuses(reasons[verb], Move(verb, arguments[verb]), roles.executor)


def test_reveal_step__a_step__opens_its_outputs(court, roles):
    example = recurrence(40)
    truth, lie = example.trace, example.lie(17, 1, 0)
    hearing = court.hear_trace(lie)
    game = hearing.challenge()
    hearing.trace(lie)
    move = hearing.descend(game, lie, truth, until="reveal_step")
    cursor = hearing.cursor(game)
    children = argument(move, "children")
    refuses = {
        "dispute: wrong program": changed(move, case=hearing.case._replace(program_root=bytes(32))),
        "dispute: wrong number of children": changed(move, children=[*children, EMPTY]),
        "dispute: wrong children": changed(move, children=children[::-1]),
        "dispute: nobody picked this": changed(move, case=hearing.case._replace(attempt=2)),
    }
    for reason, wrong in refuses.items():
        hearing.refuses(reason, wrong, roles.executor)
    hearing.send(move, roles.stranger)
    opening = hearing.path(game)[-1].opening
    assert (opening.level, opening.step, opening.steps, opening.leaves) == (Level.OPERATIONS, 17, 40, 2)
    assert (opening.trace, opening.outputs) == (cursor.trace, lie.outputs_tree(17).root)
