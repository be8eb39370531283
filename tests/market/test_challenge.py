"""Challenges.challenge: a deposit, an arbiter that is asked, and what an arbiter cannot do while it opens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from eth_utils import keccak

from tests.market.doubts import DEPOSIT, doubt
from tests.wire import Refused
from tests.words import CHALLENGER, Flags, GameStatus, Status
from tests.world import (
    INPUT,
    OUTPUT,
    PARAMETERS,
    PROGRAM_ROOT,
    STAKE,
    WINDOW,
    WRONG_OUTPUT,
)

VECTORS = Path(__file__).parent.parent / "vectors"


@pytest.fixture
def result(world):
    """A wrong one, as those who challenge it believe."""
    return world.posted_result(output=WRONG_OUTPUT)


def data_root(data: bytes, size: int) -> bytes:
    """Of at most 1,024 bytes, as `executor/program/commitments.py` writes it out."""
    header = b"\x02\x00\x01" + size.to_bytes(8, "big") * 2
    return keccak(header + keccak(b"\x00" + data.ljust(1024, b"\x00")))


# --- challenge ---


def test_challenge__posted_result__locks_the_deposit_and_asks_the_arbiter(world, roles, result):
    receipt = world.challenges.challenge(result, INPUT, WRONG_OUTPUT, sender=roles.challenger)
    (event,) = world.challenges.events(receipt, "Challenged")
    assert (event.id, event.challenger, event.attempt) == (world.id(result.request), roles.challenger, 1)
    assert world.stakes(roles.challenger) == (STAKE - DEPOSIT, DEPOSIT, 0)
    assert world.game_status(result, event.game) == GameStatus.LIVE
    asked = world.arbiter.game(event.game)
    assert asked == (
        world.challenges.address,
        world.id(result.request),
        1,
        keccak(WRONG_OUTPUT),
        PROGRAM_ROOT,
        data_root(INPUT, 64),
        data_root(WRONG_OUTPUT, 32),
        roles.executor,
        roles.challenger,
        world.now() + PARAMETERS.ruling_seconds,
    )


def test_challenge__short_input__is_zero_extended_for_the_judge(world):
    request = world.open(question=b"\x01\x02")
    world.claim(request)
    (result,) = world.post(request)
    game = world.challenge(result, question=b"\x01\x02")
    assert world.arbiter.game(game)[5] == data_root(b"\x01\x02", 64)


def test_challenge__roots__are_those_of_the_shared_vectors(world):
    cases = json.loads((VECTORS / "data_root.json").read_text())["cases"]
    usual = [(bytes.fromhex(case["data"][2:]), case["size"], case["data_root"]) for case in cases]
    tried = 0
    for data, size, root in usual:
        if size > 0 and len(data) <= 4096:
            with world.wire.rewound():
                request = world.open(question=data, model=world.create_model(input_size=size))
                (result,) = world.answer(request)
                game = world.challenge(result, question=data)
                assert "0x" + world.arbiter.game(game)[5].hex() == root
            tried += 1
    assert tried > 5


def test_challenge__last_second_of_the_window__is_in_time(world, roles, refuses, result):
    posted_at = world.now()
    world.at(posted_at + WINDOW)
    arguments = (result, INPUT, WRONG_OUTPUT)
    refuses("market: window closed", world.challenges.challenge, *arguments, sender=roles.challenger)
    world.at(posted_at + WINDOW - 1)
    doubt(world, result)
    world.warp(WINDOW)
    refuses("market: game open", world.market.finalize, [result], b"", sender=roles.stranger)


def test_challenge__without_stake__is_refused(world, roles, refuses, result):
    arguments = (result, INPUT, WRONG_OUTPUT)
    challenge = world.challenges.challenge
    refuses("vault: not an operator", challenge, *arguments, sender=roles.stranger)
    world.vault.begin_unbonding(STAKE - DEPOSIT + 1, sender=roles.challenger)
    refuses("vault: not enough free stake", challenge, *arguments, sender=roles.challenger)


def test_challenge__other_bytes_than_were_asked_or_answered__is_refused(world, roles, refuses, result):
    challenge, sender = world.challenges.challenge, roles.challenger
    refuses("challenges: wrong output", challenge, result, INPUT, OUTPUT, sender=sender)
    refuses("challenges: wrong input", challenge, result, INPUT[:-1], WRONG_OUTPUT, sender=sender)
    padded = INPUT[:32] + bytes(32)  # the same after zero extension, but not what was asked
    request = world.open(question=INPUT[:32])
    world.claim(request)
    (short,) = world.post(request)
    refuses("challenges: wrong input", challenge, short, padded, OUTPUT, sender=sender)


def test_challenge__not_the_posted_result__is_refused(world, roles, refuses, result):
    challenge, sender = world.challenges.challenge, roles.challenger
    fakes = [
        result._replace(work=result.work ^ (1 << 24)),
        result._replace(work=(int(roles.attacker, 16) << 96) | (result.work & (2**96 - 1))),
        result._replace(output_hash=keccak(OUTPUT)),
    ]
    for fake in fakes:
        output = OUTPUT if fake.output_hash == keccak(OUTPUT) else WRONG_OUTPUT
        refuses("market: not this result", challenge, fake, INPUT, output, sender=sender)
    unknown = result._replace(request=result.request._replace(prices=0))
    refuses("market: not posted", challenge, unknown, INPUT, WRONG_OUTPUT, sender=sender)


def test_challenge__not_posted_yet_or_final_or_refuted__is_refused(world, roles, refuses, result):
    challenge, sender = world.challenges.challenge, roles.challenger
    request = world.open()
    early = result._replace(request=request)
    refuses("market: not posted", challenge, early, INPUT, WRONG_OUTPUT, sender=sender)
    with world.wire.rewound():
        world.warp(WINDOW)
        world.finalize(result)
        refuses("market: not posted", challenge, result, INPUT, WRONG_OUTPUT, sender=sender)
    game = doubt(world, result)
    world.rule(game, CHALLENGER)
    refuses("market: not posted", challenge, result, INPUT, WRONG_OUTPUT, sender=sender)


def test_challenge__uploaded_input__is_judged_by_its_root(world, roles, refuses):
    size = 3_000
    model = world.create_model(input_size=size)
    run = world.inputs.upload.asked(INPUT, sender=roles.requester)
    world.inputs.upload(INPUT, sender=roles.requester)
    root = world.inputs.seal.asked([run], size, sender=roles.requester)
    world.inputs.seal([run], size, sender=roles.requester)
    request = world.open(world.offer(flags=Flags.UPLOADED), root, model=model)
    world.claim(request)
    (result,) = world.post(request)
    game = world.challenge(result, question=b"")
    assert world.arbiter.game(game)[5] == root


def test_challenge__unwatchable_input_nobody_uploaded__is_refused(world, roles, refuses):
    model = world.create_model(unwatchable=True)
    claimed_root = data_root(INPUT, 64)
    request = world.open(world.offer(flags=Flags.UNWATCHABLE), claimed_root, model=model)
    world.claim(request)
    (result,) = world.post(request)
    refuses(
        "challenges: input not uploaded",
        world.challenges.challenge,
        result,
        INPUT,
        OUTPUT,
        sender=roles.challenger,
    )
    world.inputs.upload(INPUT, sender=roles.challenger)
    run = world.inputs.upload.asked(INPUT, sender=roles.challenger)
    world.inputs.seal([run], 64, sender=roles.challenger)
    assert world.arbiter.game(world.challenge(result))[5] == claimed_root


def test_challenge__arbiter_refuses__locks_nothing(world, roles, refuses, result):
    world.arbiter.refuse(True, sender=roles.stranger)
    refuses(
        "arbiter: refusing",
        world.challenges.challenge,
        result,
        INPUT,
        WRONG_OUTPUT,
        sender=roles.challenger,
    )
    assert world.stakes(roles.challenger) == (STAKE, 0, 0)


# --- arbiters that misbehave while they open a game ---


@pytest.fixture
def hostile(world):
    return world.deploy("HostileArbiter")


@pytest.fixture
def judged(world, hostile):
    """A result whose version names the hostile arbiter."""
    request = world.open(model=world.create_model(arbiter=hostile.address))
    world.claim(request)
    return world.post(request, outputs=[WRONG_OUTPUT])[0]


def test_challenge__arbiter_gives_a_number_twice__is_refused(world, roles, refuses, hostile, judged):
    doubt(world, judged)
    words = (judged, INPUT, WRONG_OUTPUT)
    refuses("challenges: game taken", world.challenges.challenge, *words, sender=roles.second_challenger)
    hostile.say(1, sender=roles.attacker)
    doubt(world, judged, roles.second_challenger)
    hostile.say(0, sender=roles.attacker)
    refuses("challenges: game taken", world.challenges.challenge, *words, sender=roles.challenger)


def test_challenge__arbiter_rules_while_it_opens__finds_no_game(world, roles, hostile, judged):
    rule = world.challenges.rule.encode_input(world.id(judged.request), 1, 0, CHALLENGER)
    hostile.arm(world.challenges, rule, sender=roles.attacker)
    doubt(world, judged)
    assert not hostile.called()
    assert world.status(judged.request) == Status.POSTED


def test_challenge__arbiter_challenges_within_its_challenge__both_games_count(world, roles, hostile, judged):
    world.stake(roles.attacker, STAKE)
    world.bond_asset.deposit(sender=roles.attacker, value=STAKE)
    world.bond_asset.approve(world.vault, STAKE, sender=roles.attacker)
    world.vault.deposit(roles.attacker, STAKE, sender=roles.attacker)
    world.vault.propose_operator(hostile, sender=roles.attacker)
    accept = world.vault.accept_operator.encode_input(roles.attacker)
    hostile.order(world.vault, accept, sender=roles.attacker)
    inner = world.challenges.challenge.encode_input(judged, INPUT, WRONG_OUTPUT)
    hostile.arm(world.challenges, inner, sender=roles.attacker)
    words = (judged, INPUT, WRONG_OUTPUT)
    with pytest.raises(Refused, match="challenges: game taken"):
        world.challenges.challenge(*words, sender=roles.challenger)
    assert world.market.slot_of(world.id(judged.request)) >> 16 & 2**32 - 1 == 0
    assert world.stakes(roles.challenger) == (STAKE, 0, 0)


def test_rule__by_the_arbiter_of_another_result__reaches_its_own_games_only(world, roles, refuses, hostile):
    result = world.posted_result(output=WRONG_OUTPUT)
    game = doubt(world, result)
    rule = world.challenges.rule
    for number in (game, 0):
        words = (world.id(result.request), 1, number, CHALLENGER)
        refuses("challenges: no such game", rule, *words, sender=hostile.address)


# --- only the Challenges contract plays ---


def test_begin_end_reopen_abandon__by_anybody_else__is_refused(world, roles, refuses, result):
    market, request_id = world.market, world.id(result.request)
    doubt(world, result)
    for actor in (roles.attacker, world.arbiter.address, world.orders.address):
        refuses("market: wrong caller", market.begin_game, result, sender=actor)
        refuses("market: wrong caller", market.end_game, request_id, 1, True, sender=actor)
        refuses("market: wrong caller", market.reopen, result, sender=actor)
        refuses("market: wrong caller", market.abandon, result, sender=actor)


def test_status_of__unknown__is_zero(world, result):
    assert world.game_status(result, 1) == GameStatus.UNKNOWN
    assert world.challenges.market() == world.market.address
