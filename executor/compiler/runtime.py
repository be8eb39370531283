"""The float network in onnxruntime, as it stands: what calibration measures, what programs are held to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import onnxruntime
from onnx import helper, numpy_helper

from executor.compiler.graph import Array, Graph, UnsupportedModel, first_line


class FloatNetwork:
    """onnxruntime over a folded graph, with these tensors as outputs and nothing optimised.

    UnsupportedModel, in making it and in running it, says what onnxruntime makes of a model that it refuses.
    """

    def __init__(self, graph: Graph, outputs: Sequence[str]) -> None:
        self._outputs = list(outputs)
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 4  # what goes wrong is raised
        try:
            model = _model(graph, outputs).SerializeToString()
            self._session = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's kinds have no name in common
            raise _refusal(error) from None

    def run(self, sample: Mapping[str, Array]) -> dict[str, Array]:
        """Every output by name, for one example."""
        try:
            found = self._session.run(self._outputs, dict(sample))
        except Exception as error:
            raise _refusal(error) from None
        return dict(zip(self._outputs, found, strict=True))


def _refusal(error: Exception) -> UnsupportedModel:
    return UnsupportedModel(
        f"onnxruntime cannot run the network ({first_line(error)}): check the model with onnx.checker"
    )


def _model(graph: Graph, outputs: Sequence[str]) -> Any:
    nodes = [
        helper.make_node(node.operator, node.inputs, node.outputs, node.name, **node.attributes)
        for node in graph.nodes
    ]

    def info(name: str) -> Any:
        kind = graph.types[name]
        return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(kind.dtype), kind.dims)

    constants = [numpy_helper.from_array(value, name) for name, value in graph.constants.items()]
    whole = helper.make_graph(nodes, "network", [*map(info, graph.inputs)], [*map(info, outputs)], constants)
    return helper.make_model(whole, opset_imports=[helper.make_opsetid("", graph.opset)], ir_version=8)
