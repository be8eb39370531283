"""Small programs by hand: every builder gives a valid one, and its keywords spoil or vary it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

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

INT8, INT16, INT32, INT64 = ElementType


def tensor(element: ElementType, *dims: int) -> TensorType:
    return TensorType(element, dims)


def constant(element: ElementType, values: Sequence[int], *dims: int) -> Constant:
    return Constant(TensorType(element, dims or (len(values),)), np.array(values, element.native))


ROW_MAJOR = Affine(0, (3, 1))
"""The offset of element [i, j] in a tensor [2, 3]."""


def view(
    index: int,
    offset: Affine = ROW_MAJOR,
    source: Source = Source.INPUT,
    fill: int = 0,
    guards: tuple[Guard, ...] = (),
) -> View:
    return View(source, index, offset, fill, guards)


def add(**changes: Any) -> Operation:
    """Input 0 plus input 1, both [2, 3] of int16."""
    fields: dict[str, Any] = {
        "opcode": Opcode.MAP,
        "function": Function.ADD,
        "result": tensor(INT16, 2, 3),
        "operands": (view(0), view(1)),
        "multiplier": immediate(1, 2),
        "bias": immediate(0, 2),
    }
    return Operation(**(fields | changes))


def dot(**changes: Any) -> Operation:
    """Row sums of products of inputs 0 and 1, both [2, 3]: int32[2]."""
    form = Affine(0, (3,), (1,))
    fields: dict[str, Any] = {
        "opcode": Opcode.DOT,
        "result": tensor(INT32, 2),
        "operands": (view(0, form), view(1, form)),
        "multiplier": immediate(1, 1, 1),
        "bias": immediate(0, 1, 1),
        "reduction": (3,),
        "chunk": 3,
    }
    return Operation(**(fields | changes))


def maximum(**changes: Any) -> Operation:
    """Row maxima of input 0, [2, 3]: int16[2]."""
    fields: dict[str, Any] = {
        "opcode": Opcode.MAX,
        "result": tensor(INT16, 2),
        "operands": (view(0, Affine(0, (3,), (1,))),),
        "multiplier": immediate(1, 1, 1),
        "bias": immediate(0, 1, 1),
        "reduction": (3,),
        "chunk": 3,
    }
    return Operation(**(fields | changes))


def gather(**changes: Any) -> Operation:
    """Rows of input 1 [2, 3] that the first column of input 0 [2, 3] names: int16[2, 3]."""
    fields: dict[str, Any] = {
        "opcode": Opcode.GATHER,
        "result": tensor(INT16, 2, 3),
        "operands": (view(0, Affine(0, (3, 0))), view(1, Affine(0, (0, 1)))),
        "multiplier": immediate(1, 2),
        "bias": immediate(0, 2),
    }
    return Operation(**(fields | changes))


def program(*operations: Operation, **changes: Any) -> Program:
    """The operations over two inputs of int16[2, 3]."""
    fields: dict[str, Any] = {
        "operations": operations or (add(),),
        "inputs": (tensor(INT16, 2, 3), tensor(INT16, 2, 3)),
    }
    return Program(**(fields | changes))


def pack(element: ElementType, values: Sequence[int]) -> bytes:
    """Canonical bytes."""
    return b"".join(value.to_bytes(element.width, "big", signed=True) for value in values)


def unpack(element: ElementType, data: bytes) -> list[int]:
    """The values in canonical bytes."""
    width = element.width
    return [int.from_bytes(data[i : i + width], "big", signed=True) for i in range(0, len(data), width)]
