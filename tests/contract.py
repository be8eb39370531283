"""A deployed contract as tests call it: by name, in a millisecond, refused before anything is sent.

`contract.claim([request], sender=executor)` transacts and returns the raw receipt; a view returns its value;
`contract.claim.asked([request], sender=executor)` is what a transaction would return. Ape deploys and knows
the ABI; words go over the wire encoded by eth_abi.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from eth_abi import decode, encode
from eth_utils import keccak, to_checksum_address

from tests.wire import Wire

Receipt = dict[str, Any]


class Method:
    """One function of one contract."""

    def __init__(self, contract: Contract, abi: Any) -> None:
        self.contract = contract
        self.is_view = abi.stateMutability in ("view", "pure")
        self._selector = keccak(text=abi.selector)[:4]
        self._inputs = [argument.canonical_type for argument in abi.inputs]
        self._outputs = abi.outputs
        self._tail = b""

    def with_tail(self, tail: bytes) -> Method:
        """The same function, its calls followed by bytes that the ABI does not know of."""
        tailed = copy(self)
        tailed._tail = tail
        return tailed

    def encode_input(self, *arguments: Any) -> bytes:
        """The call's data."""
        words = encode(self._inputs, [_plain(argument) for argument in arguments])
        return self._selector + words + self._tail

    def asked(self, *arguments: Any, sender: Any = None, value: int = 0) -> Any:
        """What the call would return now; raises Refused where it would revert. Nothing is sent."""
        caller = str(sender) if sender is not None else "0x" + "00" * 20
        data = self.contract.wire.call(caller, self.contract.address, self.encode_input(*arguments), value)
        values = _decoded(self._outputs, data)
        return values[0] if len(values) == 1 else tuple(values)

    def __call__(self, *arguments: Any, sender: Any = None, value: int = 0) -> Any:
        if self.is_view:
            return self.asked(*arguments, sender=sender)
        data = self.encode_input(*arguments)
        return self.contract.wire.transact(str(sender), self.contract.address, data, value)


class Contract:
    """A contract at an address, with its functions as attributes.

    The type is said, not asked of Ape: that remembers types by address, also of contracts that were undone.
    """

    def __init__(self, wire: Wire, contract_type: Any, address: str) -> None:
        self.wire = wire
        self.address = address
        self._abi = contract_type

    def __str__(self) -> str:
        return self.address

    def __getattr__(self, name: str) -> Method:
        for abi in self._abi.abi:
            if abi.type == "function" and abi.name == name:
                method = Method(self, abi)
                setattr(self, name, method)
                return method
        raise AttributeError(f"{self._abi.name} has no function {name}")

    @cached_property
    def _events(self) -> dict[bytes, Any]:
        return {keccak(text=abi.selector): abi for abi in self._abi.abi if abi.type == "event"}

    def events(self, receipt: Receipt, *names: str) -> Iterator[SimpleNamespace]:
        """This contract's events in a receipt, in order; only those with one of `names` if any are given."""
        for log in receipt["logs"]:
            topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
            abi = self._events.get(topics[0]) if topics else None
            if abi is None or to_checksum_address(log["address"]) != self.address:
                continue
            if names and abi.name not in names:
                continue
            indexed = [field for field in abi.inputs if field.indexed]
            plain = [field for field in abi.inputs if not field.indexed]
            event = SimpleNamespace(name=abi.name)
            for field, topic in zip(indexed, topics[1:], strict=True):
                setattr(event, field.name, _decoded([field], topic)[0])
            for field, value in zip(plain, _decoded(plain, bytes.fromhex(log["data"][2:])), strict=True):
                setattr(event, field.name, value)
            yield event


def _plain(argument: Any) -> Any:
    """An argument as eth_abi wants it: contracts and accounts as their addresses, also inside of lists."""
    if isinstance(argument, tuple | list):
        return [_plain(part) for part in argument]
    if isinstance(argument, str | bytes | int):
        return argument
    return argument.address if hasattr(argument, "address") else str(argument)


def _decoded(fields: Sequence[Any], data: bytes) -> list[Any]:
    """Values of these ABI fields, addresses checksummed also inside of structs."""
    values = decode([field.canonical_type for field in fields], data)
    return [_readable(field, value) for field, value in zip(fields, values, strict=True)]


def _readable(field: Any, value: Any) -> Any:
    if field.canonical_type == "address":
        return to_checksum_address(value)
    if field.type == "tuple":
        return tuple(_readable(part, item) for part, item in zip(field.components, value, strict=True))
    return value


def gas_of(receipts: Iterable[Receipt]) -> int:
    """Gas of several transactions together."""
    return sum(int(receipt["gasUsed"], 16) for receipt in receipts)
