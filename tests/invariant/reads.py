"""A hundred reads in one request: one a read would cost more than the chain itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.wire import Wire

READER = "0x00000000000000000000000000000000000ead1e"  # where the reading program is put, for one call
SCRATCH = 256  # bytes of memory for a call's data, before the answers


@dataclass(frozen=True)
class Read:
    """One number to read: a word of what a view returns, or with no data an account's native balance."""

    address: str
    data: bytes = b""
    word: int = 0
    bits: int = 256  # of it, from the lowest


def read(wire: Wire, reads: Sequence[Read]) -> tuple[int, list[int]]:
    """The newest block's time, and every number read in its state."""
    program = _program(reads)
    call = {"to": READER, "gas": hex(2**32)}
    answer = wire.request("eth_call", call, "latest", {READER: {"code": "0x" + program.hex()}})
    words = bytes.fromhex(answer[2:])
    numbers = [int.from_bytes(words[at : at + 32], "big") for at in range(0, len(words), 32)]
    assert len(numbers) == len(reads) + 1
    return numbers[0], [number % 2**item.bits for number, item in zip(numbers[1:], reads, strict=True)]


def _program(reads: Sequence[Read]) -> bytes:
    """EVM code that makes all reads, one after the other, and returns the time and the answers."""
    code = _code(reads, 0)
    return _code(reads, len(code)) + b"".join(item.data for item in reads)


def _code(reads: Sequence[Read], data_at: int) -> bytes:
    """The instructions alone. The calls' data begin at `data_at`, which does not change their length."""
    code = b"\x42" + _push(SCRATCH) + b"\x52"  # TIMESTAMP, MSTORE
    for number, item in enumerate(reads, start=1):
        answer_at = _push(SCRATCH + 32 * number)
        target = b"\x73" + bytes.fromhex(item.address[2:])  # PUSH20
        if not item.data:
            code += target + b"\x31" + answer_at + b"\x52"  # BALANCE, MSTORE
            continue
        size = _push(len(item.data))
        code += size + _push(data_at) + _push(0) + b"\x39"  # CODECOPY to 0
        # STATICCALL(gas, target, 0, size, 0, 0), POP; RETURNDATACOPY(answer_at, 32 * word, 32)
        code += _push(0) + _push(0) + size + _push(0) + target + b"\x5a\xfa\x50"
        code += _push(32) + _push(32 * item.word) + answer_at + b"\x3e"
        data_at += len(item.data)
    return code + _push(32 * (len(reads) + 1)) + _push(SCRATCH) + b"\xf3"  # RETURN


def _push(number: int) -> bytes:
    return b"\x61" + number.to_bytes(2, "big")  # PUSH2
