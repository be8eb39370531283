"""Whole games over random programs, each side cheating in turn: the honest one always wins.

The honest side plays by `executor/disputes` and knows what the chain has recorded; the dishonest one makes up
traces, values and proofs of its own. Whoever falls silent is outwaited, now and then to the last second.
"""

from __future__ import annotations

import sys
from collections import Counter
from random import Random
from secrets import token_hex

import pytest
from eth_abi import encode

from executor.program.ir import Program
from executor.program.trace import Trace as HonestTrace
from tests.judge.dispute.court import Court, Hearing
from tests.soundness.challengers import Challenger
from tests.soundness.defenders import LIES, Defender
from tests.soundness.programs import KINDS, random_data, random_program
from tests.soundness.trace import Statement, Trace
from tests.wire import ERROR_STRING, Refused
from tests.words import CHALLENGER, DEFENDER

GAMES = 6
"""How many are played against every kind of made up trace."""
INLINE = 4_096
"""Most bytes of an input or an output that are posted whole."""


def drawn(rng: Random) -> Statement:
    """A random program and input, small enough to be posted."""
    while True:
        program: Program = random_program(rng, rng.choice([*KINDS, *["dot", "max"] * 4]))
        if program.input_size <= INLINE and program.output_size <= INLINE:
            return Statement(program, random_data(rng, program))


def linger(rng: Random, hearing: Hearing, game: int) -> None:
    """Move only after a while, sometimes in the last second that is left."""
    left = hearing.deadline(game)[1] - hearing.world.now()
    if rng.random() < 0.3 and left > 3:
        hearing.world.at(hearing.world.now() + rng.choice([left - 2, left // 2, left // 10 + 1]))


def against_a_liar(rng: Random, court: Court, statement: Statement, liar: Trace) -> Counter[str]:
    """The verdict on a false trace that an honest challenger attacks, and how it came to it."""
    hearing = court.hear(statement.program, statement.data, liar.output)
    truth = HonestTrace(statement.program, statement.data)
    defender, heard = Defender(liar, hearing.case), Counter[str]()
    game = hearing.challenge()
    silent_from = rng.choice([100] * 8 + [0, 1, 2])  # some fall silent on the way
    moves = 0
    while hearing.live(game):
        linger(rng, hearing, game)
        if not hearing.to_reveal(game):
            attacked = hearing.attack(game, truth)
            assert attacked is not None, "the challenger finds nothing wrong"
            continue
        try:
            if moves == silent_from:
                raise Refused("", ERROR_STRING + encode(["string"], ["silence"]))
            hearing.send(defender.answer(hearing.cursor(game)), hearing.case.defender)
            moves += 1
        except Refused as refusal:
            heard["lost on the clock: " + refusal.reason] += 1
            hearing.outwait(game)
    heard["lost by proof"] += len(hearing.proofs())
    heard[f"verdict {hearing.verdict(game)}"] += 1
    return heard


def against_the_truth(rng: Random, court: Court, statement: Statement) -> Counter[str]:
    """The verdict on an honest result that a dishonest challenger attacks, and what he was told meanwhile."""
    truth = HonestTrace(statement.program, statement.data)
    hearing = court.hear(statement.program, statement.data, truth.output)
    heard, plain = Counter[str](), Trace(statement)
    game = hearing.challenge()
    challenger = Challenger(rng, hearing, game, plain)
    sender = hearing.challenger(game)
    while hearing.live(game):
        linger(rng, hearing, game)
        if hearing.to_reveal(game):
            hearing.send(hearing.defence(game, truth), hearing.case.defender)
            continue
        for attempt in (*challenger.nuisances(), *challenger.proofs()):
            with pytest.raises(Refused) as refusal:
                sys.stdout.write(f"taken: {hearing.asked(attempt, sender)} {attempt}\n")
            heard[refusal.value.reason] += 1
        move = challenger.move()
        if move is None or rng.random() < 0.1:
            hearing.outwait(game)
        else:
            hearing.send(move, sender)
    heard[f"verdict {hearing.verdict(game)}"] += 1
    return heard


@pytest.mark.parametrize("name", sorted(LIES))
def test_game__made_up_trace__falls_to_an_honest_challenger(court: Court, name: str) -> None:
    heard, played = Counter[str](), 0
    for seed in range(1_000):
        rng = Random(f"{name}/{seed}")
        statement = drawn(rng)
        liar = LIES[name](rng, statement)
        if liar is None or liar.steps.root == Trace(statement).steps.root:
            continue
        heard += against_a_liar(rng, court, statement, liar)
        played += 1
        if played == GAMES:
            break
    sys.stdout.writelines(f"{times:4} {what}\n" for what, times in heard.items())
    assert heard[f"verdict {CHALLENGER}"] == played == GAMES
    assert "lost on the clock: " not in heard, "refused without a message"


def test_game__honest_result__stands_against_dishonest_challengers(court: Court) -> None:
    heard = Counter[str]()
    for seed in range(24):
        rng = Random(f"challenger/{seed}")
        heard += against_the_truth(rng, court, drawn(rng))
    sys.stdout.writelines(f"{times:4} {what}\n" for what, times in heard.items())
    assert heard[f"verdict {DEFENDER}"] == 24
    assert {"dispute: value is right", "dispute: wrong values", "dispute: not values"} <= set(heard)
    assert "" not in heard


@pytest.mark.soak
@pytest.mark.timeout(5_000)
def test_game__new_ones_every_time__are_won_by_the_honest_side(court: Court) -> None:
    for number in range(200):
        seed = f"{token_hex(4)}-{number}"
        sys.stdout.write(f"games drawn by {seed!r}\n")
        rng = Random(seed)
        name = rng.choice(sorted(LIES))
        statement = drawn(rng)
        liar = LIES[name](rng, statement)
        with court.world.wire.rewound():
            if liar is not None and liar.steps.root != Trace(statement).steps.root:
                assert against_a_liar(rng, court, statement, liar)[f"verdict {CHALLENGER}"] == 1, name
            assert against_the_truth(rng, court, drawn(rng))[f"verdict {DEFENDER}"] == 1
