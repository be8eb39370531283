"""The judge's bench: many questions to the deployed Referee at once, answered in order."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from eth_abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils import keccak

from tests.soundness.prover import Part, Section, packed
from tests.soundness.trace import Statement, Trace, Words
from tests.wire import ERROR_STRING, GAS
from tests.words import joined

TOGETHER = 64
"""Calls in one JSON-RPC batch."""

CASE = "(bytes32,uint256,bytes32,bytes32,bytes32,bytes32,address)"
PROGRAM = "(bytes32,bytes32,bytes32,bytes32,bytes32)"
POSITION = "(uint256,uint256,bytes32,bytes32,bytes32,bytes32)"
PROVE = [CASE, PROGRAM, "uint256", POSITION, "uint256", "bytes32", "bytes32[]", "bytes"]
PROVE_CHUNK = [CASE, PROGRAM, "uint256", POSITION, "int256[]", "uint256", "bytes"]
RESCALED = [PROGRAM, "bytes32", POSITION, "uint256", "int256", "bytes", "bytes"]
NOTHING = bytes(32)
NOBODY = "0x" + "00" * 20

Position = tuple[int, int, bytes, bytes, bytes, bytes]
Answer = int | str
"""A value, or the message of the refusal; one without a message is empty."""


@dataclass(frozen=True)
class Shape:
    """`IReferee.Shape`."""

    element_type: int
    size: int
    count: int
    terms: int
    chunk: int
    chunks: int


@dataclass(frozen=True)
class Question:
    """One step to be judged; `number` is the chunk, or the exact value that is rescaled."""

    part: Part
    program: Words
    input: bytes
    position: Position
    element: int
    record: bytes
    proof: bytes
    number: int = 0

    @property
    def data(self) -> bytes:
        """The call's bytes; what the Referee is said to ignore is nothing."""
        said: tuple[Any, ...]
        posted = NOTHING, 0, NOTHING, NOTHING, self.input, NOTHING, NOBODY
        match self.part:
            case Part.ELEMENT:
                said = posted, self.program, 0, self.position, self.element, NOTHING, [], self.record
                return call("prove", PROVE, said) + self.proof
            case Part.CHUNK:
                said = posted, self.program, 0, self.position, [], self.number % 32, self.record
                return call("prove_chunk", PROVE_CHUNK, said) + self.proof
            case Part.RESCALED:
                position, record = self.position, self.record
                said = self.program, self.input, position, self.element, self.number, record, self.proof
                return call("rescaled", RESCALED, said)


def call(name: str, kinds: list[str], arguments: tuple[Any, ...]) -> bytes:
    """A call's bytes."""
    return keccak(text=f"{name}({','.join(kinds)})")[:4] + encode(kinds, arguments)


def position(trace: Trace, t: int, number: int, element: int, chunk: int) -> Position:
    """Where a trace has this element and chunk, as far as the Referee looks at it."""
    steps = (trace.statement.steps, 32), (t, 32), (number, 32)
    place = joined((0, 8), (5, 8), (chunk // 32, 32), (0, 32), *steps)
    extent = joined((0, 128), (element, 64))
    return place, extent, trace.steps.root, trace.outputs(t).root, NOTHING, NOTHING


def question(
    trace: Trace, t: int, number: int, element: int, part: Part, extra: int, sections: Sequence[Section]
) -> Question:
    """What the Referee is asked about a step of this trace. `extra`: see `Question.number`."""
    statement, chunk = trace.statement, extra if part is Part.CHUNK else 0
    return Question(
        part,
        statement.words,
        statement.input_root,
        position(trace, t, number, element, chunk),
        element,
        statement.records[number],
        packed(list(sections)),
        extra,
    )


class Bench:
    """A Referee at an address, asked by `eth_call` over a connection of its own."""

    def __init__(self, url: str, referee: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
        self._referee = referee

    def answers(self, questions: Sequence[Question]) -> Iterator[Answer]:
        """One answer for each question, in order."""
        for said in self.replies([question.data for question in questions]):
            yield said if isinstance(said, str) else int.from_bytes(said, "big", signed=True)

    def shapes(self, statement: Statement, records: Sequence[tuple[int, bytes]]) -> Iterator[Shape | str]:
        """What the Referee says of records that are given as operations of a program, by their number."""
        kinds = [PROGRAM, "uint256", "bytes"]
        calls = [call("shape", kinds, (statement.words, number, record)) for number, record in records]
        for said in self.replies(calls):
            yield said if isinstance(said, str) else Shape(*decode(["uint256"] * 6, said))

    def steps(self, statement: Statement, proof: bytes) -> Answer:
        """How many steps a program runs on its input."""
        data = call("steps", [PROGRAM, "bytes32", "bytes"], (statement.words, statement.input_root, proof))
        (said,) = self.replies([data])
        return said if isinstance(said, str) else int.from_bytes(said, "big")

    def replies(self, calls: Sequence[bytes]) -> Iterator[bytes | str]:
        """What calls return, or the message with which they are refused."""
        for start in range(0, len(calls), TOGETHER):
            yield from self._batch(calls[start : start + TOGETHER])

    def _batch(self, calls: Sequence[bytes]) -> list[bytes | str]:
        requests = [
            {
                "jsonrpc": "2.0",
                "id": number,
                "method": "eth_call",
                "params": [{"to": self._referee, "data": "0x" + data.hex(), "gas": hex(GAS)}, "latest"],
            }
            for number, data in enumerate(calls)
        ]
        self._connection.request("POST", "/", json.dumps(requests), {"Content-Type": "application/json"})
        replies = json.loads(self._connection.getresponse().read())
        return [_said(reply) for reply in sorted(replies, key=lambda reply: reply["id"])]

    def close(self) -> None:
        self._connection.close()


def _said(reply: dict[str, Any]) -> bytes | str:
    if "result" in reply:
        return bytes.fromhex(reply["result"][2:])
    data = reply["error"].get("data")
    raw = bytes.fromhex(data[2:]) if isinstance(data, str) else b""
    try:
        return str(decode(["string"], raw[4:])[0]) if raw[:4] == ERROR_STRING else ""
    except DecodingError:
        return ""
