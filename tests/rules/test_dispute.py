"""RULES, Dispute: one test a rule, each attack written out."""

from __future__ import annotations

import pytest

from tests.contract import gas_of
from tests.judge.dispute.court import Court
from tests.judge.dispute.programs import digits, increments, recurrence
from tests.wire import Refused
from tests.words import CHALLENGER, DEFENDER, GameStatus, Status
from tests.world import PARAMETERS, WINDOW

EXAMPLE = increments(3)
TRUTH, LIE = EXAMPLE.trace, EXAMPLE.lie(0, 1, 4)
DELAY = PARAMETERS.deposit * PARAMETERS.delay_bps // 10_000


# --- "Arbiter interface: open ...; the arbiter calls rule once. Deposits in escrow, open games counted" ---


def test_arbiter__game__is_opened_by_challenges_and_ruled_once(court: Court) -> None:
    hearing = court.hear_trace(TRUTH)
    first, second = hearing.challenge(), hearing.challenge()
    assert second == first + 1
    hearing.outwait(first)  # nobody has traced: the defender was silent
    assert hearing.verdict(first) == CHALLENGER
    for again in (hearing.timeout, hearing.outwait):
        with pytest.raises(Refused, match="dispute: game not live"):
            again(first)


def test_arbiter__deposit__is_locked_until_the_game_is_settled(court: Court) -> None:
    challenger, world = court.world.roles.challenger, court.world
    free, locked, _ = world.stakes(challenger)
    hearing = court.hear_trace(TRUTH)
    game = hearing.challenge(challenger)
    assert world.stakes(challenger)[:2] == (free - PARAMETERS.deposit, locked + PARAMETERS.deposit)
    hearing.trace(TRUTH)
    hearing.outwait(game)
    assert world.stakes(challenger)[1] == locked + PARAMETERS.deposit
    world.settle(hearing.result, game)
    assert world.stakes(challenger)[:2] == (free - PARAMETERS.deposit, locked)


def test_arbiter__open_games__keep_a_result_from_being_final(court: Court) -> None:
    """Losing one game on purpose saves nobody while another goes on."""
    hearing, world = court.hear_trace(TRUTH), court.world
    first, second = hearing.challenge(), hearing.challenge()
    hearing.trace(TRUTH)
    hearing.outwait(first)
    world.warp(WINDOW)
    with pytest.raises(Refused, match="market: game open"):
        world.finalize(hearing.result)
    hearing.timeout(second)
    world.finalize(hearing.result)
    assert world.status(hearing.result.request) == Status.FINAL


# --- "Clocks are per game ...: the stalled mover always loses before the ruling deadline" ---


@pytest.mark.parametrize("moves", range(5))
def test_clocks__silence_after_so_many_moves__loses_before_the_ruling_deadline(
    court: Court, moves: int
) -> None:
    """Whoever's turn it is falls silent, and both had used all of their time before that."""
    example = recurrence(40)
    truth, lie = example.trace, example.lie(20, 1, 0)
    hearing = court.hear_trace(lie)
    game = hearing.challenge()
    end = court.world.now() + PARAMETERS.ruling_seconds
    for _ in range(moves):
        court.world.at(hearing.deadline(game)[1] - 1)
        if hearing.to_reveal(game):
            hearing.send(hearing.defence(game, lie), hearing.case.defender)
        else:
            hearing.attack(game, truth)
    mover, deadline = hearing.deadline(game)
    assert deadline < end
    hearing.outwait(game)
    assert hearing.verdict(game) == (CHALLENGER if mover == DEFENDER else DEFENDER)


def test_clocks__one_game__takes_no_time_of_another(court: Court) -> None:
    hearing = court.hear_trace(TRUTH)
    slow, quick = hearing.challenge(), hearing.challenge()
    hearing.trace(TRUTH)
    key = hearing.case.key
    before = hearing.dispute.game_of(key, quick)[2:4]
    court.world.warp(1_000)
    hearing.attack(slow, EXAMPLE.lie(0, 0, 0))
    assert hearing.dispute.game_of(key, slow)[3] < before[1]
    assert hearing.dispute.game_of(key, quick)[2:4] == before


# --- "Reveals belong to the result's trace, not to one game, and are shared" ---


def test_reveals__of_one_game__serve_every_other(court: Court) -> None:
    example = digits()
    truth, other = example.trace, example.lie(0, 9, 3)
    hearing = court.hear_trace(truth)
    games = [hearing.challenge() for _ in range(3)]
    hearing.trace(truth)
    for game in games:
        hearing.attack(game, other)
    assert len(hearing.reveals()) == 1
    hearing.reveal(games[0], truth)
    assert [hearing.to_reveal(game) for game in games] == [False] * 3
    assert {hearing.deadline(game)[0] for game in games} == {CHALLENGER}
    with pytest.raises(Refused, match="dispute: revealed already"):
        hearing.reveal(games[1], truth)


# --- "The deposit covers the worst defence gas of one game; the number of games changes nobody's price" ---


def test_deposit__of_a_lost_game__covers_the_dearest_defence(court: Court) -> None:
    """What the defender keeps of a deposit pays all of its moves in a long game, at 20 gwei."""
    hearing = court.hear_trace(digits().trace)
    game = hearing.challenge()
    receipts = []
    truth, other = digits().trace, digits().lie(0, 3, 5)
    while hearing.live(game):
        if hearing.to_reveal(game):
            receipts.append(hearing.send(hearing.defence(game, truth), hearing.case.defender))
        else:
            try:
                if hearing.attack(game, other) is None:
                    break
            except Refused:  # the step is right
                break
    receipts.append(hearing.outwait(game))
    receipts.append(court.world.settle(hearing.result, game))
    assert gas_of(receipts) * 20 * 10**9 < PARAMETERS.defence_cost <= PARAMETERS.deposit - DELAY


def test_games__ten_about_one_result__cost_each_what_one_alone_costs(court: Court) -> None:
    alone, crowded = court.hear_trace(TRUTH), court.hear_trace(TRUTH)
    for _ in range(9):
        crowded.challenge()
    gas, locked = [], []
    for hearing in (alone, crowded):
        before = court.world.stakes(court.world.roles.challenger)[1]
        game = hearing.challenge()
        locked.append(court.world.stakes(court.world.roles.challenger)[1] - before)
        moves = [hearing.trace(TRUTH), hearing.attack(game, LIE), hearing.reveal(game, TRUTH)]
        gas.append(gas_of(move for move in moves if move))
    assert locked == [PARAMETERS.deposit] * 2
    assert abs(gas[0] - gas[1]) < 1_000  # zero bytes in the calldata


# --- "A proof pays the earliest-opened live game whose picks lead to the proven leaf, whoever sends it" ---


def test_proof__sent_by_anybody__pays_the_earliest_game_that_leads_there(court: Court) -> None:
    roles, world = court.world.roles, court.world
    hearing = court.hear_trace(LIE)
    elsewhere = hearing.challenge(roles.attacker)  # opened first, and leads to another leaf
    first, mirror = hearing.challenge(roles.challenger), hearing.challenge(roles.second_challenger)
    hearing.trace(LIE)
    hearing.attack(elsewhere, EXAMPLE.lie(0, 0, 4))
    for game in (mirror, first):  # the mirror has seen the pick, and sends it before
        hearing.attack(game, TRUTH)
    hearing.reveal(first, LIE)
    hearing.attack(mirror, TRUTH, sender=roles.stranger)
    assert hearing.status(first) == GameStatus.WON
    for game in (elsewhere, mirror):
        assert hearing.status(game) == GameStatus.LIVE
    before = {role: sum(world.stakes(role)) for role in (roles.attacker, roles.second_challenger)}
    world.settle(hearing.result, first)
    assert world.vault.rewards(roles.challenger) == PARAMETERS.bounty
    for game in (elsewhere, mirror):  # deposits return, and gas is paid pro rata from the pot
        world.settle(hearing.result, game)
    assert {role: sum(world.stakes(role)) - was for role, was in before.items()} == dict.fromkeys(
        before, PARAMETERS.pot // 2
    )


def test_proof__after_the_earliest_game_was_lost__pays_the_next(court: Court) -> None:
    hearing = court.hear_trace(LIE)
    first, second = hearing.challenge(), hearing.challenge()
    hearing.trace(LIE)
    for game in (first, second):
        hearing.attack(game, TRUTH)
    hearing.reveal(first, LIE)
    court.world.at(hearing.deadline(first)[1])
    move = hearing.descend(second, LIE, TRUTH)
    hearing.timeout(first)
    hearing.send(move, hearing.challenger(second))
    assert (hearing.status(first), hearing.status(second)) == (GameStatus.LOST, GameStatus.WON)


# --- "Of a lost challenge's deposit the requester gets a part: delay has a price" ---


def test_deposit__of_a_lost_challenge__is_shared_by_defender_and_requester(court: Court) -> None:
    roles, world = court.world.roles, court.world
    hearing = court.hear_trace(TRUTH)
    game = hearing.challenge()
    hearing.trace(TRUTH)
    hearing.outwait(game)
    before = world.vault.rewards(roles.requester), world.vault.rewards(roles.staker)
    world.settle(hearing.result, game)
    assert world.vault.rewards(roles.requester) - before[0] == DELAY > 0
    assert world.vault.rewards(roles.staker) - before[1] == PARAMETERS.deposit - DELAY
