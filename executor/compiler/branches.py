"""Taking a branch of an If: its nodes move out into the graph around it, under names of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import onnx
from onnx import helper

MOST_NESTED = 16
"""Graphs within graphs: exporters make two or three, and each one is walked again for each around it."""


def inlined(proto: onnx.NodeProto, taken: bool) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """The nodes and initializers of the branch, named after the If, whose own results come last.

    The branch itself is used up: its nodes are renamed where they are, for they may hold all the weights.
    """
    wanted = "then_branch" if taken else "else_branch"
    (branch,) = (attribute.g for attribute in proto.attribute if attribute.name == wanted)
    local = {tensor.name for tensor in branch.initializer} | set(_written(branch.node))
    names = {name: f"{proto.name}/{name}" for name in local}
    for tensor in branch.initializer:
        tensor.name = names[tensor.name]
    for number, node in enumerate(branch.node):
        node.name = f"{proto.name}/{node.name or f'{node.op_type}_{number}'}"
        node.output[:] = [names.get(name, name) for name in node.output]
        _rename_read(node, names, ())
    results = [
        helper.make_node(
            "Identity", [names.get(result.name, result.name)], [output], f"{proto.name}/{output}"
        )
        for result, output in zip(branch.output, proto.output, strict=True)
    ]
    return [*branch.node, *results], list(branch.initializer)


def nodes_within(nodes: Iterable[onnx.NodeProto]) -> Iterator[tuple[int, onnx.NodeProto]]:
    """Every node, also those of graphs within nodes, and how deep it lies."""
    waiting = [(0, nodes)]
    while waiting:
        depth, level = waiting.pop()
        for node in level:
            yield depth, node
            for attribute in node.attribute:
                waiting.extend((depth + 1, iter(graph.node)) for graph in graphs_of(attribute))


def graphs_of(attribute: onnx.AttributeProto) -> list[onnx.GraphProto]:
    """The graphs that an attribute holds."""
    return [*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs]


def _rename_read(node: onnx.NodeProto, names: Mapping[str, str], own: tuple[set[str], ...]) -> None:
    """Rename what the node reads, and what graphs within it read from around them; `own`: their own names."""

    def renamed(name: str) -> str:
        return name if any(name in each for each in own) else names.get(name, name)

    node.input[:] = [renamed(name) for name in node.input]
    for attribute in node.attribute:
        for graph in graphs_of(attribute):
            written = {tensor.name for tensor in graph.initializer} | set(_written(graph.node))
            for inner in graph.node:
                _rename_read(inner, names, (*own, written))
            for result in graph.output:
                if result.name not in written:
                    result.name = renamed(result.name)


def _written(nodes: Iterable[onnx.NodeProto]) -> Iterator[str]:
    return (name for node in nodes for name in node.output if name)
