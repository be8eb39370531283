"""The outbox on a real chain: what is wanted happens once, and what cannot happen is said."""

from __future__ import annotations

from typing import Any

import pytest

from executor.chain.fees import GWEI, FeePolicy
from executor.chain.keys import LocalKey
from executor.chain.outbox import (
    MOST_GAS,
    SCHEMA,
    ForeignTransactionError,
    NonceError,
    Outbox,
    OutboxSettings,
)
from executor.chain.rpc import Rpc, UnreachableError
from executor.chain.transactions import DuplicateError, State
from executor.journal import Journal, JournalError
from tests.anvil import CHAIN_ID, COUNTER_AT, OPERATOR
from tests.chain.proxy import SENDS

CHEAP = "too cheap: max fee per gas less than block base fee"
QUICK = OutboxSettings(confirmations=2, patience=2)


@pytest.fixture
def make(anvil, journal):
    """Outboxes over the test's chain and journal, started."""

    def started(endpoint: Any = None, settings: OutboxSettings = QUICK, **options: Any) -> Outbox:
        key = LocalKey(OPERATOR)
        made = Outbox(endpoint or anvil.rpc, journal, key, key.address, CHAIN_ID, settings)
        made.start(**options)
        return made

    return started


@pytest.fixture
def outbox(make):
    return make()


@pytest.fixture
def want(journal):
    """Enqueue calls of the counter, each with its number as calldata; their ids."""

    def enqueue(outbox: Outbox, *numbers: int, **options: Any) -> list[int]:
        with journal.transaction():
            return [outbox.enqueue(f"count {n}", COUNTER_AT, n.to_bytes(32), **options) for n in numbers]

    return enqueue


def settle(outbox: Outbox, anvil, rounds: int = 12) -> None:
    """Steps and blocks until nothing is on its way."""
    for _ in range(rounds):
        outbox.step()
        if outbox.idle():
            return
        anvil.mine()
    raise AssertionError(f"still on its way after {rounds} rounds")


def states(outbox: Outbox, ids: list[int]) -> list[State]:
    return [outbox.get(one).state for one in ids]


def attempts(outbox: Outbox, one: int) -> list:
    return outbox._transactions.attempts(outbox.get(one))


# What becomes of an intent


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


# Stuck, dropped, reorganised


def fees_rise(anvil, base_fee: int) -> None:
    """A block in which only those are mined who pay this base fee."""
    anvil.call("anvil_setNextBlockBaseFeePerGas", hex(base_fee))
    anvil.mine()


def test_step__gas_price_rises__first_in_line_is_outbid_at_the_same_nonce(anvil, outbox, want):
    anvil.automine(False)
    ids = want(outbox, 1, 2)
    outbox.step()
    for _ in range(2):
        fees_rise(anvil, 60 * GWEI)
        outbox.step()
    first, second = (attempts(outbox, one) for one in ids)
    assert (len(first), len(second)) == (2, 1)
    assert 8 * first[1].fees.max_fee >= 9 * first[0].fees.max_fee
    settle(outbox, anvil, rounds=40)
    assert states(outbox, ids) == [State.CONFIRMED] * 2
    assert [int.from_bytes(data) for data in anvil.logged()] == [1, 2]
    assert anvil.nonce(OPERATOR.address) == 2


def test_step__gas_price_above_the_cap__waits_and_says_so(anvil, make, want):
    anvil.automine(False)
    outbox = make(settings=OutboxSettings(2, 1, fees=FeePolicy(cap=3 * GWEI)))
    (one,) = want(outbox, 1)
    outbox.step()
    for _ in range(3):
        fees_rise(anvil, 60 * GWEI)
        outbox.step()
    assert outbox.get(one).note in ("waits at 3000000000 wei a gas, near the cap", CHEAP)
    assert max(attempt.fees.max_fee for attempt in attempts(outbox, one)) <= 3 * GWEI
    (later,) = want(outbox, 2)
    outbox.step()
    assert "gas costs more" in outbox.get(later).note
    fees_rise(anvil, GWEI)
    settle(outbox, anvil)
    assert anvil.count() == 2


def test_step__pool_drops_the_first_in_line__same_bytes_go_out_again(anvil, outbox, want):
    """Also closes the gap behind which the others wait."""
    anvil.automine(False)
    ids = want(outbox, 1, 2, 3)
    outbox.step()
    (only,) = attempts(outbox, ids[0])
    anvil.call("anvil_dropTransaction", "0x" + only.hash.hex())
    anvil.mine()
    assert anvil.count() == 0
    settle(outbox, anvil)
    assert [int.from_bytes(data) for data in anvil.logged()] == [1, 2, 3]
    assert outbox.get(ids[0]).hash == only.hash


@pytest.mark.parametrize("depth", [1, 2, 6])
def test_step__reorganised_away__is_sent_again_and_counts_once(anvil, outbox, want, depth):
    anvil.mine(10)
    ids = want(outbox, 1, 2)
    settle(outbox, anvil)
    anvil.mine(max(0, depth - 3))
    before = [outbox.get(one).hash for one in ids]
    if depth == 6:
        depth = max(depth, anvil.head() - outbox.get(ids[0]).block_number + 1)
    anvil.reorg(depth)
    anvil.mine()
    if depth >= 6:
        assert anvil.count() == 0  # both were undone, although they had been confirmed
    settle(outbox, anvil)
    assert states(outbox, ids) == [State.CONFIRMED] * 2
    assert [outbox.get(one).hash for one in ids] == before
    assert anvil.count() == 2
    for one in ids:
        block = anvil.call("eth_getBlockByNumber", hex(outbox.get(one).block_number), False)
        assert block["hash"] == "0x" + outbox.get(one).block_hash.hex()


def test_step__chain_reverted_to_a_snapshot__is_mined_again(anvil, outbox, want):
    snapshot = anvil.call("evm_snapshot")
    (one,) = want(outbox, 1)
    outbox.step()
    outbox.step()
    assert outbox.get(one).state is State.MINED
    anvil.call("evm_revert", snapshot)
    assert anvil.count() == 0
    outbox.step()
    assert outbox.get(one).state is State.SENT
    settle(outbox, anvil)
    assert anvil.count() == 1


# Faults of the endpoint


@pytest.mark.parametrize("fault", ["deaf", "mute", 429, 500])
def test_step__broadcast_fails__the_next_step_sends_the_same_bytes(anvil, proxy, make, want, fault):
    outbox = make(Rpc(proxy.url, pause=lambda _: None))
    ids = want(outbox, 1, 2)
    proxy.only, proxy.faults = SENDS, [fault]
    with pytest.raises(UnreachableError):
        outbox.step()
    assert states(outbox, ids) == [State.SIGNED] * 2
    settle(outbox, anvil)
    assert proxy.faults == []
    assert [int.from_bytes(data) for data in anvil.logged()] == [1, 2]
    assert [len(attempts(outbox, one)) for one in ids] == [1, 1]


def test_step__endpoint_gone__loses_nothing(anvil, proxy, make, want):
    outbox = make(Rpc(proxy.url, attempts=2, pause=lambda _: None))
    want(outbox, 1)
    proxy.faults = ["deaf", 500, 429, "mute"]
    for _ in range(2):
        with pytest.raises(UnreachableError):
            outbox.step()
    settle(outbox, anvil)
    assert anvil.count() == 1


def test_step__endpoint_falls_behind__confirmed_stays_confirmed(anvil, make, want):
    """An endpoint that has not seen the block is no reorganisation."""
    rpc = Rpc(anvil.url)
    outbox = make(rpc)
    (one,) = want(outbox, 1)
    past = {
        "eth_getBlockByNumber": rpc.read("eth_getBlockByNumber", "latest", False),
        "eth_getTransactionCount": "0x0",
    }
    settle(outbox, anvil)
    rpc.read_many = lambda calls: [past.get(method) for method, _ in calls]
    assert outbox.step() == []
    assert outbox.get(one).state is State.CONFIRMED


# One owner per account


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
