"""A version of a model, made from the artifact that it will answer with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak

from executor.chain.requests import NOBODY
from executor.program import Program, load
from executor.program.ir import TensorType

MAX_LOCATION = 256


class VersionError(Exception):
    """The artifact cannot be published; the message says why."""


def version_of(
    artifact: Path,
    *,
    location: str,
    arbiter: str,
    royalty_bps: int,
    min_bond: int,
    window: int,
    hook: str = NOBODY,
    schema: bytes | None = None,
    report: bytes = b"",
) -> tuple[Any, ...]:
    """`IModel.Version` as a tuple: root and sizes are the artifact's own, never typed by hand.

    min_bond: wei of the bond asset. window: seconds. schema: the text that describes input and output, by
    default their types. report: the compile report or held-out set. Both are bound by their hash.
    """
    try:
        program = load(artifact)
    except (OSError, ValueError) as error:
        raise VersionError(f"version: {artifact}: {error}") from None
    if len(location.encode()) > MAX_LOCATION:
        raise VersionError(f"version: the location is longer than {MAX_LOCATION} bytes")
    terms = (
        program.root,
        arbiter,
        hook,
        royalty_bps,
        min_bond,
        window,
        program.input_size,
        program.output_size,
        False,
    )
    return terms, location, keccak(describe(program) if schema is None else schema), keccak(report)


def describe(program: Program) -> bytes:
    """Types of input and output in words, such as `int8[8,8] -> int32[8]`."""
    inputs = " ".join(_type(tensor) for tensor in program.inputs)
    return f"{inputs} -> {_type(program.output_type)}".encode()


def _type(tensor: TensorType) -> str:
    return f"{tensor.element.name.lower()}[{','.join(map(str, tensor.dims))}]"
