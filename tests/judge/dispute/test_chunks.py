"""A reduction of several chunks: from an element of a tile down to one chunk of its sum."""

from __future__ import annotations

import pytest

from executor.disputes.positions import Level, values_hash
from tests.judge.dispute.court import argument, changed
from tests.judge.dispute.programs import increments, reduction
from tests.program.build import maximum
from tests.words import CHALLENGER, DEFENDER

EXAMPLE = reduction(33)
TRUTH, LIE = EXAMPLE.trace, EXAMPLE.lie(0, 0, 1, 32)


def test_pick_element__of_an_opened_tile__is_a_value_above_its_chunks(hearing, game):
    hearing.send(hearing.descend(game, LIE, TRUTH, until="pick_element"), hearing.challenger(game))
    cursor, tile = hearing.cursor(game), hearing.path(game)[-1].opening
    assert (cursor.level, cursor.height, cursor.index, cursor.leaves) == (Level.ELEMENT, 6, 0, 33)
    assert (cursor.element, cursor.value) == (1, LIE.element(0, 0, 1))
    assert (cursor.record, cursor.size, cursor.width) == (tile.record, 8, 4)


def test_pick_element__anything_else__is_refused(hearing, game, roles):
    move = hearing.descend(game, LIE, TRUTH, until="pick_element")
    siblings = argument(move, "siblings")
    wrong = {
        "dispute: no such element": {"element": 2},
        "dispute: wrong path length": {"siblings": siblings[1:]},
        "dispute: wrong word": {"word": bytes(32)},
        "dispute: game not live": {"game": game + 1},
    }
    for reason, changes in wrong.items():
        hearing.refuses(reason, changed(move, **changes), roles.challenger)
    hearing.refuses("dispute: not the challenger", move, roles.second_challenger)
    deeper = changed(move, opening=hearing.path(game)[0].opening.packed())
    hearing.refuses("dispute: not a tile", deeper, roles.challenger)


def test_pick_element__of_a_single_step__is_refused(court, roles):
    example = increments(3)
    truth, lie = example.trace, example.lie(0, 1, 0)
    hearing = court.hear_trace(lie)
    game = hearing.challenge()
    hearing.trace(lie)
    proof = hearing.descend(game, lie, truth)
    names = ("game", "opening", "element", "word", "siblings")
    move = proof._replace(
        function="pick_element",
        arguments=(hearing.case.key, *(argument(proof, name) for name in names)),
        proof=b"",
    )
    hearing.refuses("dispute: element is one step", move, roles.challenger)


def test_reveal_chunks__of_an_element__gives_its_value(hearing, game):
    hearing.send(hearing.descend(game, LIE, TRUTH, until="reveal_chunks"), hearing.case.defender)
    opening, _, _, values = hearing.path(game)[-1]
    cursor = hearing.cursor(game)
    assert (opening.level, opening.height, opening.index) == (Level.VALUES, 6, 0)
    assert (opening.node, opening.element) == (values_hash(list(values)), cursor.element)
    assert (len(values), sum(values)) == (17, cursor.value)


def test_reveal_chunks__anything_else__is_refused(hearing, game, roles):
    move = hearing.descend(game, LIE, TRUTH, until="reveal_chunks")
    values = argument(move, "values")
    spread = [values[0] + 2**63, values[1] - 2**63, *values[2:]]
    wrong = {
        "dispute: wrong number of values": {"values": values[:-1]},
        "dispute: wrong record": {"record": bytes(96)},
        "dispute: not an int64": {"values": spread},
        "dispute: values give another result": {"values": [values[0] + 1, *values[1:]]},
        "dispute: wrong program": {"case": hearing.case._replace(program_root=bytes(32))},
        "dispute: nobody picked this": {"case": hearing.case._replace(attempt=2)},
    }
    for reason, changes in wrong.items():
        hearing.refuses(reason, changed(move, **changes), roles.executor)
    more = changed(move, values=[*values, 0])
    hearing.refuses("dispute: wrong number of values", more, roles.executor)
    for actor in (roles.challenger, roles.stranger):
        hearing.refuses("dispute: not the defender", move, actor)
    other = changed(move, cursor=hearing.picks(game)[0].packed())
    hearing.refuses("dispute: no reduction", other, roles.executor)


def test_reveal_chunks__a_defender_who_cannot_make_the_sum__loses_by_silence(court):
    """His chunks are true, and give the true element, not the one that he claimed."""
    example = reduction(33)
    stubborn = example.lie(0, 0, 1, chunk=-1)
    hearing = court.hear_trace(stubborn)
    game = hearing.challenge()
    hearing.trace(stubborn)
    assert hearing.play(game, stubborn, example.trace) == CHALLENGER
    assert hearing.cursor(game).level is Level.ELEMENT
    assert not hearing.proofs()


def test_pick_chunk__of_several__is_a_value_above_fewer(hearing, game, roles):
    move = hearing.descend(game, LIE, TRUTH, until="pick_chunk")
    hearing.send(move, roles.challenger)
    cursor = hearing.cursor(game)
    assert (cursor.level, cursor.height, cursor.index, cursor.leaves) == (Level.CHUNKS, 1, 16, 33)
    assert cursor.value == argument(move, "values")[16]


def test_pick_chunk__anything_else__is_refused(hearing, game, roles):
    move = hearing.descend(game, LIE, TRUTH, until="pick_chunk")
    values = argument(move, "values")
    wrong = {
        "dispute: wrong values": {"values": [0, *values[1:]]},
        "dispute: no such value": {"index": 17},
        "dispute: game not live": {"game": game + 1},
        "dispute: not values": {"opening": hearing.path(game)[-2].opening.packed()},
    }
    for reason, changes in wrong.items():
        hearing.refuses(reason, changed(move, **changes), roles.challenger)
    hearing.refuses("dispute: not the challenger", move, roles.executor)


def test_pick_chunk__of_one__is_refused(hearing, game, roles):
    proof = hearing.descend(game, LIE, TRUTH)
    names = ("game", "opening", "values", "index")
    move = proof._replace(
        function="pick_chunk",
        arguments=(hearing.case.key, *(argument(proof, name) for name in names)),
        proof=b"",
    )
    hearing.refuses("dispute: value is one step", move, roles.challenger)


def test_prove_chunk__anything_else__is_refused(hearing, game, roles):
    move = hearing.descend(game, LIE, TRUTH)
    values = argument(move, "values")
    wrong = {
        "dispute: wrong program": {"case": hearing.case._replace(program_root=bytes(32))},
        "dispute: wrong values": {"values": [values[0] + 1]},
        "dispute: no such value": {"index": 1},
        "dispute: wrong record": {"record": bytes(96)},
        "dispute: game not live": {"game": game + 1},
        "dispute: not values": {"opening": hearing.path(game)[0].opening.packed()},
    }
    for reason, changes in wrong.items():
        hearing.refuses(reason, changed(move, **changes), roles.challenger)
    hearing.refuses("referee: proof too short", move._replace(proof=move.proof[:-1]), roles.challenger)
    hearing.refuses("referee: proof too long", move._replace(proof=move.proof + b"\0"), roles.challenger)


def test_prove_chunk__of_several__is_refused(hearing, game, roles):
    pick = hearing.descend(game, LIE, TRUTH, until="pick_chunk")
    hearing.send(pick, roles.challenger)
    proof = hearing.descend(game, LIE, TRUTH)
    several = changed(proof, **{name: argument(pick, name) for name in ("opening", "values")}, index=16)
    hearing.refuses("dispute: value is several steps", several, roles.challenger)


def test_prove__of_an_element_in_chunks__is_refused(hearing, game, roles):
    pick = hearing.descend(game, LIE, TRUTH, until="pick_element")
    names = ("opening", "element", "word", "siblings")
    values = {name: argument(pick, name) for name in names}
    hearing.send(pick, roles.challenger)
    proof = hearing.descend(game, LIE, TRUTH)
    shared = [argument(proof, name) for name in ("case", "program", "game")]
    move = proof._replace(function="prove", arguments=(*shared, *values.values(), argument(proof, "record")))
    hearing.refuses("dispute: element is several steps", move, roles.challenger)


@pytest.mark.parametrize("example", [reduction(33), reduction(33, maximum)], ids=["dot", "max"])
def test_prove_chunk__that_is_right__is_refused(court, roles, example):
    truth, lie = example.trace, example.lie(0, 0, 1, 32)
    hearing = court.hear_trace(truth)
    game = hearing.challenge()
    hearing.trace(truth)
    move = hearing.descend(game, truth, lie)
    hearing.refuses("dispute: value is right", move, roles.challenger)
    hearing.outwait(game)
    assert hearing.verdict(game) == DEFENDER
