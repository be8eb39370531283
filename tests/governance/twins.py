"""Two chains in step, one with our contracts and one with OpenZeppelin's, at the same addresses.

Every call goes to both, by the same sender, in a block of the same number and time. Since addresses are the
same too, whatever the two contracts say can be compared byte for byte, hashes of addresses and signatures
included: what a call returns, what it reverts with, and the logs it leaves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from eth_utils import keccak, to_checksum_address

from tests.anvil import running_anvil
from tests.contract import Contract
from tests.governance.oz import Compiled
from tests.wire import GAS, Refused, Wire

START = 1_800_000_000  # timestamp of the first block
DEPLOYER = to_checksum_address(keccak(text="deployer")[:20])


class Outcome(NamedTuple):
    """What became of a call, on both chains alike."""

    done: bool  # else it reverted
    data: bytes  # what it returned, or reverted with
    gas: tuple[int, int] = (0, 0)  # used by ours and by OpenZeppelin's transaction, if one was mined


class Twins:
    """Both chains. `ours` and `theirs` are open connections to them."""

    def __init__(self, ours: Wire, theirs: Wire) -> None:
        self.ours, self.theirs = ours, theirs
        for wire in self.wires:
            wire.request("anvil_autoImpersonateAccount", True)
            wire.request("anvil_setBlockTimestampInterval", 1)
            wire.request("anvil_setBalance", DEPLOYER, hex(10**24))

    @property
    def wires(self) -> tuple[Wire, Wire]:
        return self.ours, self.theirs

    # --- calls ---

    def ask(self, sender: str, to: str, data: bytes, value: int = 0) -> Outcome:
        """What a transaction in the next block would do, the same on both; nothing is sent."""
        ours, theirs = (_asked(wire, sender, to, data, value) for wire in self.wires)
        assert ours == theirs, f"ours: {_shown(ours)}\ntheirs: {_shown(theirs)}"
        return ours

    def act(self, sender: str, to: str, data: bytes, value: int = 0) -> Outcome:
        """Mine one transaction, unless it would revert; results and logs are the same on both."""
        outcome = self.ask(sender, to, data, value)
        if not outcome.done:
            return outcome
        transaction = _transaction(sender, to, data, value)
        ours, theirs = (wire.request("eth_sendTransactionSync", transaction) for wire in self.wires)
        return outcome._replace(gas=_compared(ours, theirs))

    def act_together(self, calls: Sequence[tuple[str, str, bytes]]) -> list[Outcome]:
        """Mine several (sender, to, data) in one block, in order; those that would revert are left out."""
        outcomes: list[Outcome] = []
        sent: list[tuple[str, str]] = []
        with self._one_block():
            for sender, to, data in calls:
                outcomes.append(self.ask(sender, to, data))
                if outcomes[-1].done:
                    transaction = _transaction(sender, to, data, gas=GAS // 8)
                    ours, theirs = (wire.request("eth_sendTransaction", transaction) for wire in self.wires)
                    sent.append((ours, theirs))
        blocks = set()
        for ours, theirs in sent:
            receipt = self.ours.request("eth_getTransactionReceipt", ours)
            _compared(receipt, self.theirs.request("eth_getTransactionReceipt", theirs))
            blocks.add(receipt["blockNumber"])
        assert len(blocks) <= 1
        return outcomes

    @contextmanager
    def _one_block(self) -> Iterator[None]:
        """What is sent inside is mined together at the end."""
        for wire in self.wires:
            wire.request("evm_setAutomine", False)
        try:
            yield
        finally:
            for wire in self.wires:
                wire.request("evm_mine")
                wire.request("evm_setAutomine", True)

    # --- time ---

    def block(self) -> tuple[int, int]:
        """Number and timestamp of the newest block."""
        ours, theirs = (wire.request("eth_getBlockByNumber", "latest", False) for wire in self.wires)
        assert ours["number"] == theirs["number"]
        assert ours["timestamp"] == theirs["timestamp"]
        return int(ours["number"], 16), int(ours["timestamp"], 16)

    def mine(self, blocks: int = 1) -> None:
        """Let so many empty blocks pass, a second each."""
        for wire in self.wires:
            wire.request("anvil_mine", hex(blocks))

    def warp(self, seconds: int) -> None:
        """Mine one block that many seconds after the newest."""
        for wire in self.wires:
            wire.warp(seconds)

    @contextmanager
    def rewound(self) -> Iterator[None]:
        """Whatever happens inside is undone at the end, on both chains."""
        with self.ours.rewound(), self.theirs.rewound():
            yield

    # --- contracts ---

    def deploy(self, ours: bytes, theirs: bytes, types: tuple[Any, Any]) -> Twin:
        """Deploy both creation codes; `types` are the ABIs, ours first."""
        addresses = []
        for wire, code in zip(self.wires, (ours, theirs), strict=True):
            receipt = wire.request(
                "eth_sendTransactionSync",
                {"from": DEPLOYER, "data": "0x" + code.hex(), "gas": hex(GAS), "gasPrice": "0x0"},
            )
            assert receipt["status"] == "0x1", "the constructor reverted"
            addresses.append(to_checksum_address(receipt["contractAddress"]))
        assert addresses[0] == addresses[1]
        return Twin(self, addresses[0], *types)

    def pair(
        self, ours: Any, our_arguments: Sequence[Any], theirs: Compiled, arguments: Sequence[Any]
    ) -> Twin:
        """Deploy one of our contracts (as Ape knows it) and OpenZeppelin's counterpart."""
        code = bytes(ours(*our_arguments).data)
        return self.deploy(code, theirs.creation(*arguments), (ours.contract_type, theirs.type))

    def alike(self, container: Any, *arguments: Any) -> Twin:
        """Deploy the same contract on both chains: a mock that either side acts on."""
        code = bytes(container(*arguments).data)
        return self.deploy(code, code, (container.contract_type, container.contract_type))


class Twin:
    """A contract that exists on both chains, its functions as attributes.

    `twin.transfer(to, amount, sender=holder)` is an Outcome; a view is asked, anything else is mined.
    Functions are named by OpenZeppelin's ABI. `twin.ours` and `twin.theirs` are the single contracts.
    """

    def __init__(self, twins: Twins, address: str, our_type: Any, their_type: Any) -> None:
        self.twins = twins
        self.address = address
        self.ours = Contract(twins.ours, our_type, address)
        self.theirs = Contract(twins.theirs, their_type, address)

    def __str__(self) -> str:
        return self.address

    def __getattr__(self, name: str) -> TwinMethod:
        return TwinMethod(self, name)


class TwinMethod:
    """One function of a twin."""

    def __init__(self, twin: Twin, name: str) -> None:
        self._twin = twin
        self._method = getattr(twin.theirs, name)

    def data(self, *arguments: Any) -> bytes:
        """The call's data."""
        return self._method.encode_input(*arguments)

    def asked(self, *arguments: Any, sender: str = DEPLOYER, value: int = 0) -> Outcome:
        """What the call would do in the next block."""
        return self._twin.twins.ask(sender, self._twin.address, self.data(*arguments), value)

    def __call__(self, *arguments: Any, sender: str = DEPLOYER, value: int = 0) -> Outcome:
        if self._method.is_view:
            return self.asked(*arguments, sender=sender, value=value)
        return self._twin.twins.act(sender, self._twin.address, self.data(*arguments), value)


@contextmanager
def running_twins() -> Iterator[Twins]:
    """Two nodes of their own. OpenZeppelin's may hold contracts of any size."""
    with ExitStack() as stack:
        # anvil leaves old states behind, a gigabyte for some thousand blocks: into a folder that goes.
        states = stack.enter_context(TemporaryDirectory(prefix="elenchus-twins-"))
        options = ("--timestamp", str(START), "--block-base-fee-per-gas", "0", "--order", "fifo")
        options += ("--cache-path", states)
        nodes = [
            stack.enter_context(running_anvil(*options)),
            stack.enter_context(running_anvil(*options, "--disable-code-size-limit")),
        ]
        wires = [Wire(node.url) for node in nodes]
        for wire in wires:
            stack.callback(wire.close)
        yield Twins(*wires)


def _asked(wire: Wire, sender: str, to: str, data: bytes, value: int) -> Outcome:
    try:
        return Outcome(True, wire.call(sender, to, data, value))
    except Refused as refusal:
        # Without data a contract may have run out of gas or jumped astray: the node's words tell.
        return Outcome(False, refusal.data or str(refusal).encode())


def _compared(ours: dict[str, Any], theirs: dict[str, Any]) -> tuple[int, int]:
    """Gas of two receipts that agree in everything else."""
    for receipt in (ours, theirs):
        assert receipt["status"] == "0x1", "went through when simulated, and reverted in its block"
    assert ours["blockNumber"] == theirs["blockNumber"]
    our_logs, their_logs = ([_log(log) for log in receipt["logs"]] for receipt in (ours, theirs))
    assert our_logs == their_logs
    return int(ours["gasUsed"], 16), int(theirs["gasUsed"], 16)


def _log(log: dict[str, Any]) -> tuple[Any, ...]:
    return log["address"], log["topics"], log["data"], log["blockTimestamp"]


def _shown(outcome: Outcome) -> str:
    return f"{'returns' if outcome.done else 'reverts with'} {outcome.data.hex()} ({outcome.data!r})"


def _transaction(sender: str, to: str, data: bytes, value: int = 0, gas: int = GAS) -> dict[str, str]:
    return {
        "from": sender,
        "to": to,
        "data": "0x" + data.hex(),
        "value": hex(value),
        "gas": hex(gas),
        "gasPrice": "0x0",
    }
