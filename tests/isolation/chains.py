"""Two chains in step: on one a hostile model does its worst, on the other it never existed.

Both begin as copies of one chain. A transaction of the good side goes to both and is compared: what it would
return, its status, logs, gas, block and time. A hostile one goes to the hostile chain alone, and the quiet
one mines an empty block instead. Only that is carried over which everybody shares and nobody earns by: the
Market's count of requests and the arbiter's count of games, so that ids are the same on both, and everything
that holds an id can be compared byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from eth_utils import to_checksum_address

from tests.contract import Receipt
from tests.wire import GAS, Refused, Wire

BLOCK_GAS = 120_000_000  # a hostile transaction that burns all its gas shares a block with others

Counter = tuple[str, int]  # contract and slot
Strike = Callable[[], None]


class Differs(AssertionError):
    """The good side noticed that the hostile model exists."""


class Said(NamedTuple):
    """What a call would do in the next block."""

    done: bool
    data: bytes


class Chains:
    """Both nodes. `both` and `alone` are wires for a World of the good and of the hostile side."""

    def __init__(self, hostile: Wire, quiet: Wire) -> None:
        self.hostile, self.quiet = hostile, quiet
        self.shared: tuple[Counter, ...] = ()
        self.listeners: list[Callable[[Receipt], None]] = []
        self.foreign: set[str] = set()  # topics that name something of the hostile side
        self.both = Both(self)
        self.alone = Alone(self)
        self.compared = self.mixed = 0  # transactions of the good side
        self.struck = 0  # of the hostile side
        self._strike: Strike | None = None
        self._held = False
        self._tolerant = ""

    # --- ways to meet ---

    def strike_first(self, strike: Strike) -> None:
        """Before the good side's next transaction, in its block, this one happens on the hostile chain."""
        self._strike = strike

    @contextmanager
    def mixing(self, account: str) -> Iterator[None]:
        """Inside, the good side's transactions also carry items of the hostile side, by an operator of both.

        On the quiet chain those name nothing. What is said about them and about the operator's own stake is
        left out, and so is gas; all else is compared in order.
        """
        self._tolerant = _topic(account)
        try:
            yield
        finally:
            self._tolerant = ""

    def warp(self, seconds: int) -> None:
        """One empty block on both, so many seconds later."""
        for wire in (self.hostile, self.quiet):
            wire.warp(seconds)

    @contextmanager
    def rewound(self) -> Iterator[None]:
        """Whatever happens inside is undone at the end, on both chains."""
        with self.hostile.rewound(), self.quiet.rewound():
            yield

    # --- transactions ---

    def act(self, sender: str, to: str, data: bytes, value: int) -> Receipt:
        """One of the good side: in the next block of both, or refused by both. The receipt of one."""
        strike, self._strike = self._strike, None
        with self._one_block(strike):
            said, quietly = (_asked(wire, sender, to, data, value) for wire in (self.hostile, self.quiet))
            if said.done != quietly.done or (said != quietly and not self._tolerant):
                raise Differs(f"hostile: {_shown(said)}\nquiet: {_shown(quietly)}")
            if said.done:
                transaction = _transaction(sender, to, data, value)
                pending = [self._send(wire, transaction) for wire in (self.hostile, self.quiet)]
        if not said.done:
            raise Refused(said.data.decode(errors="replace"), said.data)
        receipts = [
            sent if isinstance(sent, dict) else wire.request("eth_getTransactionReceipt", sent)
            for wire, sent in zip((self.hostile, self.quiet), pending, strict=True)
        ]
        self._compare(*receipts)
        self._carry_over("latest")
        self._tell(receipts[0])
        return receipts[0]

    def strike(self, sender: str, to: str | None, data: bytes, value: int) -> Receipt:
        """One of the hostile side, which is mined even if it is refused; then it raises Refused.

        Held back for the good side's next transaction it has no receipt yet. Code that answers as the gas
        falls may fare otherwise in its block than when it was simulated.
        """
        transaction, refusal = _transaction(sender, to, data, value), Refused("in its block")
        self.struck += 1
        try:
            self.hostile.request("eth_call", transaction, "pending")
        except Refused as refused:
            refusal = refused
        if self._held:
            self.hostile.request("eth_sendTransaction", transaction)
            self._carry_over("pending")
            return {"logs": []}
        receipt: Receipt = self.hostile.request("eth_sendTransactionSync", transaction)
        self.quiet.request("anvil_mine", "0x1")
        if receipt["status"] != "0x1":
            raise refusal
        self._carry_over("latest")
        self._tell(receipt)
        return receipt

    @contextmanager
    def _one_block(self, strike: Strike | None) -> Iterator[None]:
        """With a strike, it and what is sent inside are mined together at the end."""
        if strike is None:
            yield
            return
        for wire in (self.hostile, self.quiet):
            wire.request("evm_setAutomine", False)
        self._held = True
        try:
            strike()
            yield
        finally:
            self._held = False
            for wire in (self.hostile, self.quiet):
                wire.request("evm_mine")
                wire.request("evm_setAutomine", True)
            self._tell_block()

    def _send(self, wire: Wire, transaction: dict[str, str]) -> Any:
        return wire.request("eth_sendTransaction" if self._held else "eth_sendTransactionSync", transaction)

    # --- comparing ---

    def _compare(self, ours: Receipt, theirs: Receipt) -> None:
        """Raise Differs unless both receipts say the same."""
        tolerant, account = bool(self._tolerant), self._tolerant
        self.mixed += tolerant
        self.compared += not tolerant
        foreign = self.foreign | {log["topics"][1] for log in ours["logs"] if self._begins(log)}
        logs = [[_plain(log) for log in receipt["logs"]] for receipt in (ours, theirs)]
        if tolerant:
            logs = [[log for log in said if not {*log[1][1:], log[0]} & {*foreign, account}] for said in logs]
        said, quietly = (
            {
                "status": receipt["status"],
                "block": receipt["blockNumber"],
                "gas": tolerant or int(receipt["gasUsed"], 16),
                "logs": len(kept),
                **dict(enumerate(kept)),
            }
            for receipt, kept in zip((ours, theirs), logs, strict=True)
        )
        if other := [key for key in {**said, **quietly} if said.get(key) != quietly.get(key)]:
            lines = [f"{key}: {said.get(key)}, quiet: {quietly.get(key)}" for key in other]
            raise Differs("\n".join(lines))

    def _begins(self, log: dict[str, Any]) -> bool:
        """Whether this opens a request to a model of the hostile side."""
        return len(log["topics"]) > 2 and log["topics"][2] in self.foreign

    def _carry_over(self, block: str) -> None:
        for address, slot in self.shared:
            number = self.hostile.request("eth_getStorageAt", address, hex(slot), block)
            if number != self.quiet.request("eth_getStorageAt", address, hex(slot), "latest"):
                self.quiet.request("anvil_setStorageAt", address, f"0x{slot:064x}", number)

    # --- telling ---

    def _tell(self, receipt: Receipt) -> None:
        self.foreign |= {log["topics"][1] for log in receipt["logs"] if self._begins(log)}
        for listener in self.listeners:
            listener(receipt)

    def _tell_block(self) -> None:
        """The hostile chain's newest block, all but its last transaction: the strikes."""
        block = self.hostile.request("eth_getBlockByNumber", "latest", False)
        quiet = self.quiet.request("eth_getBlockByNumber", "latest", False)
        strikes = len(block["transactions"]) - len(quiet["transactions"])
        for hashed in block["transactions"][:strikes]:
            self._tell(self.hostile.request("eth_getTransactionReceipt", hashed))


class Both(Wire):
    """A wire to both chains: what is asked is answered alike, what is sent happens on both."""

    def __init__(self, chains: Chains) -> None:
        self._chains = chains

    def request(self, method: str, *params: Any) -> Any:
        return self._chains.hostile.request(method, *params)

    def call(self, sender: str, to: str, data: bytes, value: int = 0) -> bytes:
        answers = [
            _asked(wire, sender, to, data, value) for wire in (self._chains.hostile, self._chains.quiet)
        ]
        if answers[0] != answers[1]:
            raise Differs(f"hostile: {_shown(answers[0])}\nquiet: {_shown(answers[1])}")
        if not answers[0].done:
            raise Refused(answers[0].data.decode(errors="replace"), answers[0].data)
        return answers[0].data

    def transact(self, sender: str, to: str, data: bytes, value: int = 0) -> Receipt:
        return self._chains.act(sender, to, data, value)

    def warp(self, seconds: int) -> None:
        self._chains.warp(seconds)


class Alone(Wire):
    """A wire to the hostile chain, while the quiet one mines empty blocks."""

    def __init__(self, chains: Chains) -> None:
        self._chains = chains

    def request(self, method: str, *params: Any) -> Any:
        return self._chains.hostile.request(method, *params)

    def transact(self, sender: str, to: str, data: bytes, value: int = 0) -> Receipt:
        return self._chains.strike(sender, to, data, value)

    def create(self, sender: str, code: bytes) -> str:
        """Deploy a contract; its address."""
        return to_checksum_address(self._chains.strike(sender, None, code, 0)["contractAddress"])


def topics(*named: str | bytes) -> set[str]:
    """Addresses and hashes as they stand in logs."""
    return {_topic(name) if isinstance(name, str) else "0x" + name.hex() for name in named}


def _topic(address: str) -> str:
    return "0x" + address[2:].lower().rjust(64, "0")


def _asked(wire: Wire, sender: str, to: str, data: bytes, value: int) -> Said:
    try:
        return Said(True, wire.call(sender, to, data, value))
    except Refused as refusal:
        # Without data a contract may have run out of gas or jumped astray: the node's words tell.
        return Said(False, refusal.data or str(refusal).encode())


def _plain(log: dict[str, Any]) -> tuple[str, tuple[str, ...], str, str]:
    return log["address"], tuple(log["topics"]), log["data"], log["blockTimestamp"]


def _shown(said: Said) -> str:
    return f"{'returns' if said.done else 'reverts with'} {said.data.hex()} ({said.data!r})"


def _transaction(sender: str, to: str | None, data: bytes, value: int) -> dict[str, str]:
    fields = {"from": sender, "data": "0x" + data.hex(), "value": hex(value)}
    there = {} if to is None else {"to": to}
    return {**fields, **there, "gas": hex(GAS), "gasPrice": "0x0"}
