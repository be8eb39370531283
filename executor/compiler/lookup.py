"""A one-hot vector times weights is a row of the weights: found, and read as one.

Networks that were written for accelerators spell an embedding so: x == [0, 1, 2, ...], cast to real numbers,
times a matrix. What follows and is a function of each number is then one of the rows, too.
"""

from __future__ import annotations

import numpy as np

from executor.compiler.functions import Floats
from executor.compiler.graph import Array, Graph, Node
from executor.compiler.pointwise import OPERATOR as POINTWISE
from executor.compiler.pointwise import evaluate

LOOKUP = "Lookup"
"""Rows of the second input, a constant, that the first names; `first` names the first of them, and what lies
outside of them is the nearest one."""


def fuse_lookups(graph: Graph) -> Graph:
    """The graph with every product of one-hot vectors and weights, and tables behind it, replaced by rows."""
    nodes: dict[str, Node] = {}
    constants = dict(graph.constants)
    for node in graph.nodes:
        found = _of_product(graph, constants, node) or _of_table(graph, constants, nodes, node) or node
        nodes[found.outputs[0]] = found
    whole = Graph(tuple(nodes.values()), graph.inputs, graph.outputs, constants, graph.types, graph.opset)
    return whole.pruned()


def _of_product(graph: Graph, constants: dict[str, Array], node: Node) -> Node | None:
    """Rows in place of a product with weights, if its other operand is one-hot."""
    weights = graph.constants.get(node.input(1))
    if node.operator != "MatMul" or weights is None or weights.ndim != 2:
        return None
    place = _named_place(graph, node.inputs[0])
    if place is None:
        return None
    name, first = place
    bias = graph.constants[node.input(2)].astype(np.float64) if node.input(2) else 0.0
    # An index outside names no row: the sum of nothing.
    rows = np.pad(weights.astype(np.float64) * float(node.attributes.get("alpha", 1.0)), ((1, 1), (0, 0)))
    return _rows(constants, node, name, first - 1, rows + bias)


def _of_table(graph: Graph, constants: dict[str, Array], nodes: dict[str, Node], node: Node) -> Node | None:
    """Rows of a function's values, in place of a function of rows that nobody else reads."""
    source = nodes.get(node.inputs[0])
    if node.operator != POINTWISE or source is None or source.operator != LOOKUP:
        return None
    if graph.only_consumer(node.inputs[0]) is not node:
        return None
    scalars = {name: value.astype(np.float64) for name, value in node.attributes["constants"].items()}
    rows = evaluate(node.attributes["body"], scalars, node.inputs[0], constants[source.inputs[1]])
    return _rows(constants, node, source.inputs[0], source.attributes["first"], rows)


def _rows(constants: dict[str, Array], node: Node, index: str, first: int, rows: Floats) -> Node:
    name = f"{node.name}/rows"
    constants[name] = rows
    return Node(node.name, LOOKUP, (index, name), node.outputs, {"first": first})


def _named_place(graph: Graph, name: str) -> tuple[str, int] | None:
    """The integers whose place a one-hot tensor marks along its last axis, and which of them the first is."""
    cast = graph.producers.get(name)
    equal = graph.producers.get(cast.inputs[0]) if cast is not None and cast.operator == "Cast" else None
    if equal is None or equal.operator != "Equal":
        return None
    for index, classes in (equal.inputs, equal.inputs[::-1]):
        values = graph.constants.get(classes)
        if values is None or index in graph.constants or graph.types[index].is_float:
            continue
        dims = graph.dims(name)
        places = np.broadcast_to(values, dims)[(0,) * (len(dims) - 1)]
        counts = values.size == dims[-1] and (np.diff(places) == 1).all()
        if counts and graph.dims(index) == (*dims[:-1], 1):
            return index, int(places[0])
    return None
