"""Attention, one-hot vectors and layouts: the same numbers in fewer operations than the network has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from executor.compiler.compilation import Compiled
from executor.compiler.fusion import ATTEND
from executor.compiler.lookup import LOOKUP
from executor.compiler.lowering.linear import TWO_DIGITS, quantise_weights
from executor.compiler.scales import Precision
from executor.program.ir import ElementType, Function, Opcode
from tests.compiler.networks import Network, compiled_case, normal_samples

CLASSES = 9
rng = np.random.default_rng(5)
WEIGHTS, BIAS = rng.standard_normal((CLASSES, 4)), rng.standard_normal(4)


def attention(folder: Path, keys: int = 6, **attributes: int) -> Path:
    network = Network()
    query, value = network.input("query", 3, 8), network.input("value", keys, 8)
    scores = network.node("MatMul", query, network.node("Transpose", value, perm=[1, 0]))
    return network.save(folder, network.node("MatMul", network.node("Softmax", scores, **attributes), value))


def operators(compiled: Compiled) -> list[str]:
    return [node.operator for node in compiled.graph.nodes]


def quotients(compiled: Compiled) -> list[int]:
    """How many elements each division yields."""
    return [
        operation.result.count
        for operation in compiled.program.operations
        if operation.function is Function.DIV
    ]


@pytest.mark.parametrize(
    ("precision", "tolerance"),
    [(Precision.FAST, 2e-2), (Precision.ACCURATE, 5e-4), (Precision.FINE, 1e-4)],
)
def test_attend__each_precision__divides_after_the_product(
    precision: Precision, tolerance: float, tmp_path: Path
) -> None:
    samples = normal_samples(4, query=(3, 8), value=(40, 8))
    case = compiled_case(attention(tmp_path, 40), samples, precision)
    assert ATTEND in operators(case.compiled)
    assert quotients(case.compiled) == [3 * 8]
    assert case.errors()[0] < tolerance


def test_attend__int8_values__are_weighed_exactly_in_single_precision(tmp_path: Path) -> None:
    keys = 40
    samples = normal_samples(4, query=(3, 8), value=(keys, 8))
    program = compiled_case(attention(tmp_path, keys), samples, Precision.FAST).compiled.program
    powers = next(operation for operation in program.operations if operation.opcode is Opcode.GATHER)
    most = int(program.constants[powers.operands[1].index].data.max())
    assert most >= 255
    assert most * 128 * keys <= 1 << 24 < (most + 2) * 128 * keys


def test_attend__a_softmax_over_another_axis__stays_one(tmp_path: Path) -> None:
    samples = normal_samples(4, query=(3, 8), value=(6, 8))
    case = compiled_case(attention(tmp_path, axis=0), samples)
    assert "Softmax" in operators(case.compiled)
    assert case.errors()[0] < 1e-3


def test_attend__scores_that_are_the_values__are_weighed_as_values_too(tmp_path: Path) -> None:
    network = Network()
    x = network.input("x", 6, 6)
    both = network.node("MatMul", x, network.constant(np.eye(6)))
    path = network.save(tmp_path, network.node("MatMul", network.node("Softmax", both), both))
    case = compiled_case(path, normal_samples(4, x=(6, 6)))
    assert ATTEND in operators(case.compiled)
    assert case.errors()[0] < 5e-4


def test_attend__everything_masked_but_one__yields_its_value(tmp_path: Path) -> None:
    """The mask lies far below what an int16 of scores reaches."""
    network = Network()
    x = network.input("x", 6, 4)
    scores = network.node("MatMul", x, network.node("Transpose", x, perm=[1, 0]))
    mask = np.full((6, 6), -10000.0)
    mask[np.arange(6), [3, 1, 0, 5, 4, 2]] = 0
    masked = network.node("Add", scores, network.constant(mask))
    path = network.save(tmp_path, network.node("MatMul", network.node("Softmax", masked), x))
    samples = [{"x": 3 * sample["x"]} for sample in normal_samples(6, x=(6, 4))]
    for precision in Precision:
        case = compiled_case(path, samples, precision)
        assert case.errors()[0] < (0.01 if precision is Precision.FAST else 1e-4)


def one_hot(network: Network, first: int, *, transposed: bool = False) -> str:
    """1 where an input equals first, first + 1, ..., times weights."""
    index = network.node(
        "Unsqueeze", network.input("ids", 2, 5, dtype=np.int64), network.constant([2], np.int64)
    )
    classes = network.constant(np.arange(first, first + CLASSES)[None, None, :], np.int64)
    pair = (classes, index) if transposed else (index, classes)
    product = network.node(
        "MatMul", network.node("Cast", network.node("Equal", *pair), to=1), network.constant(WEIGHTS)
    )
    return network.node("Add", product, network.constant(BIAS))


@pytest.mark.parametrize(("first", "transposed"), [(0, False), (3, True), (-4, False)])
def test_lookup__one_hot_times_weights__reads_rows_and_zeros_beyond_them(
    first: int, transposed: bool, tmp_path: Path
) -> None:
    network = Network()
    path = network.save(tmp_path, one_hot(network, first, transposed=transposed))
    ids = np.arange(first - 3, first + CLASSES + 3)
    samples = [{"ids": rng.choice(ids, (2, 5))} for _ in range(8)]
    case = compiled_case(path, [*samples, {"ids": np.array([ids[:5], ids[-5:]])}])
    assert operators(case.compiled)[-1] == LOOKUP
    assert case.compiled.program.operations[-1].opcode is Opcode.GATHER
    assert case.errors()[0] < 1e-4


def test_lookup__a_function_of_rows__is_in_the_rows(tmp_path: Path) -> None:
    network = Network()
    rows = one_hot(network, 0)
    path = network.save(tmp_path, network.node("Mul", rows, network.node("Sigmoid", rows)))
    case = compiled_case(path, [{"ids": rng.integers(-2, CLASSES + 2, (2, 5))} for _ in range(6)])
    assert operators(case.compiled)[-1] == LOOKUP
    assert case.errors()[0] < 1e-4


def test_lookup__rows_that_are_an_output_too__keep_their_values(tmp_path: Path) -> None:
    network = Network()
    rows = one_hot(network, 0)
    path = network.save(tmp_path, rows, network.node("Tanh", rows))
    case = compiled_case(path, [{"ids": rng.integers(0, CLASSES, (2, 5))} for _ in range(6)])
    assert max(case.errors()) < 1e-3


@pytest.mark.parametrize("classes", [[0, 2, 4, 6], [3, 2, 1, 0]])
def test_lookup__places_out_of_order__stay_a_product(classes: list[int], tmp_path: Path) -> None:
    network = Network()
    ids = network.input("ids", 5, 1, dtype=np.int64)
    equal = network.node("Equal", ids, network.constant([classes], np.int64))
    weights = network.constant(WEIGHTS[:4])
    path = network.save(tmp_path, network.node("MatMul", network.node("Cast", equal, to=1), weights))
    case = compiled_case(path, [{"ids": rng.integers(0, 8, (5, 1))} for _ in range(6)])
    assert LOOKUP not in operators(case.compiled)
    assert case.errors()[0] < 1e-3


def test_map__behind_a_convolution__lies_as_it_does(tmp_path: Path) -> None:
    """Channels last to the end, and turned once for the output."""
    network = Network()
    weights = network.constant(rng.standard_normal((4, 3, 3, 3)))
    found = network.node("Conv", network.input("x", 1, 3, 6, 8), weights, pads=[1, 1, 1, 1])
    peak = network.node("GlobalMaxPool", found)
    found = network.node("Mul", network.node("Tanh", found), network.node("Sub", found, peak))
    case = compiled_case(network.save(tmp_path, found), normal_samples(x=(1, 3, 6, 8)))
    *inner, last = (operation.result.dims for operation in case.compiled.program.operations)
    assert set(inner) == {(6, 8, 4), (4,)}
    assert len(inner) > 4
    assert last == (4, 6, 8)
    assert case.errors()[0] < 1e-3


def test_quantise_weights__int16__fit_two_signed_bytes() -> None:
    weights = rng.standard_normal((6, 50))
    found, units = quantise_weights(weights, ElementType.INT16)
    assert np.abs(found).max(axis=1).tolist() == [TWO_DIGITS] * 6
    low = ((found.astype(int) + 128) & 255) - 128
    high = (found - low) >> 8
    assert high.min() >= -128
    assert high.max() <= 127
    assert np.abs(found * np.array(units, float)[:, None] - weights).max() < max(units)


def test_fuse_pointwise__many_plain_operators__are_one_table_unless_it_has_to_be_fine(tmp_path: Path) -> None:
    network = Network()
    x = network.input("x", 2, 6)
    held = network.node("Clip", network.node("Add", x, network.constant(3.0)), *bounds(network, 0.0, 6.0))
    swish = network.node("Div", network.node("Mul", x, held), network.constant(6.0))
    path = network.save(tmp_path, network.node("Abs", network.node("Neg", swish)))
    found = {
        precision: compiled_case(path, normal_samples(6, x=(2, 6)), precision) for precision in Precision
    }
    assert operators(found[Precision.ACCURATE].compiled) == ["Pointwise"]
    assert "Pointwise" not in operators(found[Precision.FINE].compiled)
    assert max(case.errors()[0] for case in found.values()) < 1e-3


def bounds(network: Network, *values: float) -> list[str]:
    return [network.constant(value) for value in values]


def test_attend__masked_scores_far_above_the_others__have_no_weight(tmp_path: Path) -> None:
    """An int16 of these scores ends at -32; the mask is added before it is held to that."""
    network = Network()
    scores, values = network.input("scores", 2, 4), network.input("values", 4, 3)
    mask = network.constant([[0.0, -10000, -10000, -10000]])
    shares = network.node("Softmax", network.node("Add", scores, mask))
    path = network.save(tmp_path, network.node("MatMul", shares, values))
    given = np.array([[-12.0, 12, 12, 12]] * 2, np.float32)
    apart = np.array([[-1.0] * 3, [1] * 3, [1] * 3, [1] * 3], np.float32)
    assert compiled_case(path, [{"scores": given, "values": apart}]).errors()[0] < 3e-4
