"""RULES, Market: request ids, the one slot, roots from bytes, windows. Each attack is written out."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from tests.words import CHALLENGER, Flags, Request, Status
from tests.world import INPUT, OUTPUT, WINDOW, WRONG_OUTPUT

TEN_YEARS = 10 * 365 * 86_400


def written(world, receipt):
    """Storage slots of the Market that a transaction left changed."""
    trace = world.wire.request(
        "debug_traceTransaction",
        receipt["transactionHash"],
        {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}},
    )
    storage = trace["post"].get(world.market.address.lower(), {}).get("storage", {})
    return [int(slot, 16) for slot in storage]


def slot_fields(word, *widths):
    """Fields of a slot from the lowest bits."""
    fields = []
    for width in widths:
        fields.append(word & (2**width - 1))
        word >>= width
    return fields


# --- "Request id = hash of chain, market, model, version, requester, counter, input hash and terms" ---


def test_request_id__any_part_differs__is_another(world):
    request = world.open()
    ids = {world.id(request), request.id(world.market.address, world.chain_id + 1)}
    ids.add(request.id(world.vault.address, world.chain_id))
    for name in Request._fields:
        value = getattr(request, name)
        other = keccak(value) if isinstance(value, bytes) else value ^ 1
        ids.add(world.id(request._replace(**{name: other})))
    assert len(ids) == 3 + len(Request._fields)
    assert world.market.slot_of(world.id(request)) != 0


def test_request_id__same_words_twice__the_counter_tells_them_apart(world):
    first, second = world.open(), world.open()
    assert second._replace(origin=first.origin) == first
    assert world.id(first) != world.id(second)


def test_request_id__after_a_reorganisation__a_signed_result_answers_nothing_else(world, roles, refuses):
    """Signed was a post for question one; the chain forgets it, and question two takes its counter."""
    with world.wire.rewound():
        first = world.open(question=b"one")
        world.claim(first)
        post = world.market.post, (*world.post_words(first),)
        post_ids = world.market.post_ids, ([world.id(first)], OUTPUT)
    second = world.open(question=b"two")
    assert second.counter == first.counter
    world.claim(second)
    for method, words in (post, post_ids):
        refuses("market: not claimed", method, *words, sender=roles.executor)


def test_request_id__after_a_reorganisation_other_terms__is_another(world, roles):
    with world.wire.rewound():
        before = world.open()
    world.market.freeze(world.model, 1, sender=roles.stranger)
    parameters = list(world.network.parameters())
    parameters[1] += 1
    world.network.set_parameters(parameters, sender=roles.network_owner)
    world.market.freeze(world.model, 1, sender=roles.stranger)
    after = world.open()
    assert after.counter == before.counter
    assert after._replace(terms=before.terms) == before
    assert world.id(after) != world.id(before)


# --- "challenge and every move name the output hash" ---


def test_challenge__after_a_reorganisation_another_output_was_posted__is_refused(world, roles, refuses):
    request = world.open()
    world.claim(request)
    with world.wire.rewound():
        (wrong,) = world.post(request, outputs=[WRONG_OUTPUT])
    (right,) = world.post(request)
    assert right.work == wrong.work
    words = (wrong, INPUT, WRONG_OUTPUT)
    refuses("market: not this result", world.challenges.challenge, *words, sender=roles.challenger)
    mixed = (wrong._replace(output_hash=right.output_hash), INPUT, WRONG_OUTPUT)
    refuses("challenges: wrong output", world.challenges.challenge, *mixed, sender=roles.challenger)


# --- "State: one slot a request" ---


def test_state__one_slot_a_request__is_all_that_is_written(world, roles):
    offer = world.offer()
    opening = world.model.request(offer, INPUT, sender=roles.requester, value=offer.max_price)
    request = world.opened(opening)
    with world.wire.rewound():  # the first opening froze the version's terms; this one is as all others
        again = world.model.request(offer, INPUT, sender=roles.requester, value=offer.max_price)
        assert len(written(world, again)) == 2  # the counter and the slot
    claiming = world.claim(request)
    posting = world.market.post([request], OUTPUT, sender=roles.executor)
    (claimed,), (posted,) = written(world, claiming), written(world, posting)
    assert claimed == posted
    assert claimed in written(world, opening)


def test_state__open_and_claimed__are_readable(world, roles):
    request = world.open()
    opened_at = world.now()
    word = world.market.slot_of(world.id(request))
    assert slot_fields(word, 8, 8, 40, 40, 160) == [Status.OPEN, 1, opened_at, opened_at, 0]
    world.at(opened_at + 30)
    world.claim(request)
    word = world.market.slot_of(world.id(request))
    deadline = opened_at + 30 + 300
    expected = [Status.CLAIMED, 1, 30, deadline, 0, int(roles.executor, 16)]
    assert slot_fields(word, 8, 8, 32, 40, 8, 160) == expected


def test_state__posted__is_status_attempt_games_and_a_hash(world):
    result = world.posted_result()
    world.challenge(result)
    world.challenge(result, sender=world.roles.second_challenger)
    word = world.market.slot_of(world.id(result.request))
    digest = keccak(result.work.to_bytes(32, "big") + result.output_hash)
    expected = [Status.POSTED, 1, 2, int.from_bytes(digest, "big") >> 48]
    assert slot_fields(word, 8, 8, 32, 208) == expected


def test_state__final__keeps_the_hash_of_the_output_for_ever(world, roles):
    consumer = world.deploy("MockConsumer")
    offer = world.offer(consumer=consumer, flags=Flags.AT_FINAL, callback_gas=300_000)
    result = world.finished(offer, outputs=[OUTPUT])
    word = world.market.slot_of(world.id(result.request))
    assert slot_fields(word, 8, 8, 240) == [Status.FINAL, 1, int.from_bytes(keccak(OUTPUT), "big") >> 16]
    world.warp(TEN_YEARS)
    assert world.market.verify_output(world.id(result.request), OUTPUT)
    assert not world.market.verify_output(world.id(result.request), WRONG_OUTPUT)
    world.market.redeliver(result, OUTPUT, sender=roles.stranger)
    assert consumer.results() == 2


# --- "Roots come from bytes", "Input is public" ---


def test_roots__claimed_but_never_uploaded__open_nothing(world, roles, refuses):
    offer = world.offer(flags=Flags.UPLOADED)
    value, sender = offer.max_price, roles.attacker
    for root in (keccak(b"any"), bytes(32)):
        refuses("market: input not uploaded", world.model.request, offer, root, sender=sender, value=value)


def test_roots__sealed_at_another_size__open_nothing(world, roles, refuses):
    """The root of the same bytes at another size would be another tensor than the program reads."""
    world.inputs.upload(INPUT, sender=roles.attacker)
    run = world.inputs.upload.asked(INPUT, sender=roles.attacker)
    offer = world.offer(flags=Flags.UPLOADED)
    for size in (65, 4_096):
        world.inputs.seal([run], size, sender=roles.attacker)
        root = world.inputs.seal.asked([run], size, sender=roles.attacker)
        words = (offer, root)
        value = offer.max_price
        refuses("market: input not uploaded", world.model.request, *words, sender=roles.attacker, value=value)


def test_roots__of_a_challenge__come_from_the_bytes_that_were_asked(world, roles, refuses):
    """A challenger who could name the input would have every honest answer judged on another question."""
    result = world.posted_result()
    challenge = world.challenges.challenge
    for question in (b"", INPUT[::-1], INPUT + bytes(1), INPUT[:63]):
        words = (result, question, OUTPUT)
        refuses("challenges: wrong input", challenge, *words, sender=roles.attacker)


def test_roots__longer_inline_input_than_the_version_reads__is_rejected_at_open(world, roles, refuses):
    offer = world.offer()
    refuses(
        "market: input too long",
        world.model.request,
        offer,
        bytes(65),
        sender=roles.requester,
        value=offer.max_price,
    )


def test_input__inline__is_public_in_the_event(world, roles):
    offer = world.offer()
    receipt = world.model.request(offer, INPUT, sender=roles.requester, value=offer.max_price)
    (opened,) = world.market.events(receipt, "Opened")
    assert opened.input == INPUT
    assert keccak(opened.input) == world.opened(receipt).input


def test_input__unwatchable__is_off_by_default(world, roles, refuses):
    offer = world.offer(flags=Flags.UNWATCHABLE)
    words, value = (offer, keccak(INPUT)), offer.max_price
    refuses("market: unwatchable input", world.model.request, *words, sender=roles.requester, value=value)


@pytest.mark.parametrize("flags", [Flags.AT_POST, Flags.AT_POST | Flags.UNWATCHABLE])
def test_input__unwatchable__is_visible_to_the_consumer(world, roles, flags):
    """A consumer that imports our module refuses it: nobody could have checked that answer."""
    model = world.create_model(unwatchable=True)
    echo = world.deploy("EchoConsumer", model, 0)
    offer = world.offer(consumer=echo, flags=flags, callback_gas=300_000)
    request = world.open(offer, INPUT[:32], model=model)
    world.claim(request)
    receipt = world.market.post([request], OUTPUT, sender=roles.executor)
    received = len(list(echo.events(receipt, "Received")))
    assert received == (0 if flags & Flags.UNWATCHABLE else 1)


# --- "all challenges open strictly before the window's end; finality at or after it, with no game open" ---


def test_window__at_its_end__either_a_challenge_or_finality_never_both(world, roles, refuses):
    result = world.posted_result()
    posted_at = world.now()
    challenge = world.challenges.challenge, (result, INPUT, OUTPUT)
    finalize = world.market.finalize, ([result], b"")
    for moment, open_ in ((WINDOW - 1, True), (WINDOW, False)):
        world.at(posted_at + moment)
        if open_:
            refuses("market: window open", finalize[0], *finalize[1], sender=roles.executor)
            assert challenge[0].asked(*challenge[1], sender=roles.challenger) == 1
        else:
            refuses("market: window closed", challenge[0], *challenge[1], sender=roles.challenger)
            assert finalize[0].asked(*finalize[1], sender=roles.executor) == 1


def test_window__game_open_at_its_end__waits_for_the_ruling(world, roles, refuses):
    result = world.posted_result()
    game = world.challenge(result)
    world.warp(10 * WINDOW)
    refuses("market: game open", world.market.finalize, [result], b"", sender=roles.executor)
    world.rule(game, CHALLENGER)
    refuses("market: not this result", world.market.finalize, [result], b"", sender=roles.executor)


def test_window__lost_game_on_purpose__saves_nobody(world, roles, refuses):
    """A cheater challenges itself early and loses that game; the honest challenge still counts."""
    result = world.posted_result(output=WRONG_OUTPUT)
    sham = world.challenge(result, sender=roles.second_executor, output=WRONG_OUTPUT)
    world.rule(sham, 1)
    honest = world.challenge(result, output=WRONG_OUTPUT)
    world.warp(WINDOW)
    refuses("market: game open", world.market.finalize, [result], b"", sender=roles.executor)
    world.rule(honest, CHALLENGER)
    world.settle(result, honest)
    assert world.status(result.request) == Status.OPEN
