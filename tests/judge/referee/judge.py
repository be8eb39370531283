"""The deployed Referee, and what it is asked about a trace."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from executor.program.commitments import data_root, hash_input, hash_operation, tree_over
from executor.program.cost import header_of
from executor.program.encoding import encode_header, encode_record
from executor.program.ir import Program
from executor.program.proof import chunk_proof, element_proof, rescale_proof, steps_proof
from executor.program.trace import Trace
from tests.contract import Contract

NOTHING = bytes(32)
"""What the Referee does not look at."""

Words = tuple[bytes, bytes, bytes, bytes, bytes]
Case = tuple[bytes, int, bytes, bytes, bytes, bytes, str]
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


def case(input_root: bytes) -> Case:
    """A case with this input, as far as the Referee looks at it."""
    return NOTHING, 0, NOTHING, NOTHING, input_root, NOTHING, "0x" + "00" * 20


def position(trace: Trace, step: int, operation: int, element: int = 0, chunk: int = 0) -> Position:
    """An operation at a step, of which one chunk is shown, as far as the Referee looks at it."""
    place = chunk << 208 | trace.steps << 144 | step << 112 | operation << 80
    return place, element << 64, trace.steps_tree.root, trace.outputs_tree(step).root, NOTHING, NOTHING


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

    def record(self, operation: int) -> bytes:
        return encode_record(self.trace.program.operations[operation])

    def element_question(self, step: int, operation: int, element: int) -> list[Any]:
        """Arguments of `prove`."""
        where = position(self.trace, step, operation)
        words = [case(self.input_root), self.words, 0, where, element, NOTHING, []]
        return [*words, self.record(operation)]

    def chunk_question(self, step: int, operation: int, element: int, chunk: int) -> list[Any]:
        """Arguments of `prove_chunk`."""
        where = position(self.trace, step, operation, element, chunk)
        return [case(self.input_root), self.words, 0, where, [], 0, self.record(operation)]

    def element(self, step: int, operation: int, element: int) -> int:
        """The whole element."""
        proof = element_proof(self.trace, step, operation, element)
        return self.referee.prove.with_tail(proof)(*self.element_question(step, operation, element))

    def chunk(self, step: int, operation: int, element: int, chunk: int) -> int:
        """One chunk of its reduction."""
        proof = chunk_proof(self.trace, step, operation, element, chunk)
        question = self.chunk_question(step, operation, element, chunk)
        return self.referee.prove_chunk.with_tail(proof)(*question)

    def rescaled(self, step: int, operation: int, element: int, exact: int) -> int:
        """The element whose reduction yields `exact`."""
        proof = rescale_proof(self.trace, step, operation, element)
        where = position(self.trace, step, operation)
        return self.referee.rescaled(
            self.words, self.input_root, where, element, exact, self.record(operation), proof
        )

    def steps(self) -> int:
        """How many steps the program runs on the input of the trace."""
        return self.referee.steps(self.words, self.input_root, steps_proof(self.trace))

    def shape(self, operation: int) -> tuple[int, ...]:
        """What the operation's record says."""
        return self.referee.shape(self.words, operation, self.record(operation))
