"""Every operator, alone, against onnxruntime: within what int16 operands can say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from executor.compiler.fusion import ATTEND
from executor.compiler.lookup import LOOKUP
from executor.compiler.lowering import LOWERINGS
from executor.compiler.lowering.refused import REFUSED
from executor.compiler.pointwise import OPERATOR, TABLES
from tests.compiler.networks import Network, compiled_case, normal_samples

Build = Callable[[Network, str], str]
TOLERANCE = 1e-3
"""Of the largest value: int16 operands, each of them up to 1.25 times what was measured."""

rng = np.random.default_rng(7)
SHAPES: list[tuple[int, ...]] = [(6, 5), (5, 6), (1, 6), (4, 6), (3,), (4,), (5,), (6,)]
KERNELS: list[tuple[int, ...]] = [
    *((4, 3, 3, 3), (4, 3, 5), (6, 1, 3, 3), (4, 3, 1, 1), (6, 3, 2, 2)),
    *((3, 4, 2, 2), (3, 2, 4, 3), (6, 2, 5)),
]
WEIGHTS = {dims: rng.standard_normal(dims) for dims in SHAPES + KERNELS}


def unary(operator: str, **attributes: Any) -> Build:
    return lambda network, x: network.node(operator, x, **attributes)


def with_constants(operator: str, *constants: Any, dtype: Any = np.float32, **attributes: Any) -> Build:
    def build(network: Network, x: str) -> str:
        return network.node(
            operator, x, *(network.constant(value, dtype) for value in constants), **attributes
        )

    return build


def integers(operator: str, *constants: Any, **attributes: Any) -> Build:
    return with_constants(operator, *constants, dtype=np.int64, **attributes)


def positive(operator: str, **attributes: Any) -> Build:
    """The operator of x * x + 0.5."""

    def build(network: Network, x: str) -> str:
        square = network.node("Mul", x, x)
        return network.node(operator, network.node("Add", square, network.constant(0.5)), **attributes)

    return build


def chained(*builds: Build) -> Build:
    def build(network: Network, x: str) -> str:
        for step in builds:
            x = step(network, x)
        return x

    return build


def twice(operator: str, **attributes: Any) -> Build:
    """The operator of x and of a function of x that is not far from it."""

    def build(network: Network, x: str) -> str:
        return network.node(operator, x, network.node("Tanh", x), **attributes)

    return build


def embedding(network: Network, x: str) -> str:
    place = network.node("ArgMax", x, axis=1, keepdims=0)
    return network.node("Gather", network.constant(WEIGHTS[4, 6]), network.node("Cast", place, to=7))


def masked(network: Network, x: str) -> str:
    mask = network.node("Less", x, network.constant(0.25))
    return network.node("Where", mask, x, network.node("Neg", x))


def attention(network: Network, x: str) -> str:
    turned = network.node("Transpose", x, perm=[0, 2, 1])
    return network.node("MatMul", network.node("Softmax", network.node("MatMul", x, turned)), x)


def heads(network: Network, x: str) -> str:
    """Attention by two heads, some of it masked, and the heads side by side again."""
    split = [2, 4, 2, 3]
    query, key, value = (
        network.node("Reshape", each, network.constant(split, np.int64))
        for each in (x, network.node("Tanh", x), network.node("Neg", x))
    )
    query, value = (network.node("Transpose", each, perm=[0, 2, 1, 3]) for each in (query, value))
    scores = network.node("MatMul", query, network.node("Transpose", key, perm=[0, 2, 3, 1]))
    scaled = network.node("Div", scores, network.constant(3**0.5))
    mask = network.constant([[0.0, 0, -10000, 0]])
    shares = network.node("Softmax", network.node("Add", scaled, mask), axis=-1)
    turned = network.node("Transpose", network.node("MatMul", shares, value), perm=[0, 2, 1, 3])
    return network.node("Reshape", turned, network.constant([2, 4, 6], np.int64))


def chosen(network: Network, x: str) -> str:
    """Attention whose scores are masked by a choice."""
    scores = network.node("MatMul", x, network.node("Transpose", x, perm=[0, 2, 1]))
    low = network.node("Less", scores, network.constant(-0.5))
    kept = network.node("Where", low, network.constant(-3e38), scores)
    return network.node("MatMul", network.node("Softmax", kept), x)


def shares_too(network: Network, x: str) -> str:
    """Attention whose shares somebody else reads as well."""
    shares = network.node("Softmax", network.node("MatMul", x, network.node("Transpose", x, perm=[0, 2, 1])))
    return network.node(
        "Add", network.node("MatMul", shares, x), network.node("ReduceSum", shares, keepdims=1)
    )


def cast_back(operator: str, factor: float) -> Build:
    """Real numbers as integers, as real numbers again."""

    def build(network: Network, x: str) -> str:
        stretched = network.node("Mul", x, network.constant(factor))
        return network.node("Cast", network.node(operator, stretched, to=7), to=1)

    return build


def halves(network: Network, x: str) -> str:
    """Numbers and a half, of either sign, among others."""
    return network.node("Round", network.node("Add", network.node("Floor", x), network.constant(0.5)))


def remainders(network: Network, x: str) -> str:
    whole = network.node("Cast", network.node("Mul", x, network.constant(20.0)), to=7)
    left = network.node("Mod", whole, network.constant(7, np.int64))
    return network.node(
        "Cast", network.node("Sub", left, network.node("Mod", whole, network.constant(-3, np.int64))), to=1
    )


def elements(network: Network, x: str) -> str:
    """Elements by a computed index that may count from the end."""
    place = network.node("ArgMax", x, axis=1, keepdims=1)
    last = network.node("Sub", place, network.constant(4, np.int64))
    return network.node("GatherElements", x, network.node("Concat", place, last, axis=1), axis=1)


def rows_of_reshaped(network: Network, x: str) -> str:
    """Rows by a computed index, of a tensor whose rows are others than in memory."""
    place = network.node("Mul", network.node("ArgMax", x, axis=1, keepdims=0), network.constant(2, np.int64))
    return network.node("Gather", network.node("Reshape", x, network.constant([8, 6], np.int64)), place)


def one_row(network: Network, x: str) -> str:
    nothing = network.node("Sub", *[network.node("ArgMax", x, axis=1)] * 2)
    return network.node("Gather", network.node("ReduceMax", x, axes=[0]), nothing)


def marked(**attributes: Any) -> Build:
    def build(network: Network, x: str) -> str:
        place = network.node("ArgMax", x, axis=2, keepdims=0)
        depth, values = network.constant(6, np.int64), network.constant([-0.5, 2.0])
        return network.node("OneHot", place, depth, values, **attributes)

    return build


def stretched(*scales: float, **attributes: Any) -> Build:
    def build(network: Network, x: str) -> str:
        return network.node("Resize", x, "", network.constant(scales), mode="linear", **attributes)

    return build


def with_constants_einsum(network: Network, x: str) -> str:
    return network.node("Einsum", x, network.constant(WEIGHTS[6, 5]), equation="bsd,de->bse")


def einsum_of_two(network: Network, x: str) -> str:
    return network.node("Einsum", x, network.node("Tanh", x), equation="bij,bkj->bki")


def divided(network: Network, x: str) -> str:
    return network.node("Div", x, positive("Sqrt")(network, x))


def scaled(network: Network, x: str) -> str:
    return network.node("Mul", x, network.node("ReduceMean", x, axes=[2, 3]))


def pool_of_padded(network: Network, x: str) -> str:
    padded = with_constants_pad(network, network.node("Neg", network.node("Abs", x)))
    return network.node("MaxPool", padded, kernel_shape=[2, 2], strides=[2, 2])


def with_constants_pad(network: Network, x: str) -> str:
    return network.node("Pad", x, network.constant([0, 0, 1, 1, 0, 0, 1, 1], np.int64))


IMAGE, ROWS, TOKENS = (1, 3, 6, 8), (4, 6), (2, 4, 6)
CASES: dict[str, tuple[tuple[int, ...], Build]] = {
    "gemm": (ROWS, with_constants("Gemm", WEIGHTS[6, 5], WEIGHTS[5,], alpha=0.5, beta=2.0)),
    "gemm_transposed": (ROWS, with_constants("Gemm", WEIGHTS[5, 6], transB=1)),
    "matmul": (TOKENS, with_constants("MatMul", WEIGHTS[6, 5])),
    "matmul_bias": (
        TOKENS,
        chained(with_constants("MatMul", WEIGHTS[6, 5]), with_constants("Add", WEIGHTS[5,])),
    ),
    "matmul_scaled": (TOKENS, chained(with_constants("MatMul", WEIGHTS[6, 5]), with_constants("Div", 8.0))),
    "matmul_raised": (
        TOKENS,
        chained(with_constants("MatMul", WEIGHTS[6, 5]), with_constants("Mul", np.full((1, 1, 1, 1), 2.0))),
    ),
    "attention": (TOKENS, attention),
    "attention_of_heads": (TOKENS, heads),
    "attention_chosen": (TOKENS, chosen),
    "attention_and_its_shares": (TOKENS, shares_too),
    "conv": (IMAGE, with_constants("Conv", WEIGHTS[4, 3, 3, 3], WEIGHTS[4,], pads=[1, 1, 1, 1])),
    "conv_strided": (IMAGE, with_constants("Conv", WEIGHTS[4, 3, 3, 3], strides=[2, 3], pads=[0, 1, 2, 1])),
    "conv_dilated": (IMAGE, with_constants("Conv", WEIGHTS[4, 3, 3, 3], dilations=[2, 2], pads=[2, 2, 2, 2])),
    "conv_same": (IMAGE, with_constants("Conv", WEIGHTS[4, 3, 3, 3], auto_pad="SAME_UPPER", strides=[2, 2])),
    "conv_same_lower": (IMAGE, with_constants("Conv", WEIGHTS[6, 3, 2, 2], auto_pad="SAME_LOWER")),
    "conv_pointwise": (IMAGE, with_constants("Conv", WEIGHTS[4, 3, 1, 1])),
    "conv_groups": ((1, 6, 5, 5), with_constants("Conv", WEIGHTS[6, 3, 2, 2], group=2)),
    "conv_depthwise": ((1, 6, 5, 5), with_constants("Conv", WEIGHTS[6, 1, 3, 3], group=6, pads=[1, 1, 1, 1])),
    "conv_line": ((2, 3, 12), with_constants("Conv", WEIGHTS[4, 3, 5], strides=[2], pads=[2, 2])),
    "conv_transpose": (
        IMAGE,
        with_constants("ConvTranspose", WEIGHTS[3, 4, 2, 2], WEIGHTS[4,], strides=[2, 2]),
    ),
    "conv_transpose_padded": (
        IMAGE,
        with_constants(
            "ConvTranspose", WEIGHTS[3, 2, 4, 3], strides=[3, 2], pads=[1, 2, 0, 1], output_padding=[1, 1]
        ),
    ),
    "conv_transpose_groups": (
        (2, 6, 7),
        with_constants("ConvTranspose", WEIGHTS[6, 2, 5], group=3, strides=[2], pads=[2, 1]),
    ),
    "max_pool": (IMAGE, unary("MaxPool", kernel_shape=[2, 2], strides=[2, 2])),
    "max_pool_padded": (
        IMAGE,
        chained(unary("Neg"), unary("MaxPool", kernel_shape=[3, 3], pads=[1, 1, 1, 1])),
    ),
    "max_pool_of_padded": (IMAGE, pool_of_padded),
    "max_pool_ceil": (IMAGE, unary("MaxPool", kernel_shape=[2, 3], strides=[2, 3], ceil_mode=1)),
    "average_pool": (IMAGE, unary("AveragePool", kernel_shape=[3, 3], strides=[1, 2], pads=[1, 1, 1, 1])),
    "average_pool_counting": (
        IMAGE,
        unary("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1),
    ),
    "global_average_pool": (IMAGE, unary("GlobalAveragePool")),
    "global_max_pool": (IMAGE, unary("GlobalMaxPool")),
    "reduce_mean": (TOKENS, unary("ReduceMean", axes=[1])),
    "reduce_mean_all": (TOKENS, unary("ReduceMean", keepdims=0)),
    "reduce_sum": (TOKENS, integers("ReduceSum", [0, 2])),
    "reduce_max": (TOKENS, unary("ReduceMax", axes=[2], keepdims=0)),
    "reduce_min": (TOKENS, unary("ReduceMin", axes=[1])),
    "reduce_l2": (TOKENS, unary("ReduceL2", axes=[2])),
    "reduce_l1": (TOKENS, unary("ReduceL1", axes=[1])),
    "reduce_sum_square": (TOKENS, unary("ReduceSumSquare", axes=[2], keepdims=0)),
    "mean": (TOKENS, twice("Mean")),
    "floor": (TOKENS, chained(with_constants("Mul", 3.0), unary("Floor"))),
    "ceil": (TOKENS, chained(with_constants("Mul", 3.0), unary("Ceil"))),
    "round": (TOKENS, chained(with_constants("Mul", 3.0), unary("Round"))),
    "round_halves": (TOKENS, chained(with_constants("Mul", 3.0), halves)),
    "sign": (TOKENS, unary("Sign")),
    "cast_to_integers": (TOKENS, cast_back("Cast", 5.0)),
    "mod": (TOKENS, remainders),
    "cumsum": (TOKENS, integers("CumSum", 1)),
    "cumsum_reversed": (TOKENS, integers("CumSum", -1, exclusive=1, reverse=1)),
    "einsum": (TOKENS, with_constants_einsum),
    "einsum_of_two": (TOKENS, einsum_of_two),
    "add": (TOKENS, twice("Add")),
    "sub": (TOKENS, twice("Sub")),
    "sum": (TOKENS, twice("Sum")),
    "mul": (TOKENS, twice("Mul")),
    "mul_scalar": (TOKENS, with_constants("Mul", -2.5)),
    "mul_constant": (TOKENS, with_constants("Mul", WEIGHTS[6,])),
    "add_constant": (TOKENS, with_constants("Add", WEIGHTS[1, 6])),
    "div": (TOKENS, divided),
    "div_constant": (TOKENS, with_constants("Div", np.abs(WEIGHTS[6,]) + 0.5)),
    "reciprocal": (TOKENS, positive("Reciprocal")),
    "sqrt": (TOKENS, positive("Sqrt")),
    "log": (TOKENS, positive("Log")),
    "square": (TOKENS, with_constants("Pow", 2.0)),
    "cube": (TOKENS, with_constants("Pow", 3.0)),
    "neg": (TOKENS, unary("Neg")),
    "abs": (TOKENS, unary("Abs")),
    "relu": (TOKENS, unary("Relu")),
    "relu_after_conv": (IMAGE, chained(with_constants("Conv", WEIGHTS[4, 3, 3, 3]), unary("Relu"))),
    "leaky_relu": (TOKENS, unary("LeakyRelu", alpha=0.1)),
    "prelu": (TOKENS, with_constants("PRelu", np.abs(WEIGHTS[6,]))),
    "clip": (TOKENS, with_constants("Clip", -0.5, 0.75)),
    "max": (TOKENS, twice("Max")),
    "min": (TOKENS, twice("Min")),
    "selu": (TOKENS, unary("Selu")),
    "celu": (TOKENS, unary("Celu", alpha=0.7)),
    "thresholded_relu": (TOKENS, unary("ThresholdedRelu", alpha=0.0)),
    "elu": (TOKENS, unary("Elu")),
    "sigmoid": (TOKENS, unary("Sigmoid")),
    "tanh": (TOKENS, unary("Tanh")),
    "erf": (TOKENS, unary("Erf")),
    "exp": (TOKENS, unary("Exp")),
    "hard_sigmoid": (TOKENS, unary("HardSigmoid")),
    "hard_swish": (TOKENS, unary("HardSwish")),
    "softplus": (TOKENS, unary("Softplus")),
    "softsign": (TOKENS, unary("Softsign")),
    "mish": (TOKENS, unary("Mish")),
    "gelu": (TOKENS, unary("Gelu")),
    "gelu_tanh": (TOKENS, unary("Gelu", approximate="tanh")),
    "softmax": (TOKENS, unary("Softmax")),
    "softmax_middle": (TOKENS, unary("Softmax", axis=1)),
    "log_softmax": (TOKENS, unary("LogSoftmax")),
    "layer_normalization": (TOKENS, with_constants("LayerNormalization", WEIGHTS[6,], WEIGHTS[1, 6][0])),
    "instance_normalization": (IMAGE, with_constants("InstanceNormalization", WEIGHTS[3,], WEIGHTS[3,])),
    "group_normalization": (
        (2, 6, 3, 4),
        chained(  # onnx infers no type here; that of a Cast it knows
            with_constants("GroupNormalization", WEIGHTS[6,], WEIGHTS[1, 6][0], num_groups=2, epsilon=1e-3),
            unary("Cast", to=1),
        ),
    ),
    "batch_normalization": (
        IMAGE,
        with_constants("BatchNormalization", WEIGHTS[3,], WEIGHTS[3,], WEIGHTS[3,], np.abs(WEIGHTS[3,])),
    ),
    "conv_batch_normalization": (
        IMAGE,
        chained(
            with_constants("Conv", WEIGHTS[4, 3, 3, 3]),
            with_constants("BatchNormalization", WEIGHTS[4,], WEIGHTS[4,], WEIGHTS[4,], np.abs(WEIGHTS[4,])),
        ),
    ),
    "squeeze_excitation": (IMAGE, scaled),
    "where": (TOKENS, masked),
    "equal": (TOKENS, lambda network, x: network.node("Cast", network.node("Equal", x, x), to=1)),
    "not": (
        TOKENS,
        lambda network, x: network.node(
            "Cast", network.node("Not", network.node("Greater", x, network.constant(0.1))), to=1
        ),
    ),
    "argmax": (TOKENS, unary("ArgMax", axis=1)),
    "argmin": (TOKENS, unary("ArgMin", axis=2)),
    "top_three": (
        TOKENS,
        lambda network, x: network.node("TopK", x, network.constant([3], np.int64), outputs=2),
    ),
    "gather_of_reshaped": (TOKENS, rows_of_reshaped),
    "gather_of_one_row": (TOKENS, one_row),
    "gather_elements": (TOKENS, elements),
    "one_hot": (TOKENS, marked()),
    "one_hot_first": (TOKENS, marked(axis=0)),
    "top_one": (
        TOKENS,
        lambda network, x: network.node("TopK", x, network.constant([1], np.int64), outputs=2),
    ),
    "embedding": (TOKENS, embedding),
    "gather_slice": (TOKENS, integers("Gather", [1, 3], axis=2)),
    "gather_scattered": (TOKENS, integers("Gather", [5, 0, 1], axis=2)),
    "gather_one": (TOKENS, integers("Gather", 2, axis=1)),
    "reshape": (TOKENS, integers("Reshape", [8, -1])),
    "flatten": (IMAGE, unary("Flatten")),
    "transpose": (TOKENS, unary("Transpose", perm=[2, 0, 1])),
    "reshape_of_transposed": (
        TOKENS,
        chained(unary("Transpose", perm=[0, 2, 1]), integers("Reshape", [2, 24])),
    ),
    "slice": (TOKENS, integers("Slice", [1, -1], [4, -5], [1, 2], [2, -1])),
    "split": (TOKENS, lambda network, x: network.node("Split", x, axis=2, outputs=2)),
    "concat": (TOKENS, twice("Concat", axis=1)),
    "concat_four": (
        TOKENS,
        lambda network, x: network.node("Concat", x, x, network.node("Neg", x), x, axis=-1),
    ),
    "pad": (TOKENS, integers("Pad", [0, 1, 2, 0, 0, 3])),
    "pad_constant": (
        TOKENS,
        lambda network, x: network.node(
            "Pad", x, network.constant([1, 0, 0, 0, 2, 0], np.int64), network.constant(0.5)
        ),
    ),
    "pad_reflect": (TOKENS, integers("Pad", [0, 2, 3, 0, 1, 2], mode="reflect")),
    "pad_edge": (TOKENS, integers("Pad", [0, 2, 0, 0, 1, 2], mode="edge")),
    "pad_then_conv": (
        IMAGE,
        chained(
            lambda network, x: network.node(
                "Pad", x, network.constant([0, 0, 1, 1, 0, 0, 1, 1], np.int64), network.constant(0.75)
            ),
            with_constants("Conv", WEIGHTS[4, 3, 3, 3], pads=[1, 1, 1, 1]),
        ),
    ),
    "squeeze": ((1, 4, 1, 3), integers("Squeeze", [0, 2])),
    "unsqueeze": (ROWS, integers("Unsqueeze", [0, 3])),
    "expand": ((2, 1, 6), integers("Expand", [3, 2, 4, 6])),
    "resize": (
        IMAGE,
        lambda network, x: network.node(
            "Resize",
            x,
            "",
            network.constant([1, 1, 2, 3]),
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        ),
    ),
    "resize_linear": (IMAGE, stretched(1, 1, 2, 3)),
    "resize_linear_any": (
        IMAGE,
        stretched(1, 1, 1.5, 0.75, coordinate_transformation_mode="pytorch_half_pixel"),
    ),
    "resize_linear_corners": (IMAGE, stretched(1, 1, 2, 2, coordinate_transformation_mode="align_corners")),
    "resize_linear_asymmetric": (IMAGE, stretched(1, 1, 2, 1, coordinate_transformation_mode="asymmetric")),
    "tile": (TOKENS, integers("Tile", [2, 1, 3])),
    "trilu": (TOKENS, unary("Trilu")),
    "trilu_lower": (TOKENS, integers("Trilu", -1, upper=0)),
    "space_to_depth": ((1, 2, 4, 6), unary("SpaceToDepth", blocksize=2)),
    "depth_to_space": ((1, 8, 3, 2), unary("DepthToSpace", blocksize=2)),
}
NEWER = {"gelu": 20, "gelu_tanh": 20, "mish": 18, "group_normalization": 21}
TOLERANCES = {"log_softmax": 3e-3, "softmax": 1e-4, "softmax_middle": 1e-4}
"""The logarithm of a sum comes from a table over sums; the errors of a softmax's powers cancel."""


@pytest.mark.parametrize("name", CASES)
def test_lowering__one_operator__equals_the_float_network(name: str, tmp_path: Path) -> None:
    dims, build = CASES[name]
    network = Network(NEWER.get(name, 17))
    output = build(network, network.input("x", *dims))
    case = compiled_case(network.save(tmp_path, output), normal_samples(x=dims))
    assert max(case.errors()) < TOLERANCES.get(name, TOLERANCE)


def test_lowerings__of_every_operator__are_in_a_case(tmp_path: Path) -> None:
    seen = set()
    for name, (dims, build) in CASES.items():
        network = Network(NEWER.get(name, 17))
        build(network, network.input("x", *dims))
        seen |= {node.op_type for node in network.nodes}
    elsewhere = {
        OPERATOR,
        ATTEND,
        LOOKUP,
        "Identity",
        "Dropout",
        "And",
        "Or",
        "Xor",
        "LessOrEqual",
        "GreaterOrEqual",
        "LSTM",
        "GRU",
    }
    assert (set(LOWERINGS) | set(TABLES)) - seen - REFUSED == elsewhere
