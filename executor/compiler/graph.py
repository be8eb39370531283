"""The float network as the compiler sees it: immutable, of static shapes, without control flow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def operators(names: str) -> frozenset[str]:
    """The operators named in a text, with spaces between them."""
    return frozenset(names.split())


PRODUCTS = operators("Conv ConvTranspose Einsum Gemm GRU LSTM MatMul")
"""What sums products, with weights or between two activations."""
MOVEMENTS = operators("Expand Flatten Identity Reshape Slice Split Squeeze Transpose Unsqueeze")
"""What reads the elements of one tensor in another order."""
MOST_QUOTED = 200  # characters that a message quotes of what a library says


class UnsupportedModel(ValueError):
    """The model cannot become a program; the message names the node and says what to do."""


def first_line(error: Exception) -> str:
    """What a library's exception says, in one line of bounded length."""
    lines = str(error).split("\n")
    return next((line.strip() for line in lines if line.strip()), type(error).__name__)[:MOST_QUOTED]


@dataclass(frozen=True)
class ValueType:
    """Element type and dimensions of a float network's tensor; all dimensions are known."""

    dtype: np.dtype[Any]
    dims: tuple[int, ...]

    @property
    def is_float(self) -> bool:
        """Whether its values are real numbers, which become scaled integers; others are integers already."""
        return bool(np.issubdtype(self.dtype, np.floating))


@dataclass(frozen=True, eq=False)
class Node:
    """One operator. An optional input that is left out is the empty name."""

    name: str
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def input(self, position: int) -> str:
        """Name of an input, or the empty name where it is left out."""
        return self.inputs[position] if position < len(self.inputs) else ""

    @property
    def title(self) -> str:
        """How messages call it."""
        return f"node {self.name!r} ({self.operator})"

    def refuse(self, problem: str, remedy: str) -> UnsupportedModel:
        """The error that says what is wrong with this node, and what to do."""
        return UnsupportedModel(f"{self.title}: {problem}; {remedy}")


@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes in an order in which every input is known before it is read."""

    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    constants: Mapping[str, Array]
    types: Mapping[str, ValueType]
    opset: int

    @cached_property
    def producers(self) -> dict[str, Node]:
        """The node that writes each tensor; inputs and constants have none."""
        return {output: node for node in self.nodes for output in node.outputs if output}

    @cached_property
    def consumers(self) -> dict[str, list[Node]]:
        """The nodes that read each tensor, once for each time they read it."""
        readers: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in filter(None, node.inputs):
                readers.setdefault(name, []).append(node)
        return readers

    def only_consumer(self, name: str) -> Node | None:
        """The one node that reads the tensor, if there is one and it is no output of the graph."""
        readers = self.consumers.get(name, [])
        return readers[0] if len(readers) == 1 and name not in self.outputs else None

    @cached_property
    def operands(self) -> frozenset[str]:
        """The tensors that a product reads, directly or after movements of their elements."""
        found = set[str]()
        for node in reversed(self.nodes):
            moved = node.operator in MOVEMENTS and not found.isdisjoint(node.outputs)
            if moved or node.operator in PRODUCTS:
                found.update(node.inputs)
        return frozenset(found)

    def is_operand(self, name: str) -> bool:
        """Whether a product reads the tensor, directly or after movements of its elements."""
        return name in self.operands

    def scalar(self, name: str) -> float | None:
        """The value of a constant with one element."""
        constant = self.constants.get(name)
        return float(constant.reshape(-1)[0]) if constant is not None and constant.size == 1 else None

    def dims(self, name: str) -> tuple[int, ...]:
        """Dimensions of a tensor or constant."""
        return self.constants[name].shape if name in self.constants else self.types[name].dims

    def pruned(self) -> Graph:
        """Without nodes on which no output depends, and without constants that nobody reads."""
        needed, kept = set(self.outputs), []
        for node in reversed(self.nodes):
            if needed.intersection(node.outputs):
                kept.append(node)
                needed.update(filter(None, node.inputs))
        constants = {name: value for name, value in self.constants.items() if name in needed}
        return Graph(tuple(reversed(kept)), self.inputs, self.outputs, constants, self.types, self.opset)
