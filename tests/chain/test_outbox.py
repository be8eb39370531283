"""The outbox on a real chain: what is wanted happens once, and what cannot happen is said."""

from __future__ import annotations

import pytest

from executor.chain.keys import LocalKey
from executor.chain.outbox import (
    MOST_GAS,
    Outbox,
    OutboxSettings,
)
from executor.chain.transactions import DuplicateError, State
from executor.journal import JournalError
from tests.anvil import CHAIN_ID, COUNTER_AT, OPERATOR
from tests.chain.outboxes import QUICK, settle, states


def test_step__three_intents__are_mined_in_order_and_confirmed(anvil, outbox, want):
    ids = want(outbox, 1, 2, 3)
    assert states(outbox, ids) == [State.QUEUED] * 3
    outbox.step()
    assert states(outbox, ids) == [State.SENT] * 3
    outbox.step()
    assert states(outbox, ids)[0] in (State.MINED, State.CONFIRMED)
    settle(outbox, anvil)
    assert states(outbox, ids) == [State.CONFIRMED] * 3
    assert [int.from_bytes(data) for data in anvil.logged()] == [1, 2, 3]
    last = outbox.get(ids[2])
    receipt = anvil.call("eth_getTransactionReceipt", "0x" + last.hash.hex())
    assert last.gas_used == int(receipt["gasUsed"], 16)
    assert last.gas_price == int(receipt["effectiveGasPrice"], 16)


def test_step__value__arrives(anvil, outbox, journal):
    with journal.transaction():
        outbox.enqueue("pay", "0x" + "ab" * 20, b"", value=10**19 + 1)
    settle(outbox, anvil)
    assert int(anvil.call("eth_getBalance", "0x" + "ab" * 20, "latest"), 16) == 10**19 + 1


def test_step__changes__are_reported_once(anvil, outbox, want):
    (one,) = want(outbox, 1)
    assert [(o.id, o.state) for o in outbox.step()] == [(one, State.SENT)]
    assert [(o.id, o.state) for o in outbox.step()] == [(one, State.MINED)]
    assert outbox.step() == []


def test_enqueue__outside_a_transaction__is_refused(outbox):
    with pytest.raises(JournalError, match="needs a transaction"):
        outbox.enqueue("stray", COUNTER_AT, b"")


def test_enqueue__callers_transaction_fails__wants_nothing(anvil, outbox, journal):
    with pytest.raises(ZeroDivisionError), journal.transaction():
        outbox.enqueue("half", COUNTER_AT, b"") / 0
    assert outbox.idle()
    settle(outbox, anvil)
    assert anvil.nonce(OPERATOR.address) == 0


def test_enqueue__purpose_on_its_way__is_refused_until_it_is_settled(anvil, outbox, want):
    want(outbox, 1)
    with pytest.raises(DuplicateError, match="'count 1' is already on its way"):
        want(outbox, 1)
    settle(outbox, anvil)
    want(outbox, 1)
    settle(outbox, anvil)
    assert anvil.count() == 2


def test_step__simulation_reverts__is_refused_with_the_reason_and_never_sent(anvil, outbox, journal, want):
    with journal.transaction():
        one = outbox.enqueue("doomed", COUNTER_AT, b"\xff")
    (good,) = want(outbox, 1)
    settle(outbox, anvil)
    assert (outbox.get(one).state, outbox.get(one).note) == (State.REFUSED, "no")
    assert outbox.get(good).nonce == 0  # the refused one used no nonce
    assert anvil.nonce(OPERATOR.address) == 1


def test_step__more_gas_than_a_transaction_may_have__is_refused(anvil, outbox, want):
    (one,) = want(outbox, 1, least_gas=MOST_GAS + 1)
    settle(outbox, anvil)
    assert outbox.get(one).state is State.REFUSED
    assert f"more than {MOST_GAS}" in outbox.get(one).note


def test_step__more_bytes_than_pools_take__is_refused(anvil, outbox, journal):
    with journal.transaction():
        one = outbox.enqueue("huge", COUNTER_AT, bytes(128 * 1024))
    settle(outbox, anvil)
    assert outbox.get(one).state is State.REFUSED
    assert "more than 131072" in outbox.get(one).note
    assert anvil.nonce(OPERATOR.address) == 0


def test_step__reverts_on_the_chain_after_all__is_reported(anvil, outbox, want):
    anvil.automine(False)
    (one,) = want(outbox, 1)
    outbox.step()
    anvil.place(bytes.fromhex("5f5ffd"))  # what the simulation saw is no longer there
    settle(outbox, anvil)
    assert (outbox.get(one).state, outbox.get(one).succeeded) == (State.REVERTED, False)


def test_step__follower_of_another__waits_until_that_one_is_mined(anvil, outbox, want):
    anvil.automine(False)
    (first,) = want(outbox, 1)
    (second,) = want(outbox, 2, after=first)
    outbox.step()
    outbox.step()
    assert states(outbox, [first, second]) == [State.SENT, State.QUEUED]
    anvil.mine()
    settle(outbox, anvil)
    assert states(outbox, [first, second]) == [State.CONFIRMED] * 2


def test_step__follower_of_a_refused_one__is_refused(anvil, outbox, journal, want):
    with journal.transaction():
        first = outbox.enqueue("doomed", COUNTER_AT, b"\xff")
    (second,) = want(outbox, 2, after=first)
    settle(outbox, anvil)
    assert outbox.get(second).note == "it was to follow 'doomed', which was refused"
    assert anvil.count() == 0


def test_step__more_wanted_than_may_be_in_flight__goes_in_portions(anvil, make, want):
    anvil.automine(False)
    outbox = make(settings=OutboxSettings(confirmations=1, in_flight=2))
    ids = want(outbox, 1, 2, 3, 4, 5)
    outbox.step()
    outbox.step()
    assert states(outbox, ids) == [State.SENT] * 2 + [State.QUEUED] * 3
    settle(outbox, anvil)
    assert anvil.count() == 5


def test_step__intents_that_cannot_be_paid_for__let_others_pass(anvil, make, want):
    """However many: more than are looked at in one step."""
    outbox = make(settings=OutboxSettings(confirmations=1, in_flight=2))
    stuck = want(outbox, 1, 2, 3, value=10**30)
    (good,) = want(outbox, 4)
    for _ in range(4):
        outbox.step()
        anvil.mine()
    assert outbox.get(good).state is State.CONFIRMED
    assert states(outbox, stuck) == [State.QUEUED] * 3
    assert all(outbox.get(one).note.startswith("waits: ") for one in stuck)
    anvil.fund(OPERATOR.address, 10**31)
    settle(outbox, anvil)
    assert states(outbox, stuck) == [State.CONFIRMED] * 3


def test_forget__what_a_past_block_settled__is_gone_and_the_outbox_goes_on(anvil, outbox, journal, want):
    (old,) = want(outbox, 1)
    settle(outbox, anvil)
    with journal.transaction():
        outbox.forget(anvil.head() + 1)
    with pytest.raises(KeyError):
        outbox.get(old)
    (new,) = want(outbox, 1)
    settle(outbox, anvil)
    assert new > old  # a number never names another transaction
    assert anvil.nonce(OPERATOR.address) == 2


def test_step__no_key__says_what_it_would_send_and_sends_nothing(anvil, journal, want):
    dry = Outbox(anvil.rpc, journal, None, OPERATOR.address, CHAIN_ID, QUICK)
    dry.start()
    (one,) = want(dry, 1, value=3)
    with journal.transaction():
        doomed = dry.enqueue("doomed", COUNTER_AT, b"\xff")
    dry.step()
    assert dry.get(one).state is State.REHEARSED
    assert dry.get(one).note.startswith(f"would send 32 bytes and 3 wei to {COUNTER_AT}")
    assert dry.get(doomed).state is State.REFUSED
    assert dry.idle()
    assert anvil.call("eth_getTransactionCount", OPERATOR.address, "pending") == "0x0"
    assert journal.rows("SELECT * FROM attempts") == []


def test_outbox__key_of_another_account__is_refused(anvil, journal):
    with pytest.raises(ValueError, match="not 0x00"):
        Outbox(anvil.rpc, journal, LocalKey(OPERATOR), "0x" + "00" * 20, CHAIN_ID)


def test_cancel__still_queued__is_never_sent(anvil, outbox, journal, want):
    one, other = want(outbox, 1, 2)
    with journal.transaction():
        assert outbox.cancel(one) is True
    settle(outbox, anvil)
    assert states(outbox, [one, other]) == [State.CANCELLED, State.CONFIRMED]
    assert anvil.logged() == [(2).to_bytes(32)]


def test_cancel__already_signed__takes_its_course(anvil, outbox, journal, want):
    anvil.automine(False)
    (one,) = want(outbox, 1)
    outbox.step()
    with journal.transaction():
        assert outbox.cancel(one) is False
    settle(outbox, anvil)
    assert anvil.count() == 1
