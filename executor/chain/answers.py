"""What endpoints and contracts mean by their answers, which every client words in its own way."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from executor.chain.rpc import RefusedError, octets


class Answer(Enum):
    """What an endpoint's answer to signed bytes means."""

    TAKEN = auto()  # it has them
    OUTBID = auto()  # it has a better offer for the same nonce
    PASSED = auto()  # the nonce is used: a look at the chain will tell by whom
    CHEAP = auto()  # it asks for a better offer
    REJECTED = auto()  # it does not have them


# How the clients in use say it, to be compared in this order, spaces aside: some write AlreadyKnown. None is
# a reason for a new transaction.
_PHRASES = {
    Answer.TAKEN: ("already known", "already imported", "known transaction", "already in"),
    Answer.OUTBID: (
        *("replacement transaction underpriced", "replacement fee too low"),
        *("could not replace", "replacement not allowed"),
    ),
    Answer.PASSED: ("nonce too low", "nonce is too low", "oldnonce", "nonce has already been used"),
    Answer.CHEAP: ("underpriced", "less than block base fee", "tip too low", "fee too low"),
}


def classify(refusal: RefusedError | None) -> Answer:
    """The meaning of an answer to a broadcast."""
    if refusal is None:
        return Answer.TAKEN
    said = _bare(refusal.message)
    for answer, phrases in _PHRASES.items():
        if any(_bare(phrase) in said for phrase in phrases):
            return answer
    return Answer.REJECTED


def _bare(text: str) -> str:
    return text.lower().replace(" ", "")


def is_verdict(refusal: RefusedError) -> bool:
    """Whether a simulation failed by what the call does, and not by the endpoint or an empty purse."""
    said = refusal.message.lower()
    return refusal.code == 3 or "revert" in said or "gas required exceeds" in said or "out of gas" in said


_REASON, _PANIC = "Error(string)", "Panic(uint256)"  # what assert and require say; what arithmetic does
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


def decode_revert(data: bytes, errors: Iterable[str] = ()) -> str:
    """The meaning of revert data, on one line. Total: a contract may return anything.

    errors: signatures of custom errors to be told by name, such as `FailedCall()`.
    """
    signature = next((known for known in (_REASON, _PANIC, *errors) if _selector(known) == data[:4]), "")
    name, _, types = signature.removesuffix(")").partition("(")
    try:
        values = decode(types.split(",") if types else [], data[4:])
    except (DecodingError, UnicodeDecodeError):
        signature = ""  # it only looked like a known error: show it as it is
    if not signature:
        return f"reverted with 0x{data[:68].hex()}" if data else "reverted without a reason"
    if signature == _REASON:
        return printable(values[0])
    if signature == _PANIC:
        return f"panic {values[0]:#04x}: {_PANICS.get(values[0], 'unknown')}"
    return f"{name}({', '.join(_argument(value) for value in values)})"


def printable(text: str) -> str:
    """A stranger's text on one line, without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _selector(signature: str) -> bytes:
    return keccak(text=signature)[:4]


def _argument(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else printable(str(value))


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
