"""A schema that lies: about its own bytes, about the program beside it, or with numbers out of this world."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from executor.program import Program
from executor.program.ir import ElementType
from executor.schema import Field, Schema, SchemaError
from tests.program.build import INT16, add, program, tensor

INT8, INT32, INT64 = ElementType.INT8, ElementType.INT32, ElementType.INT64
WHOLE = Fraction(1)
FIELDS = Field("a", (2, 3), INT16, Fraction(1, 4)), Field("b", (6,), INT16, WHOLE)
SUM = Field("sum", (3, 2), INT16, Fraction(1, 4))
SCHEMA = Schema(FIELDS, (SUM,))


@pytest.fixture
def adding() -> Program:
    """Input 0 plus input 1, both [2, 3] of int16."""
    return program(add())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"dims":[2,3]', b'"dims":[2.9,3]'),
        (b'"dims":[2,3]', b'"dims":["2",3]'),
        (b'"dims":[2,3]', b'"dims":[Infinity,3]'),
        (b'"dims":[2,3]', b'"dims":[NaN,3]'),
        (b'"dims":[2,3]', b'"dims":[4611686018427387904,4611686018427387904]'),
        (b'"dims":[2,3]', b'"dims": [2,3]'),
        (b'"dims":[2,3]', b'"dims":[9],"dims":[2,3]'),
        (b'"scale":[1,4]', b'"scale":[2,8]'),
        (b'"scale":[1,4]', b'"scale":[-1,-4]'),
        (b'"scale":[1,4]', b'"scale":[1e999,4]'),
        (b'"scale":[1,4]', b'"scale":[1,1%s]' % (b"0" * 400)),
        (b'"scale":[1,4]', b'"scale":[1,1%s]' % (b"0" * 5000)),
        (b'"name":"a"', b'"name":"b"'),
        (b'"name":"a"', b'"name":7'),
        (b'"tokenizer":""', b'"tokenizer":null'),
        (b'"version":', b'"more":1,"version":'),
        (b'"inputs":', b'"inputs":%s,"inputs":' % (b"[" * 100_000 + b"]" * 100_000)),
        (b'"tokenizer":""', b'"tokenizer":"%s"' % (b"0" * (2 << 20))),
    ],
)
def test_load__bytes_that_are_not_the_schemas__are_refused(
    tmp_path: Path, before: bytes, after: bytes
) -> None:
    path = tmp_path / "model.schema.json"
    path.write_bytes(SCHEMA.canonical)
    assert Schema.load(path) == SCHEMA
    assert before in SCHEMA.canonical
    path.write_bytes(SCHEMA.canonical.replace(before, after, 1))
    with pytest.raises(SchemaError, match="is no schema"):
        Schema.load(path)


def test_load__endless_file__is_refused_after_a_mebibyte() -> None:
    with pytest.raises(SchemaError, match="more than 1048576 bytes"):
        Schema.load(Path("/dev/zero"))


@pytest.mark.parametrize(
    "lying",
    [
        Schema(FIELDS[:1], (SUM,)),
        Schema((*FIELDS, Field("c", (1,), INT8, WHOLE)), (SUM,)),
        Schema((FIELDS[0], Field("b", (5,), INT16, WHOLE)), (SUM,)),
        Schema((FIELDS[0], Field("b", (6,), INT32, WHOLE)), (SUM,)),
        Schema(FIELDS, (Field("sum", (7,), INT16, WHOLE),)),
        Schema(FIELDS, (Field("sum", (12,), INT8, WHOLE),)),
        Schema(FIELDS, (Field("sum", (5,), INT16, WHOLE), Field("rest", (2,), INT8, WHOLE))),
    ],
)
def test_check__schema_of_another_program__is_refused(adding: Program, lying: Schema) -> None:
    SCHEMA.check(adding)
    with pytest.raises(SchemaError, match="it describes"):
        lying.check(adding)


def test_check__inputs_in_another_order__are_refused() -> None:
    mixed = program(add(), inputs=(tensor(INT16, 2, 3), tensor(INT8, 2, 3)))
    schema = Schema((FIELDS[0], Field("b", (6,), INT8, WHOLE)), (SUM,))
    schema.check(mixed)
    with pytest.raises(SchemaError, match="other inputs"):
        Schema(schema.inputs[::-1], schema.outputs).check(mixed)


@pytest.mark.parametrize(
    ("element", "scale", "given", "expected"),
    [
        (INT64, WHOLE, [1e30, -1e30, 2.0**63, 1e308], [2**63 - 1, -(2**63), 2**63 - 1, 2**63 - 1]),
        (INT64, Fraction(1, 10**6), [1e308, -1e308, 0.5, -0.5], [2**63 - 1, -(2**63), 500_000, -500_000]),
        (INT64, WHOLE, [2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)], None),
        (INT32, WHOLE, [2**40, -(2**40), 7, -8], [2**31 - 1, -(2**31), 7, -8]),
        (INT8, WHOLE, np.array([2**64 - 1, 300, 127, 0], np.uint64), [127, 127, 127, 0]),
        (INT8, WHOLE, [0.49999999999999994, -0.49999999999999994, 0.5, -0.5], [0, 0, 1, -1]),
    ],
)
def test_encode__values_at_the_ends__are_held_within_the_type(
    element: ElementType, scale: Fraction, given: list[float], expected: list[int] | None
) -> None:
    data = Field("x", (4,), element, scale).encode(given)
    assert np.frombuffer(data, element.canonical).tolist() == (given if expected is None else expected)


@pytest.mark.parametrize("given", [["a", "b"], [[1], [2, 3]], [None, {}], [1j, 2]])
def test_encode__what_is_no_number__is_refused_by_name(given: object) -> None:
    with pytest.raises(SchemaError, match="x contains something that is not a number"):
        Field("x", (2,), INT8, WHOLE).encode(given)  # type: ignore[arg-type]
