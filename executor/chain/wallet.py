"""Transactions of a person or a program that waits for each of them: simulate, sign, send, wait.

For an account that only one such caller uses at a time. An executor's account belongs to its outbox.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address

from executor.chain.answers import Answer, classify, decode_revert, is_verdict, revert_reason
from executor.chain.fees import FeePolicy, first_fees
from executor.chain.follower import Log
from executor.chain.keys import Key
from executor.chain.rpc import Endpoint, RefusedError, octets, quantity, transaction_hash

MOST_GAS = 2**24
GAS_MARGIN = 20  # percent above the estimate


class TransactionRefusedError(Exception):
    """The transaction would fail, or did; the message is the contract's reason."""


class StillPendingError(Exception):
    """The transaction was sent and is in no block yet; it may still be mined."""


@dataclass(frozen=True)
class Receipt:
    """A mined transaction that succeeded. gas_price: wei. created: the contract that it made, if any."""

    hash: bytes
    block: int
    gas_used: int
    gas_price: int
    logs: tuple[Log, ...]
    created: str | None = None


class Wallet:
    """An account that sends. timeout: seconds until a transaction has to be in a block."""

    def __init__(
        self, endpoint: Endpoint, key: Key, chain_id: int, *, timeout: float = 120.0, poll: float = 0.1
    ) -> None:
        self._endpoint = endpoint
        self._key = key
        self._chain_id = chain_id
        self._timeout = timeout
        self._poll = poll
        self._fees = FeePolicy()

    @property
    def address(self) -> str:
        return self._key.address

    def transact(self, to: str | None, data: bytes, value: int = 0) -> Receipt:
        """Send a transaction and wait until it is mined. to: None to create a contract from `data`.

        Raises TransactionRefusedError (nothing happened), StillPendingError, and RpcError.
        """
        call = {"from": self.address, "data": "0x" + data.hex(), "value": hex(value)}
        if to is not None:
            call["to"] = to
        try:
            estimate = quantity(self._endpoint.read("eth_estimateGas", call, "pending"))
        except RefusedError as refusal:
            if is_verdict(refusal):
                raise TransactionRefusedError(revert_reason(refusal)) from None
            raise TransactionRefusedError(f"cannot be simulated: {refusal.message}") from None
        raw = self._signed(to, data, value, min(MOST_GAS, estimate * (100 + GAS_MARGIN) // 100))
        (refused,) = self._endpoint.send([raw])
        if refused is not None and classify(refused) is not Answer.TAKEN:
            raise TransactionRefusedError(f"the endpoint does not take it: {refused.message}")
        return self._mined(transaction_hash(raw), call)

    def _signed(self, to: str | None, data: bytes, value: int, gas: int) -> bytes:
        block, nonce = self._endpoint.read_many(
            [
                ("eth_getBlockByNumber", ["latest", False]),
                ("eth_getTransactionCount", [self.address, "pending"]),
            ]
        )
        for answer in (block, nonce):
            if isinstance(answer, RefusedError):
                raise answer
        fees = first_fees(quantity(block["baseFeePerGas"]), self._fees)
        if fees is None:
            raise TransactionRefusedError(f"gas costs more than {self._fees.cap} wei")
        return self._key.sign_transaction(
            {
                "type": 2,
                "chainId": self._chain_id,
                "nonce": quantity(nonce),
                "value": value,
                "data": data,
                "gas": gas,
                "maxFeePerGas": fees.max_fee,
                "maxPriorityFeePerGas": fees.tip,
                **({} if to is None else {"to": to}),
            }
        )

    def _mined(self, digest: bytes, call: Mapping[str, str]) -> Receipt:
        name = "0x" + digest.hex()
        end = time.monotonic() + self._timeout
        while (found := self._endpoint.read("eth_getTransactionReceipt", name)) is None:
            if time.monotonic() >= end:
                raise StillPendingError(f"wallet: {name} is in no block after {self._timeout:.0f} s")
            time.sleep(self._poll)
        if quantity(found["status"]) != 1:
            raise TransactionRefusedError(self._why(call, found["blockNumber"]))
        return Receipt(
            hash=digest,
            block=quantity(found["blockNumber"]),
            gas_used=quantity(found["gasUsed"]),
            gas_price=quantity(found["effectiveGasPrice"]),
            logs=tuple(log_of(entry) for entry in found["logs"]),
            created=to_checksum_address(made) if (made := found.get("contractAddress")) else None,
        )

    def _why(self, call: Mapping[str, str], block: str) -> str:
        """The reason of a transaction that reverted in its block."""
        try:
            data = self._endpoint.read("eth_call", call, block)
        except RefusedError as refusal:
            return revert_reason(refusal)
        return f"reverted in its block; repeated, it returns {decode_revert(octets(data))}"


def log_of(entry: Mapping[str, Any]) -> Log:
    """A log of a receipt or of eth_getLogs."""
    return Log(
        address=entry["address"].lower(),
        topics=tuple(octets(topic) for topic in entry["topics"]),
        data=octets(entry["data"]),
        block_number=quantity(entry["blockNumber"]),
        block_hash=octets(entry["blockHash"]),
        transaction_hash=octets(entry["transactionHash"]),
        index=quantity(entry["logIndex"]),
    )
