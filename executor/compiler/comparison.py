"""Holding a program against the float network it comes from: the outputs, and every tensor in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from executor.compiler.compilation import Compiled
from executor.compiler.functions import Floats
from executor.compiler.graph import Array, Graph
from executor.compiler.runtime import FloatNetwork
from executor.compiler.tensors import Tensor, axis
from executor.program import run
from executor.program.interpreter import Interpreter
from executor.program.ir import IntArray, Source
from executor.program.views import read

Sample = Mapping[str, Array]
Runner = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Agreement:
    """The output against the float network's, over some examples: cosines, same largest element, errors."""

    examples: int
    cosine_mean: float
    cosine_least: float
    same_largest: float
    largest_error: float


@dataclass(frozen=True)
class LayerError:
    """One tensor of the network: signal to noise in decibels, and how many operations its node took."""

    name: str
    operator: str
    decibels: float
    operations: int


def compare_outputs(compiled: Compiled, samples: Sequence[Sample], runner: Runner | None = None) -> Agreement:
    """Of the first output. runner: computes output bytes from input bytes, by default the interpreter."""
    name = compiled.graph.outputs[0]
    float_network = FloatNetwork(compiled.network, [name])
    cosines, same, errors = [], 0, []
    for sample in samples:
        expected = np.asarray(float_network.run(sample)[name], np.float64).reshape(-1)
        data = compiled.schema.encode(sample)
        found = compiled.schema.decode(runner(data) if runner else run(compiled.program, data)).reshape(-1)
        cosines.append(cosine(expected, found))
        same += int(expected.argmax() == found.argmax())
        errors.append(float(np.abs(expected - found).max()))
    return Agreement(len(samples), float(np.mean(cosines)), min(cosines), same / len(samples), max(errors))


def compare_layers(compiled: Compiled, sample: Sample) -> list[LayerError]:
    """Of every real tensor that the program stores, on one example, in the order of the network."""
    outputs = run_whole(compiled, sample)
    names = [
        name
        for name, tensor in compiled.tensors.items()
        if tensor.source is Source.OUTPUT and tensor.index in outputs and _is_whole(compiled.graph, name)
    ]
    reals = FloatNetwork(compiled.network, names).run(sample)
    found = []
    for name, real in reals.items():
        node = compiled.graph.producers[name]
        values = stored_values(compiled.tensors[name], outputs)
        count = compiled.origins.count(node.name)
        found.append(LayerError(name, node.operator, decibels(np.asarray(real, np.float64), values), count))
    return found


def _is_whole(graph: Graph, name: str) -> bool:
    """Whether the tensor is real, and stored as far as it goes: what only a Relu reads may saturate below."""
    reader = graph.only_consumer(name)
    return graph.types[name].is_float and (reader is None or reader.operator not in ("Relu", "Clip"))


def run_whole(compiled: Compiled, sample: Sample) -> dict[int, IntArray]:
    """Every operation's output on an example, by the number that the builder gave it."""
    interpreter = Interpreter(compiled.program, compiled.schema.encode(sample))
    return {compiled.numbers[index]: output for _, index, output in interpreter.outputs()}


def stored_values(tensor: Tensor, outputs: Mapping[int, IntArray]) -> Floats:
    """The real values of a tensor, read from the operation that it lies in."""
    dims = tensor.dims or (1,)
    whole = tensor if tensor.dims else tensor.broadcast((1,))
    view = whole.view([axis(at, len(dims)) for at in range(len(dims))], dims, 0)
    assert view is not None, "its own guards only"
    integers, _ = read(view, outputs[tensor.index], tuple(map(range, dims)), 0)
    return np.asarray(integers, np.float64).reshape(tensor.dims) * float(tensor.format.scale)


def cosine(a: Floats, b: Floats) -> float:
    """Of the angle between two vectors; one if both are zero."""
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / lengths if lengths else float(np.allclose(a, b))


def decibels(real: npt.NDArray[Any], found: Floats) -> float:
    """Ten times the logarithm of signal over noise; what stands for never (below -1000) does not count."""
    counted = np.isfinite(real) & (real > -1000)
    signal, noise = np.square(real[counted]).sum(), np.square((real - found)[counted]).sum()
    return float(10 * np.log10(max(signal, 1e-30) / max(noise, 1e-30)))
