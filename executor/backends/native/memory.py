"""Functions in machine code, and memory by its address for them.

The row machine's numbers hold addresses, so that one compiled function reads whatever a program has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])

OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}


def native(function: F) -> F:
    """Compile as a part of the functions that call it."""
    return cast(F, numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **OPTIONS)(function))


def inline(function: F) -> F:
    """Write it out wherever it is called, which saves compiling it by itself."""
    return cast(F, numba.njit(inline="always", **OPTIONS)(function))


def kept(function: F) -> F:
    """Compile on the first call, and keep the machine code on disk where some folder lets us."""
    try:
        return cast(F, numba.njit(cache=True, **OPTIONS)(function))
    except RuntimeError:  # there is no folder to keep it in
        return cast(F, numba.njit(**OPTIONS)(function))


@intrinsic  # type: ignore[untyped-decorator]
def get(_context: Any, _address: Any, _index: Any, kind: Any) -> Any:
    """The element at this index of the memory at this address."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        element = context.get_value_type(kind.dtype)
        return builder.load(builder.gep(builder.inttoptr(arguments[0], element.as_pointer()), [arguments[1]]))

    return kind.dtype(types.int64, types.int64, kind), generate


@intrinsic  # type: ignore[untyped-decorator]
def put(_context: Any, _address: Any, _index: Any, value: Any) -> Any:
    """Write the value there, in its own type."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        element = context.get_value_type(value)
        place = builder.gep(builder.inttoptr(arguments[0], element.as_pointer()), [arguments[1]])
        builder.store(arguments[2], place)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, value), generate


@intrinsic  # type: ignore[untyped-decorator]
def width(_context: Any, kind: Any) -> Any:
    """Bytes of an element of this type."""

    def generate(context: Any, _builder: Any, _signature: Any, _arguments: Any) -> Any:
        return context.get_constant(types.int64, kind.dtype.bitwidth // 8)

    return types.int64(kind), generate


@intrinsic  # type: ignore[untyped-decorator]
def least(_context: Any, kind: Any) -> Any:
    """The smallest number of this type."""

    def generate(context: Any, _builder: Any, _signature: Any, _arguments: Any) -> Any:
        return context.get_constant(kind.dtype, kind.dtype.minval)

    return kind.dtype(kind), generate


@native
def word(address: int, index: int) -> Any:
    """A number of the row machine's own."""
    return get(address, index, np.int64)
