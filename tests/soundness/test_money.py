"""The money of disputes, on the real judge: who gains, who loses and what burns, in any order of moves."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from tests.judge.dispute.court import Court
from tests.judge.dispute.programs import Example, increments, reduction
from tests.soundness.crowd import Crowd, Kind
from tests.soundness.trace import Statement, Trace
from tests.words import DEAD, Status
from tests.world import MIN_BOND, PARAMETERS, ROLES

FRIENDS = ("attacker", "second_challenger", "stranger", "idle")
"""Second accounts of a cheater."""
HONEST = ("challenger", "rival_executor")
DELAY = PARAMETERS.deposit * PARAMETERS.delay_bps // 10_000


def crowd(rng: Random, court: Court, lies: bool, example: Example | None = None, idle: bool = False) -> Crowd:
    """A result, true or not, that nobody has challenged yet."""
    program, data = example or rng.choice([increments(3), reduction(2)])
    statement = Statement(program, data)
    truth = Trace(statement)
    last = len(program.operations) - 1
    flat = rng.randrange(program.operations[last].result.count)
    false = {(0, last): {flat: truth.values[0][last][flat] ^ 1}}
    return Crowd(rng, court, statement, Trace(statement, false) if lies else truth, idle)


def assert_paid_by_the_rules(played: Crowd) -> None:
    """Every account has exactly what the model says, and so has the fire."""
    said = played.settle()
    accounts = played.world.roles
    gains = {role: played.gain(role) for role in ROLES if role != "executor"}
    expected = {role: said.gains.get(getattr(accounts, role), 0) for role in gains}
    assert gains == expected
    assert played.burned() == said.burned
    assert sum(gains.values()) == -said.burned


@pytest.mark.parametrize("winner", ["challenger", "requester", "attacker", "staker"])
def test_settle__refuted_by_anybody__burns_at_least_half_of_the_bond(court: Court, winner: str) -> None:
    played = crowd(Random(winner), court, lies=True)
    if winner == "staker":  # the defender's own account; its operators may challenge, too
        game = played.challenge("second_executor", Kind.HONEST)
    else:
        game = played.challenge(winner, Kind.HONEST)
    played.play()
    assert played.fell_by == game
    said = played.settle()
    assert played.burned() == said.burned >= MIN_BOND // 2
    assert played.world.bond_asset.balanceOf(DEAD) >= said.burned


def test_settle__any_crowd_in_any_order__is_paid_by_the_rules(court: Court) -> None:
    fallen = 0
    for seed in range(30):
        rng = Random(f"crowd/{seed}")
        with court.world.wire.rewound():
            played = crowd(rng, court, lies=seed % 3 != 0, idle=seed % 9 == 4)
            honest = seed % 3 != 0
            roles = [*rng.sample(FRIENDS, rng.randint(0, 3)), *(rng.sample(HONEST, 1) if honest else [])]
            rng.shuffle(roles)
            for role in roles:
                cheats = rng.choice([Kind.FAKE, Kind.PARASITE]) if honest else Kind.FAKE
                played.challenge(role, Kind.HONEST if role in HONEST else cheats)
            played.play()
            assert (played.fell_by is not None) == honest
            fallen += honest
            assert_paid_by_the_rules(played)
            if honest:
                assert played.burned() >= MIN_BOND // 2
                assert played.gain("staker", *FRIENDS) <= -MIN_BOND // 2
                assert played.gain(*HONEST) >= 0
    assert fallen == 20


@pytest.mark.parametrize("silent", [False, True], ids=["answering", "silent"])
@pytest.mark.parametrize(
    "kinds", list(product(Kind, repeat=2)), ids=lambda kinds: "-".join(k.name for k in kinds)
)
def test_self_challenge__any_order__leaves_the_cheater_poorer(
    court: Court, kinds: tuple[Kind, Kind], silent: bool
) -> None:
    """Two second accounts that win, lose or copy, in both orders, the defender answering or not."""
    cheater = ("staker", "requester", *FRIENDS)  # he asked the question as well
    for seed in range(3):
        rng = Random(f"{kinds}/{silent}/{seed}")
        with court.world.wire.rewound():
            played = crowd(rng, court, lies=True, idle=silent)
            opening = [*zip(FRIENDS, kinds, strict=False), ("challenger", Kind.HONEST)]
            rng.shuffle(opening)
            for role, kind in opening:
                played.challenge(role, kind)
            played.play()
            assert played.fell_by is not None
            assert_paid_by_the_rules(played)
            assert played.gain(*cheater) <= -MIN_BOND // 2
            assert played.gain("challenger") >= PARAMETERS.pot // 2  # the bounty, or a share for its gas


def test_self_challenge__of_an_honest_result__costs_the_delay(court: Court) -> None:
    played = crowd(Random("own"), court, lies=False)
    for role in FRIENDS[:3]:
        played.challenge(role, Kind.FAKE)
    played.play()
    assert_paid_by_the_rules(played)
    assert played.gain("staker", *FRIENDS) == -3 * DELAY
    assert played.gain("requester") == 3 * DELAY


@pytest.mark.parametrize("parasites", [1, 3])
def test_prove__parasites_copy_the_honest_challenger__he_alone_has_the_bounty(
    court: Court, parasites: int
) -> None:
    for seed in range(4):
        with court.world.wire.rewound():
            played = crowd(Random(f"parasite/{seed}"), court, lies=True)
            game = played.challenge("challenger", Kind.HONEST)
            for role in FRIENDS[:parasites]:
                played.challenge(role, Kind.PARASITE)
            played.play()
            assert played.fell_by == game
            assert_paid_by_the_rules(played)
            assert played.gain("challenger") == PARAMETERS.bounty
            for role in FRIENDS[:parasites]:  # for their gas, as everybody who came too late
                assert played.gain(role) == PARAMETERS.pot // parasites


def test_challenge__ten_at_once_against_an_honest_result__it_wins_all_and_is_paid(court: Court) -> None:
    for seed in range(2):
        rng = Random(f"ten/{seed}")
        with court.world.wire.rewound():
            played = crowd(rng, court, lies=False)
            for role in (*FRIENDS, *HONEST, *FRIENDS):
                played.challenge(role, Kind.FAKE)
            played.play()
            assert played.fell_by is None
            assert_paid_by_the_rules(played)
            assert played.gain("staker") == 10 * (PARAMETERS.deposit - DELAY)
            assert played.gain("requester") == 10 * DELAY
            assert played.burned() == 0
            assert played.world.status(played.hearing.result.request) == Status.FINAL


def test_challenge__nine_fake_and_one_honest__the_false_result_falls(court: Court) -> None:
    for seed in range(3):
        rng = Random(f"nine/{seed}")
        with court.world.wire.rewound():
            played = crowd(rng, court, lies=True, idle=seed == 2)
            order = [Kind.FAKE] * 9 + [Kind.HONEST]
            rng.shuffle(order)
            for number, kind in enumerate(order):
                played.challenge("challenger" if kind is Kind.HONEST else FRIENDS[number % 4], kind)
            played.play()
            assert played.fell_by is not None
            assert_paid_by_the_rules(played)
            assert played.burned() >= MIN_BOND // 2
            assert played.gain("staker", *FRIENDS) <= -MIN_BOND // 2
            assert played.world.status(played.hearing.result.request) == Status.OPEN
