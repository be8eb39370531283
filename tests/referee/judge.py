"""The deployed Referee, and what it is asked about a trace."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from executor.program.commitments import data_root, hash_input, hash_operation, tree_over
from executor.program.cost import header_of
from executor.program.encoding import encode_header, encode_record
from executor.program.ir import Operation, Program
from executor.program.proof import chunk_proof, element_proof, rescale_proof, steps_proof
from executor.program.trace import Trace
from tests.contract import Contract

NOTHING = bytes(32)
"""Parts of a position at which the Referee does not look."""

Words = tuple[bytes, bytes, bytes, bytes, bytes]
Position = tuple[int, int, bytes, bytes, bytes, bytes]


def program_words(program: Program) -> Words:
    """The preimage of the program root."""
    header = encode_header(header_of(program))
    inputs = [
        hash_input(tensor.element, tensor.dims, tensor.size, offset)
        for tensor, offset in zip(program.inputs, program.input_offsets, strict=True)
    ]
    return (
        header[:32],
        header[32:],
        tree_over([hash_operation(encode_record(operation)) for operation in program.operations]).root,
        tree_over([constant.root for constant in program.constants]).root,
        tree_over(inputs).root,
    )


def position(trace: Trace, step: int, operation: int) -> Position:
    """An operation at a step, as far as the Referee looks at it."""
    place = trace.steps << 144 | step << 112 | operation << 80
    return place, 0, trace.steps_tree.root, trace.outputs_tree(step).root, NOTHING, NOTHING


@dataclass(frozen=True)
class Judge:
    """Asks the Referee about the steps of one trace, with proofs made from it."""

    referee: Contract
    trace: Trace

    @cached_property
    def words(self) -> Words:
        return program_words(self.trace.program)

    @cached_property
    def input_root(self) -> bytes:
        return data_root(self.trace.input, self.trace.program.input_size)

    def operation(self, number: int) -> Operation:
        return self.trace.program.operations[number]

    def asked(self, step: int, operation: int, element: int, *more: int) -> list[Any]:
        """Arguments of a call, but for the proof."""
        where = position(self.trace, step, operation)
        record = encode_record(self.operation(operation))
        return [self.words, self.input_root, where, element, *more, record]

    def element(self, step: int, operation: int, element: int) -> int:
        """The whole element."""
        proof = element_proof(self.trace, step, operation, element)
        return self.referee.element(*self.asked(step, operation, element), proof)

    def chunk(self, step: int, operation: int, element: int, chunk: int) -> int:
        """One chunk of its reduction."""
        proof = chunk_proof(self.trace, step, operation, element, chunk)
        return self.referee.chunk(*self.asked(step, operation, element, chunk), proof)

    def rescaled(self, step: int, operation: int, element: int, exact: int) -> int:
        """The element whose reduction yields `exact`."""
        proof = rescale_proof(self.trace, step, operation, element)
        return self.referee.rescaled(*self.asked(step, operation, element, exact), proof)

    def steps(self) -> int:
        """How many steps the program runs on the input of the trace."""
        return self.referee.steps(self.words, self.input_root, steps_proof(self.trace))

    def shape(self, operation: int) -> tuple[int, ...]:
        """What the operation's record says."""
        return self.referee.shape(self.words, operation, encode_record(self.operation(operation)))
