"""Matrix products on a GPU, through torch: the same units, the same proof.

Operands go to the device for each product and sums come back; constants stay there. Nothing reduced is
allowed: fp32 products are fp32, without TF32, whose 10 bits would round operands. Bytes stay with the
processor: torch multiplies no u8 by s8.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from executor.backends.base import BackendError
from executor.backends.native.matrices import Matrix
from executor.backends.native.products import Units


class TorchMultiply:
    """y = a b in some units on a device; `constant` is b if it never changes. BackendError without torch."""

    def __init__(self, units: Units, constant: Matrix | None, device: str) -> None:
        try:
            torch: Any = importlib.import_module("torch")
        except ImportError:
            raise BackendError("backend: products on a GPU need torch: install the extra `torch`") from None
        if units is Units.BYTES:
            raise BackendError("backend: products of bytes are not for a GPU")
        torch.backends.cuda.matmul.allow_tf32 = False
        self.units = units
        self.constant = constant
        self._torch = torch
        self._device = device
        self._right = None if constant is None else self._moved(constant)

    def bind(self, left: Matrix, right: Matrix | None, result: Matrix) -> Callable[[], None]:
        """Call what this returns to write the product of what then lies in these arrays."""

        def multiply() -> None:
            b = self._right
            if b is None:
                assert right is not None
                b = self._moved(right)
            result[...] = self._torch.matmul(self._moved(left), b).cpu().numpy()

        return multiply

    def _moved(self, values: Matrix) -> Any:
        """The values on the device."""
        return self._torch.from_numpy(np.ascontiguousarray(values)).to(self._device)
