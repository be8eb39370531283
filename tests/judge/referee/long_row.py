"""A 1,024-long dot of bytes in tensors of half a gibibyte each, as the Referee is asked about it.

Nobody builds the trees: the siblings are drawn, and the roots follow from them. Each operand's tile is 20
levels under the root that the judge knows: 19 in the tree over its tiles, one over the tensors.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from executor.program.commitments import (
    TILE,
    hash_node,
    hash_tensor,
    hash_tile,
    tensor_header,
)
from executor.program.encoding import Header, encode_header, encode_record
from executor.program.ir import Affine, ElementType, Opcode, Operation, Source, TensorType, View, immediate
from tests.contract import Contract, Receipt
from tests.judge.referee.judge import NOTHING, case

ROWS = 1 << 19
LENGTH = 1024
DEPTH = 19
TENSOR = TensorType(ElementType.INT8, (ROWS * LENGTH,))


@dataclass(frozen=True)
class LongRow:
    """One element of the dot: arguments of `Referee.prove`, the proof, and the element's value."""

    arguments: list[Any]
    proof: bytes
    value: int

    def ask(self, referee: Contract) -> int:
        """What the Referee computes."""
        return referee.prove.with_tail(self.proof)(*self.arguments)

    def receipt(self, referee: Contract, sender: str) -> Receipt:
        """Of the question sent as a transaction."""
        data = referee.prove.with_tail(self.proof).encode_input(*self.arguments)
        return referee.wire.transact(sender, referee.address, data)


def long_row(shift: int = 0, row: int = 2 * 123_456 + 1) -> LongRow:
    """The dot of row `row` of a constant and of an earlier output, both begun `shift` bytes into a tile."""
    rng = Random(LENGTH + shift)
    form = Affine(shift, (LENGTH,), (1,))
    operation = Operation(
        opcode=Opcode.DOT,
        result=TensorType(ElementType.INT32, (ROWS - 1,)),
        operands=(View(Source.OUTPUT, 0, form), View(Source.CONSTANT, 1, form)),
        multiplier=immediate(1, 1, 1),
        bias=immediate(0, 1, 1),
        reduction=(LENGTH,),
        chunk=LENGTH,
    )
    numbers = [row] if shift == 0 else [row, row + 1]
    (left, left_proof, outputs), (right, right_proof, constants) = (
        operand(rng, numbers, place) for place in (0, 1)
    )
    window = slice(shift, shift + LENGTH)
    value = sum(a * b for a, b in zip(signed(left[window]), signed(right[window]), strict=True))
    header = encode_header(
        Header(1, None, 1, 2, 2, TENSOR.size, 4 * (ROWS - 1), LENGTH * ROWS, ROWS * 2, 4, 9_000, 4_000_000)
    )
    program = (header[:32], header[32:], rng.randbytes(32), constants, rng.randbytes(32))
    question = rng.randbytes(32)
    position = (1 << 144 | 1 << 80, 0, NOTHING, outputs, NOTHING, NOTHING)
    record = encode_record(operation)
    arguments = [case(question), program, 0, position, row, NOTHING, [], record]
    return LongRow(arguments, left_proof + right_proof, value)


def operand(rng: Random, numbers: list[int], index: int) -> tuple[bytes, bytes, bytes]:
    """Bytes of the tiles, the section that proves them, and the root that follows for tensor `index`."""
    tiles = [rng.randbytes(TILE) for _ in numbers]
    nodes = {number: hash_tile(tile) for number, tile in zip(numbers, tiles, strict=True)}
    siblings = []
    for _ in range(DEPTH):
        lacking = [number ^ 1 for number in nodes if number ^ 1 not in nodes]
        drawn = {number: rng.randbytes(32) for number in lacking}
        siblings += drawn.values()
        known = nodes | drawn
        nodes = {number >> 1: hash_node(known[number & ~1], known[number | 1]) for number in nodes}
    (tree,) = nodes.values()
    tensor = hash_tensor(TENSOR.element, TENSOR.dims, TENSOR.size, tree)
    beside = rng.randbytes(32)
    root = hash_node(tensor, beside) if index == 0 else hash_node(beside, tensor)
    places = b"".join(number.to_bytes(8, "big") for number in numbers)
    header = tensor_header(TENSOR.element, TENSOR.dims, TENSOR.size)
    given = [header, len(numbers).to_bytes(2, "big"), places, *tiles]
    return b"".join(tiles), b"".join([*given, *siblings, beside]), root


def signed(data: bytes) -> list[int]:
    """The int8 in these bytes."""
    return [byte - 256 if byte > 127 else byte for byte in data]
