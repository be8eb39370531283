"""The file that holds a float network: read within bounds, its own functions put where they are called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import onnx
import onnx.inliner

from executor.compiler.branches import MOST_NESTED, nodes_within
from executor.compiler.graph import UnsupportedModel, first_line

MAX_FILE = 1 << 30
"""Bytes: weights of a network that a chain could judge are a tenth of that."""
MAX_NODES = 20_000
"""Nodes before folding, those of branches and of functions where they are called included."""
MAX_NAME = 1024
"""Characters; exporters write the path of a module into a name."""

FunctionKey = tuple[str, str, str]


def read_model(path: Path) -> onnx.ModelProto:
    """The model in the file, without functions of its own; UnsupportedModel says why it is none.

    OSError where the file cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise UnsupportedModel(f"{path} has more than {MAX_FILE} bytes")
    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:  # protobuf's own error types are not public
        raise UnsupportedModel(f"{path} is no ONNX file: {first_line(error)}") from None
    if not model.graph.node:
        raise UnsupportedModel(f"{path} is no ONNX file, or its graph has no node")
    count = _count_nodes(model)
    if count > MAX_NODES:
        raise UnsupportedModel(f"{path} has more than {MAX_NODES} nodes: split the model")
    if model.functions:
        model = onnx.inliner.inline_local_functions(model)
    _check_names(model.graph)
    return model


def _count_nodes(model: onnx.ModelProto) -> int:
    """How many nodes there are with each function in the place of its calls, or a number beyond MAX_NODES."""
    bodies = {(each.domain, each.name, each.overload): each.node for each in model.functions}
    sizes: dict[FunctionKey, int] = {}

    def total(nodes: Iterable[onnx.NodeProto]) -> int:
        found = 0
        for node in _shallow(nodes):
            found += 1 + sizes.get(_key(node), 0)
            if found > MAX_NODES:
                break
        return found

    calls = {name: {_key(node) for node in _shallow(body)} & bodies.keys() for name, body in bodies.items()}
    try:
        order = list(TopologicalSorter(calls).static_order())
    except CycleError as error:
        raise UnsupportedModel(
            f"function {error.args[1][0][1]!r} calls itself: export the model without it"
        ) from None
    for name in order:
        sizes[name] = total(bodies[name])
    return total(model.graph.node)


def _shallow(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    """The nodes and those of graphs within them; UnsupportedModel where graphs are nested too deep."""
    for depth, node in nodes_within(nodes):
        if depth > MOST_NESTED:
            raise UnsupportedModel(
                f"node {node.name!r} ({node.op_type}) lies in more than {MOST_NESTED} graphs: export it flat"
            )
        yield node


def _key(node: onnx.NodeProto) -> FunctionKey:
    return node.domain, node.op_type, node.overload


def _check_names(graph: onnx.GraphProto) -> None:
    """Refuse names that two have, or that a terminal would not show as they are."""
    _check_unique("node", filter(None, (node.name for node in graph.node)))
    _check_unique("input", (value.name for value in graph.input))
    _check_unique("output", (value.name for value in graph.output))
    _check_unique("constant", (tensor.name for tensor in graph.initializer))
    if not graph.output:
        raise UnsupportedModel("the model has no output: name what it is to compute")
    for name in _names(graph):
        if not name.isprintable() or len(name) > MAX_NAME:
            raise UnsupportedModel(
                f"the name {name[:40]!r} is longer than {MAX_NAME} or does not print: choose another"
            )


def _check_unique(kind: str, names: Iterable[str]) -> None:
    seen = set[str]()
    for name in names:
        if name in seen:
            raise UnsupportedModel(f"two {kind}s are called {name!r}: give each its own name")
        seen.add(name)


def _names(graph: onnx.GraphProto) -> Iterator[str]:
    for value in (*graph.input, *graph.output, *graph.initializer):
        yield value.name
    for value in graph.input:
        yield from (dim.dim_param for dim in value.type.tensor_type.shape.dim)
    for _, node in nodes_within(graph.node):
        yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
        yield from (attribute.name for attribute in node.attribute)
