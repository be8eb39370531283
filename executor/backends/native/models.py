"""The two little onnxruntime models that a product needs, as bytes.

An ONNX file is a protocol buffer. Two nodes' worth of it is written here in full, so that an executor needs
no library for it: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3 has the numbers of the fields.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

OPERATORS = 13
"""Version of the operators."""

FILE = 8
"""Version of the format."""

TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "float64": 11}


def product_model(left: str, right: str, result: str, constant: npt.NDArray[Any] | None = None) -> bytes:
    """A model `y = a b` of the named element types; `b` is the constant, or else the second input."""
    operator = "MatMulInteger" if left == "uint8" else "MatMul"
    node = _text(1, "a") + _text(1, "b") + _text(2, "y") + _text(4, operator)
    graph = _bytes(1, node) + _text(2, "product") + _bytes(11, _value("a", left))
    if constant is None:
        graph += _bytes(11, _value("b", right))
    else:
        graph += _bytes(5, _tensor("b", constant))
    graph += _bytes(12, _value("y", result))
    return _number(1, FILE) + _bytes(7, graph) + _bytes(8, _text(1, "") + _number(2, OPERATORS))


def _tensor(name: str, data: npt.NDArray[Any]) -> bytes:
    dims = b"".join(_number(1, n) for n in data.shape)
    raw = np.ascontiguousarray(data).tobytes()
    return dims + _number(2, TYPES[data.dtype.name]) + _text(8, name) + _bytes(9, raw)


def _value(name: str, element: str) -> bytes:
    """A value of this type and of any shape."""
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, TYPES[element])))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, text: str) -> bytes:
    return _bytes(field, text.encode())


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    """Seven bits a byte, lowest first; all bytes but the last have the eighth."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])
