"""A contract's functions and events by name: to calldata, from return data, from logs.

Types are parsed once, when an ABI is loaded; a call costs eth_abi's encoding and nothing more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from executor.chain.follower import Log


class CodecError(Exception):
    """Data that is not what the ABI says it is."""


@dataclass(frozen=True)
class Function:
    """One function of a contract."""

    name: str
    selector: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def encode(self, *arguments: Any) -> bytes:
        """Calldata."""
        return self.selector + encode(self.inputs, arguments)

    def decode(self, data: bytes) -> Any:
        """What it returned: one value, or a tuple of several."""
        values = _decode(self.name, self.outputs, data)
        return values[0] if len(values) == 1 else values


@dataclass(frozen=True)
class Event:
    """A log with names: `event["id"]`."""

    contract: str
    name: str
    fields: Mapping[str, Any]
    log: Log

    def __getitem__(self, field: str) -> Any:
        return self.fields[field]


@dataclass(frozen=True)
class _EventType:
    name: str
    indexed: tuple[tuple[str, str], ...]  # name, type
    plain: tuple[tuple[str, str], ...]

    def fields(self, log: Log) -> dict[str, Any]:
        if len(log.topics) != len(self.indexed) + 1:
            raise CodecError(f"codec: a {self.name} event with {len(log.topics)} topics")
        values = [
            _decode(self.name, (kind,), topic)[0]
            for (_, kind), topic in zip(self.indexed, log.topics[1:], strict=True)
        ]
        values += _decode(self.name, tuple(kind for _, kind in self.plain), log.data)
        return dict(zip((name for name, _ in (*self.indexed, *self.plain)), values, strict=True))


class Abi:
    """The interface of one kind of contract."""

    def __init__(self, contract: str, entries: Sequence[Mapping[str, Any]]) -> None:
        self.contract = contract
        self.functions = {entry["name"]: _function(entry) for entry in entries if entry["type"] == "function"}
        self._events = dict(_event(entry) for entry in entries if entry["type"] == "event")

    @property
    def events(self) -> list[str]:
        """The names of the contract's events."""
        return [kind.name for kind in self._events.values()]

    def topic(self, event: str) -> bytes:
        """The first topic of an event's logs."""
        return next(topic for topic, kind in self._events.items() if kind.name == event)

    def event(self, log: Log) -> Event | None:
        """The log by name; None if the contract's interface has no such event."""
        kind = self._events.get(log.topics[0]) if log.topics else None
        return None if kind is None else Event(self.contract, kind.name, kind.fields(log), log)


@cache
def abi_of(contract: str) -> Abi:
    """The ABI of a contract, by the name of its file under `contracts/`."""
    text = files("executor.chain.abi").joinpath(f"{contract}.json").read_text()
    return Abi(contract, json.loads(text))


def _function(entry: Mapping[str, Any]) -> Function:
    inputs = tuple(type_name(item) for item in entry["inputs"])
    outputs = tuple(type_name(item) for item in entry.get("outputs", ()))
    selector = keccak(text=f"{entry['name']}({','.join(inputs)})")[:4]
    return Function(entry["name"], selector, inputs, outputs)


def _event(entry: Mapping[str, Any]) -> tuple[bytes, _EventType]:
    fields = [(item["name"], type_name(item), item["indexed"]) for item in entry["inputs"]]
    topic = keccak(text=f"{entry['name']}({','.join(kind for _, kind, _ in fields)})")
    indexed = tuple((name, kind) for name, kind, is_topic in fields if is_topic)
    plain = tuple((name, kind) for name, kind, is_topic in fields if not is_topic)
    return bytes(topic), _EventType(entry["name"], indexed, plain)


def type_name(item: Mapping[str, Any]) -> str:
    """eth_abi's name of a type: a struct becomes the tuple of its fields, arrays keep their brackets."""
    kind: str = item["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(type_name(part) for part in item['components'])}){kind.removeprefix('tuple')}"


def _decode(what: str, kinds: tuple[str, ...], data: bytes) -> tuple[Any, ...]:
    try:
        values = decode(kinds, data)
    except (DecodingError, OverflowError, UnicodeDecodeError) as error:
        raise CodecError(f"codec: {what}: {type(error).__name__} in {len(data)} bytes") from None
    return tuple(_checksummed(kind, value) for kind, value in zip(kinds, values, strict=True))


def _checksummed(kind: str, value: Any) -> Any:
    """eth_abi writes addresses in lower case; everywhere else in this package they are checksummed."""
    if kind == "address":
        return to_checksum_address(value)
    if kind.endswith("]") and "address" in kind:
        inner = kind[: kind.rindex("[")]
        return tuple(_checksummed(inner, item) for item in value)
    if kind.startswith("(") and "address" in kind:
        return tuple(_checksummed(part, item) for part, item in zip(_parts(kind), value, strict=True))
    return value


@cache
def _parts(kind: str) -> tuple[str, ...]:
    """The types inside a tuple type."""
    parts, depth, start = [], 0, 1
    for at, letter in enumerate(kind):
        depth += (letter == "(") - (letter == ")")
        if (letter == "," and depth == 1) or (letter == ")" and depth == 0):
            parts.append(kind[start:at])
            start = at + 1
    return tuple(parts)
