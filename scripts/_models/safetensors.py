"""Reading a safetensors file: a length, a JSON table of tensors, and their bytes one after the other."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

TYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "I64": np.dtype("<i8")}
MAX_TABLE = 1 << 24  # bytes of the JSON table


class InvalidSafetensors(ValueError):
    """The file is not what it claims to be."""


def read(path: Path) -> dict[str, npt.NDArray[np.generic]]:
    """All tensors of the file by name; InvalidSafetensors where it is malformed."""
    data = path.read_bytes()
    if len(data) < 8:
        raise InvalidSafetensors("safetensors: it ends within the length of its table")
    (length,) = struct.unpack_from("<Q", data)
    if length > min(MAX_TABLE, len(data) - 8):
        raise InvalidSafetensors(f"safetensors: a table of {length} bytes in a file of {len(data)}")
    try:
        table = json.loads(data[8 : 8 + length])
        entries: dict[str, tuple[np.dtype[Any], list[int], list[int]]] = {
            name: (TYPES[entry["dtype"]], entry["shape"], entry["data_offsets"])
            for name, entry in table.items()
            if name != "__metadata__"
        }
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise InvalidSafetensors(f"safetensors: its table cannot be read: {error!r}") from None
    body = memoryview(data)[8 + length :]
    return {name: _tensor(name, body, *entry) for name, entry in entries.items()}


def _tensor(
    name: str, body: memoryview, element: np.dtype[np.generic], shape: list[int], offsets: list[int]
) -> npt.NDArray[np.generic]:
    whole = all(isinstance(number, int) and number >= 0 for number in (*shape, *offsets))
    if not whole or len(offsets) != 2:
        raise InvalidSafetensors(f"safetensors: {name} has shape {shape} and offsets {offsets}")
    begin, end = offsets
    if end > len(body) or end - begin != math.prod(shape) * element.itemsize:
        raise InvalidSafetensors(f"safetensors: {name} of shape {shape} is not the bytes {begin} to {end}")
    return np.frombuffer(body[begin:end], element).reshape(shape)
