"""Attacks by naming the wrong address: as a hook, an arbiter, a fee asset, a model, a market."""

from __future__ import annotations

import pytest

from tests.wire import Refused
from tests.words import NATIVE, Flags, Status
from tests.world import INPUT, MIN_BOND, OUTPUT, STAKE, WINDOW

OURS = ["market", "vault", "challenges", "orders", "network", "inputs", "registry", "model", "bond_asset"]
PRECOMPILES = [f"0x{number:040x}" for number in (1, 2, 4, 5, 11, 0x100)]


@pytest.fixture
def named(world, request):
    return getattr(world, request.param).address


@pytest.mark.parametrize("hook", PRECOMPILES)
def test_open__hook_is_a_precompile__agrees_to_nothing(world, roles, refuses, hook):
    """The identity returns what it is asked, others a hash or a curve point; none of them says yes."""
    model = world.deploy("MockModel", world.market, world.terms(hook=hook))
    offer = world.offer(version=1, flags=Flags.PREPAID)
    for question in (b"", b"\x00" * 31 + b"\x01", b"\x01" * 64):
        refuses("market: input refused", world.market.open, model, offer, question, sender=roles.requester)


@pytest.mark.parametrize("named", OURS, indirect=True)
def test_open__hook_is_a_contract_of_ours_or_nobody__agrees_to_nothing(world, roles, refuses, named):
    offer = world.offer(version=1, flags=Flags.PREPAID)
    for hook in (named, roles.attacker):
        model = world.deploy("MockModel", world.market, world.terms(hook=hook))
        refuses("market: input refused", world.market.open, model, offer, INPUT, sender=roles.requester)


@pytest.mark.parametrize("named", OURS, indirect=True)
def test_challenge__arbiter_is_a_contract_of_ours__refuses_and_locks_nothing(world, roles, named):
    """What Challenges says to an arbiter means nothing to the contracts that trust Challenges."""
    request = world.open(model=world.create_model(arbiter=named))
    world.claim(request)
    (result,) = world.post(request)
    with pytest.raises(Refused):
        world.challenges.challenge(result, INPUT, OUTPUT, sender=roles.challenger)
    assert world.stakes(roles.challenger) == (STAKE, 0, 0)
    world.warp(WINDOW)
    world.finalize(result)
    assert world.stakes(roles.staker) == (STAKE, 0, 0)


@pytest.mark.parametrize("arbiter", PRECOMPILES)
def test_open__arbiter_is_a_precompile__is_refused(world, roles, refuses, arbiter):
    model = world.deploy("MockModel", world.market, world.terms(arbiter=arbiter))
    offer = world.offer(version=1, flags=Flags.PREPAID)
    reason = "network: arbiter has no code"
    refuses(reason, world.market.open, model, offer, INPUT, sender=roles.requester)


@pytest.mark.parametrize("asset", [*PRECOMPILES, *OURS])
def test_deposit__asset_is_no_token__credits_nothing(world, roles, asset):
    if asset == "bond_asset":  # it is one, but nothing was approved
        world.bond_asset.deposit(sender=roles.attacker, value=STAKE)
    address = getattr(world, asset).address if asset in OURS else asset
    for call in (
        lambda: world.market.deposit.asked(address, roles.attacker, 10**18, sender=roles.attacker),
        lambda: world.market.open.asked(
            world.model, world.offer(asset=address), INPUT, sender=roles.attacker
        ),
    ):
        with pytest.raises(Refused):
            call()
    assert world.balance(roles.attacker, address) == 0


@pytest.mark.parametrize("named", OURS, indirect=True)
def test_open__model_is_no_model__is_refused(world, roles, named):
    if named == world.model.address:
        assert world.market.open.asked(named, world.offer(flags=Flags.PREPAID), INPUT, sender=roles.requester)
        return
    with pytest.raises(Refused):
        world.market.open.asked(named, world.offer(flags=Flags.PREPAID), INPUT, sender=roles.requester)
    order = world.order(model=named)
    with pytest.raises(Refused) as refusal:
        world.orders.claim.asked(*world.order_words((order, world.sign(order))), sender=roles.executor)
    assert refusal.value.reason == "orders: model refuses"


@pytest.mark.parametrize("named", [name for name in OURS if name != "bond_asset"], indirect=True)
def test_withdraw__to_a_contract_of_ours__stays_where_it_is(world, roles, refuses, named):
    """None of them takes coin that it did not ask for, so none can be made to hold some for nobody."""
    reason = "market: payment refused"
    refuses(reason, world.market.withdraw, NATIVE, named, 10**18, sender=roles.requester)


def test_revoke_collect__by_whoever_is_no_model__touch_only_what_is_their_own(world, roles):
    """Everybody is a model to the Market; what one says is kept under its own address."""
    request = world.open()
    world.market.revoke(1, sender=roles.attacker)
    assert world.market.collect.asked(NATIVE, roles.attacker, sender=roles.attacker) == 0
    world.claim(request)
    (result,) = world.post(request)
    world.warp(WINDOW)
    world.finalize(result)
    assert world.status(request) == Status.FINAL
    assert world.market.collect.asked(NATIVE, roles.attacker, sender=roles.attacker) == 0
    assert world.stakes(roles.staker)[0] == STAKE > MIN_BOND
