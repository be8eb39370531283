"""The endpoint: reads are repeated, sends never, and no error shows more of a URL than its host."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak

from executor.chain.answers import Answer, classify, decode_revert, revert_reason
from executor.chain.rpc import RefusedError, Rpc, UnreachableError, WrongChainError
from tests.anvil import CHAIN_ID, COUNTER_AT
from tests.chain.proxy import SENDS

NOT_YOURS = "NotYours(address,bytes4)"
SAID = keccak(text=NOT_YOURS)[:4].hex()


@pytest.fixture
def patient(proxy):
    """An endpoint behind the proxy that does not really wait."""
    return Rpc(proxy.url, attempts=4, pause=lambda _: None)


@pytest.mark.parametrize("fault", ["deaf", "mute", 429, 500, 503])
def test_read__endpoint_fails_three_times__succeeds(proxy, patient, fault):
    proxy.faults = [fault] * 3
    assert patient.chain_id() == CHAIN_ID
    assert proxy.seen["eth_chainId"] == 4


def test_read__endpoint_stays_away__gives_up_with_doubling_pauses(proxy):
    pauses: list[float] = []
    proxy.faults = [429] * 9
    with pytest.raises(UnreachableError, match="HTTP 429"):
        Rpc(proxy.url, attempts=4, backoff=0.5, pause=pauses.append).chain_id()
    assert pauses == [0.5, 1.0, 2.0]


def test_read__endpoint_refuses_by_http_status__is_told_at_once(proxy, patient):
    """Repeating what is too large or malformed would change nothing."""
    proxy.faults = [413]
    with pytest.raises(RefusedError, match="the proxy refuses"):
        patient.chain_id()
    assert proxy.seen["eth_chainId"] == 1


@pytest.mark.parametrize("fault", ["deaf", "mute", 429, 500])
def test_send__endpoint_fails__is_not_repeated(proxy, patient, fault):
    proxy.faults = [fault]
    with pytest.raises(UnreachableError):
        patient.send([b"\x02"])
    assert proxy.seen[SENDS] == 1


def test_send__malformed_bytes_in_a_batch__are_refused_in_their_place(anvil):
    refusals = anvil.rpc.send([b"\x02", b"\x03"])
    assert [type(refusal) for refusal in refusals] == [RefusedError, RefusedError]


def test_read_many__more_calls_than_a_batch_holds__keeps_their_order(anvil):
    anvil.mine(30)
    calls = [("eth_getBlockByNumber", [hex(number), False]) for number in range(30)]
    numbers = [int(block["number"], 16) for block in Rpc(anvil.url, batch=7).read_many(calls)]
    assert numbers == list(range(30))


def test_read_many__one_call_is_refused__the_others_are_answered(anvil):
    estimate = {"to": COUNTER_AT, "data": "0xff"}
    refusal, chain = anvil.rpc.read_many([("eth_estimateGas", [estimate]), ("eth_chainId", [])])
    assert isinstance(refusal, RefusedError)
    assert revert_reason(refusal) == "no"
    assert chain == hex(CHAIN_ID)


def test_connect__other_chain__is_refused(anvil):
    with pytest.raises(WrongChainError, match=f"serves chain {CHAIN_ID}, not 1"):
        Rpc.connect(anvil.url, 1)


def test_connect__secret_in_the_url__shows_in_no_error():
    with pytest.raises(UnreachableError) as failure:
        Rpc.connect("http://127.0.0.1:9/v3/SECRET", pause=lambda _: None)
    assert "127.0.0.1" in str(failure.value)
    assert "SECRET" not in f"{failure.value!r} {failure.value.__cause__!r}"


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("already known", Answer.TAKEN),
        ("nonce too low: next nonce 5, tx nonce 4", Answer.PASSED),
        ("replacement transaction underpriced", Answer.OUTBID),
        ("transaction underpriced: tip needed 1, tip permitted 0", Answer.CHEAP),
        ("insufficient funds for gas * price + value", Answer.REJECTED),
        ("AlreadyKnown", Answer.TAKEN),
        ("OldNonce, Current nonce: 5, nonce of rejected tx: 4", Answer.PASSED),
        ("ReplacementNotAllowed", Answer.OUTBID),
        ("FeeTooLow, MaxFeePerGas too low", Answer.CHEAP),
        ("FeeTooLowToCompete", Answer.CHEAP),
        ("anything else", Answer.REJECTED),
    ],
)
def test_classify__what_clients_say__has_one_meaning(message, answer):
    assert classify(RefusedError(-32000, message)) is answer


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "reverted without a reason"),
        ("08c379a0" + "20".zfill(64) + "2".zfill(64) + "6e6f".ljust(64, "0"), "no"),
        ("08c379a0" + "ff" * 32, "reverted with 0x08c379a0" + "ff" * 32),
        ("4e487b71" + "12".zfill(64), "panic 0x12: division by zero"),
        ("4e487b71" + "99".zfill(64), "panic 0x99: unknown"),
        ("08c379a0" + "20".zfill(64) + "4".zfill(64) + "1b5b324a".ljust(64, "0"), "?[2J"),
        ("deadbeef", "reverted with 0xdeadbeef"),
        ("d6bda275", "FailedCall()"),
        (SAID + "07".zfill(64) + "0badf00d".ljust(64, "0"), f"NotYours(0x{'7'.zfill(40)}, 0x0badf00d)"),
        (SAID + "07", f"reverted with 0x{SAID}07"),
    ],
)
def test_decode_revert__any_data__becomes_words(data, reason):
    assert decode_revert(bytes.fromhex(data), ("FailedCall()", NOT_YOURS)) == reason
