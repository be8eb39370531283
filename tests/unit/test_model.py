"""Model: versions, the live pointer, rights of owner and guardian, requests."""

import ape
import pytest
from ape.utils import ZERO_ADDRESS

LIVE = 2**32 - 1
PUBLISHED, CANDIDATE, ON, RETIRED, REVOKED = 1, 2, 4, 8, 16  # IModel.State
PRICE = 10**15
COUNTER, INPUT = 7, b"\x07" * 32


@pytest.fixture(scope="module")
def market(project, deployer):
    return project.MockMarket.deploy(sender=deployer)


@pytest.fixture(scope="module")
def arbiter(project, deployer):
    return project.MockArbiter.deploy(sender=deployer)


def terms_of(arbiter, /, **changes):
    terms = {
        "program_root": b"\x01" * 32,
        "arbiter": str(arbiter),
        "hook": ZERO_ADDRESS,
        "royalty_bps": 500,
        "min_bond": 10**18,
        "window": 3_600,
        "input_size": 64,
        "output_size": 32,
        "unwatchable": False,
    }
    return terms | changes


def version_of(arbiter, /, location="ipfs://program", **changes):
    return {
        "terms": terms_of(arbiter, **changes),
        "location": location,
        "schema": b"\x02" * 32,
        "report": b"\x03" * 32,
    }


@pytest.fixture(scope="module")
def model(project, deployer, owner, guardian, market, arbiter):
    """A model whose version 1 is live."""
    return project.Model.deploy(market, "digits", owner, guardian, version_of(arbiter), sender=deployer)


@pytest.fixture
def grown(model, owner, arbiter):
    """A model whose version 1 is retired, version 2 live, version 3 published."""
    model.publish(version_of(arbiter, program_root=b"\x22" * 32), sender=owner)
    model.publish(version_of(arbiter, program_root=b"\x33" * 32), sender=owner)
    model.promote(2, sender=owner)
    return model


def offer(**changes):
    terms = {
        "version": LIVE,
        "max_window": 86_400,
        "consumer": ZERO_ADDRESS,
        "flags": 0,
        "callback_gas": 0,
        "asset": ZERO_ADDRESS,
        "min_price": PRICE // 2,
        "max_price": PRICE,
        "ramp": 60,
        "claim_seconds": 600,
        "result_seconds": 300,
        "bond": 10**18,
    }
    return terms | changes


def asked(model, version=LIVE):
    return model.resolve(version, ZERO_ADDRESS, COUNTER, INPUT)


def states(model):
    return [model.state_of(number) for number in range(1, model.versions() + 1)]


# --- constructor ---


def test_init__first_version__is_live_at_once(model, market, owner, guardian, arbiter):
    assert model.live() == 1 == model.versions() == asked(model)
    assert states(model) == [ON]
    assert model.owner() == owner
    assert model.pending_owner() == ZERO_ADDRESS
    assert model.guardian() == guardian
    assert model.market() == market
    assert model.name() == "digits"
    assert not model.paused()
    version = model.version(1)
    assert dict(version.terms.items()) == terms_of(arbiter)
    assert (version.location, version.schema, version.report) == (
        "ipfs://program",
        b"\x02" * 32,
        b"\x03" * 32,
    )
    assert dict(model.terms(1).items()) == terms_of(arbiter)


def test_init__nobody__reverts(project, deployer, owner, market, arbiter):
    first = version_of(arbiter)
    with ape.reverts("model: no owner"):
        project.Model.deploy(market, "digits", ZERO_ADDRESS, owner, first, sender=deployer)
    with ape.reverts("model: no market"):
        project.Model.deploy(ZERO_ADDRESS, "digits", owner, owner, first, sender=deployer)


def test_init__deployer__keeps_no_right(model, refuses, deployer, arbiter):
    refuses("model: not the owner", model.publish, version_of(arbiter), sender=deployer)
    refuses("model: neither owner nor guardian", model.pause, sender=deployer)


# --- publish ---


def test_publish__owner__is_kept_and_answers_nothing(model, owner, arbiter, refuses, requester):
    version = version_of(arbiter, program_root=b"\x22" * 32, location="https://mirror/2")
    receipt = model.publish(version, sender=owner)

    assert receipt.return_value == 2
    assert states(model) == [ON, PUBLISHED]
    assert model.live() == 1
    (log,) = receipt.decode_logs(model.Published)
    assert (log.version, log.program_root, log.location) == (2, b"\x22" * 32, "https://mirror/2")
    refuses("model: never live", model.resolve, 2, requester, COUNTER, INPUT, sender=requester)


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("model: no program", {"program_root": b"\x00" * 32}),
        ("model: arbiter has no code", {"arbiter": ZERO_ADDRESS}),
        ("model: hook has no code", {"hook": "0x" + "11" * 20}),
        ("model: royalty too high", {"royalty_bps": 5_001}),
        ("model: no challenge window", {"window": 0}),
        ("model: input size out of bounds", {"input_size": 0}),
        ("model: input size out of bounds", {"input_size": 2**32}),
        ("model: output size out of bounds", {"output_size": 0}),
        ("model: output size out of bounds", {"output_size": 4_097}),
    ],
)
def test_publish__out_of_bounds__reverts(model, owner, arbiter, refuses, reason, changes):
    refuses(reason, model.publish, version_of(arbiter, **changes), sender=owner)


def test_publish__at_the_bounds__is_kept(model, owner, arbiter):
    extremes = {"royalty_bps": 5_000, "window": 1, "input_size": 2**32 - 1, "output_size": 4_096}
    model.publish(version_of(arbiter, hook=str(arbiter), unwatchable=True, **extremes), sender=owner)
    terms = model.terms(2)
    assert (terms.royalty_bps, terms.window, terms.input_size, terms.output_size) == tuple(extremes.values())
    assert terms.hook == arbiter
    assert terms.unwatchable


def test_publish__guardian__never_brings_new_code(model, guardian, arbiter, refuses):
    refuses("model: not the owner", model.publish, version_of(arbiter), sender=guardian)


# --- promote ---


def test_promote__published__is_live_and_the_previous_retired(model, owner, arbiter):
    model.publish(version_of(arbiter), sender=owner)
    receipt = model.promote(2, sender=owner)

    assert states(model) == [RETIRED, ON]
    assert model.live() == 2 == asked(model)
    (log,) = receipt.decode_logs(model.Promoted)
    assert (log.version, log.previous) == (2, 1)


def test_promote__retired__is_live_again(grown, owner):
    grown.promote(1, sender=owner)
    assert states(grown) == [ON, RETIRED, PUBLISHED]


def test_promote__neither_published_nor_retired__reverts(grown, owner, refuses):
    reason = "model: neither published nor retired"
    refuses(reason, grown.promote, 2, sender=owner)  # live
    refuses(reason, grown.promote, 4, sender=owner)  # unknown
    refuses(reason, grown.promote, 0, sender=owner)
    grown.revoke(3, sender=owner)
    refuses(reason, grown.promote, 3, sender=owner)


def test_promote__guardian_or_stranger__reverts(grown, guardian, stranger, refuses):
    for caller in (guardian, stranger):
        refuses("model: not the owner", grown.promote, 3, sender=caller)


# --- rollback ---


@pytest.mark.parametrize("role", ["owner", "guardian"])
def test_rollback__once_live__is_live_again_even_while_paused(grown, request, role):
    caller = request.getfixturevalue(role)
    grown.pause(sender=caller)
    receipt = grown.rollback(1, sender=caller)

    assert states(grown) == [ON, RETIRED, PUBLISHED]
    assert grown.live() == 1
    assert grown.paused()
    (log,) = receipt.decode_logs(grown.RolledBack)
    assert (log.version, log.previous, log.by) == (1, 2, caller)


def test_rollback__never_live_or_revoked__reverts(grown, guardian, refuses):
    reason = "model: not a retired version"
    refuses(reason, grown.rollback, 3, sender=guardian)  # published only: that would be new code
    refuses(reason, grown.rollback, 2, sender=guardian)  # live
    refuses(reason, grown.rollback, 9, sender=guardian)  # unknown
    grown.revoke(1, sender=guardian)
    refuses(reason, grown.rollback, 1, sender=guardian)


def test_rollback__after_the_live_one_was_revoked__heals_the_model(grown, guardian):
    grown.revoke(2, sender=guardian)
    receipt = grown.rollback(1, sender=guardian)
    assert states(grown) == [ON, REVOKED, PUBLISHED]
    assert asked(grown) == 1
    (log,) = receipt.decode_logs(grown.RolledBack)
    assert log.previous == 0


def test_rollback__stranger__reverts(grown, stranger, refuses):
    refuses("model: neither owner nor guardian", grown.rollback, 1, sender=stranger)


# --- revoke ---


@pytest.mark.parametrize("role", ["owner", "guardian"])
def test_revoke__live__leaves_none_and_tells_the_market(grown, market, request, refuses, requester, role):
    caller = request.getfixturevalue(role)
    receipt = grown.revoke(2, sender=caller)

    assert grown.live() == 0
    assert states(grown) == [RETIRED, REVOKED, PUBLISHED]
    assert market.revoked(grown, 2)
    (log,) = receipt.decode_logs(grown.Revoked)
    assert (log.version, log.by) == (2, caller)
    refuses("model: no live version", grown.resolve, LIVE, requester, COUNTER, INPUT, sender=requester)
    refuses("model: no live version", grown.quote, sender=requester)
    refuses("model: revoked", grown.resolve, 2, requester, COUNTER, INPUT, sender=requester)


def test_revoke__live_while_paused__stays_paused(grown, guardian):
    grown.pause(sender=guardian)
    grown.revoke(2, sender=guardian)
    assert grown.paused()
    assert grown.live() == 0


def test_revoke__published_or_retired__leaves_the_live_one(grown, market, guardian):
    grown.revoke(1, sender=guardian)
    grown.revoke(3, sender=guardian)
    assert states(grown) == [REVOKED, ON, REVOKED]
    assert grown.live() == 2
    assert market.revoked(grown, 1)
    assert not market.revoked(grown, 2)


def test_revoke__unknown_or_twice__reverts(grown, guardian, refuses):
    refuses("model: unknown version", grown.revoke, 4, sender=guardian)
    grown.revoke(1, sender=guardian)
    refuses("model: revoked", grown.revoke, 1, sender=guardian)


def test_revoke__stranger__reverts(grown, stranger, refuses):
    refuses("model: neither owner nor guardian", grown.revoke, 1, sender=stranger)


# --- pause ---


@pytest.mark.parametrize("role", ["owner", "guardian"])
def test_pause__owner_or_guardian__stops_requests_and_promotions(
    grown, owner, requester, refuses, request, role
):
    caller = request.getfixturevalue(role)
    receipt = grown.pause(sender=caller)

    assert grown.paused()
    assert grown.live() == 2
    (log,) = receipt.decode_logs(grown.Paused)
    assert log.by == caller
    refuses("model: paused", grown.request, offer(), b"", sender=requester)
    refuses("model: paused", grown.resolve, LIVE, requester, COUNTER, INPUT, sender=requester)
    refuses("model: paused", grown.resolve, 1, requester, COUNTER, INPUT, sender=requester)
    refuses("model: paused", grown.quote, sender=requester)
    refuses("model: paused", grown.promote, 3, sender=owner)
    refuses("model: paused", grown.pause, sender=caller)


def test_unpause__owner__goes_on(grown, owner, guardian, refuses):
    grown.pause(sender=guardian)
    refuses("model: not the owner", grown.unpause, sender=guardian)
    receipt = grown.unpause(sender=owner)

    assert asked(grown) == 2
    (log,) = receipt.decode_logs(grown.Unpaused)
    assert log.by == owner


def test_pause__stranger__reverts(model, stranger, refuses):
    refuses("model: neither owner nor guardian", model.pause, sender=stranger)


# --- resolve, quote ---


def test_resolve__pinned__answers_if_it_is_or_was_live(grown, requester, refuses):
    assert asked(grown, 1) == 1
    assert asked(grown, 2) == 2
    for never in (0, 3, 4):
        refuses("model: never live", grown.resolve, never, requester, COUNTER, INPUT, sender=requester)


def test_quote__live_version__states_its_terms_and_the_advice(model, owner, arbiter):
    model.advise_price(1, 5, sender=owner)
    changed = version_of(arbiter, min_bond=3 * 10**18, window=60, royalty_bps=7)
    model.publish(changed, sender=owner)
    model.promote(2, sender=owner)
    assert tuple(model.quote()) == (2, 1, 5, 3 * 10**18, 60, 7)


def test_advise_price__owner__is_stated(model, owner, stranger, refuses):
    receipt = model.advise_price(4, 4, sender=owner)
    (log,) = receipt.decode_logs(model.PriceAdvised)
    assert (log.min_price, log.max_price) == (4, 4)
    refuses("model: prices out of order", model.advise_price, 5, 4, sender=owner)
    refuses("model: not the owner", model.advise_price, 4, 5, sender=stranger)


# --- request ---


def test_request__live__is_pinned_and_opened_for_the_caller(grown, market, requester):
    receipt = grown.request(offer(max_window=77), b"pixels", value=PRICE, sender=requester)

    assert market.model() == grown
    assert market.requester() == requester
    assert market.paid() == PRICE
    assert market.input() == b"pixels"
    opened = dict(market.offer().items())
    assert opened == offer(max_window=77, version=2)
    assert grown.balance == 0
    assert receipt.return_value != b"\x00" * 32


def test_request__pinned__keeps_its_version(grown, market, requester, refuses):
    grown.request(offer(version=1), b"", value=PRICE, sender=requester)
    assert market.offer().version == 1
    refuses("model: never live", grown.request, offer(version=3), b"", sender=requester)


def test_request__whole_input__arrives(model, market, requester):
    model.request(offer(), bytes(range(256)) * 16, value=PRICE, sender=requester)
    assert market.input() == bytes(range(256)) * 16


def test_request__without_value__is_for_the_market_to_judge(model, market, requester):
    model.request(offer(), b"", sender=requester)
    assert market.paid() == 0


# --- ownership, guardian, royalties ---


def test_transfer_ownership__two_steps__the_new_owner_accepts(model, owner, new_owner, stranger, refuses):
    model.transfer_ownership(new_owner, sender=owner)
    assert model.owner() == owner
    assert model.pending_owner() == new_owner
    refuses("ownable_2step: caller is not the new owner", model.accept_ownership, sender=stranger)
    refuses("ownable: caller is not the owner", model.transfer_ownership, stranger, sender=stranger)

    model.accept_ownership(sender=new_owner)
    assert model.owner() == new_owner
    refuses("model: not the owner", model.set_guardian, owner, sender=owner)


def test_ownership__renouncing__is_not_offered(model):
    assert not hasattr(model, "renounce_ownership")


def test_set_guardian__owner__replaces_it(model, owner, guardian, stranger, refuses):
    receipt = model.set_guardian(stranger, sender=owner)
    (log,) = receipt.decode_logs(model.GuardianSet)
    assert (log.previous, log.guardian) == (guardian, stranger)
    refuses("model: neither owner nor guardian", model.pause, sender=guardian)
    model.pause(sender=stranger)


def test_set_guardian__guardian__reverts(model, guardian, refuses):
    refuses("model: not the owner", model.set_guardian, guardian, sender=guardian)


def test_collect__royalties__go_where_the_owner_says(model, market, owner, stranger, deployer, refuses):
    market.credit(ZERO_ADDRESS, model, 500, value=500, sender=deployer)
    refuses("model: not the owner", model.collect, ZERO_ADDRESS, stranger, sender=stranger)

    assert model.collect(ZERO_ADDRESS, stranger, sender=owner).return_value == 500
    assert market.balance_of(ZERO_ADDRESS, stranger) == 500
    assert market.balance_of(ZERO_ADDRESS, model) == 0
