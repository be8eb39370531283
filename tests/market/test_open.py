"""Market.open, Market.open_for and Model.request: how a request begins, who pays, what is refused."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from tests.wire import Refused
from tests.words import (
    LIVE,
    NOBODY,
    Flags,
    HookConduct,
    Status,
    frozen_key,
    pack_frozen,
    pack_request,
)
from tests.world import ETHER, FUNDS, INPUT, INPUT_SIZE, MIN_BOND, PARAMETERS

DAY = 86_400


@pytest.fixture
def token(world, roles):
    """An ordinary ERC-20 of which the requester holds plenty and has approved all."""
    token = world.deploy("MockToken")
    token.mint(roles.requester, 100 * ETHER, sender=roles.deployer)
    token.approve(world.market, 100 * ETHER, sender=roles.requester)
    return token


@pytest.fixture
def hook(world):
    return world.deploy("MockHook")


# --- what an accepted request becomes ---


def test_request__through_the_model__logs_the_words_and_escrows_the_price(world, roles):
    offer = world.offer(consumer=roles.idle, flags=Flags.AT_POST, callback_gas=70_000)
    held, counter = world.wire.balance(world.market.address), world.market.counter()
    receipt = world.model.request(offer, INPUT, sender=roles.requester, value=offer.max_price)
    (opened,) = world.market.events(receipt, "Opened")
    key = frozen_key(world.model.address, 1, pack_frozen(world.terms(), PARAMETERS))
    expected = pack_request(
        key, world.model.address, 1, counter, roles.requester, offer, keccak(INPUT), hooked=False
    )
    assert opened.request == expected
    assert opened.id == expected.id(world.market.address, world.chain_id)
    assert (opened.model, opened.requester, opened.input) == (world.model.address, roles.requester, INPUT)
    assert world.wire.balance(world.market.address) == held + offer.max_price
    assert world.market.counter() == counter + 1
    assert world.status(expected) == Status.OPEN
    assert world.attempt(expected) == 1


def test_request__same_question_twice__are_two_requests(world):
    first, second = world.open(), world.open()
    assert second.counter == first.counter + 1
    assert world.id(first) != world.id(second)


def test_request__returns__the_id(world, roles):
    offer = world.offer()
    asked = world.model.request.asked(offer, INPUT, sender=roles.requester, value=offer.max_price)
    assert asked == world.id(world.open(offer))


def test_open__first_of_a_version__freezes_its_terms(world, roles):
    model, offer = world.create_model(royalty_bps=77), world.offer()
    receipt = model.request(offer, INPUT, sender=roles.requester, value=offer.max_price)
    (frozen,) = world.market.events(receipt, "TermsFrozen")
    expected = pack_frozen(world.terms(royalty_bps=77), PARAMETERS)
    assert frozen.frozen == expected
    assert frozen.terms == frozen_key(model.address, 1, expected)
    assert (frozen.model, frozen.version) == (model.address, 1)
    assert world.market.terms_of(model, 1) == frozen.terms
    again = model.request(offer, INPUT, sender=roles.requester, value=offer.max_price)
    assert not list(world.market.events(again, "TermsFrozen"))


def test_open__directly__is_paid_by_value(world, roles):
    offer = world.offer()
    receipt = world.market.open(world.model, offer, INPUT, sender=roles.requester, value=offer.max_price)
    assert world.status(world.opened(receipt)) == Status.OPEN


def test_open__prepaid__is_debited(world, roles):
    offer = world.offer(flags=Flags.PREPAID)
    request = world.opened(world.market.open(world.model, offer, INPUT, sender=roles.requester))
    assert world.balance(roles.requester) == FUNDS - offer.max_price
    assert request.callback == 0  # how it was paid is not kept


def test_open__erc20__is_drawn_from_the_caller(world, roles, token):
    offer = world.offer(asset=token)
    request = world.opened(world.market.open(world.model, offer, INPUT, sender=roles.requester))
    assert token.balanceOf(world.market) == offer.max_price
    assert request.max_price == offer.max_price


def test_open__erc20_prepaid__is_debited(world, roles, token):
    offer = world.offer(asset=token, flags=Flags.PREPAID)
    world.market.deposit(token, roles.requester, offer.max_price, sender=roles.requester)
    world.market.open(world.model, offer, INPUT, sender=roles.requester)
    assert world.balance(roles.requester, token) == 0
    assert token.balanceOf(world.market) == offer.max_price


def test_open__bounds_met_exactly__is_accepted(world):
    offer = world.offer(
        max_window=world.terms().window,
        result_seconds=PARAMETERS.min_result_seconds,
        claim_seconds=30 * DAY,
        ramp=30 * DAY,
        min_price=10**15,
        max_price=10**15,
        callback_gas=2_000_000,
        bond=MIN_BOND,
    )
    assert world.status(world.open(offer)) == Status.OPEN


def test_open__free__is_accepted(world):
    assert world.status(world.open(world.offer(min_price=0, max_price=0))) == Status.OPEN


def test_open__short_or_empty_input__is_accepted(world):
    assert world.open(question=b"").input == keccak(b"")
    assert world.open(question=b"\x01").input == keccak(b"\x01")


def test_open__uploaded__names_the_data_root(world, roles):
    size = 3_000
    model = world.create_model(input_size=size)
    root = sealed(world, roles, size)
    request = world.open(world.offer(flags=Flags.UPLOADED), root, model=model)
    assert request.input == root


def test_open__unwatchable_where_accepted__names_root_and_location(world):
    model = world.create_model(unwatchable=True)
    root, location = keccak(text="private"), b"https://example.org/private"
    request = world.open(world.offer(flags=Flags.UNWATCHABLE), root + location, model=model)
    assert request.input == root


def test_open__version_with_hook__is_marked(world, hook):
    model = world.create_model(hook=hook.address)
    assert world.open(model=model).callback >> 56 & 255 == Flags.HOOKED


def sealed(world, roles, size):
    """The root of INPUT, uploaded and zero-extended to a size."""
    run = world.inputs.upload.asked(INPUT, sender=roles.requester)
    world.inputs.upload(INPUT, sender=roles.requester)
    root = world.inputs.seal.asked([run], size, sender=roles.requester)
    world.inputs.seal([run], size, sender=roles.requester)
    return root


# --- what is refused ---

UNFIT = {
    "market: bond too small": [{"bond": MIN_BOND - 1}, {"bond": 0}],
    "market: bond too large": [{"bond": 2**80}, {"bond": 2**256 - 1}],
    "market: window too long": [{"max_window": 3_599}],
    "market: result time too short": [{"result_seconds": PARAMETERS.min_result_seconds - 1}],
    "market: deadlines out of bounds": [
        {"result_seconds": 30 * DAY + 1},
        {"claim_seconds": 30 * DAY + 1},
        {"claim_seconds": 0},
        {"ramp": 30 * DAY + 1},
        {"ramp": 2**256 - 1},
    ],
    "market: prices out of order": [{"min_price": 3 * 10**15 + 2}],
    "market: callback gas too high": [{"callback_gas": 2_000_001}],
    "market: no consumer": [{"flags": Flags.AT_POST}, {"flags": Flags.AT_FINAL}],
    "market: unknown flags": [
        {"flags": 16},
        {"flags": 32},
        {"flags": Flags.HOOKED},
        {"flags": 256},
        {"flags": 2**255},
    ],
    "market: unwatchable input": [{"flags": Flags.UNWATCHABLE}],
}


@pytest.mark.parametrize(
    ("reason", "changes"), [(reason, changes) for reason, cases in UNFIT.items() for changes in cases]
)
def test_request__offer_does_not_fit__is_refused(world, roles, refuses, reason, changes):
    offer = world.offer(**changes)
    value = offer.max_price
    refuses(reason, world.model.request, offer, INPUT, sender=roles.requester, value=value)
    refuses(reason, world.market.open, world.model, offer, INPUT, sender=roles.requester, value=value)


def test_request__input_both_uploaded_and_not__is_refused(world, roles, refuses):
    model, root = world.create_model(unwatchable=True), sealed(world, roles, INPUT_SIZE)
    offer = world.offer(flags=Flags.UPLOADED | Flags.UNWATCHABLE)
    refuses(
        "market: unknown flags", model.request, offer, root, sender=roles.requester, value=offer.max_price
    )


def test_open__pinned_version_and_another_answers__is_refused(world, roles, refuses):
    model = world.deploy("MockModel", world.market, world.terms())
    model.set_answering(2, sender=roles.attacker)
    offer, live = world.offer(version=1), world.offer(version=LIVE)
    refuses(
        "market: another version answers",
        world.market.open,
        model,
        offer,
        INPUT,
        sender=roles.requester,
        value=offer.max_price,
    )
    world.market.open(model, live, INPUT, sender=roles.requester, value=offer.max_price)


def test_open__price_above_128_bits__is_refused(world, roles, refuses):
    token = world.deploy("MockToken")
    offer = world.offer(asset=token, max_price=2**128)
    refuses(
        "market: prices out of order", world.market.open, world.model, offer, INPUT, sender=roles.requester
    )


def test_open__wrong_value__is_refused(world, roles, refuses, token):
    plain, prepaid, erc20 = world.offer(), world.offer(flags=Flags.PREPAID), world.offer(asset=token)
    cases = [
        (plain, plain.max_price - 1),
        (plain, plain.max_price + 1),
        (prepaid, prepaid.max_price),
        (erc20, 1),
        (erc20._replace(flags=Flags.PREPAID), 1),
    ]
    for offer, value in cases:
        refuses(
            "market: wrong value",
            world.market.open,
            world.model,
            offer,
            INPUT,
            sender=roles.requester,
            value=value,
        )
    for value in (0, plain.max_price - 1, plain.max_price + 1):
        refuses("market: wrong value", world.model.request, plain, INPUT, sender=roles.requester, value=value)


def test_open__prepaid_without_balance__is_refused(world, roles, refuses):
    offer = world.offer(flags=Flags.PREPAID)
    refuses("market: balance too small", world.market.open, world.model, offer, INPUT, sender=roles.attacker)


def test_open__erc20_without_allowance__is_refused(world, roles, refuses, token):
    offer = world.offer(asset=token)
    refuses("transfers: token reverted", world.market.open, world.model, offer, INPUT, sender=roles.attacker)


def test_request__in_a_token_or_prepaid__is_refused(world, roles, refuses, token):
    for offer in (world.offer(asset=token), world.offer(flags=Flags.PREPAID)):
        refuses(
            "market: a model pays by value",
            world.model.request,
            offer,
            INPUT,
            sender=roles.requester,
            value=offer.max_price,
        )


def test_request__input_longer_than_the_version_takes__is_refused(world, roles, refuses):
    offer, long = world.offer(), bytes(INPUT_SIZE + 1)
    refuses(
        "market: input too long",
        world.model.request,
        offer,
        long,
        sender=roles.requester,
        value=offer.max_price,
    )


def test_request__input_not_uploaded__is_refused(world, roles, refuses):
    size = 3_000
    model, offer = world.create_model(input_size=size), world.offer(flags=Flags.UPLOADED)
    another = sealed(world, roles, size + 1)
    for root in (keccak(b"a root that somebody claims"), another):
        refuses(
            "market: input not uploaded",
            model.request,
            offer,
            root,
            sender=roles.requester,
            value=offer.max_price,
        )


def test_request__no_input_root__is_refused(world, roles, refuses):
    model = world.create_model(unwatchable=True)
    for flags in (Flags.UPLOADED, Flags.UNWATCHABLE):
        offer = world.offer(flags=flags)
        refuses(
            "market: no input root",
            model.request,
            offer,
            bytes(31),
            sender=roles.requester,
            value=offer.max_price,
        )


@pytest.mark.parametrize("conduct", list(HookConduct), ids=lambda conduct: conduct.name.lower())
def test_request__hook_does_not_agree__is_refused(world, roles, refuses, hook, conduct):
    model, offer = world.create_model(hook=hook.address), world.offer()
    hook.misbehave(conduct, 0, sender=roles.deployer)
    # Of a bomb's 9,600 bytes the first word counts, and that is no `true`.
    refuses(
        "market: input refused", model.request, offer, INPUT, sender=roles.requester, value=offer.max_price
    )


def test_open__model_does_not_resolve__is_refused(world, roles, refuses):
    def refused(reason, version, model=world.model):
        offer = world.offer(version=version)
        arguments = (model, offer, INPUT)
        refuses(reason, world.market.open, *arguments, sender=roles.requester, value=offer.max_price)

    refused("model: never live", 2)
    refused("model: never live", 0)
    world.publish()
    refused("", LIVE, model=roles.stranger)  # an address without code
    world.model.pause(sender=roles.guardian)
    refused("model: paused", LIVE)
    world.model.unpause(sender=roles.owner)
    world.model.revoke(1, sender=roles.guardian)
    refused("model: revoked", 1)
    world.model.revoke(2, sender=roles.guardian)
    refused("model: no live version", LIVE)


def test_open_for__version_its_model_revoked__is_refused(world, roles, refuses):
    model = world.deploy("MockModel", world.market, world.terms())
    offer = world.offer(version=1)
    model.request_as(roles.requester, offer, INPUT, sender=roles.attacker, value=offer.max_price)
    model.revoke(1, sender=roles.attacker)
    refuses(
        "market: version revoked",
        model.request_as,
        roles.requester,
        offer,
        INPUT,
        sender=roles.attacker,
        value=offer.max_price,
    )


def test_open_for__by_an_account__needs_a_model(world, roles, refuses):
    offer = world.offer(version=1)
    refuses("", world.market.open_for, NOBODY, offer, INPUT, sender=roles.attacker, value=offer.max_price)


def test_open__asset_without_code__is_refused(world, roles, refuses):
    offer = world.offer(asset=roles.stranger)
    refuses("", world.market.open, world.model, offer, INPUT, sender=roles.requester)


def test_open__starved__never_refuses_a_good_input(world, roles, hook):
    """Whatever gas the requester sends, the hook gets all of its own, or nothing happens."""
    model, offer = world.create_model(hook=hook.address), world.offer(flags=Flags.PREPAID)
    outcomes = set()
    for gas in range(60_000, 800_000, 20_000):
        with world.wire.rewound():
            try:
                world.with_gas(gas, world.market.open, model, offer, INPUT, sender=roles.requester)
            except Refused as refusal:
                outcomes.add(refusal.reason)
            else:
                outcomes.add("opened")
    assert outcomes - {""} == {"market: too little gas", "opened"}
