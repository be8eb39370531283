"""Records and headers: one value, one encoding."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.program import InvalidProgram, Program, validate
from executor.program.encoding import (
    MAX_RECORD,
    Header,
    decode_header,
    decode_record,
    encode_header,
    encode_record,
)
from executor.program.ir import Affine, Guard
from tests.program.build import add, view
from tests.program.strategies import VALID_PROGRAMS


@settings(max_examples=100, deadline=None)
@given(VALID_PROGRAMS)
def test_decode_record__every_operation__round_trips(program: Program) -> None:
    for operation in program.operations:
        record = encode_record(operation)
        assert decode_record(record) == operation
        assert len(record) % 32 == 0
        assert len(record) <= MAX_RECORD


@settings(max_examples=200, deadline=None)
@given(VALID_PROGRAMS, st.data())
def test_decode_record__one_byte_changed__is_another_operation_or_refused(
    program: Program, data: st.DataObject
) -> None:
    record = encode_record(program.operations[-1])
    at = data.draw(st.integers(0, len(record) - 1))
    changed = record[:at] + bytes([record[at] ^ data.draw(st.integers(1, 255))]) + record[at + 1 :]
    try:
        operation = decode_record(changed)
    except InvalidProgram:
        return
    assert operation != program.operations[-1]
    assert encode_record(operation) == changed


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=700))
def test_decode_record__random_bytes__never_decode_to_something_with_another_encoding(record: bytes) -> None:
    try:
        operation = decode_record(record)
    except InvalidProgram:
        return
    assert encode_record(operation) == record


@pytest.mark.parametrize("at", [7, 12, 15, 24, 31, 43, 64, 96 + 2, 96 + 8, 96 + 24, 96 + 60, 96 + 92])
def test_decode_record__slack_byte_not_zero__is_refused(at: int) -> None:
    record = bytearray(encode_record(add()))
    record[at] ^= 1
    with pytest.raises(InvalidProgram, match=f"ill-formed record: byte {at} is 1, not 0"):
        decode_record(bytes(record))


@pytest.mark.parametrize("length", [0, 31, 32, 95, 96, 448])
def test_decode_record__cut_short__is_refused(length: int) -> None:
    record = encode_record(add())
    assert length < len(record)
    with pytest.raises(InvalidProgram, match="ill-formed record"):
        decode_record(record[:length])


def test_decode_record__longer_than_its_views__is_refused() -> None:
    with pytest.raises(InvalidProgram, match="512 bytes where its views end at 480"):
        decode_record(encode_record(add()) + bytes(32))


def test_encode_record__layout__is_the_table_of_the_docstring() -> None:
    guard = Guard(Affine(-7, (8, 9), (), 10), 11)
    record = encode_record(
        add(operands=(view(1, Affine(2, (3, -4), (), 5), fill=-6, guards=(guard,)), view(0)))
    )
    words = [record[i : i + 32] for i in range(0, len(record), 32)]
    number = int.from_bytes
    assert words[0][:7] == bytes([2, 1, 1, 2, 0, 2, 0])
    assert [number(words[1][i : i + 4]) for i in range(0, 32, 4)] == [2, 3, 0, 0, 0, 0, 0, 0]
    assert words[2] == bytes(32)
    assert words[3][:8] == bytes([1, 1, 0, 0, 0, 0, 0, 1])
    assert number(words[3][12:16]) == 2
    assert number(words[3][16:24], signed=True) == -6
    assert [number(words[4][i : i + 4], signed=True) for i in range(0, 12, 4)] == [3, -4, 0]
    assert [number(words[5][i : i + 4], signed=True) for i in range(0, 8, 4)] == [5, 0]
    assert number(words[6][12:16], signed=True) == -7
    assert number(words[6][16:24]) == 11
    assert [number(words[7][i : i + 4]) for i in range(0, 12, 4)] == [8, 9, 0]
    assert number(words[8][:4]) == 10
    assert len(words) == 3 + 6 + 3 + 3 + 3


def test_encode_record__coefficient_beyond_int32__is_refused() -> None:
    operands = (view(0, Affine(0, (1 << 31, 0))), view(0))
    with pytest.raises(InvalidProgram, match="operand 0: a number does not fit"):
        encode_record(add(operands=operands))


@settings(max_examples=50, deadline=None)
@given(VALID_PROGRAMS)
def test_decode_header__every_program__round_trips(program: Program) -> None:
    header = validate(program)
    assert decode_header(encode_header(header)) == header


def test_decode_header__other_version__is_refused() -> None:
    words = bytearray(encode_header(Header(0, None, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0)))
    words[0] = 2
    with pytest.raises(InvalidProgram, match="version 2"):
        decode_header(bytes(words))
