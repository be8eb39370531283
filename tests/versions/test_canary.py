"""A candidate answers a share of the requests that follow the pointer, and takes no more of a caller."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from tests.versions.stage import State, drawn
from tests.words import LIVE, NATIVE, Flags
from tests.world import INPUT, MIN_BOND, PARAMETERS, ROYALTY_BPS, WINDOW

SHARE = 3_000
MOST = 5_000


@pytest.fixture
def canary(stage):
    stage.model.canary(3, SHARE, sender=stage.roles.owner)
    return stage


def next_counter(stage):
    return stage.world.market.counter()


def randomness(stage):
    """prevrandao of the newest block."""
    block = stage.world.wire.request("eth_getBlockByNumber", "latest", False)
    return bytes.fromhex(block["mixHash"][2:])


# --- canary ---


def test_canary__published__becomes_the_candidate(stage):
    receipt = stage.model.canary(3, SHARE, sender=stage.roles.owner)
    assert stage.events(receipt) == [("CanarySet", 3, SHARE)]
    assert stage.states() == [State.RETIRED, State.LIVE, State.CANDIDATE]
    assert (stage.model.live(), stage.model.candidate(), stage.model.share()) == (2, 3, SHARE)


def test_canary__again__changes_the_share_and_nothing_else(canary):
    canary.asked(canary.callers[0])
    began = canary.model.since(3)
    receipt = canary.model.canary(3, MOST, sender=canary.roles.owner)
    assert canary.events(receipt) == [("CanarySet", 3, MOST)]
    assert (canary.model.candidate(), canary.model.share()) == (3, MOST)
    assert canary.model.since(3) == began < next_counter(canary)


def test_canary__another__withdraws_the_first(canary):
    fourth = canary.publish()
    canary.asked(canary.callers[0])
    receipt = canary.model.canary(fourth, 1, sender=canary.roles.owner)
    assert canary.events(receipt) == [
        ("CanaryWithdrawn", 3, canary.roles.owner),
        ("CanarySet", fourth, 1),
    ]
    assert canary.states()[2:] == [State.PUBLISHED, State.CANDIDATE]
    assert canary.model.since(fourth) == next_counter(canary)


def test_canary__not_the_owner__reverts(stage, refuses):
    for caller in (stage.roles.guardian, stage.roles.stranger):
        refuses("model: not the owner", stage.model.canary, 3, SHARE, sender=caller)


@pytest.mark.parametrize("share", [0, MOST + 1, 2**16 + 1, 2**256 - 1])
def test_canary__share_out_of_bounds__reverts(stage, refuses, share):
    refuses("model: share out of bounds", stage.model.canary, 3, share, sender=stage.roles.owner)


def test_canary__not_published__reverts(stage, refuses):
    reason, owner = "model: not a published version", stage.roles.owner
    for version in (0, 1, 2, 4, LIVE):
        refuses(reason, stage.model.canary, version, SHARE, sender=owner)
    stage.model.revoke(3, sender=owner)
    refuses(reason, stage.model.canary, 3, SHARE, sender=owner)


def test_canary__paused_or_without_live_version__reverts(stage, refuses):
    owner = stage.roles.owner
    stage.model.pause(sender=owner)
    refuses("model: paused", stage.model.canary, 3, SHARE, sender=owner)
    stage.model.unpause(sender=owner)
    stage.model.revoke(2, sender=owner)
    refuses("model: no live version", stage.model.canary, 3, SHARE, sender=owner)


MORE = [
    {"input_size": 63},
    {"input_size": 65},
    {"output_size": 31},
    {"output_size": 33},
    {"unwatchable": True},
    {"min_bond": MIN_BOND + 1},
    {"royalty_bps": ROYALTY_BPS + 1},
    {"window": WINDOW + 1},
]


@pytest.mark.parametrize("terms", MORE)
def test_canary__asks_for_more_than_the_live_version__reverts(stage, refuses, terms):
    version = stage.publish(**terms)
    reason = "model: asks more than the live version"
    refuses(reason, stage.model.canary, version, SHARE, sender=stage.roles.owner)


def test_canary__asks_for_less__is_taken(stage):
    version = stage.publish(min_bond=MIN_BOND - 1, royalty_bps=0, window=WINDOW - 1)
    stage.model.canary(version, SHARE, sender=stage.roles.owner)
    assert stage.model.candidate() == version


def test_canary__terms_that_the_network_refuses__reverts(stage, refuses):
    """Else who is drawn would be refused."""
    version = stage.publish(min_bond=1)
    reason = "network: bond too small"
    refuses(reason, stage.model.canary, version, SHARE, sender=stage.roles.owner)


def test_canary__its_terms__are_frozen_before_anybody_asks(stage):
    assert stage.world.market.terms_of(stage.model, 3) == bytes(32)
    stage.model.canary(3, SHARE, sender=stage.roles.owner)
    assert stage.world.market.terms_of(stage.model, 3) != bytes(32)


def test_canary__after_the_network_asks_more_time__both_versions_do(stage):
    """An offer that the live version takes is not refused because the draw falls to the candidate."""
    world = stage.world
    world.market.freeze(stage.model, 2, sender=stage.roles.stranger)
    before = world.market.terms_of(stage.model, 2)
    changed = PARAMETERS._replace(min_result_seconds=60)
    world.network.set_parameters(changed, sender=stage.roles.network_owner)
    stage.model.canary(3, SHARE, sender=stage.roles.owner)
    assert world.market.terms_of(stage.model, 2) != before
    least = [world.market.frozen_terms(world.market.terms_of(stage.model, n))[0] >> 80 for n in (2, 3)]
    assert [scope & 2**32 - 1 for scope in least] == [60, 60]


# --- the draw ---


def asked_version(request):
    return request.origin >> 64 & 2**32 - 1


def test_request__many__go_where_the_rule_says(canary):
    seen = set()
    for number in range(24):
        caller, counter = canary.callers[number % 10], next_counter(canary)
        request = canary.asked(caller)
        falls = drawn(keccak(INPUT), caller, counter, randomness(canary), SHARE)
        assert request.counter == counter
        assert asked_version(request) == (3 if falls else 2)
        seen.add(falls)
    assert seen == {True, False}


def test_open__directly_at_the_market__is_drawn_alike(canary):
    market, seen = canary.world.market, set()
    for number in range(24):
        caller, counter = canary.callers[number % 10], next_counter(canary)
        offer = canary.world.offer()
        receipt = market.open(canary.model, offer, INPUT, sender=caller, value=offer.max_price)
        falls = drawn(keccak(INPUT), caller, counter, randomness(canary), SHARE)
        assert asked_version(canary.world.opened(receipt)) == (3 if falls else 2)
        seen.add(falls)
    assert seen == {True, False}


def test_request__uploaded_input__is_drawn_by_its_root(canary):
    inputs, sender = canary.world.inputs, canary.roles.requester
    (run,) = inputs.events(inputs.upload(INPUT, sender=sender), "Uploaded")
    (sealed,) = inputs.events(inputs.seal([run.run], 64, sender=sender), "Sealed")
    offer, seen = canary.world.offer(flags=Flags.UPLOADED), set()
    for _ in range(24):
        counter = next_counter(canary)
        request = canary.world.open(offer, sealed.root, model=canary.model)
        falls = drawn(sealed.root, sender, counter, randomness(canary), SHARE)
        assert asked_version(request) == (3 if falls else 2)
        seen.add(falls)
    assert seen == {True, False}


def test_resolve__every_counter__falls_to_the_candidate_by_its_share(canary):
    canary.model.canary(3, MOST, sender=canary.roles.owner)
    words = canary.callers[0], 0, keccak(INPUT)
    answers = [canary.model.resolve(LIVE, words[0], counter, words[2]) for counter in range(200)]
    assert set(answers) == {2, 3}
    assert 60 < answers.count(3) < 140  # 100 expected, deviation 7


def test_resolve__pinned__is_not_drawn(canary):
    for counter in range(40):
        for version in (1, 2, 3):
            assert canary.model.resolve(version, canary.callers[0], counter, bytes(32)) == version


def test_request__pinned_to_the_candidate__is_answered_by_it(canary):
    assert asked_version(canary.asked(canary.callers[0], version=3)) == 3


def test_quote__with_a_candidate__is_the_live_version_s(stage):
    version = stage.publish(royalty_bps=0)
    stage.model.canary(version, MOST, sender=stage.roles.owner)
    quote = stage.model.quote()
    assert (quote[0], quote[5]) == (2, ROYALTY_BPS)


# --- withdraw ---


@pytest.mark.parametrize("role", ["owner", "guardian"])
def test_withdraw__owner_or_guardian__ends_it(canary, role, refuses):
    caller = getattr(canary.roles, role)
    in_flight = canary.asked(canary.callers[0], version=3)
    receipt = canary.model.withdraw(sender=caller)
    assert canary.events(receipt) == [("CanaryWithdrawn", 3, caller)]
    assert canary.states() == [State.RETIRED, State.LIVE, State.PUBLISHED]
    assert (canary.model.live(), canary.model.candidate(), canary.model.share()) == (2, 0, 0)
    refuses("model: no candidate", canary.model.withdraw, sender=caller)
    refuses("model: never live", canary.model.resolve, 3, caller, 0, bytes(32), sender=caller)
    assert canary.final(in_flight) == [in_flight]


def test_withdraw__stranger__reverts(canary, refuses):
    refuses("model: neither owner nor guardian", canary.model.withdraw, sender=canary.roles.stranger)


# --- what else ends it, and what does not ---


def test_promote__the_candidate__ends_its_canary(canary):
    receipt = canary.model.promote(3, sender=canary.roles.owner)
    assert canary.events(receipt) == [("Promoted", 3, 2)]
    assert canary.states() == [State.RETIRED, State.RETIRED, State.LIVE]
    assert (canary.model.live(), canary.model.candidate(), canary.model.share()) == (3, 0, 0)
    assert canary.model.fallback() == 2


@pytest.mark.parametrize("verb", ["promote", "rollback"])
def test_promote_or_rollback__of_another_that_fits__leaves_the_canary(canary, verb):
    receipt = getattr(canary.model, verb)(1, sender=canary.roles.owner)
    assert canary.events(receipt, "CanaryWithdrawn") == []
    assert canary.states() == [State.LIVE, State.RETIRED, State.CANDIDATE]
    assert (canary.model.live(), canary.model.candidate(), canary.model.share()) == (1, 3, SHARE)


@pytest.mark.parametrize("verb", ["promote", "rollback"])
def test_promote_or_rollback__to_one_that_asks_less__ends_the_canary(stage, verb):
    owner = stage.roles.owner
    modest = stage.publish(window=WINDOW - 1)
    stage.model.promote(modest, sender=owner)
    stage.model.promote(2, sender=owner)
    stage.model.canary(3, SHARE, sender=owner)
    receipt = getattr(stage.model, verb)(modest, sender=owner)
    assert ("CanaryWithdrawn", 3, owner) in stage.events(receipt)
    assert stage.states() == [State.RETIRED, State.RETIRED, State.PUBLISHED, State.LIVE]
    assert (stage.model.candidate(), stage.model.share()) == (0, 0)


def test_revoke__the_candidate__ends_its_canary(canary):
    receipt = canary.model.revoke(3, sender=canary.roles.guardian)
    assert [name for name, *_ in canary.events(receipt)] == ["CanaryWithdrawn", "Revoked"]
    assert canary.states() == [State.RETIRED, State.LIVE, State.REVOKED]
    assert (canary.model.live(), canary.model.candidate()) == (2, 0)


def test_revoke__the_live_version__leaves_no_canary(canary):
    canary.model.revoke(2, sender=canary.roles.guardian)
    assert canary.states() == [State.RETIRED, State.REVOKED, State.PUBLISHED]
    assert (canary.model.live(), canary.model.candidate()) == (0, 0)


def test_pause__with_a_canary__keeps_it_for_later(canary, refuses):
    canary.model.pause(sender=canary.roles.owner)
    refuses("model: paused", canary.model.resolve, LIVE, canary.callers[0], 0, bytes(32), sender=NATIVE)
    refuses("model: paused", canary.model.resolve, 3, canary.callers[0], 0, bytes(32), sender=NATIVE)
    refuses("model: paused", canary.model.promote, 3, sender=canary.roles.owner)
    canary.model.unpause(sender=canary.roles.owner)
    assert (canary.model.live(), canary.model.candidate(), canary.model.share()) == (2, 3, SHARE)


def test_resolve__version_zero_of_a_model_without_live_version__reverts(stage, refuses):
    stage.model.revoke(2, sender=stage.roles.owner)
    refuses("model: never live", stage.model.resolve, 0, stage.callers[0], 0, bytes(32), sender=NATIVE)


def test_request__root_too_short__is_the_market_s_to_refuse(canary, refuses):
    offer = canary.world.offer(flags=Flags.UPLOADED)
    words = (offer, bytes(31))
    sender, value = canary.roles.requester, offer.max_price
    refuses("market: no input root", canary.model.request, *words, sender=sender, value=value)
