"""Orders: requests that cost their signer no gas, and nothing but what was signed."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from tests.market.serving import answer, claim, reasons, refused, signed
from tests.wire import Refused
from tests.words import LIVE, Flags, Status, Work
from tests.world import FUNDS, INPUT, MIN_BOND, OUTPUT, STAKE, WINDOW, WRONG_OUTPUT


@pytest.fixture(autouse=True)
def frozen(world):
    """Terms are frozen when the first request under them opens, or by anybody."""
    world.market.freeze(world.model, 1, sender=world.roles.stranger)


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
