"""Bringing a folded graph to the form that lowering expects: fewer nodes, each with a meaning of its own."""

from __future__ import annotations

import math

import numpy as np

from executor.compiler.graph import Array, Graph, Node
from executor.compiler.lookup import fuse_lookups
from executor.compiler.pointwise import fuse_pointwise
from executor.compiler.scales import Precision

LINEAR = ("Conv", "Gemm", "MatMul")
MOST_OPERATIONS = 3
"""What a function of one number may take before a table is quicker; but no table is as fine as an int32."""
ATTEND = "Attend"
"""The operator of a MatMul whose left operand is a Softmax; its inputs are scores and values."""


def canonical(graph: Graph, precision: Precision) -> Graph:
    """The same function with biases, scalings and normalisations inside the linear nodes, tables fused, and
    one-hot vectors as the indices that they stand for.

    Names of tensors stay, so that what was measured on the original graph holds here.
    """
    longest = math.inf if precision is Precision.FINE else MOST_OPERATIONS
    return fuse_lookups(fuse_pointwise(_attend(_absorb(graph)).pruned(), longest))


def _absorb(graph: Graph) -> Graph:
    """Let every linear node take in what follows it and is linear in each channel too."""
    nodes: list[Node] = []
    constants = dict(graph.constants)
    position: dict[str, int] = {}
    for node in graph.nodes:
        linear = next((position[name] for name in node.inputs if name in position), None)
        merged = None
        if linear is not None and graph.only_consumer(nodes[linear].outputs[0]) is node:
            merged = _merge(graph, constants, nodes[linear], node)
        if merged is not None and linear is not None:
            nodes[linear] = merged
            position[merged.outputs[0]] = linear
            continue
        if node.operator in LINEAR:
            position[node.outputs[0]] = len(nodes)
        nodes.append(node)
    return Graph(tuple(nodes), graph.inputs, graph.outputs, constants, graph.types, graph.opset)


def _attend(graph: Graph) -> Graph:
    """The graph with every softmax over its last axis that only a MatMul reads as part of that node."""
    nodes = []
    for node in graph.nodes:
        softmax = graph.producers.get(node.inputs[0]) if node.operator == "MatMul" else None
        if softmax is not None and node.inputs[1] not in graph.constants and _is_share(graph, softmax, node):
            inputs = softmax.inputs[0], node.inputs[1]
            node = Node(node.name, ATTEND, inputs, node.outputs, node.attributes)
        nodes.append(node)
    return Graph(tuple(nodes), graph.inputs, graph.outputs, graph.constants, graph.types, graph.opset)


def _is_share(graph: Graph, softmax: Node, reader: Node) -> bool:
    """Whether the node is a softmax over the last axis, read by `reader` alone."""
    if softmax.operator != "Softmax" or graph.only_consumer(softmax.outputs[0]) is not reader:
        return False
    rank = len(graph.dims(softmax.inputs[0]))
    return int(softmax.attributes.get("axis", -1)) % rank == rank - 1


def _merge(graph: Graph, constants: dict[str, Array], linear: Node, node: Node) -> Node | None:
    """`linear` with the effect of `node`, its only reader, or None where that is not possible."""
    other = next((name for name in node.inputs if name != linear.outputs[0]), "")
    constant = constants.get(other)
    weights = constants.get(linear.input(1))
    if node.operator == "BatchNormalization" and linear.operator == "Conv" and weights is not None:
        return _fold_batch_norm(constants, linear, node)
    if constant is None or node.outputs[0] not in graph.types:
        return None
    dims = graph.dims(node.outputs[0])
    if dims != graph.dims(linear.outputs[0]):
        return None
    divides = node.operator == "Div" and node.inputs[1] == other
    if (node.operator == "Mul" or divides) and constant.size == 1 and not linear.input(2):
        value = float(constant.reshape(-1)[0])
        alpha = float(linear.attributes.get("alpha", 1.0))
        if value <= 0:
            return None
        scaled = alpha / value if divides else alpha * value
        return Node(
            linear.name, linear.operator, linear.inputs, node.outputs, {**linear.attributes, "alpha": scaled}
        )
    if node.operator == "Add" and weights is not None and not linear.input(2):
        bias = _per_channel(constant, dims, 1 if linear.operator == "Conv" else len(dims) - 1)
        if bias is None or linear.attributes.get("alpha", 1.0) != 1.0 or bias.size == 1 != weights.shape[-1]:
            return None
        name = f"{other}/bias"
        constants[name] = bias
        return Node(linear.name, linear.operator, (*linear.inputs[:2], name), node.outputs, linear.attributes)
    return None


def _per_channel(constant: Array, dims: tuple[int, ...], axis: int) -> Array | None:
    """The constant as one value a channel, if it broadcasts over all other axes."""
    shape = (1,) * (len(dims) - constant.ndim) + constant.shape
    others = [n for position, n in enumerate(shape) if position != axis]
    return constant.reshape(-1) if shape[axis] == dims[axis] and all(n == 1 for n in others) else None


def _fold_batch_norm(constants: dict[str, Array], linear: Node, node: Node) -> Node | None:
    if not all(name in constants for name in node.inputs[1:]):
        return None
    gamma, beta, mean, variance = (constants[name].astype(np.float64) for name in node.inputs[1:5])
    factor = gamma / np.sqrt(variance + float(node.attributes.get("epsilon", 1e-5)))
    weights = constants[linear.inputs[1]].astype(np.float64)
    bias = constants[linear.input(2)].astype(np.float64) if linear.input(2) else np.zeros_like(mean)
    folded = weights * factor.reshape((-1,) + (1,) * (weights.ndim - 1))
    names = f"{node.name}/weights", f"{node.name}/bias"
    constants[names[0]], constants[names[1]] = folded, (bias - mean) * factor + beta
    return Node(linear.name, linear.operator, (linear.inputs[0], *names), node.outputs[:1], linear.attributes)
