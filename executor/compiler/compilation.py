"""From a float network and its scales to a program: a pure function, the same on every machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from executor.compiler.builder import Builder
from executor.compiler.fusion import canonical
from executor.compiler.graph import Graph, UnsupportedModel
from executor.compiler.importer import load_graph
from executor.compiler.lowering import LOWERINGS, Scope
from executor.compiler.lowering.movement import joined
from executor.compiler.plan import Plan, exact_format
from executor.compiler.scales import Scales, file_hash
from executor.compiler.tensors import Format, Tensor
from executor.program import InvalidProgram, Program, validate
from executor.program.ir import ElementType
from executor.schema import Field, Schema


@dataclass(frozen=True)
class Compiled:
    """A program and what it stands for. `tensors`: where each tensor of the network is in the program."""

    program: Program
    network: Graph
    """Folded only: what onnxruntime can run."""
    graph: Graph
    """In canonical form: what has been lowered."""
    schema: Schema
    tensors: Mapping[str, Tensor]
    numbers: tuple[int, ...]
    """For each operation the number by which `tensors` know it: what nobody reads has been left out since."""
    origins: tuple[str, ...]
    """For each operation the node that it belongs to."""


def compile_model(path: Path, scales: Scales, tokenizer: str = "") -> Compiled:
    """The program of a model's file; UnsupportedModel if it is not the scales' model, or has none."""
    if file_hash(path) != scales.model:
        raise UnsupportedModel(f"the scales belong to another model than {path}: calibrate it anew")
    return compile_graph(load_graph(path, scales.bindings), scales, tokenizer)


def compile_graph(folded: Graph, scales: Scales, tokenizer: str = "") -> Compiled:
    """The program of a folded graph. tokenizer: hash of the tokenizer that its schema shall state."""
    missing = [name for name, kind in folded.types.items() if kind.is_float and name not in scales.units]
    needed = [name for name in missing if name in folded.producers or name in folded.inputs]
    if needed:
        raise UnsupportedModel(f"the scales know nothing of tensor {needed[0]!r}: calibrate the model anew")
    graph = canonical(folded, scales.precision)
    builder, plan = Builder(), Plan(graph, scales)
    scope = Scope(graph, plan, builder)
    inputs = {name: _input(scope, scales, name) for name in graph.inputs}
    scope.values.update(inputs)
    for node in graph.nodes:
        lower = LOWERINGS.get(node.operator)
        if lower is None:
            raise node.refuse("there is no lowering for this operator", "export the model without it")
        builder.node = node.name
        try:
            found = lower(scope, node)
        except UnsupportedModel:
            raise
        except (InvalidProgram, OverflowError, ValueError) as error:  # a ValueError: infinity over infinity
            raise node.refuse(
                f"its numbers do not fit ({error})", "calibrate it, or use --precision fast"
            ) from None
        for name, tensor in zip(node.outputs, found if isinstance(found, list) else [found], strict=False):
            if name:
                _check_dims(graph, node.title, name, tensor)
                scope.values[name] = tensor
    builder.node = "output"
    output = _joined_outputs(scope)
    program, numbers = builder.finish(output)
    try:
        validate(program)
    except InvalidProgram as error:
        raise UnsupportedModel(f"what came out is no valid program: {error}") from None
    origins = [builder.origins[number] for number in numbers]
    schema = _schema(scope, inputs, output, tokenizer)
    return Compiled(program, folded, graph, schema, dict(scope.values), tuple(numbers), tuple(origins))


def _input(scope: Scope, scales: Scales, name: str) -> Tensor:
    """An input of the program: real numbers as int16, integers as they are; the scales may name a type."""
    kind = scope.graph.types[name]
    if not kind.is_float:
        usual = exact_format(kind.dtype)
        return scope.builder.input(
            kind.dims, replace(usual, element=scales.elements.get(name, usual.element))
        )
    units = scales.units[name]
    return scope.builder.input(kind.dims, Format(ElementType.INT16, units.int16))


def _joined_outputs(scope: Scope) -> Tensor:
    """The one output of the program: the network's, or all of them flat and one after the other."""
    graph = scope.graph
    if len(graph.outputs) == 1:
        return scope.values[graph.outputs[0]]
    parts = [scope.values[name] for name in graph.outputs]
    widest = max(part.format.element for part in parts)
    flat = []
    for part in parts:  # each keeps its unit; the sum with zeros that joins them does not care
        same = scope.builder.convert(part, Format(widest, part.format.scale))
        flat.append(scope.builder.reshape(same, (part.count,)).rescaled(1 / part.format.scale))
    return joined(scope, flat, 0, Format(widest, Fraction(1)))


def _check_dims(graph: Graph, title: str, name: str, tensor: Tensor) -> None:
    expected = graph.types[name].dims if name in graph.types else tensor.dims
    assert tensor.dims == expected, f"{title}: {name!r} has dimensions {tensor.dims}, not {expected}"


def _schema(scope: Scope, inputs: Mapping[str, Tensor], output: Tensor, tokenizer: str) -> Schema:
    def field(name: str, tensor: Tensor, element: ElementType) -> Field:
        return Field(name, tensor.dims, element, tensor.format.scale)

    return Schema(
        tuple(field(name, tensor, tensor.format.element) for name, tensor in inputs.items()),
        tuple(field(name, scope.values[name], output.format.element) for name in scope.graph.outputs),
        tokenizer,
    )
