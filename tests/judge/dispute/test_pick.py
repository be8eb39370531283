"""Dispute.pick: a challenger goes down to a child, in its own game, from where that game is."""

from __future__ import annotations

from executor.disputes.moves import Move, defend
from executor.program.commitments import EMPTY
from tests.judge.dispute.court import argument, changed
from tests.judge.dispute.programs import increments, table

TRUTH = increments(40).trace
LIE = increments(40).lie(0, 33, 4)


def test_pick__a_child__is_where_the_game_goes(court, hearing, game, roles):
    hearing.attack(game, TRUTH)
    (event,) = hearing.events("Picked")
    cursor = hearing.cursor(game)
    assert (event.game, cursor.height, cursor.index) == (game, 1, 16)
    assert cursor.node == LIE.outputs_tree(0).node(1, 16)
    assert court.dispute.game_of(hearing.case.key, game)[6] == cursor.hash
    assert court.dispute.entry_of(hearing.case.key, cursor.hash) == (0, game, bytes(32))


def test_pick__by_anybody_but_the_challenger__is_refused(hearing, game, roles):
    move = hearing.offence(game, TRUTH)
    for actor in (roles.second_challenger, roles.executor, roles.stranger):
        hearing.refuses("dispute: not the challenger", move, actor)


def test_pick__children_that_were_not_shown__are_refused(hearing, game, roles):
    move = hearing.offence(game, TRUTH)
    for index in (20, 31, 32, 2**255):
        beyond = changed(move, index=index, node=EMPTY)
        hearing.refuses("dispute: no such child", beyond, roles.challenger)


def test_pick__another_node_or_way__is_refused(hearing, game, roles):
    move = hearing.offence(game, TRUTH)
    siblings, node = argument(move, "siblings"), argument(move, "node")
    hearing.refuses("dispute: wrong child", changed(move, node=EMPTY), roles.challenger)
    hearing.refuses("dispute: wrong child", changed(move, index=17), roles.challenger)
    hearing.refuses("dispute: wrong child", changed(move, siblings=siblings[::-1]), roles.challenger)
    short = changed(move, siblings=siblings[1:])
    hearing.refuses("dispute: wrong path length", short, roles.challenger)
    root = changed(move, node=argument(move, "opening")[5], siblings=[], index=0)
    hearing.refuses("dispute: wrong path length", root, roles.challenger)
    assert node != EMPTY


def test_pick__from_what_was_not_shown_at_the_cursor__is_refused(hearing, game, roles):
    first = hearing.offence(game, TRUTH)
    hearing.send(first, roles.challenger)
    hearing.refuses("dispute: game is elsewhere", first, roles.challenger)
    hearing.reveal(game, LIE)
    hearing.refuses("dispute: game is elsewhere", first, roles.challenger)
    second = hearing.offence(game, TRUTH)
    place, *rest = argument(second, "opening")
    for field in (1 << 144, 1 << 112, 1 << 80, 1):
        moved = changed(second, opening=(place ^ field, *rest))
        hearing.refuses("dispute: game is elsewhere", moved, roles.challenger)


def test_pick__game_that_is_not_live__is_refused(court, hearing, game, roles):
    move = hearing.offence(game, TRUTH)
    hearing.refuses("dispute: game not live", changed(move, game=game + 1), roles.challenger)
    hearing.refuses("dispute: game not live", changed(move, key=bytes(32)), roles.challenger)
    hearing.outwait(game)
    hearing.refuses("dispute: game not live", move, roles.challenger)


def test_pick__of_another_case__is_refused(court, hearing, game, roles):
    """The same program, the same false trace, another result: its games know nothing of these reveals."""
    other = court.hear_trace(LIE)
    late = other.challenge(roles.challenger)
    move = hearing.offence(game, TRUTH)
    other.refuses("dispute: game not live", changed(move, key=other.case.key), roles.challenger)
    elsewhere = changed(move, key=other.case.key, game=late)
    other.refuses("dispute: game is elsewhere", elsewhere, roles.challenger)


def test_pick__in_an_opened_tile__is_refused(court, roles):
    truth, lie = table(5).trace, table(5).lie(0, 0, 7)
    hearing = court.hear_trace(lie)
    game = hearing.challenge()
    hearing.trace(lie)
    proof = hearing.descend(game, lie, truth)
    opening, word, siblings = (argument(proof, name) for name in ("opening", "word", "siblings"))
    move = Move("pick", (hearing.case.key, game, opening, 0, word, siblings))
    hearing.refuses("dispute: not a tree of hashes", move, roles.challenger)


def test_pick__by_a_second_game__keeps_the_first_of_them(court, hearing, game, roles):
    later = hearing.challenge(roles.second_challenger)
    for number in (later, game):
        hearing.attack(number, TRUTH)
        assert court.dispute.entry_of(hearing.case.key, hearing.cursor(number).hash)[1] == number
    assert hearing.cursor(later) == hearing.cursor(game)
    hearing.reveal(later, LIE)
    latest = hearing.challenge(roles.second_challenger)
    hearing.attack(latest, TRUTH)
    revealed_at, first, _ = court.dispute.entry_of(hearing.case.key, hearing.cursor(game).hash)
    assert (revealed_at > 0, first) == (True, game)


def test_pick__a_lone_leaf__takes_a_pick_without_siblings(court, roles):
    example = increments(1)
    lie = example.lie(0, 0, 0)
    hearing = court.hear_trace(lie)
    game = hearing.challenge()
    hearing.trace(lie)
    move = hearing.offence(game, example.trace)
    assert (argument(move, "index"), argument(move, "siblings")) == (0, [])
    hearing.send(move, roles.challenger)
    assert defend(lie, hearing.case, hearing.cursor(game)).function == "reveal_operation"
