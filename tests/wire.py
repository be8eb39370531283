"""One open connection to the node under test, for tests that send thousands of transactions.

Ape makes a transaction in about 19 ms, nearly all of it Python around a dozen requests; here it takes 1.2 ms.
Stateful tests drive the chain through this and leave deployment and decoding to Ape.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from eth_abi import decode

GAS = 16_777_216  # the most that a transaction may ask for on a public network (EIP-7825)
ERROR_STRING = bytes.fromhex("08c379a0")


class Refused(Exception):
    """The node answered with an error. `reason` is the contract's own message where there is one."""

    def __init__(self, message: str, data: bytes = b"") -> None:
        self.data = data
        self.reason = decode(["string"], data[4:])[0] if data[:4] == ERROR_STRING else ""
        super().__init__(self.reason or message)


class Wire:
    """JSON-RPC over one kept connection. Addresses are hex strings, amounts wei, data bytes."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)

    def request(self, method: str, *params: Any) -> Any:
        """The raw result of one JSON-RPC method; raises Refused."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        self._connection.request("POST", "/", body, {"Content-Type": "application/json"})
        answer = json.loads(self._connection.getresponse().read())
        if error := answer.get("error"):
            data = error.get("data")
            raise Refused(error["message"], bytes.fromhex(data[2:]) if isinstance(data, str) else b"")
        return answer["result"]

    def call(self, sender: str, to: str, data: bytes, value: int = 0) -> bytes:
        """What a transaction would return in the next block; raises Refused if it would revert."""
        returned = self.request("eth_call", _transaction(sender, to, data, value), "pending")
        return bytes.fromhex(returned[2:])

    def transact(self, sender: str, to: str, data: bytes, value: int = 0) -> dict[str, Any]:
        """Mine one transaction and return its raw receipt; one that would revert is Refused and not sent."""
        self.call(sender, to, data, value)
        receipt = self.request("eth_sendTransactionSync", _transaction(sender, to, data, value))
        assert receipt["status"] == "0x1", "went through when simulated, and reverted in its block"
        return receipt

    def balance(self, address: str) -> int:
        """Wei held by an account."""
        return int(self.request("eth_getBalance", address, "latest"), 16)

    def now(self) -> int:
        """Timestamp of the newest block, in seconds."""
        return int(self.request("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def warp(self, seconds: int) -> None:
        """Mine one block that many seconds after the newest."""
        self.request("evm_mine", hex(self.now() + seconds))

    @contextmanager
    def rewound(self) -> Iterator[None]:
        """Whatever happens inside is undone at the end."""
        snapshot = self.request("evm_snapshot")
        try:
            yield
        finally:
            self._settle()
            assert self.request("evm_revert", snapshot) is True, "the node lost the snapshot"

    def _settle(self) -> None:
        """Wait until the node's pool has forgotten what was mined.

        It does so a few milliseconds after the receipt. Until then a transaction that is undone would count
        as pending once more, and the next call, made on the pending block, would see what it did.
        """
        for _ in range(1_000):
            if self.request("txpool_status")["pending"] == "0x0":
                return
        raise AssertionError("the node still has pending transactions")

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


def _transaction(sender: str, to: str, data: bytes, value: int) -> dict[str, str]:
    return {
        "from": sender,
        "to": to,
        "data": "0x" + data.hex(),
        "value": hex(value),
        "gas": hex(GAS),
        "gasPrice": "0x0",
    }
