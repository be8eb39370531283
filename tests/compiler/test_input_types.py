"""Integers that a network reads: as many bytes as their values need, if the scales say how many."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from executor.program.ir import ElementType
from tests.compiler.networks import Network, compiled_case

INT8, INT16, INT32, _ = ElementType


@pytest.mark.parametrize("element", [INT8, INT16, INT32])
def test_compile__integer_input_of_a_named_type__reads_the_same_rows(
    element: ElementType, tmp_path: Path
) -> None:
    network, rng = Network(), np.random.default_rng(3)
    ids = network.input("ids", 1, 5, dtype=np.int64)
    path = network.save(tmp_path, network.node("Gather", network.constant(rng.standard_normal((90, 4))), ids))
    samples = [{"ids": rng.integers(0, 90, (1, 5))} for _ in range(3)]
    case = compiled_case(path, samples, elements={"ids": element})
    assert case.compiled.program.input_size == 5 * element.width
    assert case.compiled.schema.inputs[0].element is element
    assert case.errors()[0] < 1e-3


def test_compile__integer_input_of_no_named_type__is_an_int32(tmp_path: Path) -> None:
    network = Network()
    ids = network.input("ids", 1, 5, dtype=np.int64)
    path = network.save(tmp_path, network.node("Gather", network.constant(np.eye(4)), ids))
    case = compiled_case(path, [{"ids": np.arange(5)[None] % 4}])
    assert case.compiled.schema.inputs[0].element is INT32
