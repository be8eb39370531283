"""The schema: what the bytes of inputs and outputs mean, and which values it refuses."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from Crypto.Hash import keccak

from executor.program.ir import ElementType
from executor.schema import Field, Schema, SchemaError, schema_path

SCHEMA = Schema(
    (
        Field("pixels", (1, 3), ElementType.INT16, Fraction(1, 4)),
        Field("ids", (2,), ElementType.INT32, Fraction(1)),
    ),
    (
        Field("label", (2,), ElementType.INT16, Fraction(1, 3)),
        Field("place", (), ElementType.INT16, Fraction(1)),
    ),
    "ab" * 32,
)


def test_encode__halves_and_far_values__round_away_from_zero_and_saturate() -> None:
    data = SCHEMA.encode({"pixels": [[0.125, -0.125, 1e9]], "ids": [7, -8]})
    assert np.frombuffer(data[:6], ">i2").tolist() == [1, -1, 32767]
    assert data[6:32] == bytes(26)  # the next input begins with the next word
    assert np.frombuffer(data[32:], ">i4").tolist() == [7, -8]


def test_decode__bytes_of_a_result__are_real_values_by_name() -> None:
    data = np.array([3, -6, 5], ">i2").tobytes()
    found = SCHEMA.decode_all(data)
    assert found["label"].tolist() == [1, -2]
    assert found["place"] == 5
    assert SCHEMA.decode(data).tolist() == [1, -2]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"ids": [1, 2]}, "input pixels is missing"),
        ({"pixels": [0] * 3, "ids": [1, 2], "mask": [1]}, "there is no input mask"),
        ({"pixels": [0] * 4, "ids": [1, 2]}, r"pixels has dimensions \[4\], not \[1, 3\]"),
        ({"pixels": [0, np.nan, 0], "ids": [1, 2]}, "pixels contains a value that is not a number"),
    ],
)
def test_encode__what_does_not_fit__is_refused_by_name(arrays, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        SCHEMA.encode(arrays)


def test_decode__another_length__is_refused() -> None:
    with pytest.raises(SchemaError, match="the output has 5 bytes, not 6"):
        SCHEMA.decode(bytes(5))


def test_schema__saved_and_loaded__is_the_same_and_has_the_hash_of_its_bytes(tmp_path: Path) -> None:
    path = schema_path(tmp_path / "model.program")
    SCHEMA.save(path)
    assert path.name == "model.schema.json"
    assert Schema.load(path) == SCHEMA
    assert SCHEMA.hash == keccak.new(data=path.read_bytes(), digest_bits=256).digest()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"schema 1", b"schema 2"),
        (b'"int16"', b'"float"'),
        (b"[1,4]", b"[1,0]"),
        (b"[1,4]", b"[-1,4]"),
        (b"[1,3]", b"[0,3]"),
        (b'"inputs"', b'"input"'),
    ],
)
def test_schema__a_spoilt_file__is_refused(before: bytes, after: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.schema.json"
    path.write_bytes(SCHEMA.canonical.replace(before, after, 1))
    with pytest.raises(SchemaError, match="is no schema"):
        Schema.load(path)
