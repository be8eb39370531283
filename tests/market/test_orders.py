"""Orders: requests that cost their signer no gas, and nothing but what was signed."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from tests.wire import Refused
from tests.words import DEAD, LIVE, Flags, Status, Work
from tests.world import FUNDS, INPUT, MIN_BOND, OUTPUT, STAKE, WINDOW, WRONG_OUTPUT


@pytest.fixture(autouse=True)
def frozen(world):
    """Terms are frozen when the first request under them opens, or by anybody."""
    world.market.freeze(world.model, 1, sender=world.roles.stranger)


def signed(world, order, **signing):
    return order, world.sign(order, **signing)


def claim(world, *batch, sender="", **parts):
    return world.orders.claim(*world.order_words(*batch, **parts), sender=sender or world.roles.executor)


def answer(world, *batch, sender="", **parts):
    parts.setdefault("outputs", [OUTPUT] * len(batch))
    return world.orders.answer(*world.order_words(*batch, **parts), sender=sender or world.roles.executor)


def reasons(world, receipt):
    return world.reasons(receipt, world.orders)


def refused(world, refuses, reason, order, signature=None, **parts):
    words = world.order_words((order, world.sign(order) if signature is None else signature), **parts)
    refuses(reason, world.orders.claim, *words, sender=world.roles.executor)


# --- claim ---


def test_claim__signed__opens_and_claims_at_the_price_of_the_block(world, roles):
    order = world.order()
    world.at(order.start + 40)
    price = order.offer.price_after(40)
    receipt = claim(world, signed(world, order))
    request = world.opened(receipt)
    (claimed,) = world.market.events(receipt, "Claimed")
    assert (claimed.executor, claimed.price) == (roles.executor, price)
    assert world.balance(roles.requester) == FUNDS - price
    assert world.status(request) == Status.CLAIMED
    assert world.stakes(roles.staker)[1] == MIN_BOND
    assert request.max_price == price
    (opened,) = world.market.events(receipt, "Opened")
    assert (opened.requester, opened.input) == (roles.requester, INPUT)


def test_claim__signed_then_posted__is_paid_the_price(world, roles):
    order = world.order()
    world.at(order.start + 40)
    request = world.opened(claim(world, signed(world, order)))
    (result,) = world.post(request)
    world.warp(WINDOW)
    world.finalize(result)
    price = order.offer.price_after(40)
    assert world.balance(roles.requester) == FUNDS - price
    assert world.balance(roles.staker) + sum(world.shares(world.model)) == price


def test_claim__before_the_ramp_begins__costs_the_minimum(world):
    order = world.order(start=world.now() + 1_000)
    request = world.opened(claim(world, signed(world, order)))
    assert request.max_price == order.offer.min_price


def test_claim__missed__reopens_for_all_at_the_signed_price(world, roles):
    order = world.order()
    world.at(order.start + 40)
    request = world.opened(claim(world, signed(world, order)))
    world.warp(300)
    world.market.expire(request, sender=roles.stranger)
    (claimed,) = world.market.events(world.claim(request, sender=roles.rival_executor), "Claimed")
    assert claimed.price == order.offer.price_after(40)


def test_claim__erc20_balance__pays_in_the_token(world, roles):
    token = world.deploy("MockToken")
    token.mint(roles.requester, 10**18, sender=roles.deployer)
    token.approve(world.market, 10**18, sender=roles.requester)
    world.market.deposit(token, roles.requester, 10**18, sender=roles.requester)
    order = world.order(world.offer(asset=token, ramp=0))
    claim(world, signed(world, order))
    assert world.balance(roles.requester, token) == 10**18 - order.offer.max_price
    assert world.balance(roles.requester) == FUNDS


def test_claim__pinned_version__is_that_version(world):
    world.publish()
    request = world.opened(claim(world, signed(world, world.order(world.offer(version=1)))))
    assert request.origin >> 64 & LIVE == 1


def test_claim__batch_with_bad_items__takes_the_good(world, roles):
    now = world.now()
    good, late, poor, foreign = (
        world.order(nonce=1),
        world.order(nonce=2, expiry=now),
        world.order(nonce=3, requester=roles.idle),
        world.order(nonce=4),
    )
    batch = [
        signed(world, late),
        signed(world, poor, signer="idle"),
        signed(world, foreign, signer="attacker"),
        signed(world, good),
        signed(world, good),
    ]
    receipt = claim(world, *batch)
    assert reasons(world, receipt) == [
        "orders: expired",
        "market: balance too small",
        "orders: wrong signature",
        "orders: nonce spent",
    ]
    digests = [event.digest for event in world.orders.events(receipt, "Skipped")]
    assert digests == [world.orders.digest(order) for order in (late, poor, foreign, good)]
    assert world.stakes(roles.staker)[1] == MIN_BOND


def test_claim__items_with_inputs_of_different_lengths__get_their_own(world):
    questions = [b"", b"\x01", INPUT, b"\x02" * 33]
    batch = [
        signed(world, world.order(question=question, nonce=nonce)) for nonce, question in enumerate(questions)
    ]
    receipt = claim(world, *batch, inputs=questions)
    assert [event.input for event in world.market.events(receipt, "Opened")] == questions


def test_claim__nothing_claimable__reverts_with_the_last_reason(world, roles, refuses):
    order = world.order(expiry=world.now())
    words = world.order_words(signed(world, order))
    refuses("orders: expired", world.orders.claim, *words, sender=roles.executor)
    refuses("market: empty batch", world.orders.claim, [], [], [], b"", b"", sender=roles.executor)


def test_claim__without_stake__is_refused(world, roles, refuses):
    words = world.order_words(signed(world, world.order()))
    refuses("vault: not an operator", world.orders.claim, *words, sender=roles.stranger)


def test_claim__full_batch_of_16__is_taken(world, roles):
    batch = [signed(world, world.order(nonce=nonce)) for nonce in range(16)]
    claim(world, *batch)
    assert world.stakes(roles.staker)[1] == 16 * MIN_BOND


# --- what is refused ---


def test_claim__last_second__is_in_time(world, roles, refuses):
    order = world.order()
    world.at(order.expiry + 1)
    refused(world, refuses, "orders: expired", order)
    world.at(order.expiry)
    claim(world, signed(world, order))


@pytest.mark.parametrize("nonce", [0, 255, 256, 2**256 - 1], ids=str)
def test_claim__twice__finds_the_nonce_spent(world, roles, refuses, nonce):
    order = world.order(nonce=nonce)
    claim(world, signed(world, order))
    assert world.orders.nonces(roles.requester, nonce // 256) == 1 << nonce % 256
    refused(world, refuses, "orders: nonce spent", order)
    another = world.order(nonce=nonce, offer=world.offer(min_price=0))
    refused(world, refuses, "orders: nonce spent", another)


def test_claim__invalidated__finds_the_nonce_spent(world, roles, refuses):
    receipt = world.orders.invalidate(1, 0b101, sender=roles.requester)
    (event,) = world.orders.events(receipt, "Invalidated")
    assert (event.requester, event.word, event.bits) == (roles.requester, 1, 0b101)
    refused(world, refuses, "orders: nonce spent", world.order(nonce=256))
    refused(world, refuses, "orders: nonce spent", world.order(nonce=258))
    claim(world, signed(world, world.order(nonce=257)))
    world.orders.invalidate(0, 1, sender=roles.attacker)  # one's own only
    claim(world, signed(world, world.order(nonce=0)))


def test_claim__prices_out_of_order__is_refused(world, refuses):
    for changes in ({"min_price": 4 * 10**15}, {"max_price": 2**128}, {"ramp": 2**32}):
        refused(world, refuses, "market: prices out of order", world.order(world.offer(**changes)))


def test_claim__another_input_than_signed__is_refused(world, refuses):
    refused(world, refuses, "orders: wrong input", world.order(), inputs=[INPUT[:-1]])
    for flags in (Flags.UPLOADED, Flags.UNWATCHABLE):
        short = world.order(world.offer(flags=flags), question=bytes(31))
        refused(world, refuses, "orders: wrong input", short, inputs=[bytes(31)])


def test_claim__anything_changed_after_signing__is_refused(world, roles, refuses):
    order = world.order()
    signature = world.sign(order)
    other_model = world.create_model()
    world.market.freeze(other_model, 1, sender=roles.stranger)
    offers = [
        order.offer._replace(version=1),
        order.offer._replace(max_window=order.offer.max_window + 1),
        order.offer._replace(consumer=roles.attacker),
        order.offer._replace(flags=Flags.PREPAID),
        order.offer._replace(callback_gas=1),
        order.offer._replace(asset=world.bond_asset.address),
        order.offer._replace(min_price=order.offer.min_price + 1),
        order.offer._replace(max_price=order.offer.max_price + 1),
        order.offer._replace(ramp=order.offer.ramp - 1),
        order.offer._replace(claim_seconds=order.offer.claim_seconds + 1),
        order.offer._replace(result_seconds=order.offer.result_seconds + 1),
        order.offer._replace(bond=order.offer.bond + 1),
    ]
    changed = [order._replace(offer=offer) for offer in offers] + [
        order._replace(model=other_model.address),
        order._replace(requester=roles.second_requester),
        order._replace(start=order.start - 50),
        order._replace(expiry=order.expiry + 1),
        order._replace(nonce=1),
    ]
    for other in changed:
        refused(world, refuses, "orders: wrong signature", other, signature)
    question = order._replace(input=keccak(b"another"))
    refused(world, refuses, "orders: wrong signature", question, signature, inputs=[b"another"])


def test_claim__signature_malleated_or_malformed__is_refused(world, refuses):
    order = world.order()
    good = world.sign(order)
    n = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    r, s, v = good[:32], int.from_bytes(good[32:64], "big"), good[64]
    mirrored = r + (n - s).to_bytes(32, "big") + bytes([55 - v])
    bad = [
        b"",
        good[:64],
        good + b"\x00",
        mirrored,
        good[:64] + bytes([v - 27]),
        good[:64] + bytes([55 - v]),
        bytes(65),
        bytes(64) + b"\x1b",
    ]
    for signature in bad:
        refused(world, refuses, "orders: wrong signature", order, signature)


def test_claim__nobody_as_requester__is_refused(world, roles, refuses):
    """A failed recovery yields the zero address, which must sign for nobody."""
    world.market.deposit("0x" + "00" * 20, "0x" + "00" * 20, 10**18, sender=roles.attacker, value=10**18)
    order = world.order(requester="0x" + "00" * 20)
    for signature in (bytes(65), bytes(64) + b"\x1b", world.sign(order)):
        refused(world, refuses, "orders: wrong signature", order, signature)


def test_claim__signed_for_another_domain__is_refused(world, refuses):
    order = world.order()
    others = [
        {"name": "Elenchos"},
        {"version": "2"},
        {"chainId": world.chain_id + 1},
        {"verifyingContract": world.market.address},
    ]
    for other in others:
        refused(world, refuses, "orders: wrong signature", order, world.sign(order, **other))


def test_claim__balance_too_small__is_refused(world, roles, refuses):
    world.market.withdraw("0x" + "00" * 20, roles.requester, FUNDS - 5, sender=roles.requester)
    order = world.order(world.offer(min_price=6, max_price=6))
    refused(world, refuses, "market: balance too small", order)
    claim(world, signed(world, world.order(world.offer(min_price=5, max_price=5))))


def test_claim__terms_never_frozen__is_refused(world, roles, refuses):
    model = world.create_model()
    refused(world, refuses, "market: terms not frozen", world.order(model=model))
    world.market.freeze(model, 1, sender=roles.stranger)
    claim(world, signed(world, world.order(model=model)))


def test_claim__offer_does_not_fit__is_refused_with_the_markets_reason(world, refuses):
    cases = {
        "market: bond too small": {"bond": MIN_BOND - 1},
        "market: window too long": {"max_window": WINDOW - 1},
        "market: no consumer": {"flags": Flags.AT_POST},
        "market: unknown flags": {"flags": 32},
        "market: deadlines out of bounds": {"claim_seconds": 0},
        "market: unwatchable input": {"flags": Flags.UNWATCHABLE},
        "market: input not uploaded": {"flags": Flags.UPLOADED},
    }
    for reason, changes in cases.items():
        offer = world.offer(**changes)
        data = INPUT[:32]
        reference = data if offer.flags & 12 else keccak(data)
        order = world.order(offer, input=reference)
        refused(world, refuses, reason, order, inputs=[data])


def test_claim__model_refuses__is_skipped(world, roles, refuses):
    world.model.pause(sender=roles.guardian)
    refused(world, refuses, "orders: model refuses", world.order())
    refused(world, refuses, "orders: model refuses", world.order(model=roles.stranger))
    world.model.unpause(sender=roles.owner)
    refused(world, refuses, "orders: model refuses", world.order(world.offer(version=7)))
    world.model.revoke(1, sender=roles.guardian)
    refused(world, refuses, "orders: model refuses", world.order())


@pytest.mark.parametrize("conduct", [1, 2, 4], ids=["revert", "gas", "bomb"])
def test_claim__hostile_model__costs_the_others_nothing(world, roles, conduct):
    hostile = world.deploy("MockModel", world.market, world.terms())
    hostile.misbehave(conduct, sender=roles.attacker)
    bad, good = world.order(model=hostile, nonce=1), world.order(nonce=2)
    receipt = claim(world, signed(world, bad), signed(world, good))
    assert reasons(world, receipt) == ["orders: model refuses"]
    assert world.stakes(roles.staker)[1] == MIN_BOND


@pytest.mark.parametrize(
    "code",
    ["0x", "0x00", "0x5f5ff3", "0x601f5ff3", "0x60205ffd"],
    ids=["no code", "stops", "returns nothing", "returns 31 bytes", "reverts with 32"],
)
def test_claim__model_answers_nonsense__is_refused(world, roles, refuses, code):
    world.wire.request("anvil_setCode", DEAD, code)
    refused(world, refuses, "orders: model refuses", world.order(model=DEAD))


def test_claim__pinned_version_and_another_answers__is_refused(world, roles, refuses):
    model = world.deploy("MockModel", world.market, world.terms())
    world.market.freeze(model, 1, sender=roles.stranger)
    world.market.freeze(model, 2, sender=roles.stranger)
    model.set_answering(2, sender=roles.attacker)
    refused(world, refuses, "orders: model refuses", world.order(world.offer(version=1), model=model))


def test_claim__lengths_do_not_fit__is_refused(world, roles, refuses):
    orders, sender = world.orders, roles.executor
    batch, terms, lengths, inputs, signatures = world.order_words(signed(world, world.order()))
    one_each, differ = "orders: one length and terms an item", "orders: lengths and data differ"
    refuses(one_each, orders.claim, batch, terms, [], inputs, signatures, sender=sender)
    refuses(one_each, orders.claim, batch, [], lengths, inputs, signatures, sender=sender)
    refuses(one_each, orders.claim, [], terms, lengths, inputs, signatures, sender=sender)
    refuses(differ, orders.claim, batch, terms, lengths, inputs[1:], signatures, sender=sender)
    refuses(differ, orders.claim, batch, terms, lengths, inputs, signatures + b"1", sender=sender)
    for bit in (64, 96, 200):
        long = [lengths[0] | 1 << bit]
        refuses(differ, orders.claim, batch, terms, long, inputs, signatures, sender=sender)
    refuses(differ, orders.answer, batch, terms, lengths, inputs, signatures, OUTPUT, sender=sender)


def test_claim__lengths_that_carry_over__are_refused(world, roles, refuses):
    """Two inputs of 2^32 - 1 and 65 bytes would add up to 64 bytes of input and one more of signature."""
    first, second = signed(world, world.order(nonce=1)), signed(world, world.order(nonce=2))
    batch, terms, _, inputs, signatures = world.order_words(first, second, inputs=[b"", INPUT])
    lengths = [(2**32 - 1) | 65 << 32, 65 | 64 << 32]
    assert sum(lengths) == len(inputs) | len(signatures) << 32
    refuses("", world.orders.claim, batch, terms, lengths, inputs, signatures, sender=roles.executor)


def test_claim__terms_nobody_consented_to__are_refused(world, roles, refuses):
    pair = signed(world, world.order())
    for terms in (bytes(32), keccak(b"other")):
        words = world.order_words(pair, terms=[terms])
        refuses("orders: other terms", world.orders.claim, *words, sender=roles.executor)


def test_claim__input_hook_refuses__is_skipped(world, roles, refuses):
    hook = world.deploy("MockHook")
    model = world.create_model(hook=hook.address)
    world.market.freeze(model, 1, sender=roles.stranger)
    claim(world, signed(world, world.order(model=model, nonce=1)))
    hook.misbehave(1, 0, sender=roles.deployer)
    refused(world, refuses, "market: input refused", world.order(model=model))


def test_claim__frozen_terms_revoked_by_a_hostile_model__is_refused(world, roles, refuses):
    model = world.deploy("MockModel", world.market, world.terms())
    world.market.freeze(model, 1, sender=roles.stranger)
    model.revoke(1, sender=roles.attacker)
    refused(world, refuses, "market: version revoked", world.order(model=model))


# --- answer ---


def test_answer__signed__opens_claims_and_posts(world, roles):
    order = world.order()
    world.at(order.start + 40)
    receipt = answer(world, signed(world, order))
    (posted,) = world.market.events(receipt, "Posted")
    assert posted.output == OUTPUT
    work = Work.read(posted.work)
    assert (work.executor, work.attempt, work.posted_at) == (roles.executor, 1, world.now())
    (result,) = world.posted(receipt)
    assert world.stakes(roles.staker)[1] == MIN_BOND
    world.warp(WINDOW)
    world.finalize(result)
    price = order.offer.price_after(40)
    assert world.balance(roles.requester) == FUNDS - price
    assert world.balance(roles.staker) + sum(world.shares(world.model)) == price
    assert world.stakes(roles.staker) == (STAKE, 0, 0)


def test_answer__batch_with_bad_items__each_good_one_gets_its_output(world, roles):
    bad = world.order(nonce=1, expiry=world.now())
    first, second = world.order(nonce=2), world.order(nonce=3)
    batch = [signed(world, order) for order in (bad, first, second)]
    receipt = answer(world, *batch, outputs=[b"bad", WRONG_OUTPUT, b"second"])
    assert reasons(world, receipt) == ["orders: expired"]
    assert [event.output for event in world.market.events(receipt, "Posted")] == [WRONG_OUTPUT, b"second"]


def test_answer__callback_wanted__is_delivered_with_the_bond_locked(world, roles):
    consumer = world.deploy("MockConsumer")
    offer = world.offer(consumer=consumer, flags=Flags.AT_POST, callback_gas=300_000)
    answer(world, signed(world, world.order(offer)))
    assert (consumer.results(), consumer.last_output(), consumer.last_final()) == (1, OUTPUT, False)


def test_answer__hook_disagrees__is_marked(world, roles):
    hook = world.deploy("MockHook")
    model = world.create_model(hook=hook.address)
    world.market.freeze(model, 1, sender=roles.stranger)
    hook.misbehave(0, 1, sender=roles.deployer)
    (posted,) = world.market.events(answer(world, signed(world, world.order(model=model))), "Posted")
    assert Work.read(posted.work).implausible


# --- contracts as signers ---


@pytest.fixture
def wallet(world, roles):
    """A contract account of the requester's, with a balance in the Market."""
    wallet = world.deploy("MockWallet", roles.requester)
    native = "0x" + "00" * 20
    world.market.deposit(native, wallet, FUNDS, sender=roles.requester, value=FUNDS)
    return wallet


def test_claim__by_a_contract__its_own_check_counts(world, roles, wallet):
    order = world.order(requester=wallet)
    claim(world, signed(world, order))
    assert world.balance(wallet) < FUNDS
    assert world.balance(roles.requester) == FUNDS


@pytest.mark.parametrize("conduct", [1, 2, 4], ids=["revert", "gas", "wrong magic"])
def test_claim__contract_does_not_agree__is_refused(world, roles, refuses, wallet, conduct):
    wallet.misbehave(conduct, sender=roles.attacker)
    refused(world, refuses, "orders: wrong signature", world.order(requester=wallet))


def test_claim__hostile_contract__costs_the_others_nothing(world, roles, wallet):
    wallet.misbehave(2, sender=roles.attacker)
    bad, good = world.order(requester=wallet, nonce=1), world.order(nonce=2)
    receipt = claim(world, signed(world, bad), signed(world, good))
    assert reasons(world, receipt) == ["orders: wrong signature"]


def test_claim__contract_signed_by_a_stranger__is_refused(world, refuses, wallet):
    order = world.order(requester=wallet)
    refused(world, refuses, "orders: wrong signature", order, world.sign(order, signer="attacker"))


# --- gas ---


def test_claim__starved__never_takes_a_good_order_for_a_bad_one(world, roles, wallet):
    """Whatever gas the executor sends, model and wallet get all of theirs, or nothing happens."""
    words = world.order_words(signed(world, world.order(requester=wallet)))
    outcomes = set()
    for gas in range(60_000, 600_000, 10_000):
        with world.wire.rewound():
            try:
                receipt = world.with_gas(gas, world.orders.claim, *words, sender=roles.executor)
            except Refused as refusal:
                outcomes.add(refusal.reason)
            else:
                outcomes.add("claimed")
                assert reasons(world, receipt) == []
    assert outcomes - {""} == {"orders: too little gas", "claimed"}


# --- only Orders may ---


def test_open_signed_and_post_signed__by_anybody_else__is_refused(world, roles, refuses):
    market, offer = world.market, world.offer(version=1)
    request = world.open()
    words = (roles.attacker, roles.requester, world.model, offer, INPUT)
    for actor in (roles.attacker, roles.executor, world.challenges.address, world.model.address):
        refuses("market: wrong caller", market.open_signed, *words, sender=actor)
        refuses(
            "market: wrong caller",
            market.post_signed,
            world.id(request),
            request,
            roles.attacker,
            OUTPUT,
            sender=actor,
        )


# --- views ---


def test_digest__is_what_wallets_sign(world):
    order = world.order(world.offer(consumer=world.model), nonce=2**256 - 1)
    message = world.message(order)
    assert world.orders.digest(order) == keccak(b"\x19" + message.version + message.header + message.body)


def test_eip712_domain__names_chain_and_contract(world):
    assert world.orders.eip712Domain() == (
        b"\x0f",
        "Elenchus",
        "1",
        world.chain_id,
        world.orders.address,
        bytes(32),
        (),
    )
    assert world.orders.market() == world.market.address
