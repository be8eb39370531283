"""`HostileCode` from outside, and code that lives for one transaction only."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from eth_utils import keccak

from tests.contract import Method
from tests.world import World


class Conduct(IntEnum):
    """How a creature treats a call."""

    ANSWER = 1
    FLOOD = 2
    FICKLE = 4
    SHORT = 8
    NOTHING = 16
    BOMB = 32
    BURN = 64
    CALL = 128


FAILING = (Conduct.SHORT, Conduct.NOTHING, Conduct.BOMB, Conduct.BURN)
HEEDED = (Conduct.ANSWER, Conduct.FLOOD)  # the rest may fail or not, as the gas falls

CHECK_INPUT = "check_input(bytes)"
CHECK_OUTPUT = "check_output(bytes32,bytes)"
RESOLVE = "resolve(uint256,address,uint256,bytes32)"
TERMS = "terms(uint256)"
ON_RESULT = "on_result(bytes32,uint256,(bytes32,uint256,uint256,uint256,uint256,uint256,bytes32),bytes,bool)"
ON_RETRACTED = "on_retracted(bytes32,uint256)"
OPEN_GAME = "open(bytes32,uint256,bytes32,bytes32,bytes32,bytes32,address,address,uint256)"

Call = tuple[str, bytes, int]  # contract, calldata, wei


def call_of(method: Method, *arguments: Any, value: int = 0) -> Call:
    """What a creature is told to do in its own name."""
    return method.contract.address, method.encode_input(*arguments), value


class Creature:
    """A HostileCode, taught and ordered about by its master."""

    def __init__(self, world: World, address: str, master: str) -> None:
        self.contract = world.existing("HostileCode", address)
        self.address, self._master = address, master

    def __str__(self) -> str:
        return self.address

    def teach(self, function: str, conduct: Conduct, words: Sequence[int] = ()) -> None:
        """Calls of a function are treated like this from now on; `words` are what it says, by default 1."""
        self.contract.teach(keccak(text=function)[:4], (conduct, list(words)), sender=self._master)

    def arm(self, call: Call) -> None:
        """CALL makes this call from now on."""
        self.contract.arm(call, sender=self._master, value=call[2])

    def order(self, method: Method, *arguments: Any, value: int = 0) -> None:
        """It makes a call at once."""
        call = call_of(method, *arguments, value=value)
        self.contract.order(call, sender=self._master, value=value)

    def stage(self, creation: bytes, *calls: Call) -> None:
        """Something lives for one transaction, in which these calls are made."""
        value = sum(call[2] for call in calls)
        self.contract.stage(creation, list(calls), sender=self._master, value=value)


def mayfly(words: Sequence[int]) -> bytes:
    """Creation code of what says these words to every call, and to one without data destroys itself."""
    said = b"".join(word.to_bytes(32, "big") for word in words)
    runtime = bytes.fromhex(
        "36600657"  # if calldatasize: jump to 6
        "33ff"  # selfdestruct(caller)
        "5b"  # 6:
        f"61{len(said):04x}6013" + "5f39"  # codecopy(0, 0x13, length)
        f"61{len(said):04x}5ff3"  # return(0, length)
    )
    assert len(runtime) == 0x13
    whole = runtime + said
    return bytes.fromhex(f"61{len(whole):04x}80600a5f395ff3") + whole


def words_of(terms: Sequence[Any]) -> list[int]:
    """A version's terms as the words a model says."""
    return [
        int(field, 16)
        if isinstance(field, str)
        else int.from_bytes(field, "big")
        if isinstance(field, bytes)
        else int(field)
        for field in terms
    ]
