"""From what a person writes to what a contract is sent, type by type.

Numbers may have a unit: "0.1 ether", "10 minutes", "5 %" (in hundredths of a percent). An address may be a
name. Arrays are YAML's, structs are too, by name or in order. Where a version of a model is asked for, its
artifact will do: {artifact: digits.program, location: ipfs://..., bond: 0.1 ether, window: 10 minutes}, and
royalty, hook, arbiter, schema and report as in `ape run model publish`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]
from eth_abi.abi import encode
from eth_abi.exceptions import EncodingError
from eth_abi.grammar import TupleType, parse
from eth_utils.crypto import keccak
from ethpm_types.abi import ABIType, MethodABI

from executor.chain.requests import NOBODY
from scripts._governance.names import GovernanceError, Names
from scripts._parameters import basis_points, seconds, wei
from scripts._version import VersionError, version_of

UNITS: tuple[Callable[[Any], int], ...] = (wei, seconds, basis_points)
OF_A_VERSION = {"artifact", "location", "bond", "window", "royalty", "hook", "arbiter", "schema", "report"}


class Values:
    """Reads arguments. names: for addresses. arbiter: of versions that name none."""

    def __init__(self, names: Names, arbiter: str | None) -> None:
        self._names = names
        self._arbiter = arbiter

    def calldata(self, function: MethodABI, given: Sequence[Any]) -> bytes:
        """A call of the function. Raises GovernanceError if there is something wrong with an argument."""
        if len(given) != len(function.inputs):
            raise GovernanceError(
                f"{function.selector} takes {len(function.inputs)}, not {len(given)} arguments"
            )
        values = [self.read(item, argument) for item, argument in zip(function.inputs, given, strict=True)]
        types = [item.canonical_type for item in function.inputs]
        try:
            return keccak(text=function.selector)[:4] + encode(types, values)
        except EncodingError as error:
            raise GovernanceError(f"{function.selector}: {error}") from None

    def read(self, item: ABIType, given: Any) -> Any:
        """One value of the type."""
        kind = item.canonical_type
        if array := re.fullmatch(r"(.*)\[\d*\]", kind):
            return [self.read(_element(item, array[1]), each) for each in _structure(kind, given, list)]
        if kind.startswith("("):
            return self._struct(item, _structure(kind, given, (list, dict)))
        if kind == "address":
            return self._names.address(_said(kind, given))
        if kind == "bool":
            return _one_of({"true": True, "false": False}, str(given).lower(), kind, given)
        if kind.startswith("bytes"):
            return _octets(kind, given)
        if kind == "string":
            return _said(kind, given)
        return _number(kind, given)

    def _struct(self, item: ABIType, given: Any) -> tuple[Any, ...]:
        if isinstance(given, dict) and "artifact" in given:
            return self._version(given)
        fields = _fields(item)
        if isinstance(given, dict):
            names = [field.name for field in fields]
            if set(names) != set(given):
                raise GovernanceError(f"it takes {', '.join(map(str, names))}, not {', '.join(given)}")
            given = [given[name] for name in names]
        if len(given) != len(fields):
            raise GovernanceError(f"{item.canonical_type} has {len(fields)} fields, not {len(given)}")
        return tuple(self.read(field, each) for field, each in zip(fields, given, strict=True))

    def _version(self, given: dict[str, Any]) -> tuple[Any, ...]:
        if unknown := set(given) - OF_A_VERSION:
            raise GovernanceError(f"a version has no {', '.join(sorted(unknown))}")
        if missing := {"location", "bond", "window"} - set(given):
            raise GovernanceError(f"a version needs {', '.join(sorted(missing))}")
        arbiter = given.get("arbiter", self._arbiter)
        if arbiter is None:
            raise GovernanceError("name the version's arbiter: the deployment has none")
        try:
            return version_of(
                Path(given["artifact"]),
                location=given["location"],
                arbiter=self._names.address(arbiter),
                royalty_bps=basis_points(given.get("royalty", "0 %")),
                min_bond=wei(given["bond"]),
                window=seconds(given["window"]),
                hook=self._names.address(given.get("hook", NOBODY)),
                schema=Path(given["schema"]).read_bytes() if "schema" in given else None,
                report=Path(given["report"]).read_bytes() if "report" in given else b"",
            )
        except (ValueError, OSError, VersionError) as error:
            raise GovernanceError(str(error)) from None


def _element(item: ABIType, kind: str) -> ABIType:
    """The type of an array's elements."""
    inner = str(item.type).rpartition("[")[0] if item.components else kind
    return ABIType(name=item.name, type=inner, components=item.components)


def _fields(item: ABIType) -> list[ABIType]:
    """A struct's fields; without names where only a signature is known."""
    if item.components:
        return list(item.components)
    struct = parse(item.canonical_type)
    assert isinstance(struct, TupleType)
    return [ABIType(type=field.to_type_str()) for field in struct.components]


def _structure(kind: str, given: Any, wanted: Any) -> Any:
    """A list or mapping, which a command line gives as text."""
    if isinstance(given, str):
        try:
            given = yaml.safe_load(given)
        except yaml.YAMLError:
            raise GovernanceError(f"{given!r} is no YAML") from None
    if not isinstance(given, wanted):
        raise GovernanceError(f"{given!r} is no {kind}")
    return given


def _said(kind: str, given: Any) -> str:
    if not isinstance(given, str):
        raise GovernanceError(f"{given!r} is no {kind}: put it in quotes")
    return given


def _one_of(known: dict[str, Any], word: str, kind: str, given: Any) -> Any:
    if word not in known:
        raise GovernanceError(f"{given!r} is no {kind}")
    return known[word]


def _octets(kind: str, given: Any) -> bytes:
    if not isinstance(given, str) or not re.fullmatch("0x([0-9a-fA-F]{2})*", given):
        raise GovernanceError(f"{given!r} is no {kind}: write '0x...' in quotes")
    data = bytes.fromhex(given[2:])
    if kind != "bytes" and len(data) != int(kind.removeprefix("bytes")):
        raise GovernanceError(f"{given} has {len(data)} bytes, not those of {kind}")
    return data


def _number(kind: str, given: Any) -> int:
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    if re.fullmatch(r"-?\d[\d_]*", text := str(given)):
        return int(text)
    for unit in UNITS:
        try:
            return unit(given)
        except ValueError:
            continue
    raise GovernanceError(f"{given!r} is no {kind}; units are ether, gwei, wei, seconds to days, and %")
