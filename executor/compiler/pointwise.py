"""Regions of the network that are a function of one number: found, fused, and evaluated for a table.

The exact GELU is five operators in ONNX, SiLU two, and many exporters invent their own spelling. Whatever the
spelling, a region in which every value depends on one element of one tensor is one table, if it takes one or
more than a few operations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from executor.compiler import functions
from executor.compiler.functions import Floats
from executor.compiler.graph import Graph, Node

OPERATOR = "Pointwise"
"""The operator of a fused region; its one input is the variable of the nodes in its attribute `body`."""

Unary = Callable[[Node, Floats], Floats]


def _attribute(node: Node, name: str, default: float) -> float:
    return float(node.attributes.get(name, default))


def _gelu(node: Node, x: Floats) -> Floats:
    if node.attributes.get("approximate", "none") == "tanh":
        inner = float.fromhex("0x1.9884533d43651p-1") * (x + 0.044715 * x * x * x)  # sqrt(2 / pi)
        return 0.5 * x * (1 + functions.tanh(inner))
    return 0.5 * x * (1 + functions.erf(x * functions.SQRT_HALF))


def _hard_sigmoid(node: Node, x: Floats) -> Floats:
    return np.clip(_attribute(node, "alpha", 0.2) * x + _attribute(node, "beta", 0.5), 0.0, 1.0)


def _elu(node: Node, x: Floats) -> Floats:
    grown = _attribute(node, "alpha", 1.0) * (functions.exp(np.minimum(x, 0)) - 1)
    return np.asarray(np.where(x > 0, x, grown))


def _selu(node: Node, x: Floats) -> Floats:
    alpha, gamma = (
        _attribute(node, "alpha", 1.67326319217681884765625),
        _attribute(node, "gamma", 1.05070102214813232421875),
    )
    return np.asarray(gamma * np.where(x > 0, x, alpha * (functions.exp(np.minimum(x, 0)) - 1)))


def _celu(node: Node, x: Floats) -> Floats:
    alpha = _attribute(node, "alpha", 1.0)
    return np.asarray(np.maximum(x, 0) + np.minimum(alpha * (functions.exp(np.minimum(x, 0) / alpha) - 1), 0))


TABLES: dict[str, Unary] = {
    "Celu": _celu,
    "Elu": _elu,
    "Erf": lambda _, x: functions.erf(x),
    "Exp": lambda _, x: functions.exp(x),
    "Gelu": _gelu,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": lambda _, x: x * np.clip(x / 6 + 0.5, 0.0, 1.0),
    "Log": lambda _, x: functions.log(x),
    "Mish": lambda _, x: x * functions.tanh(functions.log(1 + functions.exp(x))),
    "Selu": _selu,
    "Sigmoid": lambda _, x: functions.sigmoid(x),
    "Softplus": lambda _, x: functions.log(1 + functions.exp(x)),
    "Softsign": lambda _, x: x / (1 + np.abs(x)),
    "Tanh": lambda _, x: functions.tanh(x),
    "ThresholdedRelu": lambda node, x: np.where(x > _attribute(node, "alpha", 1.0), x, 0.0),
}
"""Functions that only a table can compute."""

PLAIN: dict[str, Unary] = {
    "Abs": lambda _, x: np.abs(x),
    "Cast": lambda _, x: x,
    "Identity": lambda _, x: x,
    "LeakyRelu": lambda node, x: np.where(x > 0, x, x * _attribute(node, "alpha", 0.01)),
    "Neg": lambda _, x: -x,
    "Reciprocal": lambda _, x: 1 / np.where(x == 0, np.inf, x),
    "Relu": lambda _, x: np.maximum(x, 0),
    "Sqrt": lambda _, x: np.sqrt(np.maximum(x, 0)),
}
"""Functions that a region may contain, but that are no reason for a table."""

BINARY: dict[str, Callable[[Floats, Floats], Floats]] = {
    "Add": lambda a, b: a + b,
    "Div": lambda a, b: a / np.where(b == 0, np.inf, b),
    "Max": np.maximum,
    "Min": np.minimum,
    "Mul": lambda a, b: a * b,
    "Sub": lambda a, b: a - b,
}


def evaluate(body: tuple[Node, ...], constants: Mapping[str, Floats], variable: str, x: Floats) -> Floats:
    """The region's value at every element of x; the body's last node yields it."""
    values: dict[str, Floats] = {variable: x}

    def value(name: str) -> Floats:
        return values[name] if name in values else np.full_like(x, float(constants[name].reshape(-1)[0]))

    for node in body:
        unary = TABLES.get(node.operator) or PLAIN.get(node.operator)
        first = value(node.inputs[0])
        if unary:
            result = unary(node, first)
        elif node.operator == "Clip":
            low = value(node.input(1)) if node.input(1) else -np.inf
            high = value(node.input(2)) if node.input(2) else np.inf
            result = np.minimum(np.maximum(first, low), high)
        elif node.operator == "Pow":
            result = functions.power(first, float(constants[node.inputs[1]].reshape(-1)[0]))
        else:
            result = BINARY[node.operator](first, value(node.inputs[1]))
        values[node.outputs[0]] = np.asarray(result)
    return values[body[-1].outputs[0]]


def _depends_on(graph: Graph, node: Node) -> list[str] | None:
    """The tensors (not constants) that the node reads elementwise, None if it is no elementwise function."""
    operator = node.operator
    if operator not in TABLES and operator not in PLAIN and operator not in BINARY | {"Clip": 0, "Pow": 0}:
        return None
    tensors = [name for name in filter(None, node.inputs) if name not in graph.constants]
    scalars = all(graph.constants[name].size == 1 for name in node.inputs if name in graph.constants)
    kinds = all(graph.types[name].is_float for name in (*tensors, node.outputs[0]))
    if operator == "Pow" and graph.scalar(node.input(1)) is None:
        return None
    same = all(graph.dims(name) == graph.dims(node.outputs[0]) for name in tensors)
    return tensors if scalars and kinds and same else None


def fuse_pointwise(graph: Graph, longest: float = math.inf) -> Graph:
    """The graph with every region that needs a table replaced by one `Pointwise` node.

    So is one that does not, but would take more than `longest` operations.
    """
    roots: dict[str, str] = {}
    for node in graph.nodes:
        tensors = _depends_on(graph, node)
        if tensors:
            origins = {roots.get(name, name) for name in tensors}
            if len(origins) == 1:
                roots[node.outputs[0]] = origins.pop()
            elif len(set(tensors)) == 1:
                roots[node.outputs[0]] = tensors[0]
    places = {node.outputs[0]: place for place, node in enumerate(graph.nodes)}
    fused, plain, nodes = set[str](), set[str](), []
    for node in reversed(graph.nodes):
        output = node.outputs[0]
        if output in fused:
            continue
        if output in roots and output not in plain:
            variable, body = roots[output], _region(graph, output, roots, places)
            if not body:
                variable, body = next(name for name in node.inputs if name not in graph.constants), (node,)
            if any(_needs_table(graph, inner) for inner in body) or _operations(graph, body) > longest:
                fused.update(inner.outputs[0] for inner in body)
                node = _as_table(graph, node, variable, body)
            else:
                plain.update(inner.outputs[0] for inner in body)
        nodes.append(node)
    return Graph(
        tuple(reversed(nodes)), graph.inputs, graph.outputs, graph.constants, graph.types, graph.opset
    ).pruned()


def _as_table(graph: Graph, node: Node, variable: str, body: tuple[Node, ...]) -> Node:
    names = {name for inner in body for name in inner.inputs if name in graph.constants}
    scalars = {name: graph.constants[name] for name in sorted(names)}
    return Node(node.name, OPERATOR, (variable,), node.outputs[:1], {"body": body, "constants": scalars})


def _operations(graph: Graph, body: tuple[Node, ...]) -> int:
    """How many operations the region takes without a table; a product with a number only changes the unit."""
    costly = [node for node in body if node.operator not in ("Cast", "Identity")]
    scalings = [
        node
        for node in costly
        if (node.operator == "Mul" and any(name in graph.constants for name in node.inputs))
        or (node.operator == "Div" and node.inputs[1] in graph.constants)
    ]
    return len(costly) - len(scalings)


def _needs_table(graph: Graph, node: Node) -> bool:
    if node.operator == "Pow":
        return graph.scalar(node.inputs[1]) not in (0.5, 1.0, 2.0)
    return node.operator in TABLES


def _region(
    graph: Graph, output: str, roots: Mapping[str, str], places: Mapping[str, int]
) -> tuple[Node, ...]:
    """The nodes between the root and `output`, or none if somebody else needs what lies between."""
    found: dict[str, Node] = {}
    waiting = [output]
    while waiting:
        name = waiting.pop()
        if name != roots[output] and name not in found and name not in graph.constants:
            if name != output and name in graph.outputs:
                return ()
            found[name] = graph.producers[name]
            waiting.extend(filter(None, graph.producers[name].inputs))
    inside = set(found)
    for name in inside - {output}:
        readers = graph.consumers.get(name, [])
        if any(reader.outputs[0] not in inside for reader in readers):
            return ()
    return tuple(sorted(found.values(), key=lambda node: places[node.outputs[0]]))
