"""The gas that `executor/program/cost.py` states for a step is never less than what the Referee takes."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.program.cost import MAX_PROOF, step_cost
from executor.program.ir import (
    Affine,
    Constant,
    ElementType,
    Function,
    Guard,
    Opcode,
    Operation,
    Program,
    Source,
    TensorType,
    View,
    immediate,
)
from executor.program.proof import chunk_proof, element_proof, rescale_proof
from executor.program.trace import Trace
from executor.program.validation import validate
from tests.contract import Contract, Method
from tests.judge.referee.judge import Judge, position
from tests.judge.referee.test_reductions import random_bytes, reductions
from tests.program.strategies import VALID_PROGRAMS, is_valid
from tests.wire import Refused

INT8, INT64 = ElementType.INT8, ElementType.INT64
BYTES = TensorType(INT8, (120_000,))

HOLDS = Guard(Affine(0, (1,), (1, 1)), 1 << 30)
"""Depends on both axes, so that every row has to ask whether it holds."""
CUTS = replace(HOLDS, limit=100)


def suffices(referee: Contract, gas: int, call: Method, arguments: list[object]) -> bool:
    """Whether a transaction of that much gas, calldata included, gets an answer."""
    data = "0x" + call.encode_input(*arguments).hex()
    try:
        referee.wire.request("eth_call", {"to": referee.address, "data": data, "gas": hex(gas)}, "latest")
    except Refused:
        return False
    return True


def is_bounded(judge: Judge, step: int, number: int, element: int, share: float = 1) -> bool:
    """Whether the stated gas, or a share of it, suffices for the element, or for a chunk and the rescale."""
    trace, referee = judge.trace, judge.referee
    operation = trace.program.operations[number]
    bound = step_cost(trace.program, operation)
    if operation.chunk in (0, operation.terms):
        proofs = [element_proof(trace, step, number, element)]
        prove = referee.prove.with_tail(proofs[0])
        asked: list[tuple[Method, list[object]]] = [(prove, judge.element_question(step, number, element))]
    else:
        middle = operation.terms // operation.chunk // 2
        proofs = [
            chunk_proof(trace, step, number, element, middle),
            rescale_proof(trace, step, number, element),
        ]
        prove = referee.prove_chunk.with_tail(proofs[0])
        words = [judge.words, judge.input_root, position(trace, step, number), element, 12_345]
        asked = [
            (prove, judge.chunk_question(step, number, element, middle)),
            (referee.rescaled, [*words, judge.record(number), proofs[1]]),
        ]
    assert all(len(proof) <= min(bound.proof, MAX_PROOF) for proof in proofs)
    return all(suffices(referee, int(bound.gas * share), *each) for each in asked)


def scattered(
    opcode: Opcode, reduction: tuple[int, ...], strides: tuple[int, ...], guards: tuple[Guard, ...] = ()
) -> Program:
    """A reduction whose elements lie far apart."""
    depth, start = len(reduction), 119_000 if min(strides) < 0 else 0
    offset = Affine(start, (1,), strides)
    terms = int(np.prod(reduction))
    data = np.frombuffer(Random(depth).randbytes(BYTES.count), np.int8)
    views = [View(Source.INPUT, 0, offset, 0, guards), View(Source.CONSTANT, 0, offset, 0, guards)]
    operation = Operation(
        opcode=opcode,
        result=TensorType(INT64, (2,)),
        operands=tuple(views if opcode is Opcode.DOT else views[:1]),
        multiplier=immediate(1, 1, depth),
        bias=immediate(0, 1, depth),
        reduction=reduction,
        chunk=terms,
    )
    constants = (Constant(BYTES, data),) if opcode is Opcode.DOT else ()
    return Program((operation,), (BYTES,), constants)


def remembered(
    reduction: tuple[int, ...], strides: tuple[int, ...], guards: tuple[Guard, ...] = ()
) -> Program:
    """A maximum over the history of an operation, of 30 entries of 3,000 bytes."""
    entry, depth = TensorType(INT8, (3_000,)), len(reduction)
    copied = Operation(
        opcode=Opcode.MAP,
        function=Function.SHIFT,
        result=entry,
        operands=(View(Source.INPUT, 0, Affine(0, (1,), (), 77)),),
        multiplier=immediate(1, 1),
        bias=immediate(0, 1),
    )
    largest = Operation(
        opcode=Opcode.MAX,
        result=TensorType(INT64, (2,)),
        operands=(View(Source.HISTORY, 0, Affine(0, (1,), strides), 0, guards),),
        multiplier=immediate(1, 1, depth),
        bias=immediate(0, 1, depth),
        reduction=reduction,
        chunk=int(np.prod(reduction)),
    )
    return Program((copied, largest), (BYTES,), step_bound=30)


DEAR = {
    "side by side": scattered(Opcode.DOT, (1024,), (1,)),
    "every other": scattered(Opcode.DOT, (1024,), (2,)),
    "a tile each": scattered(Opcode.DOT, (30,), (3_000,)),
    "one term": scattered(Opcode.DOT, (1,), (1,)),
    "tiles in turn": scattered(Opcode.DOT, (20, 32), (0, 3_000)),
    "tiles in turn, maximum": scattered(Opcode.MAX, (40, 40), (0, 3_000)),
    "tiles in turn, backwards": scattered(Opcode.MAX, (40, 40), (0, -3_000)),
    "rows of two": scattered(Opcode.DOT, (400, 2), (0, 3_000)),
    "rows of two, maximum": scattered(Opcode.MAX, (1_000, 2), (0, 3_000)),
    "rows of two, guarded": scattered(Opcode.DOT, (300, 2), (0, 3_000), (HOLDS,) * 4),
    "rows of two, cut": scattered(Opcode.DOT, (200, 2), (0, 3_000), (CUTS,) * 4),
    "rows of two, maximum, guarded": scattered(Opcode.MAX, (500, 2), (0, 3_000), (HOLDS,) * 4),
    "seven axes": scattered(Opcode.DOT, (2,) * 7, (3, 50, 700, 11, 130, 1, 1_100)),
    "entries in turn": remembered((30, 25), (0, 3_000)),
    "entries in turn, by two": remembered((500, 2), (0, 45_000), (HOLDS,) * 4),
}


def dear(referee: Contract, name: str) -> tuple[Judge, int, int, int]:
    """The last element of the last operation at the last step."""
    program = DEAR[name]
    validate(program)
    judge = Judge(referee, Trace(program, random_bytes(1, program.input_size)))
    return judge, judge.trace.steps - 1, len(program.operations) - 1, 1


@pytest.mark.parametrize("name", DEAR)
def test_step_cost__of_the_dearest_steps__bounds_the_gas(referee: Contract, name: str) -> None:
    assert is_bounded(*dear(referee, name))


def test_step_cost__of_rows_of_two__is_not_far_above_the_gas(referee: Contract) -> None:
    assert not is_bounded(*dear(referee, "rows of two, maximum"), share=0.8)


@settings(max_examples=40)
@given(st.one_of(VALID_PROGRAMS, reductions().filter(is_valid)), st.integers(0, 2**32))
def test_step_cost__of_random_programs__bounds_the_gas(
    referee: Contract, program: Program, seed: int
) -> None:
    judge = Judge(referee, Trace(program, random_bytes(seed, program.input_size)))
    last = judge.trace.steps - 1
    for (number, operation), step in product(enumerate(program.operations), {0, last}):
        assert is_bounded(judge, step, number, operation.result.count - 1)
