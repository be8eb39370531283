"""A record is well-formed for the Referee if it is the one encoding of an operation that may stand there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.program import InvalidProgram
from executor.program.encoding import MAX_RECORD, decode_record, encode_record
from executor.program.ir import Affine, Function, Guard, Program, Source, View, immediate
from executor.program.validation import _check_dims, _check_shape
from tests.contract import Contract
from tests.judge.referee.judge import Words, program_words
from tests.program.build import INT8, add, constant, dot, gather, maximum, program, view
from tests.program.strategies import VALID_PROGRAMS
from tests.wire import Refused

COLUMN = Guard(Affine(0, (1,), (1,)), 3)
SUMS = dot(operands=(view(0, Affine(0, (3,), (1,)), guards=(COLUMN,)), view(1, Affine(0, (3,), (1,)))))
LARGEST = maximum()
SHIFTED = add(function=Function.SHIFT, immediate=3, operands=(view(0),))
TAKEN = gather()
ADDED = add(bias=view(0, Affine(0, (0, 1)), Source.CONSTANT))
READY = add(operands=(view(0, source=Source.OUTPUT), view(2, source=Source.HISTORY)))
LISTED = (SUMS, LARGEST, TAKEN, ADDED, SHIFTED, READY)
STATED = program(*LISTED, constants=(constant(INT8, [1, 2, 3]),))
"""Its header says: two inputs, one constant, six operations. Whether it is valid does not matter here."""


@pytest.fixture
def words() -> Words:
    return program_words(STATED)


def is_well_formed(referee: Contract, words: Words, number: int, record: bytes) -> bool:
    """Whether the Referee takes it for operation `number`."""
    try:
        referee.shape(words, number, record)
    except Refused as refusal:
        return refusal.reason != "referee: ill-formed record"
    return True


@pytest.mark.parametrize("number", range(len(LISTED)))
def test_shape__of_well_formed_records__is_what_they_say(referee, words, number) -> None:
    operation = LISTED[number]
    chunks = -(-operation.terms // operation.chunk) if operation.chunk else 1
    assert referee.shape(words, number, encode_record(operation)) == (
        *(operation.result.element, operation.result.size, operation.result.count),
        *(operation.terms, operation.chunk, chunks),
    )


@pytest.mark.parametrize("number", range(len(LISTED)))
def test_shape__any_byte_changed__is_refused_where_python_refuses(referee, words, number) -> None:
    """Every byte of every record, to three other values: what is no record is none on-chain either."""
    record = encode_record(LISTED[number])
    refused = 0
    for at in range(len(record)):
        for other in (record[at] ^ 1, record[at] ^ 0x80, 0xFF):
            spoilt = record[:at] + bytes([other]) + record[at + 1 :]
            if spoilt != record and not may_stand(spoilt, number):
                assert not is_well_formed(referee, words, number, spoilt), (at, other)
                refused += 1
    assert refused > len(record)


def may_stand(record: bytes, number: int) -> bool:
    """Whether it decodes to an operation that is well-formed by itself and whose sources exist."""
    try:
        operation = decode_record(record)
        changed = list(STATED.operations)
        changed[number] = operation
        validate_alone(replace(STATED, operations=tuple(changed)), number)
    except InvalidProgram:
        return False
    return True


def validate_alone(stated: Program, number: int) -> None:
    """The rules that the Referee tests: shape and sources; not offsets, values and cost."""
    operation = stated.operations[number]
    _check_dims("result", operation.result)
    _check_shape(operation)
    limits = {
        Source.INPUT: len(stated.inputs),
        Source.CONSTANT: len(stated.constants),
        Source.OUTPUT: number,
        Source.HISTORY: len(stated.operations),
    }
    for name, read in operation.named_views:
        forms = [read.offset, *(guard.form for guard in read.guards)]
        if name in ("multiplier", "bias") and any(any(form.reduction) for form in forms):
            raise InvalidProgram(name)
        if read.source is Source.IMMEDIATE:
            if read != immediate(read.fill, len(operation.result.dims), len(operation.reduction)):
                raise InvalidProgram(name)
        elif read.index >= limits[read.source]:
            raise InvalidProgram(name)


@settings(max_examples=60)
@given(VALID_PROGRAMS, st.data())
def test_shape__whatever_validates__is_well_formed(
    referee: Contract, program: Program, data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(program.operations) - 1))
    record = encode_record(program.operations[number])
    assert is_well_formed(referee, program_words(program), number, record)


LONG = replace(SUMS, reduction=(9_000,), chunk=9_000)
PAST = View(Source.HISTORY, 1, Affine(0, (3,), (1,)))
ILL_FORMED = {
    "a chunk that nobody could judge": (0, encode_record(LONG)),
    "a maximum of its own past": (1, encode_record(maximum(operands=(PAST,)))),
    "a maximum of an immediate": (1, encode_record(maximum(operands=(immediate(1, 1, 1),)))),
    "an immediate as a table": (2, encode_record(gather(operands=(TAKEN.operands[0], immediate(1, 2))))),
    "an output that is not there yet": (3, encode_record(add(operands=(view(3, source=Source.OUTPUT),) * 2))),
    "no byte at all": (0, b""),
    "less than a head": (0, encode_record(SUMS)[:64]),
    "a view cut off": (0, encode_record(SUMS)[:-32]),
    "a guard cut off": (0, encode_record(SUMS)[: 96 + 100]),
    "more than a record": (0, encode_record(SUMS) + bytes(32)),
    "as long as can be": (0, encode_record(SUMS).ljust(MAX_RECORD, b"\0")),
}


@pytest.mark.parametrize("name", ILL_FORMED)
def test_shape__of_ill_formed_records__is_refused(referee, words, name) -> None:
    number, record = ILL_FORMED[name]
    assert not is_well_formed(referee, words, number, record)


def test_shape__a_maximum_of_an_earlier_history__is_well_formed(referee, words) -> None:
    earlier = replace(PAST, index=0)
    assert is_well_formed(referee, words, 1, encode_record(maximum(operands=(earlier,))))
