"""Partial evaluation: one pass over the nodes folds what is constant, and finds the shapes of the rest."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import onnx
from onnx import AttributeProto, helper

from executor.compiler.branches import graphs_of, inlined
from executor.compiler.folding import Folding
from executor.compiler.graph import Array, Node, UnsupportedModel, ValueType
from executor.compiler.inference import Inference
from executor.compiler.literals import literal
from executor.program.validation import MAX_OPERATIONS

MOST_NODES = MAX_OPERATIONS
"""Nodes that remain: few take no operation, so more of them cannot become a program."""
MOST_ELEMENTS = 1 << 28
"""Elements of all tensors of one example: calibration holds them at once, a gigabyte of float32."""
READABLE = frozenset(
    (
        AttributeProto.FLOAT,
        AttributeProto.INT,
        AttributeProto.STRING,
        AttributeProto.TENSOR,
        AttributeProto.FLOATS,
        AttributeProto.INTS,
        AttributeProto.STRINGS,
    )
)
"""Kinds of attributes that operators on tensors have; the graphs of an If are taken apart before."""


class Evaluation:
    """The state of the pass: constants and types by name, and the nodes that remain."""

    def __init__(self, opset: int) -> None:
        self.constants: dict[str, Array] = {}
        self.types: dict[str, ValueType] = {}
        self.nodes: list[Node] = []
        self._inference, self._folding = Inference(opset), Folding(opset)
        self._elements = 0

    def give(self, name: str, value: Array | ValueType) -> None:
        """A constant or a tensor that comes from outside or from a node, once."""
        if name in self.constants or name in self.types:
            raise UnsupportedModel(f"{name!r} is given or written twice: give each tensor its own name")
        if isinstance(value, ValueType):
            self._elements += math.prod(value.dims)
            if self._elements > MOST_ELEMENTS:
                raise UnsupportedModel(
                    f"with {name!r}, of dimensions {list(value.dims)}, the tensors of one example have more "
                    f"than {MOST_ELEMENTS} elements: bind its axes with --shape, or split the model"
                )
            self.types[name] = value
        else:
            self.constants[name] = value

    def run(self, nodes: Iterable[onnx.NodeProto]) -> None:
        """Evaluate the nodes in order."""
        for number, proto in enumerate(nodes):
            if not proto.name:
                proto.name = f"{proto.op_type}_{len(self.nodes)}_{number}"
            self._step(proto)

    def _step(self, proto: onnx.NodeProto) -> None:
        node = Node(proto.name, proto.op_type, tuple(proto.input), tuple(proto.output), {})
        if proto.domain not in ("", "ai.onnx"):
            raise node.refuse(f"operator of the domain {proto.domain!r}", "export with standard operators")
        for name in filter(None, node.inputs):
            if name not in self.constants and name not in self.types:
                raise node.refuse(f"input {name!r} is not known here", "sort the nodes of the graph")
        if proto.op_type == "If":
            self._inline(proto, node)
            return
        if any(graphs_of(attribute) for attribute in proto.attribute):
            raise node.refuse("it repeats a graph", "unroll it when exporting the model")
        node = Node(node.name, node.operator, node.inputs, node.outputs, _attributes(proto, node))
        if node.operator != "Constant":  # which reads nothing, and may be large
            proto.domain = ""
            self._inference.check(proto, node)
        if node.operator in ("Shape", "Size"):
            self._measure(node)
        elif all(name in self.constants for name in filter(None, node.inputs)):
            self._fold(proto, node)
        elif node.operator == "Dropout":
            self._drop_nothing(node)
        else:
            self._keep(node)

    def _measure(self, node: Node) -> None:
        """The dimensions of a tensor are constants, whether it is one or not."""
        name = node.inputs[0]
        dims = self.constants[name].shape if name in self.constants else self.types[name].dims
        wanted = dims[node.attributes.get("start", 0) : node.attributes.get("end")]
        self.give(
            node.outputs[0], np.array(wanted if node.operator == "Shape" else math.prod(dims), np.int64)
        )

    def _fold(self, proto: onnx.NodeProto, node: Node) -> None:
        arrays = {name: self.constants[name] for name in filter(None, node.inputs)}
        self._folding.check(node, list(arrays.values()))
        if node.operator != "Constant":
            found = self._inference.shapes(proto, node, self.constants, {})
            shapes = {name: shape for name, (_, shape) in found.items()}
            self._folding.charge(node, list(arrays.values()), shapes)
        for name, result in zip(node.outputs, self._folding.results(proto, node, arrays), strict=False):
            if name:
                self.give(name, result)

    def _inline(self, proto: onnx.NodeProto, node: Node) -> None:
        """Take the branch of an If whose condition is known."""
        if node.inputs[0] not in self.constants:
            raise node.refuse("its condition depends on the input", "bind that input with --input name=value")
        nodes, initializers = inlined(proto, bool(self.constants[node.inputs[0]].reshape(-1)[0]))
        for tensor in initializers:
            self.give(tensor.name, literal(tensor, f"constant {tensor.name!r}"))
        self.run(nodes)

    def _drop_nothing(self, node: Node) -> None:
        """Outside training a Dropout changes nothing."""
        training = self.constants.get(node.input(2)) if node.input(2) else np.zeros(1)
        if training is None or training.any():
            raise node.refuse("it drops values at random", "export the model for inference")
        self._keep(Node(node.name, "Identity", node.inputs[:1], node.outputs[:1], {}))

    def _keep(self, node: Node) -> None:
        if len(self.nodes) == MOST_NODES:
            raise node.refuse(
                f"{MOST_NODES} nodes before it remain after folding, and a program has no more operations",
                "split the model",
            )
        self.nodes.append(node)
        proto = helper.make_node(node.operator, node.inputs, node.outputs, node.name, **dict(node.attributes))
        for name, kind in self._inference.types(proto, node, self.constants, self.types).items():
            self.give(name, kind)


def _attributes(proto: onnx.NodeProto, node: Node) -> Mapping[str, Any]:
    """The attributes of a node that holds no graph; texts as such, a Constant's tensor as an array."""
    found: dict[str, Any] = {}
    for attribute in proto.attribute:
        if attribute.type not in READABLE:
            raise node.refuse(f"its attribute {attribute.name!r} is of an unusual kind", "check the model")
        value = helper.get_attribute_value(attribute)
        if isinstance(value, onnx.TensorProto):
            array = literal(value, f"{node.title}: {attribute.name}")
            value = array if node.operator == "Constant" else value
        elif node.operator != "Constant" and not _is_finite(value):
            raise node.refuse(f"its attribute {attribute.name!r} is no finite number", "check the model")
        found[attribute.name] = value.decode() if isinstance(value, bytes) else value
    return found


def _is_finite(value: Any) -> bool:
    """Whether no number in an attribute's value is an infinity or none at all."""
    values = value if isinstance(value, list) else [value]
    return all(math.isfinite(each) for each in values if isinstance(each, float))
