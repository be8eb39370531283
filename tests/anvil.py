"""A real anvil for one test, and what tests do with it: break its chain, and ask it what is true."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from eth_account import Account
from eth_utils.address import to_checksum_address

from executor.chain.rpc import Rpc, octets, quantity

CHAIN_ID = 31337
OPERATOR = Account.from_key(b"\x07" * 32)  # owns the key under test
STRANGER = Account.from_key(b"\x08" * 32)

# A contract that counts: it adds one to slot 0 and logs its calldata, but to calldata that begins with ff it
# says revert("no"). Assembled by hand, so that these tests need no compiler.
COUNTER = bytes.fromhex(
    "5f3560f81c60ff14601a57"  # if calldata[0] == 0xff: jump to 0x1a
    "5f546001015f55"  # sstore(0, sload(0) + 1)
    "365f5f37365fa000"  # log0(calldata); stop
    "5b6308c379a060e01b5f52"  # 0x1a: Error(string)
    "6020600452" + "6002602452" + "616e6f60f01b604452" + "60645ffd"
)
COUNTER_AT = to_checksum_address("0x" + "c0" * 20)


class Anvil:
    """A running anvil."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.rpc = Rpc(url)

    def call(self, method: str, *params: Any) -> Any:
        return self.rpc.read(method, *params)

    def mine(self, blocks: int = 1) -> None:
        self.call("anvil_mine", hex(blocks))

    def reorg(self, depth: int) -> None:
        """Replace the newest `depth` blocks by as many empty ones."""
        self.call("anvil_reorg", depth, [])

    def automine(self, on: bool) -> None:
        self.call("evm_setAutomine", on)

    def head(self) -> int:
        return quantity(self.call("eth_blockNumber"))

    def nonce(self, address: str) -> int:
        return quantity(self.call("eth_getTransactionCount", address, "latest"))

    def place(self, runtime: bytes, address: str = COUNTER_AT) -> None:
        self.call("anvil_setCode", address, "0x" + runtime.hex())

    def count(self) -> int:
        return quantity(self.call("eth_getStorageAt", COUNTER_AT, "0x0", "latest"))

    def fund(self, address: str, wei: int = 10**20) -> None:
        self.call("anvil_setBalance", address, hex(wei))

    def logged(self) -> list[bytes]:
        """The data of every log of the counter on the present chain, in order."""
        logs = self.call("eth_getLogs", {"address": COUNTER_AT, "fromBlock": "0x0", "toBlock": "latest"})
        return [octets(log["data"]) for log in logs]

    def send_as(self, account: Any, data: bytes = b"", tip: int = 10**9) -> None:
        """Call the counter from outside of the code under test."""
        nonce = quantity(self.call("eth_getTransactionCount", account.address, "pending"))
        fields = {"type": 2, "chainId": CHAIN_ID, "nonce": nonce, "to": COUNTER_AT, "data": data}
        fees = {"gas": 200_000, "maxFeePerGas": 50 * 10**9 + tip, "maxPriorityFeePerGas": tip}
        raw = account.sign_transaction({**fields, **fees}).raw_transaction
        self.call("eth_sendRawTransaction", "0x" + raw.hex())


@contextmanager
def running_anvil(*options: str) -> Iterator[Anvil]:
    """An anvil of its own on a free port, stopped at the end."""
    binary = shutil.which("anvil")
    assert binary, "anvil is not on PATH: run `make install`"
    command = [binary, "--port", "0", "--accounts", "1", "--hardfork", "osaka", *options]
    # Into a file: anvil logs every call, and would wait for ever on a pipe that nobody empties.
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        try:
            yield Anvil(f"http://{_address(process, said.fileno())}")
        finally:
            process.kill()
            process.wait()


def _address(process: subprocess.Popen[bytes], said: int) -> str:
    """Where it listens, once it says so."""
    for _ in range(1_000):
        if listening := re.search(rb"Listening on (\S+)", os.pread(said, 1 << 16, 0)):
            return listening[1].decode()
        assert process.poll() is None, "anvil ended before it listened"
        time.sleep(0.01)
    raise AssertionError("anvil did not listen within 10 seconds")
