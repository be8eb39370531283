"""The Referee reads the shared vectors as Python does, and agrees on every bit."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from executor.program.commitments import data_root
from executor.program.encoding import decode_record, encode_record
from executor.program.ir import ElementType, Function, Opcode, Operation, Program, TensorType, immediate
from executor.program.proof import chunk_proof
from executor.program.trace import Trace
from tests.contract import Contract
from tests.judge.referee.judge import NOTHING, Judge, case, program_words
from tests.vectors.generate import FOLDER
from tests.vectors.programs import tiny_programs

ONE = immediate(1, 1)
ZERO = immediate(0, 1)
NO_PROGRAM = (NOTHING,) * 5


def cases(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / name).read_text())["cases"]
    return found


def map_of(function: Function, operands: list[int], p: int = 0) -> Operation:
    """A map of immediates: one int64, not rescaled."""
    return Operation(
        opcode=Opcode.MAP,
        function=function,
        immediate=p,
        result=TensorType(ElementType.INT64, (1,)),
        operands=tuple(immediate(value, 1) for value in operands),
        multiplier=ONE,
        bias=ZERO,
    )


def test_rescaled__shared_vectors__agree(referee: Contract) -> None:
    where = (0, 0, NOTHING, NOTHING, NOTHING, NOTHING)
    for vector in cases("rescale.json"):
        operation = Operation(
            opcode=Opcode.MAP,
            function=Function.ISQRT,
            result=TensorType(ElementType(vector["type"]), (1,)),
            operands=(ZERO,),
            multiplier=immediate(vector["multiplier"], 1),
            bias=immediate(vector["bias"], 1),
            shift=vector["shift"],
        )
        record = encode_record(operation)
        assert (
            referee.rescaled(NO_PROGRAM, NOTHING, where, 0, vector["exact"], record, b"") == vector["result"]
        )


def test_prove__functions_of_the_shared_vectors__agree(referee: Contract) -> None:
    where = (0, 0, NOTHING, NOTHING, NOTHING, NOTHING)
    for vector in cases("functions.json"):
        operation = map_of(Function(vector["function"]), vector["operands"], vector["immediate"])
        question = [case(NOTHING), NO_PROGRAM, 0, where, 0, NOTHING, [], encode_record(operation)]
        assert referee.prove(*question) == vector["result"], vector


def test_prove_chunk__views_of_the_shared_vectors__agree(referee: Contract) -> None:
    """Every vector is one read by operand 0 of a dot in chunks of one term, the other factor being 1."""
    for vector in cases("views.json"):
        record = bytes.fromhex(vector["record"][2:])
        operation = decode_record(record)
        values = np.arange(1_000, 1_000 + vector["count"], dtype=">i4")
        program = Program((operation,), (TensorType(ElementType.INT32, (vector["count"],)),))
        asked = SimpleNamespace(
            program=program, input=values.tobytes()
        )  # all that the proof of an input takes
        element = int(np.ravel_multi_index(vector["output_index"], operation.result.dims))
        term = int(np.ravel_multi_index(vector["reduction_index"], operation.reduction))
        step = vector["step"]
        where = (term << 208 | 4 << 144 | step << 112, element << 64, *(NOTHING,) * 4)
        root = data_root(asked.input, program.input_size)
        proof = chunk_proof(asked, step, 0, element, term)
        question = [case(root), program_words(program), 0, where, [], 0, record]
        expected = vector["fill"] if vector["offset"] is None else 1_000 + vector["offset"]
        assert referee.prove_chunk.with_tail(proof)(*question) == expected, vector


@pytest.mark.parametrize("name", sorted(tiny_programs()))
def test_prove__programs_of_the_shared_vectors__agree(referee: Contract, name: str) -> None:
    (vector,) = (vector for vector in cases("programs.json") if vector["name"] == name)
    program, data = tiny_programs()[name]
    judge = Judge(referee, Trace(program, data))
    assert data_root(data, program.input_size).hex() == vector["input_root"][2:]
    assert b"".join(judge.words[:2]).hex() == vector["header"][2:]
    for step, outputs in enumerate(vector["steps"]):
        for number, output in enumerate(outputs):
            tensor = program.operations[number].result
            content = bytes.fromhex(output["bytes"][2:])
            found = [judge.element(step, number, element) for element in range(tensor.count)]
            assert found == np.frombuffer(content, tensor.element.canonical).tolist()
