"""From an ONNX file to the network in it: dynamic axes and scalars bound, everything constant folded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx

from executor.compiler.evaluation import MOST_ELEMENTS, Evaluation
from executor.compiler.graph import Array, Graph, UnsupportedModel, ValueType, first_line
from executor.compiler.literals import check_no_nan, literal, number_type
from executor.compiler.model_file import read_model

OPSETS = range(13, 22)


@dataclass(frozen=True)
class Bindings:
    """What the caller fixes: dimensions of inputs (by input or by the name of an axis), values of inputs."""

    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    values: Mapping[str, float] = field(default_factory=dict)


def load_graph(path: Path, bindings: Bindings | None = None) -> Graph:
    """The network in the file, folded; UnsupportedModel says what stands in the way."""
    try:
        return _folded(read_model(path), bindings or Bindings())
    except (UnsupportedModel, OSError, MemoryError):
        raise
    except Exception as error:  # an ill-formed file makes onnx raise whatever it runs into
        raise UnsupportedModel(
            f"{path} is ill-formed ({type(error).__name__}: {first_line(error)})"
        ) from None


def _folded(model: onnx.ModelProto, bindings: Bindings) -> Graph:
    graph, opset = model.graph, _opset(model)
    evaluation = Evaluation(opset)
    for tensor in graph.initializer:
        evaluation.give(tensor.name, literal(tensor, f"constant {tensor.name!r}"))
    given = [value for value in graph.input if value.name not in evaluation.constants]
    _check_bindings(given, bindings)
    inputs = []
    for value in given:
        if value.name in bindings.values:
            evaluation.give(value.name, _bound_value(value, bindings.values[value.name]))
        else:
            inputs.append(value.name)
            evaluation.give(value.name, _bound_type(value, bindings.shapes))
    evaluation.run(graph.node)
    outputs = tuple(value.name for value in graph.output)
    for name in outputs:
        if name in evaluation.constants:
            raise UnsupportedModel(f"output {name!r} is a constant, whatever the input: leave it out")
        if name not in evaluation.types:
            raise UnsupportedModel(f"output {name!r} is written by no node: check the model")
        if name in inputs:
            raise UnsupportedModel(f"output {name!r} is an input as it is: leave it out")
    folded = Graph(
        tuple(evaluation.nodes), tuple(inputs), outputs, evaluation.constants, evaluation.types, opset
    ).pruned()
    for name, constant in folded.constants.items():
        check_no_nan(name, constant)
    return folded


def _opset(model: onnx.ModelProto) -> int:
    versions = {entry.domain: entry.version for entry in model.opset_import}
    opset = int(versions.get("", versions.get("ai.onnx", 0)))
    if opset not in OPSETS:
        raise UnsupportedModel(
            f"opset {opset} is not in {OPSETS[0]} .. {OPSETS[-1]}: convert it with onnx.version_converter"
        )
    return opset


def _check_bindings(given: list[onnx.ValueInfoProto], bindings: Bindings) -> None:
    """Refuse to bind what is not there."""
    names = {value.name for value in given}
    axes = {dim.dim_param for value in given for dim in value.type.tensor_type.shape.dim}
    for option, unknown in (
        ("--input", set(bindings.values) - names),
        ("--shape", set(bindings.shapes) - names - axes),
    ):
        if unknown:
            raise UnsupportedModel(f"{option} {min(unknown)}: the model has no such input")


def _bound_value(value: onnx.ValueInfoProto, number: float) -> Array:
    """The input filled with the number, which has to be one of its type."""
    tensor = value.type.tensor_type
    dtype = number_type(tensor.elem_type, f"input {value.name!r}")
    dims = tuple(max(dim.dim_value, 1) for dim in tensor.shape.dim)
    if math.prod(dims) > MOST_ELEMENTS:
        raise UnsupportedModel(f"input {value.name!r} has {math.prod(dims)} elements: check the model")
    if not math.isfinite(number):
        raise UnsupportedModel(f"--input {value.name}: {number} is no {dtype}")
    if np.issubdtype(dtype, np.integer):
        low, high = np.iinfo(str(dtype)).min, np.iinfo(str(dtype)).max
        if not (float(number).is_integer() and low <= number <= high):
            raise UnsupportedModel(f"--input {value.name}: {number} is no {dtype}")
    return np.full(dims, number, dtype)


def _bound_type(value: onnx.ValueInfoProto, shapes: Mapping[str, tuple[int, ...]]) -> ValueType:
    """The input's type with its dynamic axes bound."""
    tensor = value.type.tensor_type
    dtype = number_type(tensor.elem_type, f"input {value.name!r}")
    if value.name in shapes:
        if tensor.HasField("shape") and len(tensor.shape.dim) != len(shapes[value.name]):
            raise UnsupportedModel(f"--shape {value.name}: the input has {len(tensor.shape.dim)} axes")
        return ValueType(dtype, shapes[value.name])
    dims = []
    for dim in tensor.shape.dim:
        if dim.HasField("dim_value") and dim.dim_value > 0:
            dims.append(dim.dim_value)
        elif len(shapes.get(dim.dim_param, ())) == 1:
            dims.append(shapes[dim.dim_param][0])
        else:
            raise UnsupportedModel(
                f"input {value.name!r}: axis {len(dims)} ({dim.dim_param or 'unnamed'}) is dynamic: "
                f"bind it with --shape {value.name}=..."
            )
    return ValueType(dtype, tuple(dims))
