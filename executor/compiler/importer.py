"""Reading an ONNX file: bounded, with its dynamic axes and scalars bound, and everything constant folded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from executor.compiler.evaluation import Evaluation
from executor.compiler.graph import Array, Graph, UnsupportedModel, ValueType

MAX_FILE = 1 << 30
MAX_NODES = 20_000
OPSETS = range(13, 22)


@dataclass(frozen=True)
class Bindings:
    """What the caller fixes: dimensions of inputs (by input or by the name of an axis), values of inputs."""

    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    values: Mapping[str, float] = field(default_factory=dict)


def load_graph(path: Path, bindings: Bindings | None = None) -> Graph:
    """The network in the file, folded; UnsupportedModel says what stands in the way."""
    try:
        return _folded(_read(path), bindings or Bindings())
    except UnsupportedModel:
        raise
    except Exception as error:  # an ill-formed file makes onnx raise whatever it runs into
        raise UnsupportedModel(f"{path} is ill-formed ({type(error).__name__}: {error})") from None


def _folded(model: onnx.ModelProto, bindings: Bindings) -> Graph:
    graph, opset = model.graph, _opset(model)
    initializers = {tensor.name: _array(tensor) for tensor in graph.initializer}
    evaluation = Evaluation(opset, dict(initializers))
    given = [value for value in graph.input if value.name not in initializers]
    unknown = set(bindings.values) - {value.name for value in given}
    if unknown:
        raise UnsupportedModel(f"--input {min(unknown)}: the model has no such input")
    inputs = []
    for value in given:
        tensor = value.type.tensor_type
        if value.name in bindings.values:
            dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
            dims = tuple(max(dim.dim_value, 1) for dim in tensor.shape.dim)
            evaluation.constants[value.name] = np.full(dims, bindings.values[value.name], dtype)
        else:
            inputs.append(value.name)
            evaluation.types[value.name] = _bound_type(value, bindings.shapes)
    evaluation.run(graph.node)
    outputs = tuple(value.name for value in graph.output)
    for name in outputs:
        if name in evaluation.constants:
            raise UnsupportedModel(f"output {name!r} is a constant, whatever the input: leave it out")
    folded = Graph(
        tuple(evaluation.nodes), tuple(inputs), outputs, evaluation.constants, evaluation.types, opset
    )
    return folded.pruned()


def _read(path: Path) -> onnx.ModelProto:
    size = path.stat().st_size
    if size > MAX_FILE:
        raise UnsupportedModel(f"{path} has {size} bytes, more than {MAX_FILE}")
    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # protobuf's own error types are not public
        raise UnsupportedModel(f"{path} is no ONNX file: {error}") from None
    if not model.graph.node:
        raise UnsupportedModel(f"{path} is no ONNX file, or its graph has no node")
    if len(model.graph.node) > MAX_NODES:
        raise UnsupportedModel(f"{path} has {len(model.graph.node)} nodes, more than {MAX_NODES}")
    if model.functions:
        model = onnx.inliner.inline_local_functions(model)
    return model


def _opset(model: onnx.ModelProto) -> int:
    versions = {entry.domain: entry.version for entry in model.opset_import}
    opset = int(versions.get("", versions.get("ai.onnx", 0)))
    if opset not in OPSETS:
        raise UnsupportedModel(
            f"opset {opset} is not in {OPSETS[0]} .. {OPSETS[-1]}: convert it with onnx.version_converter"
        )
    return opset


def _array(tensor: onnx.TensorProto) -> Array:
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        raise UnsupportedModel(
            f"constant {tensor.name!r} lies in another file: save the model with its data inside "
            "(onnx.save with save_as_external_data=False)"
        )
    return np.asarray(numpy_helper.to_array(tensor))


def _bound_type(value: onnx.ValueInfoProto, shapes: Mapping[str, tuple[int, ...]]) -> ValueType:
    """The input's type with its dynamic axes bound."""
    tensor = value.type.tensor_type
    dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    if value.name in shapes:
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
