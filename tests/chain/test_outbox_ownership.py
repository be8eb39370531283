"""One outbox owns an account: whatever else sends from it is noticed before a nonce is used twice."""

from __future__ import annotations

import pytest

from executor.chain.fees import GWEI
from executor.chain.keys import LocalKey
from executor.chain.outbox import (
    SCHEMA,
    ForeignTransactionError,
    NonceError,
    Outbox,
)
from executor.chain.transactions import State
from executor.journal import Journal
from tests.anvil import CHAIN_ID, COUNTER_AT, OPERATOR
from tests.chain.outboxes import QUICK, attempts, settle


def test_step__foreign_transaction_took_our_nonce__halts(anvil, outbox, want):
    anvil.automine(False)
    (one,) = want(outbox, 1)
    outbox.step()
    anvil.call("anvil_dropTransaction", "0x" + attempts(outbox, one)[0].hash.hex())
    anvil.send_as(OPERATOR, b"foreign")
    anvil.mine()
    outbox.step()  # too young to be sure: nothing is signed, nothing is claimed
    (later,) = want(outbox, 2)
    outbox.step()
    assert outbox.get(later).state is State.QUEUED
    anvil.mine(2)
    with pytest.raises(ForeignTransactionError, match=r"nonce 0 .* did not sign"):
        outbox.step()
    assert anvil.logged() == [b"foreign"]


def test_step__foreign_transaction_waits_at_our_nonce__halts(anvil, outbox, want):
    anvil.automine(False)
    want(outbox, 1)
    anvil.send_as(OPERATOR, b"foreign", tip=40 * GWEI)
    with pytest.raises(ForeignTransactionError, match="waits at nonce 0"):
        outbox.step()


def test_step__two_executors_with_one_key__second_halts(anvil, outbox, journal, want, tmp_path):
    """On two machines, so that no lock keeps them apart: each has a journal of its own."""
    with Journal.open(tmp_path / "second.sqlite", journal.identity(), (SCHEMA,)) as other:
        second = Outbox(anvil.rpc, other, LocalKey(OPERATOR), OPERATOR.address, CHAIN_ID, QUICK)
        second.start()
        want(outbox, 1)
        with other.transaction():
            second.enqueue("count 2", COUNTER_AT, (2).to_bytes(32))
        settle(outbox, anvil)
        second.step()
        anvil.mine(2)
        with pytest.raises(ForeignTransactionError, match="something else sends from this key"):
            second.step()
    assert anvil.logged() == [(1).to_bytes(32)]


def test_start__account_has_a_past_of_its_own__is_refused_until_adopted(anvil, make, want):
    anvil.send_as(OPERATOR, b"before")
    with pytest.raises(NonceError, match="has used 1 nonces and the journal knows 0"):
        make()
    outbox = make(adopt=True)
    want(outbox, 1)
    settle(outbox, anvil)
    assert anvil.logged() == [b"before", (1).to_bytes(32)]
    make()  # adopted once, known from then on


def test_start__foreign_transaction_only_pending__is_refused(anvil, make):
    anvil.automine(False)
    anvil.send_as(OPERATOR, b"foreign")
    with pytest.raises(NonceError):
        make()


def test_start__adoption_after_a_displaced_transaction__carries_it_out_with_a_new_nonce(
    anvil, make, outbox, want
):
    anvil.automine(False)
    (one,) = want(outbox, 1)
    outbox.step()
    anvil.call("anvil_dropTransaction", "0x" + attempts(outbox, one)[0].hash.hex())
    anvil.send_as(OPERATOR, b"foreign")
    anvil.mine(4)
    with pytest.raises(ForeignTransactionError):
        outbox.step()
    adopted = make(adopt=True)
    assert adopted.get(one).state is State.QUEUED
    settle(adopted, anvil)
    assert adopted.get(one).nonce == 1
    assert anvil.logged() == [b"foreign", (1).to_bytes(32)]


def test_step__before_start__is_refused(anvil, journal, want):
    outbox = Outbox(anvil.rpc, journal, LocalKey(OPERATOR), OPERATOR.address, CHAIN_ID)
    want(outbox, 1)
    with pytest.raises(NonceError, match="start"):
        outbox.step()
