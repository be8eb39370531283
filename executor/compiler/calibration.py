"""Finding out how large the values of a float network become: onnxruntime runs it on examples, whole."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnx import helper, numpy_helper

from executor.compiler.graph import Array, Graph, Node, UnsupportedModel, operators
from executor.compiler.scales import Precision, Scales, Units, decimal_unit, file_hash
from executor.program.ir import ElementType

MARGIN = 1.25
"""How far beyond anything seen in calibration an int16 reaches."""
WIDE_BITS = 26
"""An int32 has 2^26 units up to the largest value seen, and five bits above it."""
MASKED = 1000.0
"""Before a softmax, values as low as this mean 'never' and are not worth a scale."""
LEAST_DECIBELS = 20.0
"""A tensor that an int8 would hold worse than this is an int16 in fast programs too."""
LEAST_QUIET_DECIBELS = 50.0
"""A tensor whose quietest example an int16 would hold worse than this stays an int32 in accurate programs."""
BINS = 2048
SAMPLED = 1 << 16  # values of a tensor that the histogram takes of one example

SOFTMAX_CARRIERS = operators(
    "Add Cast Concat Div Expand Identity Mul Reshape Squeeze Sub Transpose Unsqueeze Where"
)
AT_MOST_ONE = operators("Softmax Sigmoid Tanh HardSigmoid Erf")


@dataclass
class Range:
    """Magnitudes of a tensor over all examples: the largest, and a histogram up to it."""

    largest: float = 0.0
    unmasked: float = 0.0
    quietest: float = math.inf
    """The least mean square of an example that is not zero throughout."""
    counts: np.ndarray[Any, np.dtype[np.int64]] = field(default_factory=lambda: np.zeros(BINS, np.int64))

    def add(self, values: Array) -> None:
        """Take in the values of one example."""
        sizes = np.abs(values).reshape(-1)
        top = float(sizes.max())
        if not top < MASKED:
            sizes = sizes[np.isfinite(sizes)]
            top = float(sizes.max(initial=0))
        self.unmasked = max(
            self.unmasked, top if top < MASKED else float(sizes[sizes < MASKED].max(initial=0))
        )
        if top > self.largest:
            self._stretch(top)
        if top:
            self.quietest = min(self.quietest, float(np.mean(np.square(sizes, dtype=np.float64))))
        if self.largest:
            sample = sizes[:: -(-sizes.size // SAMPLED)].astype(np.float64)
            self.counts += np.bincount(
                np.minimum((sample / self.largest * BINS).astype(int), BINS - 1), None, BINS
            )

    def _stretch(self, top: float) -> None:
        old = (np.arange(BINS) * (self.largest / top)).astype(int)
        self.counts = np.bincount(old, self.counts, BINS).astype(np.int64)
        self.largest = top

    def int8_reach(self) -> tuple[float, float]:
        """The magnitude that an int8 should reach, and the signal to noise that it has then, in decibels.

        A longer reach makes every unit larger; a shorter one cuts off what is rare. Least squares decide.
        """
        if not self.largest:
            return 0.0, math.inf
        sizes = (np.arange(BINS) + 0.5) * (self.largest / BINS)
        reaches = sizes[BINS // 16 :: 16]
        cut = [np.sum(self.counts * np.square(np.maximum(sizes - reach, 0))) for reach in reaches]
        noise = np.array(cut) + self.counts.sum() * np.square(reaches / 127) / 12
        signal = np.sum(self.counts * np.square(sizes))
        return float(reaches[noise.argmin()]), float(10 * np.log10(signal / noise.min()))


def calibrate(path: Path, graph: Graph, scales: Scales, samples: Sequence[Mapping[str, Array]]) -> Scales:
    """The scales of a folded graph, from examples of its inputs; the rest is as in `scales`."""
    ranges = measure(graph, samples)
    masked = _before_softmax(graph)
    units, elements = {}, dict(scales.elements)
    for name, found in ranges.items():
        producer = graph.producers.get(name)
        reach = found.unmasked if name in masked else found.largest
        short, decibels = found.int8_reach()
        short = min(short, reach) or reach
        wide = reach
        if producer is not None and producer.operator in AT_MOST_ONE:
            reach = min(MARGIN * reach, 1.0) / MARGIN
        units[name] = _units(short, reach, wide)
        if graph.is_operand(name):
            element = _element(found, decibels, units[name], scales.precision, producer)
            if element is not scales.precision.element:
                elements.setdefault(name, element)
    return Scales(file_hash(path), scales.precision, scales.bindings, units, elements, scales.weights)


def _element(
    found: Range, decibels: float, units: Units, precision: Precision, producer: Node | None
) -> ElementType:
    """The narrowest type, from the precision's on, in which a product still hears the quietest example."""
    rounding = float(units.int16) ** 2 / 12
    if math.isfinite(found.quietest) and 10 * math.log10(found.quietest / rounding) < LEAST_QUIET_DECIBELS:
        return ElementType.INT32 if precision is Precision.ACCURATE else ElementType.INT16
    is_softmax = producer is not None and producer.operator == "Softmax"  # most are near the unit of an int8
    return ElementType.INT16 if is_softmax or decibels < LEAST_DECIBELS else precision.element


def measure(graph: Graph, samples: Sequence[Mapping[str, Array]]) -> dict[str, Range]:
    """The range of every real tensor of the graph over the samples."""
    if not samples:
        raise UnsupportedModel("calibration needs at least one example")
    names = [name for name in graph.types if graph.types[name].is_float]
    read = [name for name in names if name in graph.producers]
    runtime = session(graph, read) if read else None
    ranges = {name: Range() for name in names if name in graph.producers or name in graph.inputs}
    for sample in samples:
        values = dict(sample)
        if runtime is not None:
            values |= dict(zip(read, runtime.run(read, dict(sample)), strict=True))
        for name, found in ranges.items():
            found.add(values[name])
    return ranges


def session(graph: Graph, outputs: Sequence[str]) -> onnxruntime.InferenceSession:
    """onnxruntime over a folded graph, with these tensors as outputs."""
    nodes = [
        helper.make_node(node.operator, node.inputs, node.outputs, node.name, **node.attributes)
        for node in graph.nodes
    ]

    def info(name: str) -> Any:
        kind = graph.types[name]
        return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(kind.dtype), kind.dims)

    constants = [numpy_helper.from_array(np.asarray(value), name) for name, value in graph.constants.items()]
    whole = helper.make_graph(
        nodes, "network", [info(name) for name in graph.inputs], [info(name) for name in outputs], constants
    )
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", graph.opset)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])


def read_samples(path: Path, graph: Graph) -> list[dict[str, Array]]:
    """The examples in an .npz file: one array an input, its first axis counts the examples."""
    with np.load(path) as file:
        missing = set(graph.inputs) - set(file.files)
        if missing:
            raise UnsupportedModel(
                f"{path} has no array {min(missing)!r}: it needs {', '.join(graph.inputs)}"
            )
        arrays = {name: file[name] for name in graph.inputs}
    counts = {len(array) for array in arrays.values()}
    if len(counts) != 1:
        raise UnsupportedModel(f"{path}: its arrays have different numbers of examples: {sorted(counts)}")
    for name, array in arrays.items():
        if math.prod(array.shape[1:]) != math.prod(graph.dims(name)):
            raise UnsupportedModel(
                f"{path}: an example of {name!r} has dimensions {array.shape[1:]}, not {graph.dims(name)}"
            )
    return [
        {
            name: array[at].reshape(graph.dims(name)).astype(graph.types[name].dtype)
            for name, array in arrays.items()
        }
        for at in range(counts.pop())
    ]


def _before_softmax(graph: Graph) -> set[str]:
    """Tensors that a softmax reads, directly or through additions and movements: masks are among them."""
    found, waiting = set[str](), [node.inputs[0] for node in graph.nodes if "Softmax" in node.operator]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            producer = graph.producers.get(name)
            if producer is not None and producer.operator in SOFTMAX_CARRIERS:
                waiting.extend(filter(None, producer.inputs))
    return found


def _units(short: float, reach: float, wide: float) -> Units:
    exponent = math.frexp(wide or 1.0)[1] - WIDE_BITS
    return Units(
        decimal_unit((short or 1.0) / 127),
        decimal_unit(MARGIN * (reach or 1.0) / 32767),
        Fraction(2) ** exponent,
    )
