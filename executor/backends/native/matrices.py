"""Matrix products by onnxruntime, and the proof that this machine's are exact."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime

from executor.backends.base import BackendError
from executor.backends.native.models import product_model
from executor.backends.native.products import Carrier, Shape, Units
from executor.program.ir import Interval
from executor.program.views import Int64Array

Matrix = npt.NDArray[Any]

SEED = 20_261
"""Of the operands of a proof: the same on every machine and at every start."""


class Multiplier(Protocol):
    """What multiplies matrices: here onnxruntime on the processor."""

    @property
    def units(self) -> Units:
        """What the operands are carried in."""

    @property
    def constant(self) -> Matrix | None:
        """The right operand, if it never changes."""

    def bind(self, left: Matrix, right: Matrix | None, result: Matrix) -> Callable[[], None]:
        """Call what this returns to write the product of what then lies in these arrays."""


class Multiply:
    """y = a b in some units; `constant` is b if it never changes. It runs in the thread that calls it."""

    def __init__(self, units: Units, constant: Matrix | None = None) -> None:
        self.units = units
        self.constant = constant
        left, right, result = names(units)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        model = product_model(left, right, result, constant)
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def bind(self, left: Matrix, right: Matrix | None, result: Matrix) -> Callable[[], None]:
        """Call what this returns to write the product of what then lies in these arrays."""
        binding = self._session.io_binding()
        operands = {"a": left} if self.constant is not None else {"a": left, "b": right}
        for name, operand in operands.items():
            assert operand is not None
            binding.bind_input(name, "cpu", 0, operand.dtype, operand.shape, operand.ctypes.data)
        binding.bind_output("y", "cpu", 0, result.dtype, result.shape, result.ctypes.data)
        memory = left, right, result  # the binding knows addresses only: this keeps them alive

        def multiply(_memory: tuple[Matrix | None, ...] = memory) -> None:
            self._session.run_with_iobinding(binding)

        return multiply


def names(units: Units) -> tuple[str, str, str]:
    """numpy's names for the elements of the left and the right operand and of the result."""
    left, right, result = (kind.name.lower() for kind in units.value)
    return left, right, result


def prove(multiply: Multiplier, shape: Shape, carrier: Carrier, right: Interval) -> None:
    """Raises BackendError if products of this shape are wrong on operands at the ends of their ranges.

    Whether the sums are those of the integers is seen from their inner product with odd numbers, modulo 2^64:
    one wrong bit anywhere shows.
    """
    rng = np.random.default_rng(SEED)
    left_name, right_name, result_name = names(multiply.units)
    if multiply.constant is None:
        b = rng.choice(np.array(right), (shape.groups, shape.depth, shape.columns)).astype(right_name)
    else:
        b = multiply.constant
    a = _extremes(rng, shape, carrier, b.reshape(shape.groups, shape.depth, shape.columns)).astype(left_name)
    if b.ndim == 2:
        a = a[0]
    y = np.zeros((*a.shape[:-1], shape.columns), result_name)
    multiply.bind(a, b, y)()
    witness = rng.integers(0, 1 << 20, shape.columns) * 2 + 1
    expected = a.astype(np.int64) @ (b.astype(np.int64) @ witness)[..., None]
    if ((y.astype(np.int64) @ witness)[..., None] != expected).any():
        raise BackendError(
            f"backend: this machine's products {list(y.shape)} over {shape.depth} terms in "
            f"{multiply.units.name.lower()} are not exact, and it must not serve: it would be slashed"
        )


def _extremes(rng: np.random.Generator, shape: Shape, carrier: Carrier, right: Matrix) -> Int64Array:
    """Left operands at the ends of their digits: in turn as one column of the right operand would have them
    for the largest sum, for the smallest, and at random; the columns with the largest sums come first."""
    rows = np.arange(shape.rows * len(carrier.digits))
    ends = np.repeat(np.array(carrier.ends), shape.rows, axis=0)
    order = np.argsort(-np.abs(right.astype(np.float64)).sum(axis=1), axis=1)
    columns = order[:, rows // 3 % shape.columns]
    positive = np.take_along_axis(right, columns[:, None, :], axis=2).transpose(0, 2, 1) >= 0
    turn = (rows % 3)[:, None]
    up = np.where(turn == 2, rng.random(positive.shape) < 0.5, positive ^ (turn == 1))
    return np.where(up, ends[:, 1:], ends[:, :1])


@cache
def bytes_are_exact() -> bool:
    """Whether u8 x s8 is right here: on processors without VNNI, pairs of products saturate at 16 bits."""
    rng = np.random.default_rng(SEED)
    for depth in (4, 64, 1030):
        b = np.where(rng.random((depth, 33)) < 0.5, np.int8(-128), np.int8(127))
        b[:, 0], b[:, 1] = -128, 127
        a = np.where(rng.random((17, depth)) < 0.3, np.uint8(0), np.uint8(255))
        a[0] = 255
        y = np.zeros((17, 33), np.int32)
        Multiply(Units.BYTES, b).bind(a, None, y)()
        if (y != a.astype(np.int64) @ b.astype(np.int64)).any():
            return False
    return True
