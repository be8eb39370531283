"""Movements of elements as other ways of reading the same tensor: numpy says what they mean."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.compiler.rescale import multipliers
from executor.compiler.tensors import Format, Tensor, axis, row_major
from executor.program.ir import ElementType, Source
from executor.program.views import read

FORMAT = Format(ElementType.INT16, Fraction(1))


def plain(*dims: int) -> tuple[Tensor, np.ndarray]:
    """A tensor, and its elements: 1, 2, 3, ..."""
    values = np.arange(1, math.prod(dims) + 1).reshape(dims)
    interval = (1, math.prod(dims))
    return Tensor(Source.OUTPUT, 0, FORMAT, dims, row_major(dims), interval), values


def elements(tensor: Tensor, source: np.ndarray) -> np.ndarray:
    """What the tensor reads."""
    view = tensor.view([axis(at, tensor.rank) for at in range(tensor.rank)], tensor.dims, 0)
    assert view is not None
    found, _ = read(view, source.reshape(-1), tuple(map(range, tensor.dims)), 0)
    return found


@given(st.data())
def test_tensor__any_movements__read_as_numpy_moves(data) -> None:
    dims = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    tensor, values = plain(*dims)
    source = values
    for _ in range(data.draw(st.integers(1, 4))):
        kind = data.draw(st.sampled_from(["transpose", "slice", "pad", "reshape", "broadcast"]))
        if kind == "transpose":
            order = data.draw(st.permutations(range(tensor.rank)))
            tensor, values = tensor.transposed(order), values.transpose(order)
        elif kind == "slice":
            at = data.draw(st.integers(0, tensor.rank - 1))
            length = tensor.dims[at]
            start, stop = sorted(data.draw(st.tuples(*[st.integers(0, length - 1)] * 2)))
            backwards = data.draw(st.booleans())
            places = list(range(start, stop + 1))[:: -1 if backwards else 1]
            tensor = tensor.sliced(at, places[0], -1 if backwards else 1, len(places))
            values = values.take(places, at)
        elif kind == "pad":
            before = data.draw(st.lists(st.integers(0, 2), min_size=tensor.rank, max_size=tensor.rank))
            padded = tensor.padded(before, before[::-1])
            if padded is None:
                assert len(tensor.guards) + sum(map(bool, before)) > 0
                continue
            tensor, values = padded, np.pad(values, list(zip(before, before[::-1], strict=True)))
        elif kind == "reshape":
            wanted = (values.size,) if data.draw(st.booleans()) else (1, *values.shape, 1)
            reshaped = tensor.reshaped(wanted)
            if reshaped is None:
                continue
            tensor, values = reshaped, values.reshape(wanted)
        else:
            if tensor.rank > 5:
                continue
            tensor, values = tensor.broadcast((2, *tensor.dims)), np.broadcast_to(values, (2, *values.shape))
        assert tensor.dims == values.shape
        np.testing.assert_array_equal(elements(tensor, source), values)


@pytest.mark.parametrize(
    ("dims", "wanted"), [((2, 6), (3, 4)), ((4, 3, 2), (4, 6)), ((4, 6), (2, 2, 3, 2)), ((1, 5), (5,))]
)
def test_reshaped__a_plain_tensor__needs_no_copy(dims: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    tensor, values = plain(*dims)
    reshaped = tensor.reshaped(wanted)
    assert reshaped is not None
    assert reshaped.is_plain
    np.testing.assert_array_equal(elements(reshaped, values), values.reshape(wanted))


def test_reshaped__what_is_turned__has_no_view() -> None:
    tensor, _ = plain(3, 4)
    assert tensor.transposed((1, 0)).reshaped((12,)) is None


def test_padded__with_another_fill__has_no_view() -> None:
    tensor, _ = plain(3)
    padded = tensor.padded((1,), (0,), 7)
    assert padded is not None
    assert padded.padded((1,), (0,), 8) is None


@given(
    st.lists(st.fractions(Fraction(1, 10**9), 1000), min_size=1, max_size=4),
    st.integers(1, 2**40),
)
def test_multipliers__of_any_ratios__are_close_and_fit(ratios: list[Fraction], largest: int) -> None:
    found, shift = multipliers(ratios, largest)
    half = 1 << (shift - 1) if shift else 0
    assert largest * max(*map(abs, found), 1) + half < 1 << 63
    assert 0 <= shift <= 62
    top = max(ratios)
    for ratio, number in zip(ratios, found, strict=True):
        assert abs(Fraction(number, 1 << shift) - ratio) <= top / 2**9


def test_multipliers__a_power_of_two__is_exact_at_any_size() -> None:
    assert multipliers([Fraction(1, 8)], (1 << 62) - 1) == ([1], 3)


def test_multipliers__no_room_for_precision__is_refused() -> None:
    with pytest.raises(OverflowError, match=r"cannot be scaled by 0\.333 precisely within 63 bits"):
        multipliers([Fraction(1, 3)], 1 << 58)
