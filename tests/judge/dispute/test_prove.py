"""Dispute.prove: a false value falls, and the earliest game that came to it is the one that has won."""

from __future__ import annotations

import pytest

from tests.judge.dispute.court import argument, changed
from tests.judge.dispute.programs import increments, table
from tests.words import CHALLENGER, DEFENDER, GameStatus, Status
from tests.world import PARAMETERS

EXAMPLE = increments(3)
TRUTH, LIE = EXAMPLE.trace, EXAMPLE.lie(0, 1, 4)


def test_prove__a_false_value__refutes_the_result(court, hearing, game, roles):
    move = hearing.descend(game, LIE, TRUTH)
    hearing.send(move, roles.challenger)
    (proof,) = hearing.proofs()
    assert (proof.game, proof.attempt, proof.element) == (game, 1, 4)
    assert (proof.claimed, proof.computed) == (LIE.element(0, 1, 4), TRUTH.element(0, 1, 4))
    assert hearing.status(game) == GameStatus.WON
    assert court.world.status(hearing.result.request) == Status.REFUTED
    hearing.refuses("dispute: game not live", move, roles.challenger)


def test_prove__by_anybody__pays_the_challenger(court, hearing, game, roles):
    before = court.world.stakes(roles.challenger)
    hearing.send(hearing.descend(game, LIE, TRUTH), roles.stranger)
    court.world.settle(hearing.result, game)
    after = court.world.stakes(roles.challenger)
    assert after[0] == before[0] + PARAMETERS.deposit
    assert after[2] == before[2] + PARAMETERS.bounty


def test_prove__a_true_value__is_refused(court, roles):
    hearing = court.hear_trace(TRUTH)
    game = hearing.challenge()
    hearing.trace(TRUTH)
    move = hearing.descend(game, TRUTH, LIE)
    hearing.refuses("dispute: value is right", move, roles.challenger)


def test_prove__a_true_value_beside_a_false_one__is_refused(hearing, game, roles):
    move = hearing.descend(game, LIE, TRUTH)
    for element in (0, 1, 2, 3, 5):
        other = changed(move, element=element)
        hearing.refuses("dispute: value is right", other, roles.challenger)


def test_prove__anything_else__is_refused(hearing, game, roles):
    move = hearing.descend(game, LIE, TRUTH)
    siblings = argument(move, "siblings")
    wrong = {
        "dispute: no such element": {"element": 6},
        "dispute: wrong path length": {"siblings": siblings[1:]},
        "dispute: wrong word": {"word": bytes(32)},
        "dispute: wrong program": {"case": hearing.case._replace(program_root=bytes(32))},
        "dispute: wrong record": {"record": argument(move, "record")[:-32]},
        "dispute: game not live": {"game": game + 1},
        "dispute: not a tile": {"opening": hearing.path(game)[0].opening.packed()},
    }
    for reason, changes in wrong.items():
        hearing.refuses(reason, changed(move, **changes), roles.challenger)
    for far in (6, 512, 2**64, 2**256 - 1):
        hearing.refuses("dispute: no such element", changed(move, element=far), roles.challenger)
    for field, value in (("id", bytes(32)), ("attempt", 2), ("defender", roles.stranger)):
        other = changed(move, case=hearing.case._replace(**{field: value}))
        hearing.refuses("dispute: game not live", other, roles.challenger)
    hearing.refuses("referee: proof too short", move._replace(proof=move.proof[:-1]), roles.challenger)
    hearing.refuses("referee: proof too long", move._replace(proof=move.proof + b"\0"), roles.challenger)


def test_prove__element_of_another_tile__is_refused(court, roles):
    example = table(5)
    truth, lie = example.trace, example.lie(0, 0, 200)
    hearing = court.hear_trace(lie)
    game = hearing.challenge()
    hearing.trace(lie)
    move = hearing.descend(game, lie, truth)
    for element in (200 - 128, 127, 256, 200 + 64):
        reason = "dispute: element in another tile"
        hearing.refuses(reason, changed(move, element=element), roles.challenger)


def test_prove__before_the_tile_is_opened__is_refused(hearing, game, roles):
    with hearing.world.wire.rewound():
        move = hearing.descend(game, LIE, TRUTH)
    hearing.refuses("dispute: game is elsewhere", move, roles.challenger)
    hearing.attack(game, TRUTH)
    hearing.refuses("dispute: game is elsewhere", move, roles.challenger)


def test_prove__game_at_another_leaf__is_refused(hearing, game, roles):
    """What one game came to is no proof in another that went elsewhere."""
    elsewhere = hearing.challenge(roles.second_challenger)
    hearing.attack(elsewhere, EXAMPLE.lie(0, 0, 0), roles.second_challenger)
    move = hearing.descend(game, LIE, TRUTH)
    hearing.refuses("dispute: game is elsewhere", changed(move, game=elsewhere), roles.challenger)


def test_prove__other_case_with_the_same_lie__is_its_own(court, hearing, game, roles):
    other = court.hear_trace(LIE)
    stranger = other.challenge(roles.second_challenger)
    move = hearing.descend(game, LIE, TRUTH)
    hearing.refuses("dispute: game not live", changed(move, game=stranger), roles.challenger)
    hearing.refuses("dispute: game not live", changed(move, case=other.case), roles.challenger)
    crossed = changed(move, case=other.case, game=stranger)
    hearing.refuses("dispute: game is elsewhere", crossed, roles.challenger)


# --- who has won ---


def follow(hearing, parasite, game):
    """Repeat another game's picks in one's own."""
    picks = [move for move in hearing.sent if move.function == "pick" and argument(move, "game") == game]
    for move in picks:
        hearing.send(changed(move, game=parasite), hearing.challenger(parasite))


@pytest.fixture
def parasite(hearing, game, roles):
    """A game opened later whose challenger has nothing of his own."""
    return hearing.challenge(roles.second_challenger)


def test_prove__by_a_parasite__pays_whom_it_followed(hearing, game, parasite, roles):
    move = hearing.descend(game, LIE, TRUTH)
    follow(hearing, parasite, game)
    hearing.send(changed(move, game=parasite), roles.second_challenger)
    assert [proof.game for proof in hearing.proofs()] == [game]
    assert (hearing.status(game), hearing.status(parasite)) == (GameStatus.WON, GameStatus.LIVE)
    hearing.outwait(parasite)
    assert hearing.status(parasite) == GameStatus.VOID
    hearing.world.settle(hearing.result, game)
    hearing.world.settle(hearing.result, parasite)
    assert hearing.world.vault.rewards(roles.second_challenger) <= PARAMETERS.pot


def test_prove__by_a_parasite_that_picks_before__pays_whom_it_saw_coming(hearing, game, parasite, roles):
    """Front-running a pick does not make a game the earlier one."""
    while (move := hearing.ready(game, LIE, TRUTH)).function == "pick":
        hearing.send(changed(move, game=parasite), roles.second_challenger)
        hearing.send(move, roles.challenger)
    hearing.send(changed(move, game=parasite), roles.second_challenger)
    assert [proof.game for proof in hearing.proofs()] == [game]


def test_prove__earlier_game_that_has_lost__leaves_it_to_the_named_one(court, hearing, game, roles):
    later = hearing.challenge(roles.second_challenger)
    move = hearing.descend(game, LIE, TRUTH)
    court.world.at(hearing.deadline(game)[1] - 100)
    follow(hearing, later, game)
    hearing.outwait(game)
    assert hearing.verdict(game) == DEFENDER
    hearing.refuses("dispute: game not live", move, roles.challenger)
    hearing.send(changed(move, game=later), roles.stranger)
    assert [proof.game for proof in hearing.proofs()] == [later]
    assert hearing.verdict(later) == CHALLENGER


def test_prove__earlier_game_past_its_ruling_deadline__leaves_it_to_the_named_one(
    court, hearing, game, roles
):
    """It slept at the leaf, unclaimed, until nobody may rule on it: it does not take the others along."""
    opened = court.world.now()
    court.world.warp(3_000)
    later = hearing.challenge(roles.second_challenger)
    move = hearing.descend(game, LIE, TRUTH)
    follow(hearing, later, game)
    court.world.at(opened + PARAMETERS.ruling_seconds)
    hearing.send(changed(move, game=later), roles.stranger)
    assert [proof.game for proof in hearing.proofs()] == [later]
    assert (hearing.status(game), hearing.verdict(later)) == (GameStatus.LIVE, CHALLENGER)


def test_prove__after_every_ruling_deadline__is_too_late(court, hearing, game, roles):
    move = hearing.descend(game, LIE, TRUTH)
    court.world.warp(PARAMETERS.ruling_seconds)
    hearing.refuses("challenges: ruled too late", move, roles.challenger)


def test_prove__result_that_has_fallen__is_taken_and_void(hearing, game, roles):
    elsewhere = hearing.challenge(roles.second_challenger)
    other = EXAMPLE.lie(0, 0, 0)
    hearing.attack(elsewhere, other, roles.second_challenger)
    hearing.send(hearing.descend(game, LIE, TRUTH), roles.challenger)
    assert hearing.status(elsewhere) == GameStatus.LIVE
    hearing.reveal(elsewhere, LIE)
    hearing.outwait(elsewhere)
    assert hearing.status(elsewhere) == GameStatus.VOID
