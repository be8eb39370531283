"""What a lowering function works with: the network, the plan, the program so far; and the registry."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from executor.compiler.builder import Builder
from executor.compiler.functions import Floats
from executor.compiler.graph import Array, Graph, Node
from executor.compiler.plan import INT8, INT16, INT32, Plan, exact_format
from executor.compiler.tensors import Format, Tensor, scalar
from executor.program.ir import ElementType, Function

OPERAND_BITS = 24
"""Of an int32 that a product reads, its sign included."""

Lowering = Callable[["Scope", Node], Tensor | list[Tensor]]

LOWERINGS: dict[str, Lowering] = {}
"""By operator."""


def lowers(*operators: str) -> Callable[[Lowering], Lowering]:
    """Register a function that lowers these operators."""

    def register(function: Lowering) -> Lowering:
        for operator in operators:
            LOWERINGS[operator] = function
        return function

    return register


class Scope:
    """The state of lowering one network."""

    def __init__(self, graph: Graph, plan: Plan, builder: Builder) -> None:
        self.graph, self.plan, self.builder = graph, plan, builder
        self.values: dict[str, Tensor] = {}
        self._bounded: dict[str, Tensor] = {}
        self._converted: dict[tuple[str, Format], Tensor] = {}

    def constant(self, name: str) -> Array | None:
        """The array, if the name is a constant's."""
        return self.graph.constants.get(name)

    def reals(self, node: Node, name: str) -> Floats:
        """A constant in float64; the node is refused where it is none."""
        value = self.constant(name)
        if value is None:
            raise node.refuse(f"{name!r} has to be a constant", "fix it when exporting the model")
        return value.astype(np.float64)

    def integers(self, node: Node, name: str) -> list[int]:
        """A constant of whole numbers, flat."""
        return [int(value) for value in self.reals(node, name).reshape(-1)]

    def dims(self, name: str) -> tuple[int, ...]:
        """Dimensions of a tensor or constant."""
        return self.graph.dims(name)

    def target(self, node: Node, output: int = 0) -> Format:
        """The format in which the node's output is to be written."""
        return self.plan.stored(node.outputs[output])

    def read(self, name: str) -> Tensor:
        """The tensor as it is stored; a constant as int16 (or exactly, if it is of integers)."""
        constant = self.constant(name)
        if constant is None:
            return self.values[name]
        if not np.issubdtype(constant.dtype, np.floating):
            return self.as_format(name, exact_format(constant.dtype))
        return self.as_format(name, Format(INT16, unit_of(constant, INT16)))

    def narrow(self, name: str, element: ElementType | None = None) -> Tensor:
        """The tensor as an operand of a product."""
        constant = self.constant(name)
        if constant is not None:
            return self.as_format(name, Format(element or INT8, unit_of(constant, element or INT8)))
        wanted = self.plan.narrow(name, element)
        stored = self.values[name]
        if stored.format.element < INT32 <= wanted.element:
            return stored
        if wanted.element is INT32:
            return self.bounded(name)
        return stored if stored.format.element <= wanted.element else self.as_format(name, wanted)

    def bounded(self, name: str) -> Tensor:
        """The tensor as an int32 of 24 bits, so that sums of its products leave room for a multiplier."""
        if name not in self._bounded:
            wide = self.wide(name)
            reach = int(self.plan.reach(name) / wide.format.scale)
            units = 1 << max(reach.bit_length() - OPERAND_BITS + 1, 0)
            most = (1 << (OPERAND_BITS - 1)) - 1
            low, high = (scalar(end * units, Fraction(1)) for end in (-most, most))
            result = Format(INT32, wide.format.scale * units)
            self._bounded[name] = self.builder.map(
                Function.CLAMP, [wide, low, high], result, wide.format.scale
            )
        return self._bounded[name]

    def exponents(self, name: str) -> Tensor:
        """The tensor as exponents of e."""
        constant = self.constant(name)
        if constant is None:
            return self.as_format(name, self.plan.exponents(name))
        return self.wide(name)

    def wide(self, name: str) -> Tensor:
        """The tensor as int32, its unit a power of two."""
        constant = self.constant(name)
        if constant is not None:
            return self.as_format(name, Format(INT32, power_of_two_unit(constant)))
        return self.as_format(name, self.plan.wide(name))

    def as_format(self, name: str, wanted: Format) -> Tensor:
        """The tensor or constant in a format, converted once."""
        if name in self.values and self.values[name].format == wanted:
            return self.values[name]
        key = name, wanted
        if key not in self._converted:
            constant = self.constant(name)
            if constant is not None:
                quantised = quantise(constant.astype(np.float64), wanted)
                self._converted[key] = self.builder.constant(quantised, wanted.scale, wanted.element)
            else:
                self._converted[key] = self.builder.convert(self.values[name], wanted)
        return self._converted[key]

    def as_unit(self, name: str, wanted: Format) -> Tensor:
        """The tensor or constant in a unit, whatever type it has."""
        stored = self.values.get(name)
        same = stored is not None and stored.format.scale == wanted.scale
        return self.values[name] if same else self.as_format(name, wanted)

    def to_target(self, node: Node, tensor: Tensor, output: int = 0) -> Tensor:
        """The tensor in the format of the node's output."""
        wanted = self.target(node, output)
        return tensor if tensor.format == wanted else self.builder.convert(tensor, wanted)


def unit_of(values: Array, element: ElementType) -> Fraction:
    """The unit at which the largest of the values is the largest of the type."""
    largest = float(np.abs(values.astype(np.float64)).max()) if values.size else 0.0
    return Fraction(largest or 1.0) / element.interval[1]


def power_of_two_unit(values: Array, bits: int = 26) -> Fraction:
    """The unit at which the largest of the values has that many bits."""
    largest = float(np.abs(values.astype(np.float64)).max()) if values.size else 0.0
    return Fraction(2) ** (math.frexp(largest or 1.0)[1] - bits)


def quantise(values: Floats, wanted: Format) -> Array:
    """The nearest integers of the format."""
    low, high = wanted.element.interval
    return np.asarray(np.clip(np.rint(values / float(wanted.scale)), low, high), wanted.element.native)
