"""Frozen terms: what a request is bound by, whatever model and network say later."""

from __future__ import annotations

import json
from pathlib import Path

from tests.words import frozen_key, pack_frozen
from tests.world import INPUT, MIN_BOND, PARAMETERS, STAKE, WINDOW

LAYOUT = Path(__file__).parent.parent / "snapshots" / "layout.json"


def test_freeze__parameters_changed__requests_to_come_get_them(world, roles):
    before = world.open()
    changed = PARAMETERS._replace(penalty=0, fee_bps=0)
    world.network.set_parameters(changed, sender=roles.network_owner)
    assert world.open().terms == before.terms
    receipt = world.market.freeze(world.model, 1, sender=roles.stranger)
    (event,) = world.market.events(receipt, "TermsFrozen")
    after = world.open()
    assert after.terms == event.terms != before.terms
    assert event.frozen == pack_frozen(world.terms(), changed)
    assert world.market.frozen_terms(before.terms) == pack_frozen(world.terms(), PARAMETERS)
    assert world.market.frozen_terms(after.terms) == pack_frozen(world.terms(), changed)
    for request in (before, after):
        world.claim(request)
    world.warp(300)
    world.market.expire(after, sender=roles.stranger)
    assert world.stakes(roles.requester)[2] == 0
    world.market.expire(before, sender=roles.stranger)
    assert world.stakes(roles.requester)[2] == PARAMETERS.penalty // 2


def test_freeze__unpublished_version__is_refused(world, roles, refuses):
    refuses("network: window out of bounds", world.market.freeze, world.model, 2, sender=roles.stranger)


def test_freeze__revoked_version__is_refused(world, roles, refuses):
    world.model.revoke(1, sender=roles.guardian)
    refuses("market: version revoked", world.market.freeze, world.model, 1, sender=roles.stranger)


def test_revoke__by_an_account__touches_its_own_name_only(world, roles):
    request = world.open()
    receipt = world.market.revoke(1, sender=roles.attacker)
    (event,) = world.market.events(receipt, "Revoked")
    assert (event.model, event.version) == (roles.attacker, 1)
    world.claim(request)
    assert world.open().terms == request.terms


def test_terms__hostile_model_changes_them__open_requests_keep_theirs(world, roles):
    """Royalty, window and arbiter of a running request are those of its opening."""
    model = world.deploy("MockModel", world.market, world.terms())
    offer = world.offer(ramp=0)
    words = (model, offer, INPUT)
    request = world.opened(world.market.open(*words, sender=roles.requester, value=offer.max_price))
    greedy = world.terms(royalty_bps=5_000, window=2 * WINDOW, arbiter=model.address, min_bond=2 * MIN_BOND)
    model.set_terms(greedy, sender=roles.attacker)
    (result,) = world.answer(request)
    world.market.freeze(model, 1, sender=roles.attacker)
    world.warp(WINDOW)
    world.finalize(result)
    assert world.shares(model)[0] == offer.max_price // 10
    assert world.stakes(roles.staker) == (STAKE, 0, 0)


def test_terms__model_changes_them_without_freezing__new_requests_keep_the_frozen(world, roles):
    model = world.deploy("MockModel", world.market, world.terms())
    offer = world.offer()
    words = (model, offer, INPUT)
    first = world.opened(world.market.open(*words, sender=roles.requester, value=offer.max_price))
    model.set_terms(world.terms(royalty_bps=5_000), sender=roles.attacker)
    model.misbehave(1, sender=roles.attacker)  # its terms cannot be read any more
    receipt = model.request_as(
        roles.requester, offer._replace(version=1), INPUT, sender=roles.idle, value=offer.max_price
    )
    assert world.opened(receipt).terms == first.terms


def test_terms__key__binds_model_and_version(world):
    first, second = world.open(), world.open(model=world.create_model())
    third = world.open(world.offer(version=world.publish()))
    frozen = pack_frozen(world.terms(), PARAMETERS)
    assert first.terms == frozen_key(world.model.address, 1, frozen)
    assert third.terms == frozen_key(world.model.address, 2, frozen)
    assert len({first.terms, second.terms, third.terms}) == 3


def test_publish__numbers_used_up__is_refused(world, roles, refuses):
    """The last number means "whatever is live", so no version may get it."""
    layout = json.loads(LAYOUT.read_text())
    slot = layout["Model.versions: uint256"]
    model = world.model
    for last, reason in ((2**32 - 3, None), (2**32 - 2, "model: too many versions")):
        word = "0x" + last.to_bytes(32, "big").hex()
        world.wire.request("anvil_setStorageAt", model.address, hex(slot), word)
        assert model.versions() == last
        if reason is None:
            assert model.publish.asked(world.version(), sender=roles.owner) == 2**32 - 2
        else:
            refuses(reason, model.publish, world.version(), sender=roles.owner)
