"""Reading weights: a table and bytes, each checked against the other."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts._models.safetensors import InvalidSafetensors, read

VALUES = np.arange(6, dtype="<f4").reshape(2, 3)


def table(**changes: object) -> dict[str, object]:
    entry = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
    return {"__metadata__": {"format": "pt"}, "w": entry | changes}


def written(path: Path, content: object, body: bytes = VALUES.tobytes()) -> Path:
    head = content if isinstance(content, bytes) else json.dumps(content).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head + body)
    return path


def test_read__tensors__are_what_was_written(tmp_path: Path) -> None:
    (tensor,) = (found := read(written(tmp_path / "w", table()))).values()
    assert list(found) == ["w"]
    np.testing.assert_array_equal(tensor, VALUES)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (table(shape=[2, 4]), r"w of shape \[2, 4\] is not the bytes 0 to 24"),
        (table(data_offsets=[4, 28]), "is not the bytes 4 to 28"),
        (table(shape=[-2, -3]), r"w has shape \[-2, -3\]"),
        (table(shape=[2.0, 3]), "w has shape"),
        (table(data_offsets=[0]), "w has shape"),
        (table(shape=[1 << 40], data_offsets=[0, 1 << 42]), "is not the bytes"),
        (table(dtype="F64"), "cannot be read"),
        ([], "cannot be read"),
        ({"w": 3}, "cannot be read"),
        (b"{", "cannot be read"),
    ],
)
def test_read__table_that_is_wrong__is_refused(tmp_path: Path, content: object, message: str) -> None:
    with pytest.raises(InvalidSafetensors, match=message):
        read(written(tmp_path / "w", content))


def test_read__table_longer_than_the_file__is_refused(tmp_path: Path) -> None:
    for data in (b"", b"1234567", struct.pack("<Q", 2**63) + b"{}"):
        (tmp_path / "w").write_bytes(data)
        with pytest.raises(
            InvalidSafetensors, match=r"ends within the length|a table of 9223372036854775808"
        ):
            read(tmp_path / "w")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 200), st.binary(min_size=1, max_size=8))
def test_read__bytes_overwritten__reads_or_refuses(tmp_path: Path, at: int, new: bytes) -> None:
    path = written(tmp_path / "w", table())
    data = bytearray(path.read_bytes())
    at %= len(data)
    data[at : at + len(new)] = new
    path.write_bytes(data)
    try:
        found = read(path)
    except InvalidSafetensors:
        return
    assert all(tensor.nbytes <= len(data) for tensor in found.values())
