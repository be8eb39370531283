"""Why a call reverted, in words."""

from __future__ import annotations

from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from executor.chain.rpc import RefusedError, octets

_ERROR_STRING = bytes.fromhex("08c379a0")  # Error(string): what assert and require say
_PANIC = bytes.fromhex("4e487b71")  # Panic(uint256)
_PANICS = {
    0x01: "assertion failed",
    0x11: "arithmetic overflow",
    0x12: "division by zero",
    0x32: "index out of bounds",
}


def revert_reason(refusal: RefusedError) -> str:
    """What the contract said, or what the endpoint said where no contract spoke."""
    data = _revert_data(refusal.data)
    return refusal.message if data is None else decode_revert(data)


def decode_revert(data: bytes) -> str:
    """The meaning of revert data. Total: a contract may return anything."""
    selector, body = data[:4], data[4:]
    try:
        if selector == _ERROR_STRING:
            return str(decode(["string"], body)[0])
        if selector == _PANIC:
            code = decode(["uint256"], body)[0]
            return f"panic {code:#04x}: {_PANICS.get(code, 'unknown')}"
    except (DecodingError, UnicodeDecodeError):
        pass  # it only looked like a known error: show it as it is
    return f"reverted with 0x{data[:68].hex()}" if data else "reverted without a reason"


def _revert_data(attached: Any) -> bytes | None:
    """Endpoints attach revert data as a string, or in an object's `data`, or not at all."""
    if isinstance(attached, dict):
        attached = attached.get("data")
    if not isinstance(attached, str) or not attached.startswith("0x"):
        return None
    try:
        return octets(attached)
    except ValueError:
        return None
