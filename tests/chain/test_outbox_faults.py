"""The outbox when sending goes wrong: stuck, dropped, reorganised away, or the endpoint fails."""

from __future__ import annotations

import pytest

from executor.chain.fees import GWEI, FeePolicy
from executor.chain.outbox import (
    OutboxSettings,
)
from executor.chain.rpc import Rpc, UnreachableError
from executor.chain.transactions import State
from tests.anvil import OPERATOR
from tests.chain.outboxes import attempts, settle, states
from tests.chain.proxy import SENDS

CHEAP = "too cheap: max fee per gas less than block base fee"


# --- stuck, dropped, reorganised ---


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


# --- faults of the endpoint ---


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
