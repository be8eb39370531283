"""Partial evaluation: one pass over the nodes folds what is constant, and finds the shape of everything else.

What folds here ends up in weights, so on real numbers only operations fold that IEEE 754 defines to the last
bit; integers, of which shape arithmetic is made, fold through any operator.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.shape_inference import infer_node_outputs

from executor.compiler.graph import Array, Node, ValueType, operators

REPRODUCIBLE = operators(
    "Abs Add Cast Clip Compress Concat Constant ConstantOfShape Div Equal Expand Flatten Floor Gather "
    "Greater GreaterOrEqual Identity Less LessOrEqual Max Min Mul Neg Not Pad Reciprocal Relu Reshape Shape "
    "Slice Split Sqrt Squeeze Sub Tile Transpose Unsqueeze Where"
)
"""Operators that give the same bits everywhere on real numbers too: no sums, no transcendental functions."""

GROWING = operators("ConstantOfShape Expand Pad Range Resize Tile")
"""Operators whose output can be far larger than what they read."""
MOST_FOLDED = 1 << 27  # elements of a constant that such an operator makes
SMALL = 4096  # elements of a constant that shape inference may want to see


class Evaluation:
    """The state of the pass: constants and types by name, and the nodes that remain."""

    def __init__(self, opset: int, constants: dict[str, Array]) -> None:
        self.opset = opset
        self.constants = constants
        self.types: dict[str, ValueType] = {}
        self.nodes: list[Node] = []
        self._imports = [helper.make_opsetid("", opset)]

    def run(self, nodes: Iterable[onnx.NodeProto]) -> None:
        """Evaluate the nodes in order."""
        for number, proto in enumerate(nodes):
            if not proto.name:
                proto.name = f"{proto.op_type}_{len(self.nodes)}_{number}"
            self._step(proto)

    def _step(self, proto: onnx.NodeProto) -> None:
        node = _node(proto)
        if proto.domain not in ("", "ai.onnx"):
            raise node.refuse(f"operator of the domain {proto.domain!r}", "export with standard operators")
        for name in filter(None, node.inputs):
            if name not in self.constants and name not in self.types:
                raise node.refuse(f"input {name!r} is not known here", "sort the nodes of the graph")
        if proto.op_type == "If":
            self._inline(proto, node)
        elif proto.op_type in ("Shape", "Size") and node.inputs[0] in self.types:
            stand_in = np.broadcast_to(np.zeros((), np.int8), self.types[node.inputs[0]].dims)
            self._fold(proto, node, {node.inputs[0]: stand_in})
        elif all(name in self.constants for name in filter(None, node.inputs)):
            self._fold(proto, node, self.constants)
        elif proto.op_type == "Dropout":
            self._keep(proto, Node(node.name, "Identity", node.inputs[:1], node.outputs[:1], {}))
        else:
            self._keep(proto, node)

    def _fold(self, proto: onnx.NodeProto, node: Node, values: dict[str, Array]) -> None:
        arrays = {name: values[name] for name in filter(None, node.inputs)}
        real = [array for array in arrays.values() if np.issubdtype(array.dtype, np.floating)]
        if real and node.operator not in REPRODUCIBLE and node.operator not in ("Shape", "Size"):
            raise node.refuse(
                "all its inputs are constants, and its result differs between machines",
                "fold it before exporting (onnxruntime's basic optimisation does)",
            )
        if node.operator in GROWING:
            self._check_size(proto, node, arrays)
        try:
            results = ReferenceEvaluator(proto, opsets={"": self.opset}).run(None, arrays)
        except Exception as error:  # whatever numpy makes of an ill-formed node
            raise node.refuse(f"it cannot be folded ({error})", "check the model with onnx.checker") from None
        for name, result in zip(node.outputs, results, strict=False):
            self.constants[name] = np.asarray(result)

    def _check_size(self, proto: onnx.NodeProto, node: Node, arrays: dict[str, Array]) -> None:
        """Refuse, before it takes memory, a constant that is made of next to nothing and is huge."""
        for name, kind in self._inferred(proto, node, arrays).items():
            if math.prod(kind.dims) > MOST_FOLDED:
                raise node.refuse(f"{name!r} would have {math.prod(kind.dims)} elements", "check the model")

    def _inline(self, proto: onnx.NodeProto, node: Node) -> None:
        """Take the branch of an If whose condition is known."""
        if node.inputs[0] not in self.constants:
            raise node.refuse("its condition depends on the input", "bind that input with --input name=value")
        wanted = "then_branch" if self.constants[node.inputs[0]].reshape(-1)[0] else "else_branch"
        (branch,) = (attribute.g for attribute in proto.attribute if attribute.name == wanted)
        local = {tensor.name for tensor in branch.initializer}
        local.update(output for inner in branch.node for output in inner.output if output)
        renamed = {name: f"{node.name}/{name}" for name in local}
        for tensor in branch.initializer:
            self.constants[renamed[tensor.name]] = np.asarray(numpy_helper.to_array(tensor))
        inner_nodes = [_renamed(inner, renamed, node.name) for inner in branch.node]
        for result, output in zip(branch.output, node.outputs, strict=True):
            inner_nodes.append(
                helper.make_node(
                    "Identity", [renamed.get(result.name, result.name)], [output], f"{node.name}/{output}"
                )
            )
        self.run(inner_nodes)

    def _keep(self, proto: onnx.NodeProto, node: Node) -> None:
        self.nodes.append(node)
        proto = helper.make_node(node.operator, node.inputs, node.outputs, node.name, **dict(node.attributes))
        self.types |= self._inferred(proto, node, self.constants)

    def _inferred(
        self, proto: onnx.NodeProto, node: Node, constants: Mapping[str, Array]
    ) -> dict[str, ValueType]:
        """The types of a node's outputs."""
        types = {name: self._type(name) for name in filter(None, node.inputs)}
        data = {
            name: numpy_helper.from_array(constants[name], name)
            for name in filter(None, node.inputs)
            if name in constants and constants[name].size <= SMALL
        }
        try:
            schema = onnx.defs.get_schema(node.operator, self.opset, "")
            found = infer_node_outputs(schema, proto, types, data, opset_imports=self._imports)
        except Exception as error:  # onnx raises several kinds, and an unknown operator is one of them
            raise node.refuse(f"its shape cannot be inferred ({error})", "check the model") from None
        for name in filter(None, node.outputs):
            if name not in found:
                raise node.refuse(f"the shape of {name!r} is unknown", "bind more axes with --shape")
        return {name: _value_type(node, name, found[name]) for name in filter(None, node.outputs)}

    def _type(self, name: str) -> onnx.TypeProto:
        if name in self.constants:
            dtype, dims = self.constants[name].dtype, self.constants[name].shape
        else:
            dtype, dims = self.types[name].dtype, self.types[name].dims
        return helper.make_tensor_type_proto(helper.np_dtype_to_tensor_dtype(dtype), dims)


def _node(proto: onnx.NodeProto) -> Node:
    attributes: dict[str, Any] = {}
    for attribute in proto.attribute:
        value = helper.get_attribute_value(attribute)
        if isinstance(value, onnx.TensorProto):
            value = np.asarray(numpy_helper.to_array(value)) if proto.op_type == "Constant" else value
        attributes[attribute.name] = value.decode() if isinstance(value, bytes) else value
    return Node(proto.name, proto.op_type, tuple(proto.input), tuple(proto.output), attributes)


def _renamed(proto: onnx.NodeProto, names: dict[str, str], prefix: str) -> onnx.NodeProto:
    """The node of a branch under names that are its own in the whole graph."""
    copy = onnx.NodeProto()
    copy.CopyFrom(proto)
    copy.name = f"{prefix}/{proto.name}"
    copy.input[:] = [names.get(name, name) for name in proto.input]
    copy.output[:] = [names.get(name, name) for name in proto.output]
    for attribute in copy.attribute:
        if attribute.HasField("g"):
            _rename_captured(attribute.g, names)
    return copy


def _rename_captured(graph: onnx.GraphProto, names: dict[str, str]) -> None:
    """Rename what a nested branch reads from around it."""
    own = {output for node in graph.node for output in node.output} | {
        tensor.name for tensor in graph.initializer
    }
    outer = {name: new for name, new in names.items() if name not in own}
    for node in graph.node:
        node.input[:] = [outer.get(name, name) for name in node.input]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _rename_captured(attribute.g, outer)
    for result in graph.output:
        result.name = outer.get(result.name, result.name)


def _value_type(node: Node, name: str, proto: onnx.TypeProto) -> ValueType:
    tensor = proto.tensor_type
    dims = [dim.dim_value if dim.HasField("dim_value") else 0 for dim in tensor.shape.dim]
    if not tensor.HasField("shape") or 0 in dims:
        raise node.refuse(f"{name!r} has a dynamic or empty axis", "bind the inputs' axes with --shape")
    return ValueType(np.dtype(helper.tensor_dtype_to_np_dtype(tensor.elem_type)), tuple(dims))
