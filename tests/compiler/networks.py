"""Small float networks for tests: built, saved, calibrated, compiled and held against onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from executor.compiler.calibration import calibrate
from executor.compiler.compilation import Compiled, compile_graph
from executor.compiler.importer import Bindings, load_graph
from executor.compiler.scales import Precision, Scales
from executor.program import run
from executor.program.ir import ElementType

TYPES = {
    np.dtype(np.float32): TensorProto.FLOAT,
    np.dtype(np.int64): TensorProto.INT64,
    np.dtype(np.int32): TensorProto.INT32,
    np.dtype(np.bool_): TensorProto.BOOL,
}


class Network:
    """A network in the making. Every method returns the name of what it adds."""

    def __init__(self, opset: int = 17) -> None:
        self.opset = opset
        self.inputs: dict[str, tuple[np.dtype[Any], tuple[int | str, ...]]] = {}
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, np.ndarray] = {}

    def input(self, name: str, *dims: int | str, dtype: Any = np.float32) -> str:
        self.inputs[name] = np.dtype(dtype), dims
        return name

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants[name] = np.asarray(values, dtype)
        return name

    def node(self, operator: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        name = f"{operator.lower()}_{len(self.nodes)}"
        names = [name, *(f"{name}_{number}" for number in range(1, outputs))]
        self.nodes.append(helper.make_node(operator, inputs, names, name, **attributes))
        return name

    def save(self, folder: Path, *outputs: str) -> Path:
        """The file, with these outputs."""
        graph = helper.make_graph(
            self.nodes,
            "network",
            [
                helper.make_tensor_value_info(name, TYPES[dtype], dims)
                for name, (dtype, dims) in self.inputs.items()
            ],
            [helper.make_tensor_value_info(name, TensorProto.UNDEFINED, None) for name in outputs],
            [numpy_helper.from_array(values, name) for name, values in self.constants.items()],
        )
        domains = {"": self.opset} | {node.domain: 1 for node in self.nodes if node.domain}
        opsets = [helper.make_opsetid(domain, version) for domain, version in domains.items()]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        model = onnx.shape_inference.infer_shapes(model)
        path = folder / "network.onnx"
        onnx.save(model, str(path))
        return path


@dataclass
class Case:
    """A compiled network and examples."""

    path: Path
    compiled: Compiled
    scales: Scales
    samples: Sequence[Mapping[str, np.ndarray]]

    def real(self, sample: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """What onnxruntime makes of the original file, as it stands: its optimiser lets a MaxPool forget the
        zeros of a Pad before it."""
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(str(self.path), options, ["CPUExecutionProvider"])
        return session.run(None, dict(sample))

    def found(self, sample: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """What the program makes of it."""
        output = run(self.compiled.program, self.compiled.schema.encode(sample))
        return list(self.compiled.schema.decode_all(output).values())

    def errors(self) -> list[float]:
        """For each output the largest error over all samples, as a part of the largest real value."""
        worst: dict[int, float] = {}
        largest: dict[int, float] = {}
        for sample in self.samples:
            for number, (real, found) in enumerate(zip(self.real(sample), self.found(sample), strict=True)):
                assert real.shape == found.shape
                worst[number] = max(worst.get(number, 0), float(np.abs(real - found).max()))
                largest[number] = max(largest.get(number, 0), float(np.abs(real).max()))
        return [worst[number] / (largest[number] or 1) for number in worst]


def compiled_case(
    path: Path,
    samples: Sequence[Mapping[str, np.ndarray]],
    precision: Precision = Precision.ACCURATE,
    weights: ElementType = ElementType.INT16,
    bindings: Bindings | None = None,
    elements: Mapping[str, ElementType] | None = None,
) -> Case:
    """Calibrate on the samples, and compile."""
    bindings = bindings or Bindings()
    graph = load_graph(path, bindings)
    scales = calibrate(path, graph, Scales("", precision, bindings, {}, elements or {}, weights), samples)
    return Case(path, compile_graph(graph, scales), replace(scales), samples)


def normal_samples(count: int = 3, seed: int = 0, **dims: tuple[int, ...]) -> list[dict[str, np.ndarray]]:
    """Examples of standard normal numbers."""
    rng = np.random.default_rng(seed)
    return [
        {name: rng.standard_normal(shape).astype(np.float32) for name, shape in dims.items()}
        for _ in range(count)
    ]
