"""The twin chains as one `Wire`, so that contracts on both are driven like a contract on one."""

from __future__ import annotations

from typing import Any

from eth_utils import to_checksum_address

from tests.contract import Contract, Receipt
from tests.governance.oz import Compiled
from tests.governance.twins import DEPLOYER, Twins
from tests.wire import GAS, Refused

WITHOUT_DATA = b"execution reverted"  # what the node says of a revert that says nothing


class Both:
    """Whatever is asked or sent goes to both chains, and comes out the same or the test fails."""

    def __init__(self, twins: Twins) -> None:
        self.twins = twins
        self.ours = twins.ours
        self.gas = (0, 0)  # of the newest transaction: ours, theirs

    def call(self, sender: str, to: str, data: bytes, value: int = 0) -> bytes:
        """What a transaction would return in the next block; raises Refused where it would revert on both."""
        outcome = self.twins.ask(sender, to, data, value)
        if not outcome.done:
            raise Refused("reverted", b"" if outcome.data == WITHOUT_DATA else outcome.data)
        return outcome.data

    def transact(self, sender: str, to: str, data: bytes, value: int = 0) -> Receipt:
        """Mine one transaction and return our receipt; where it would revert, raises Refused."""
        outcome = self.twins.act(sender, to, data, value)
        if not outcome.done:
            raise Refused("reverted", b"" if outcome.data == WITHOUT_DATA else outcome.data)
        self.gas = outcome.gas
        receipt: Receipt = self.ours.request("eth_getBlockReceipts", "latest")[0]
        return receipt

    def request(self, method: str, *params: Any) -> Any:
        """One JSON-RPC method on both chains; ours answers."""
        self.twins.theirs.request(method, *params)
        return self.ours.request(method, *params)

    def deploy(self, ours: bytes, theirs: bytes) -> str:
        """Address of what these creation codes make, whose logs are the same."""
        creation = {"from": DEPLOYER, "gas": hex(GAS), "gasPrice": "0x0"}
        receipts = [
            wire.request("eth_sendTransactionSync", creation | {"data": "0x" + code.hex()})
            for wire, code in zip(self.twins.wires, (ours, theirs), strict=True)
        ]
        addresses = {receipt["contractAddress"] for receipt in receipts}
        logs = [[(log["address"], log["topics"], log["data"]) for log in each["logs"]] for each in receipts]
        assert {receipt["status"] for receipt in receipts} == {"0x1"}
        assert len(addresses) == 1
        assert logs[0] == logs[1]
        return to_checksum_address(addresses.pop())

    def existing(self, compiled: Compiled, address: str) -> Contract:
        """A contract on both chains, spoken to by this ABI."""
        return Contract(self, compiled.type, address)  # type: ignore[arg-type]

    def mine(self, blocks: int) -> None:
        """Let blocks pass, a second each."""
        self.twins.mine(blocks)

    def warp(self, seconds: int) -> None:
        """Mine one block that many seconds after the newest."""
        self.twins.warp(seconds)

    def number(self) -> int:
        """Of the newest block."""
        return self.twins.block()[0]

    def now(self) -> int:
        """Timestamp of the newest block."""
        return self.twins.block()[1]

    def balance(self, address: str) -> int:
        """Wei held by an account."""
        ours, theirs = (wire.balance(address) for wire in self.twins.wires)
        assert ours == theirs
        return ours
