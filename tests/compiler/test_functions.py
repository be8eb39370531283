"""Elementary functions without a math library: close to it, and the same bits everywhere."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest

from executor.compiler import functions

POINTS = np.linspace(-12, 12, 4001)
POSITIVE = np.logspace(-30, 30, 4001)


@pytest.mark.parametrize(
    ("ours", "theirs", "points"),
    [
        (functions.exp, math.exp, POINTS * 50),
        (functions.log, math.log, POSITIVE),
        (functions.tanh, math.tanh, POINTS),
        (functions.erf, math.erf, POINTS / 3),
    ],
)
def test_functions__on_many_points__are_those_of_the_math_library(ours, theirs, points) -> None:
    expected = np.array([theirs(x) for x in points])
    np.testing.assert_allclose(ours(points), expected, rtol=4e-14, atol=1e-15)


def test_functions__on_many_points__have_these_bits() -> None:
    digest = hashlib.sha256()
    for function in (functions.exp, functions.log, functions.sigmoid, functions.tanh, functions.erf):
        digest.update(function(np.abs(POINTS) + 0.25).astype(">f8").tobytes())
    assert digest.hexdigest() == "1605525ceba8e85ef235c81748ccf531de47ea7b414cc106ac0226e5961a2499"


def test_log__of_what_is_not_positive__is_finite() -> None:
    assert np.isfinite(functions.log(np.array([0.0, -1.0]))).all()


def test_power__whole_and_broken_exponents__are_those_of_the_math_library() -> None:
    points = np.linspace(0.1, 9, 50)
    for exponent in (-2.0, 3.0, 0.75):
        np.testing.assert_allclose(functions.power(points, exponent), points**exponent, rtol=1e-13)
    assert functions.power(np.array([-2.0]), 3.0) == -8
