"""Finding out how large the values of a float network become: onnxruntime runs it on examples, whole."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from executor.compiler.graph import Array, Graph, UnsupportedModel, operators
from executor.compiler.runtime import FloatNetwork
from executor.compiler.scales import Precision, Scales, Units, decimal_unit, file_hash
from executor.program.ir import ElementType

MARGIN = 1.25
"""How far beyond anything seen in calibration an int16 reaches."""
WIDE_BITS = {Precision.FAST: 20, Precision.ACCURATE: 24, Precision.FINE: 26}
"""An int32 has so many bits up to the largest value seen, a good part more than products keep of it. The
bits above are room in which sums stay proven below 2^31, and so need no saturation."""
MASKED = 1000.0
"""Before a softmax, values as low as this mean 'never' and are not worth a scale."""
LEAST_DECIBELS = 20.0
"""A tensor that an int8 would hold worse than this is an int16 in fast programs too. An int8 always
reaches the largest value: less reach is less noise in all, but cuts off what whole layers hang on."""
LEAST_QUIET_DECIBELS = 50.0
"""A tensor whose quietest example an int16 would hold worse than this is an int32 in accurate programs."""
LEAST_REACH, MOST_REACH = 2.0**-100, 2.0**128
"""Values below are as good as zero; float32 has none above. Units of both fit a scales file."""

SOFTMAX_CARRIERS = operators(
    "Add Cast Concat Div Expand Identity Mul Reshape Squeeze Sub Transpose Unsqueeze Where"
)
AT_MOST_ONE = operators("Softmax Sigmoid Tanh HardSigmoid Erf")


@dataclass
class Range:
    """How large a tensor's values are over all examples, and how loud each example is as a whole."""

    largest: float = 0.0
    unmasked: float = 0.0
    """The largest of those that are not masks."""
    loudness: list[float] = field(default_factory=list)
    """Mean squares of the examples that are not zero throughout."""
    measured: bool = False
    """Whether any value was finite."""

    def add(self, values: Array) -> None:
        """Take in the values of one example."""
        sizes = np.abs(values).reshape(-1)
        top = unmasked = float(sizes.max())
        if not top < MASKED:
            sizes = sizes[np.isfinite(sizes)]
            top, unmasked = float(sizes.max(initial=0)), float(sizes[sizes < MASKED].max(initial=0))
        self.largest, self.unmasked = max(self.largest, top), max(self.unmasked, unmasked)
        self.measured = self.measured or sizes.size > 0
        if top >= LEAST_REACH:
            self.loudness.append(float(np.mean(np.square(sizes, dtype=np.float64))))

    def decibels(self, unit: float) -> tuple[float, float]:
        """Signal to noise of rounding to this unit: of all examples together, and of the quietest."""
        if not self.loudness:
            return math.inf, math.inf
        noise = unit**2 / 12
        signals = sum(self.loudness) / len(self.loudness), min(self.loudness)
        together, quietest = (10 * math.log10(signal / noise) for signal in signals)
        return together, quietest


def calibrate(path: Path, graph: Graph, scales: Scales, samples: Sequence[Mapping[str, Array]]) -> Scales:
    """The scales of a folded graph, from examples of its inputs; the rest is as in `scales`."""
    masked = _before_softmax(graph)
    units, elements = {}, dict(scales.elements)
    for name, found in measure(graph, samples).items():
        producer = graph.producers.get(name)
        kind = producer.operator if producer is not None else ""
        reach = found.unmasked if name in masked else found.largest
        units[name] = _units(reach, 1.0 if kind in AT_MOST_ONE else math.inf, WIDE_BITS[scales.precision])
        if graph.is_operand(name):
            element = _element(found, units[name], scales.precision, kind)
            if element is not scales.precision.element:
                elements.setdefault(name, element)
    return Scales(file_hash(path), scales.precision, scales.bindings, units, elements, scales.weights)


def _element(found: Range, units: Units, precision: Precision, producer: str) -> ElementType:
    """The narrowest type, from the precision's on, in which a product hears enough of the tensor."""
    if precision is Precision.FINE:
        return ElementType.INT32
    if precision is Precision.ACCURATE:
        _, quietest = found.decibels(float(units.int16))
        return ElementType.INT32 if quietest < LEAST_QUIET_DECIBELS else ElementType.INT16
    together, _ = found.decibels(float(units.int8))
    loud_enough = together >= LEAST_DECIBELS and producer != "Softmax"  # whose values are near its unit
    return ElementType.INT8 if loud_enough else ElementType.INT16


def measure(graph: Graph, samples: Sequence[Mapping[str, Array]]) -> dict[str, Range]:
    """The range of every real tensor of the graph over the samples."""
    if not samples:
        raise UnsupportedModel("calibration needs at least one example")
    names = [name for name in graph.types if graph.types[name].is_float]
    read = [name for name in names if name in graph.producers]
    network = FloatNetwork(graph, read) if read else None
    ranges = {name: Range() for name in names if name in graph.producers or name in graph.inputs}
    for sample in samples:
        values = dict(sample)
        if network is not None:
            values |= network.run(sample)
        for name, found in ranges.items():
            found.add(values[name])
    for name, found in ranges.items():
        if not found.measured:
            raise UnsupportedModel(f"no example gives {name!r} a finite value: look for a division by zero")
        if found.largest > MOST_REACH:
            raise UnsupportedModel(f"{name!r} has values of {found.largest:g}: scale the model down")
    return ranges


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


def _units(reach: float, limit: float, wide_bits: int) -> Units:
    """Units for values up to `reach`, which can never exceed `limit`."""
    reach = reach if reach >= LEAST_REACH else 1.0
    return Units(
        decimal_unit(reach / 127),
        decimal_unit(min(MARGIN * reach, limit) / 32767),
        Fraction(2) ** (math.frexp(reach)[1] - wide_bits),
    )
