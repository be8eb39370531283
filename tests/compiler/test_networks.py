"""Whole networks: random ones, one of each precision, and the same root from the same two files."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.compiler.comparison import compare_layers, compare_outputs
from executor.compiler.compilation import compile_graph, compile_model
from executor.compiler.graph import UnsupportedModel
from executor.compiler.importer import load_graph
from executor.compiler.report import report_on
from executor.compiler.scales import Precision, Scales
from executor.compiler.search import search
from executor.program import validate
from executor.program.ir import ElementType, Opcode
from tests.compiler.networks import Network, compiled_case, normal_samples

IMAGES = ["conv", "depthwise", "pool", "average", "relu", "sigmoid", "residual", "gate"]
TOKENS = ["dense", "gelu", "norm", "attention", "residual", "softmax", "tanh"]


def grow(network: Network, x: str, dims: tuple[int, ...], kind: str, rng: np.random.Generator) -> str:
    """One more layer that keeps the dimensions [1, channels, height, width] or [1, tokens, width]."""
    channels = dims[1]
    match kind:
        case "conv":
            weights = rng.standard_normal((channels, channels, 3, 3)) / (3 * channels**0.5)
            bias = network.constant(rng.standard_normal(channels))
            return network.node("Conv", x, network.constant(weights), bias, pads=[1, 1, 1, 1])
        case "depthwise":
            weights = rng.standard_normal((channels, 1, 3, 3)) / 3
            return network.node("Conv", x, network.constant(weights), pads=[1] * 4, group=channels)
        case "pool":
            return network.node("MaxPool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        case "average":
            return network.node("AveragePool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        case "gate":
            mean = network.node("GlobalAveragePool", x)
            return network.node("Mul", x, network.node("Sigmoid", mean))
        case "dense":
            weights = rng.standard_normal((dims[-1], dims[-1])) / dims[-1] ** 0.5
            product = network.node("MatMul", x, network.constant(weights))
            return network.node("Add", product, network.constant(rng.standard_normal(dims[-1])))
        case "gelu":
            halved = network.node("Erf", network.node("Div", x, network.constant(2**0.5)))
            shifted = network.node("Add", halved, network.constant(1.0))
            return network.node("Mul", network.node("Mul", x, shifted), network.constant(0.5))
        case "norm":
            gain, bias = (network.constant(rng.standard_normal(dims[-1])) for _ in range(2))
            return network.node("LayerNormalization", x, gain, bias)
        case "attention":
            scores = network.node("MatMul", x, network.node("Transpose", x, perm=[0, 2, 1]))
            scaled = network.node("Mul", scores, network.constant(dims[-1] ** -0.5))
            return network.node("MatMul", network.node("Softmax", scaled), x)
        case "residual":
            return network.node("Add", x, network.node("Tanh", x))
    return network.node({"relu": "Relu", "sigmoid": "Sigmoid", "softmax": "Softmax", "tanh": "Tanh"}[kind], x)


@settings(max_examples=15)
@given(
    data=st.one_of(
        st.tuples(st.just((1, 4, 6, 5)), st.lists(st.sampled_from(IMAGES), min_size=1, max_size=6)),
        st.tuples(st.just((1, 5, 8)), st.lists(st.sampled_from(TOKENS), min_size=1, max_size=6)),
    ),
    seed=st.integers(0, 2**16),
)
def test_compile__random_networks__are_close_to_the_float_ones(
    data: tuple[tuple[int, ...], list[str]], seed: int
) -> None:
    dims, kinds = data
    rng, network = np.random.default_rng(seed), Network()
    x = network.input("x", *dims)
    for kind in kinds:
        x = grow(network, x, dims, kind, rng)
    with tempfile.TemporaryDirectory() as folder:
        case = compiled_case(network.save(Path(folder), x), normal_samples(4, seed, x=dims))
        validate(case.compiled.program)
        assert max(case.errors()) < 0.01


def encoder(folder: Path) -> Path:
    """A transformer's layer of 8 tokens and 16 numbers each."""
    network, rng, dims = Network(), np.random.default_rng(5), (1, 8, 16)
    x = network.input("x", *dims)
    for kind in ("dense", "attention", "residual", "norm", "dense", "gelu", "dense", "residual", "norm"):
        x = grow(network, x, dims, kind, rng)
    return network.save(folder, x)


@pytest.mark.parametrize(
    ("precision", "weights", "least"),
    [
        (Precision.FAST, ElementType.INT8, 0.995),
        (Precision.ACCURATE, ElementType.INT8, 0.9995),
        (Precision.ACCURATE, ElementType.INT16, 0.999999),
    ],
)
def test_compile__each_precision__keeps_its_cosine(
    precision: Precision, weights: ElementType, least: float, tmp_path: Path
) -> None:
    case = compiled_case(encoder(tmp_path), normal_samples(8, x=(1, 8, 16)), precision, weights)
    held_out = normal_samples(8, seed=99, x=(1, 8, 16))
    agreement = compare_outputs(case.compiled, held_out)
    assert agreement.cosine_least > least
    assert all(layer.decibels > 10 for layer in compare_layers(case.compiled, held_out[0]))


def test_compile__a_fast_program__has_int8_operands(tmp_path: Path) -> None:
    case = compiled_case(encoder(tmp_path), normal_samples(x=(1, 8, 16)), Precision.FAST, ElementType.INT8)
    program = case.compiled.program
    products = [operation for operation in program.operations if operation.opcode is Opcode.DOT]
    kinds = [
        tuple(program.source_type(view).element for view in operation.operands)
        for operation in products
        if all(view.source for view in operation.operands)
    ]
    assert (ElementType.INT8, ElementType.INT8) in kinds


def test_compile__elements_of_the_scales__are_obeyed(tmp_path: Path) -> None:
    path, samples = encoder(tmp_path), normal_samples(x=(1, 8, 16))
    roots = {
        compiled_case(
            path, samples, Precision.FAST, ElementType.INT8, elements=elements
        ).compiled.program.root
        for elements in ({}, {"x": ElementType.INT16}, {"constant_0": ElementType.INT16})
    }
    assert len(roots) == 3


def test_search__a_higher_target__takes_more_int16_operands(tmp_path: Path) -> None:
    path, samples = encoder(tmp_path), normal_samples(6, x=(1, 8, 16))
    graph = load_graph(path)
    scales = compiled_case(path, samples, Precision.FAST).scales

    def counted(target: float) -> int:
        found = search(graph, scales, samples, target)
        assert compare_outputs(compile_graph(graph, found), samples).cosine_mean >= target
        return sum(element is ElementType.INT16 for element in found.elements.values())

    assert 0 == counted(0.9) < counted(0.99999) < counted(0.999999)
    with pytest.raises(UnsupportedModel, match=r"a cosine of 1\.0 is out of reach"):
        search(graph, scales, samples, 1.0)


def test_compile__a_long_reduction__is_cut_into_steps_that_can_be_proven(tmp_path: Path) -> None:
    network, rng = Network(), np.random.default_rng(0)
    weights = network.constant(rng.standard_normal((5000, 2)))
    path = network.save(tmp_path, network.node("MatMul", network.input("x", 1, 5000), weights))
    case = compiled_case(path, normal_samples(2, x=(1, 5000)))
    chunked = [operation for operation in case.compiled.program.operations if operation.terms == 5000]
    assert 0 < chunked[0].chunk < 2500
    assert max(case.errors()) < 1e-3


def test_compile__two_outputs__come_one_after_the_other(tmp_path: Path) -> None:
    network = Network()
    x = network.input("x", 2, 3)
    path = network.save(tmp_path, network.node("Tanh", x), network.node("ArgMax", x, axis=1))
    case = compiled_case(path, normal_samples(x=(2, 3)))
    assert [field.dims for field in case.compiled.schema.outputs] == [(2, 3), (2, 1)]
    assert max(case.errors()) < 1e-3


def test_compile__an_output_inside_a_fused_region__stays_an_output(tmp_path: Path) -> None:
    network = Network()
    x = network.input("x", 2, 3)
    gate = network.node("Sigmoid", x)
    path = network.save(tmp_path, gate, network.node("Mul", x, gate))
    assert max(compiled_case(path, normal_samples(x=(2, 3))).errors()) < 1e-3


def test_compile__what_a_relu_and_somebody_else_read__keeps_its_negative_values(tmp_path: Path) -> None:
    network = Network()
    bias = network.constant([-20.0, 0.1, -20.0])
    low = network.node("Gemm", network.input("x", 2, 3), network.constant(np.eye(3)), bias)
    path = network.save(tmp_path, network.node("Relu", low), low)
    assert max(compiled_case(path, normal_samples(x=(2, 3))).errors()) < 2e-3


def test_compile__a_mask_of_minus_infinity__does_not_coarsen_the_scores(tmp_path: Path) -> None:
    network = Network()
    x = network.input("x", 4, 6)
    hidden = network.node("Where", network.node("Less", x, network.constant(0.0)), network.constant(-3e38), x)
    path = network.save(tmp_path, network.node("Softmax", hidden))
    assert max(compiled_case(path, normal_samples(x=(4, 6))).errors()) < 1e-3


def test_compile__model_and_scales__give_one_root(tmp_path: Path) -> None:
    path = encoder(tmp_path)
    case = compiled_case(path, normal_samples(x=(1, 8, 16)))
    case.scales.save(tmp_path / "scales.json")
    scales = Scales.load(tmp_path / "scales.json")
    script = (
        "import sys; from pathlib import Path; from executor.compiler.compilation import compile_model;"
        "from executor.compiler.scales import Scales;"
        "print(compile_model(Path(sys.argv[1]), Scales.load(Path(sys.argv[2]))).program.root.hex())"
    )
    other = subprocess.run(
        [sys.executable, "-c", script, path, tmp_path / "scales.json"],
        env={
            "OPENBLAS_CORETYPE": "Nehalem",
            "OPENBLAS_NUM_THREADS": "1",
            "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3",
        },
        capture_output=True,
        check=True,
        text=True,
    )
    root = compile_model(path, scales).program.root
    assert root == case.compiled.program.root
    assert other.stdout.split()[-1] == root.hex()


def test_compile__scales_of_another_model__are_refused(tmp_path: Path) -> None:
    path = encoder(tmp_path)
    scales = compiled_case(path, normal_samples(x=(1, 8, 16))).scales
    with pytest.raises(UnsupportedModel, match="the scales belong to another model"):
        compile_model(path, replace(scales, model="00"))
    with pytest.raises(UnsupportedModel, match="the scales know nothing of tensor"):
        compile_model(path, replace(scales, units={}))


def test_report__with_examples__says_accuracy_and_what_a_dispute_takes(tmp_path: Path) -> None:
    case = compiled_case(encoder(tmp_path), normal_samples(x=(1, 8, 16)))
    np.savez(tmp_path / "held_out.npz", x=np.stack([sample["x"] for sample in case.samples]))
    report = report_on(case.compiled, tmp_path / "held_out.npz", 2)
    assert report.agreement is not None
    assert report.agreement.examples == 2
    assert report.depth <= len(case.compiled.program.operations)
    assert report.dispute_gas > report.header.worst_gas
    report.write_page(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert "<svg" in page
    assert case.compiled.program.root.hex() in page
    assert f"{report.agreement.cosine_mean:.6f} mean" in report.text()
