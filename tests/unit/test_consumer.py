"""`modules/consumer.vy` through the Guestbook, and the digits hook."""

import pytest
from ape.utils import ZERO_ADDRESS

from tests.unit.test_model import version_of

MIN_BOND = 10**18
MIN_MARGIN = 6_549
PRICE = 10**15
FIRST, SECOND = 1, 2  # attempts
REFUNDED = 6
AT_POST, AT_FINAL, UPLOADED, UNWATCHABLE = 1, 2, 4, 8
DRAWING = bytes(range(16)) * 4
ID = b"\x1d" * 32


@pytest.fixture(scope="module")
def market(project, deployer):
    return project.MockMarket.deploy(sender=deployer)


@pytest.fixture(scope="module")
def arbiter(project, deployer):
    return project.MockArbiter.deploy(sender=deployer)


@pytest.fixture(scope="module")
def model(project, deployer, owner, guardian, market, arbiter):
    version = version_of(arbiter, min_bond=MIN_BOND // 2)
    return project.Model.deploy(market, "digits", owner, guardian, version, sender=deployer)


@pytest.fixture(scope="module")
def guestbook(project, deployer, owner, model):
    return project.Guestbook.deploy(model, MIN_BOND, MIN_MARGIN, owner, sender=deployer)


@pytest.fixture(scope="module")
def hook(project, deployer):
    return project.DigitHook.deploy(sender=deployer)


def output(digit=7, margin=MIN_MARGIN, recognised=1, rest=0) -> bytes:
    words = (digit, recognised, margin, 20_000, rest, 0, 0, 0)
    return b"".join(word.to_bytes(4, "big", signed=True) for word in words)


def request_for(model, consumer, requester, bond=MIN_BOND, flags=AT_POST | AT_FINAL, version=1):
    """`IMarket.Request` in its packed words."""
    return {
        "terms": b"\x01" * 32,
        "origin": int(str(model), 16) << 96 | version << 64,
        "payer": int(str(requester), 16) << 96 | bond,
        "callback": int(str(consumer), 16) << 96 | 150_000 << 64 | flags << 56,
        "timing": 60 << 64 | 600 << 32 | 300,
        "prices": PRICE << 128 | PRICE,
        "input": b"\x02" * 32,
    }


@pytest.fixture
def deliver(market, guestbook, model, visitor, deployer):
    """Deliver an answer to the guestbook; whatever is not said is as it should be."""

    def send(id_=ID, attempt=FIRST, answer=None, final=False, **changes):
        request = request_for(model, guestbook, changes.pop("requester", visitor), **changes)
        return market.deliver(guestbook, id_, attempt, request, answer or output(), final, sender=deployer)

    return send


@pytest.fixture
def retract(market, guestbook, deployer):
    return lambda attempt, id_=ID: market.retract(guestbook, id_, attempt, sender=deployer)


def entry_of(guestbook, id_=ID):
    entry, sealed = guestbook.entry(id_)
    return entry.visitor, entry.digit, entry.bond, sealed


NOTHING = (ZERO_ADDRESS, 0, 0, False)


# --- an answer's life ---


def test_on_result__posted__is_entered_with_its_bond(guestbook, deliver, visitor):
    receipt = deliver()
    assert entry_of(guestbook) == (visitor, 7, MIN_BOND, False)
    (log,) = receipt.decode_logs(guestbook.Signed)
    assert (log.id, log.visitor, log.digit, log.bond, log.sealed) == (ID, visitor, 7, MIN_BOND, False)


def test_on_result__final__is_sealed(guestbook, deliver, visitor):
    deliver()
    receipt = deliver(final=True)
    assert entry_of(guestbook) == (visitor, 7, MIN_BOND, True)
    (log,) = receipt.decode_logs(guestbook.Signed)
    assert log.sealed


def test_on_result__only_final_arrived__is_sealed(guestbook, deliver, visitor):
    deliver(final=True)
    assert entry_of(guestbook) == (visitor, 7, MIN_BOND, True)


def test_on_result__redelivered__changes_nothing(guestbook, deliver, visitor):
    deliver(final=True)
    for final in (True, False):
        assert not deliver(final=final).decode_logs(guestbook.Signed)
    assert entry_of(guestbook) == (visitor, 7, MIN_BOND, True)


def test_on_retracted__posted__is_erased(guestbook, deliver, retract):
    deliver()
    (log,) = retract(FIRST).decode_logs(guestbook.Erased)
    assert log.id == ID
    assert entry_of(guestbook) == NOTHING


def test_on_retracted__again_or_never_delivered__changes_nothing(guestbook, deliver, retract, visitor):
    assert not retract(FIRST).decode_logs(guestbook.Erased)
    deliver()
    retract(FIRST)
    assert not retract(FIRST).decode_logs(guestbook.Erased)
    assert entry_of(guestbook) == NOTHING
    deliver(attempt=SECOND)
    assert entry_of(guestbook)[0] == visitor


def test_on_result__retracted_answer_redelivered__stays_erased(guestbook, deliver, retract):
    deliver()
    retract(FIRST)
    deliver()
    deliver(final=True)
    assert entry_of(guestbook) == NOTHING


def test_on_result__second_answer__takes_the_place_of_the_first(guestbook, deliver, retract, visitor):
    deliver()
    retract(FIRST)
    deliver(attempt=SECOND, answer=output(digit=3))
    assert entry_of(guestbook) == (visitor, 3, MIN_BOND, False)


def test_on_result__retraction_was_lost__the_second_answer_overwrites(guestbook, deliver, retract, visitor):
    deliver()
    deliver(attempt=SECOND, answer=output(digit=3))
    assert not retract(FIRST).decode_logs(guestbook.Erased)  # it arrives late
    assert entry_of(guestbook) == (visitor, 3, MIN_BOND, False)


def test_on_retracted__of_a_later_answer_that_was_lost__erases_the_first(guestbook, deliver, retract):
    deliver()
    retract(SECOND)
    assert entry_of(guestbook) == NOTHING


def test_on_result__not_recognised__is_no_entry(guestbook, deliver):
    assert not deliver(answer=output(margin=MIN_MARGIN - 1)).decode_logs(guestbook.Signed)
    assert entry_of(guestbook) == NOTHING


def test_on_result__second_answer_not_recognised__erases_the_first(guestbook, deliver):
    deliver()
    receipt = deliver(attempt=SECOND, answer=output(margin=-5))
    assert len(receipt.decode_logs(guestbook.Erased)) == 1
    assert entry_of(guestbook) == NOTHING


def test_on_result__other_requests__keep_their_entries(guestbook, deliver, retract, visitor):
    other = b"\x0e" * 32
    deliver()
    deliver(id_=other, answer=output(digit=9))
    retract(FIRST)
    assert entry_of(guestbook, other) == (visitor, 9, MIN_BOND, False)


# --- what the module makes of every order of calls ---

POST, FINALITY, RETRACTION = range(3)


@pytest.fixture(scope="module")
def echo(project, deployer, model):
    return project.EchoConsumer.deploy(model, MIN_BOND, sender=deployer)


@pytest.mark.parametrize(
    ("calls", "heeded"),
    [
        ([(POST, 1), (FINALITY, 1), (FINALITY, 1), (POST, 1)], [True, True, False, False]),
        ([(FINALITY, 1), (POST, 1)], [True, False]),
        ([(RETRACTION, 1), (POST, 1)], [False, True]),  # a retraction of what was never delivered
        ([(POST, 1), (RETRACTION, 1), (RETRACTION, 1), (POST, 1)], [True, True, False, False]),
        ([(POST, 1), (RETRACTION, 1), (RETRACTION, 2), (POST, 2)], [True, True, False, False]),
        ([(POST, 1), (RETRACTION, 2), (RETRACTION, 1), (POST, 3)], [True, True, False, True]),
        ([(POST, 1), (POST, 2), (RETRACTION, 1), (POST, 1), (FINALITY, 2)], [True, True, False, False, True]),
        ([(POST, 1), (RETRACTION, 1), (POST, 2), (RETRACTION, 2)], [True, True, True, True]),
    ],
)
def test_receive_retract__any_order__heeds_what_is_new(market, model, echo, visitor, deployer, calls, heeded):
    request, said = request_for(model, echo, visitor), []
    for kind, attempt in calls:
        if kind == RETRACTION:
            receipt = market.retract(echo, ID, attempt, sender=deployer)
            said += [log.undo for log in receipt.decode_logs(echo.Retracted)]
        else:
            receipt = market.deliver(echo, ID, attempt, request, b"", kind == FINALITY, sender=deployer)
            said += [log.news for log in receipt.decode_logs(echo.Received)]
    assert said == heeded
    assert echo.is_final(ID) == (calls[-1][0] == FINALITY or (FINALITY, 1) in calls)


@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_element__any_width__is_big_endian_and_signed(echo, refuses, visitor, width):
    highest = 2 ** (8 * width - 1) - 1
    numbers = [0, 1, -1, highest, -highest - 1, 0x7B]
    data = b"".join(number.to_bytes(width, "big", signed=True) for number in numbers)
    assert [echo.element(data, index, width) for index in range(len(numbers))] == numbers
    refuses("consumer: output too short", echo.element, data, len(numbers), width, sender=visitor)
    refuses("consumer: output too short", echo.element, data[:-1], len(numbers) - 1, width, sender=visitor)


def test_element__whole_output__reads_its_last(echo):
    assert echo.element(bytes(4092) + b"\xff\xff\xff\xfe", 1023, 4) == -2


# --- answers that are not for us ---


@pytest.fixture
def refuses_delivery(market, guestbook, model, visitor, deployer, refuses):
    def check(reason, answer=None, asked=model, **changes):
        request = request_for(asked, guestbook, visitor, **changes)
        arguments = (guestbook, ID, FIRST, request, answer or output(), False)
        refuses(reason, market.deliver, *arguments, sender=deployer)

    return check


def test_on_result__another_model__reverts(refuses_delivery, attacker):
    refuses_delivery("consumer: another model", asked=attacker)


def test_on_result__bond_too_small__reverts(refuses_delivery):
    refuses_delivery("consumer: bond too small", bond=MIN_BOND - 1)


def test_on_result__unwatchable__reverts(refuses_delivery):
    refuses_delivery("consumer: unwatchable input", flags=AT_POST | UNWATCHABLE)


def test_on_result__uploaded_input__is_as_good_as_inline(guestbook, deliver, visitor):
    deliver(flags=AT_POST | UPLOADED)
    assert entry_of(guestbook)[0] == visitor


def test_on_result__output_too_short__reverts(refuses_delivery):
    refuses_delivery("consumer: output too short", answer=output()[:11])


def test_callbacks__not_the_market__reverts(guestbook, model, visitor, attacker, refuses):
    reason, request = "consumer: not the market", request_for(model, guestbook, visitor)
    refuses(reason, guestbook.on_result, ID, FIRST, request, output(), True, sender=attacker)
    refuses(reason, guestbook.on_retracted, ID, FIRST, sender=attacker)


# --- asking through the guestbook ---


@pytest.fixture
def signed(guestbook, visitor):
    """A request that the guestbook asked for the visitor."""
    return guestbook.sign(DRAWING, value=PRICE, sender=visitor)


def test_sign__drawing__asks_the_model_at_a_fixed_price(guestbook, market, model, signed, visitor):
    assert (market.model(), market.requester(), market.paid()) == (model, guestbook, PRICE)
    assert market.input() == DRAWING
    offer = market.offer()
    assert (offer.version, offer.consumer, offer.flags) == (1, guestbook, AT_POST | AT_FINAL)
    assert offer.min_price == offer.max_price == PRICE
    assert offer.bond == MIN_BOND
    assert tuple(guestbook.payments(signed.return_value)) == (visitor, PRICE)
    (log,) = signed.decode_logs(guestbook.Asked)
    assert (log.id, log.visitor) == (signed.return_value, visitor)
    assert guestbook.balance == 0


def test_sign__model_wants_a_larger_bond__offers_it(guestbook, market, model, owner, arbiter, visitor):
    model.publish(version_of(arbiter, min_bond=3 * MIN_BOND), sender=owner)
    model.promote(2, sender=owner)
    guestbook.sign(DRAWING, value=PRICE, sender=visitor)
    assert market.offer().bond == 3 * MIN_BOND


def test_on_result__guestbook_asked__the_entry_is_the_visitors(guestbook, signed, deliver, visitor):
    deliver(id_=signed.return_value, requester=guestbook)
    assert entry_of(guestbook, signed.return_value)[0] == visitor


def test_sign__drawing_too_large__reverts(guestbook, visitor, wire):
    data = guestbook.sign.encode_input(DRAWING).replace((64).to_bytes(32, "big"), (65).to_bytes(32, "big"))
    with pytest.raises(Exception, match="revert"):
        wire.call(str(visitor), guestbook.address, data + bytes(32), PRICE)


def test_reclaim__refunded__returns_the_price_once(
    guestbook, market, signed, visitor, stranger, deployer, refuses
):
    id_ = signed.return_value
    refuses("guestbook: not refunded", guestbook.reclaim, id_, sender=visitor)
    for slot in (1, 2, 3, 4, 5):  # every other status
        market.set_slot(id_, slot, sender=deployer)
        refuses("guestbook: not refunded", guestbook.reclaim, id_, sender=visitor)

    market.set_slot(id_, 3 << 8 | REFUNDED, sender=deployer)
    market.credit(ZERO_ADDRESS, guestbook, PRICE, value=PRICE, sender=deployer)
    before = visitor.balance
    guestbook.reclaim(id_, sender=stranger)
    assert visitor.balance == before + PRICE
    refuses("guestbook: nothing paid", guestbook.reclaim, id_, sender=visitor)


def test_reclaim__not_asked_here__reverts(guestbook, visitor, refuses):
    refuses("guestbook: nothing paid", guestbook.reclaim, ID, sender=visitor)


def test_collect_rewards__earned__go_to_the_keeper(
    project, guestbook, market, deployer, market_caller, staker, owner, stranger
):
    token = project.MockToken.deploy(sender=deployer)
    vault = project.StakeVault.deploy(token, market_caller, market_caller, 1, sender=deployer)
    token.mint(staker, 100, sender=deployer)
    token.approve(vault, 100, sender=staker)
    vault.deposit(staker, 100, sender=staker)
    vault.lock(staker, 100, sender=market_caller)
    vault.slash(staker, guestbook, 40, ZERO_ADDRESS, 0, 60, sender=market_caller)
    market.set_vault(vault, sender=deployer)

    guestbook.collect_rewards(sender=stranger)
    assert token.balanceOf(owner) == 40


def test_on_result__first_ever__fits_its_gas(guestbook, market, model, visitor, deployer):
    # What the Market forwards is what `sign` asked for, whatever the answer.
    calldata = guestbook.on_result.encode_input(
        ID, FIRST, request_for(model, guestbook, visitor), output(), True
    )
    gas = int(
        guestbook.provider.make_request(
            "eth_estimateGas",
            [{"from": market.address, "to": guestbook.address, "data": "0x" + calldata.hex()}],
        ),
        16,
    )
    assert gas - 21_000 <= 150_000 * 3 // 4


# --- the digits hook ---


@pytest.mark.parametrize(
    "drawing", [b"", b"\x10", bytes(64), b"\x10" * 64, DRAWING, bytes(63) + b"\x10"], ids=len
)
def test_check_input__pixels__agrees(hook, drawing):
    assert hook.check_input(drawing)


@pytest.mark.parametrize("place", [0, 1, 30, 31, 32, 63])
@pytest.mark.parametrize("value", [17, 18, 127, 128, 129, 143, 144, 255])
def test_check_input__no_pixel__disagrees(hook, place, value):
    assert not hook.check_input(b"\x10" * place + bytes([value]) + b"\x10" * (63 - place))


def test_check_input__too_long__disagrees(hook):
    assert not hook.check_input(bytes(65))


@pytest.mark.parametrize("digit", [0, 9])
def test_check_output__digit__agrees(hook, digit):
    assert hook.check_output(ID, output(digit=digit))
    assert hook.check_output(ID, output(digit=digit, margin=0, recognised=0))


@pytest.mark.parametrize(
    "answer",
    [
        output(digit=10),
        output(digit=-1),
        output(recognised=2),
        output(margin=-1),
        output(rest=1),
        output()[:31],
        output() + b"\x00",
        b"",
    ],
)
def test_check_output__implausible__disagrees(hook, answer):
    assert not hook.check_output(ID, answer)
