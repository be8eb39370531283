"""Which integers each tensor of the network is stored as, decided before any operation is written.

Three kinds: operands of products are narrow (int8 or int16, as the precision says), what a table is indexed
with is int16, and what is added, normalised or divided is wide (int32, its unit a power of two). Tensors
between which an operator only moves elements share one format; the most demanding reader decides. A reader
that needs less converts.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from executor.compiler.fusion import ATTEND
from executor.compiler.graph import PRODUCTS, Graph, Node, operators
from executor.compiler.pointwise import OPERATOR as POINTWISE
from executor.compiler.scales import Precision, Scales, Units
from executor.compiler.tensors import Format
from executor.program.ir import ElementType

INT8, INT16, INT32, INT64 = ElementType

SAME = operators(
    "Cast Clip Concat DepthToSpace Dropout Expand Flatten GlobalMaxPool Identity Max MaxPool Min Pad "
    "ReduceMax Relu Reshape Resize Slice SpaceToDepth Split Squeeze Tile TopK Transpose Trilu Unsqueeze Where"
)
"""Operators whose real inputs and outputs share a format."""
HALF_WIDE = frozenset((POINTWISE, "Mul", "PRelu"))
"""They read at least an int16: as the index of a table, or as a factor."""
PRECISE = operators(
    "Add CumSum Div Mean Pow Reciprocal ReduceL1 ReduceL2 ReduceMean ReduceSum ReduceSumSquare Sqrt Sub Sum"
)
"""What they yield is wide, whoever reads it."""
ELEMENTWISE_SUMS = frozenset(("Add", "Sub", "Sum"))
COMPARISONS = operators("Equal Greater GreaterOrEqual Less LessOrEqual")
SQUARE_UNITS = 4
"""What a root is taken of are squares: int64, of units that are squares too, a few of the root's own."""
AVERAGES = frozenset(("AveragePool", "GlobalAveragePool"))
"""They read whatever is there."""
STEPS = {Precision.FAST: 1 << 8, Precision.ACCURATE: 1 << 10, Precision.FINE: 1 << 12}
"""Units of an exponent of e that weighs values: half of one is the error of a power, as a part of it."""
FARTHEST = 16
"""e to minus that is nothing beside one."""


def exact_format(dtype: np.dtype[np.generic]) -> Format:
    """The format of tensors that are integers or truth values in the network already."""
    return Format(INT8 if dtype == np.bool_ else INT32, Fraction(1))


class Plan:
    """The stored format of every tensor."""

    def __init__(self, graph: Graph, scales: Scales) -> None:
        self._graph, self._scales = graph, scales
        self._parents: dict[str, str] = {}
        self._inherited: set[str] = set()
        for node in graph.nodes:
            self._unite(node)
        self._squares = {
            self._root(node.inputs[0]): node.outputs[0] for node in graph.nodes if node.operator == "Sqrt"
        }
        self._elements: dict[str, ElementType] = {}
        self._members: dict[str, list[str]] = {}
        for name, kind in graph.types.items():
            if kind.is_float:
                self._members.setdefault(self._root(name), []).append(name)
        weighing = {self._root(name) for name in graph.types if self._is_weighing(name)}
        self._exponents = {root for root in weighing if self._serves_exponents(root)}
        for name, element in self._demands():
            if name in graph.types and graph.types[name].is_float:
                root = self._root(name)
                self._elements[root] = max(element, self._elements.get(root, element))

    def stored(self, name: str) -> Format:
        """What the tensor is written as."""
        kind = self._graph.types[name]
        if not kind.is_float:
            return exact_format(kind.dtype)
        root = self._root(name)
        if root in self._exponents:
            exact = self.exponents(name)
            return exact if self._is_weighing(name) else Format(INT32, exact.scale)
        if root in self._squares:
            return Format(INT64, (SQUARE_UNITS * self._units(self._squares[root]).int32) ** 2)
        element = self._elements.get(root, self._scales.element(name))
        measured = [member for member in self._members[root] if member in self._scales.units]
        counted = [member for member in measured if member not in self._inherited] or measured
        return Format(
            element, max((self._units(member).of(element) for member in counted), default=Fraction(1))
        )

    def wide(self, name: str) -> Format:
        """The tensor as int32, or wider where it is stored so."""
        stored = self.stored(name)
        return stored if stored.element >= INT32 else Format(INT32, self._units(name).int32)

    def exponents(self, name: str) -> Format:
        """The tensor as exponents of e: an int16 where that reaches far enough below its least value."""
        steps = STEPS[self._scales.precision]
        is_enough = (self.reach(name) + FARTHEST) * steps < 1 << 15
        return Format(INT16 if is_enough else INT32, Fraction(1, steps))

    def reach(self, name: str) -> Fraction:
        """How large its values may become: what an int16 of it holds."""
        return self._units(name).int16 * INT16.interval[1]

    def narrow(self, name: str, element: ElementType | None = None) -> Format:
        """The tensor as an operand of a product, or in a given narrow type."""
        element = element or self._scales.element(name)
        stored = self.stored(name)
        return stored if stored.element <= element else Format(element, self._units(name).of(element))

    def weights(self, name: str) -> ElementType:
        """The type of a constant that products are made with."""
        return self._scales.weight(name)

    def _units(self, name: str) -> Units:
        return self._scales.units[name]

    def _root(self, name: str) -> str:
        while self._parents.get(name, name) != name:
            name = self._parents[name]
        return name

    def _unite(self, node: Node) -> None:
        """Put the tensors that have to share a format into one group."""
        graph = self._graph
        if node.operator not in SAME | ELEMENTWISE_SUMS | COMPARISONS:
            return
        names = [name for name in (*node.inputs, *node.outputs) if name in graph.types]
        names = [name for name in names if graph.types[name].is_float]
        if node.operator in ("Relu", "Clip") and names:
            if graph.only_consumer(names[0]) is not node:
                return  # its input has a life of its own
            self._inherited.add(names[0])
        for name in names[1:]:
            self._parents[self._root(name)] = self._root(names[0])

    def _is_weighing(self, name: str) -> bool:
        """Whether attention reads it as scores, and nobody else does."""
        readers = self._graph.consumers.get(name, [])
        is_read = bool(readers) and name not in self._graph.outputs
        scores = (reader.operator == ATTEND and reader.inputs[0] == name for reader in readers)
        return is_read and all(scores) and not any(name in reader.inputs[1:] for reader in readers)

    def _serves_exponents(self, root: str) -> bool:
        """Whether the tensors of this group are only added, chosen or moved on their way to such scores."""
        return all(
            self._is_weighing(name)
            or (
                name not in self._graph.outputs
                and all(
                    reader.operator in SAME | ELEMENTWISE_SUMS and self._root(reader.outputs[0]) == root
                    for reader in self._graph.consumers.get(name, [])
                )
            )
            for name in self._members[root]
        )

    def _demands(self) -> Iterator[tuple[str, ElementType]]:
        for name in self._graph.outputs:
            yield name, INT16
        for node in self._graph.nodes:
            for position, name in enumerate(filter(None, node.inputs)):
                if node.operator in PRODUCTS or (node.operator == ATTEND and position):
                    yield name, self._scales.element(name)
                elif node.operator in HALF_WIDE:
                    yield name, INT16
                elif node.operator not in SAME | AVERAGES and not (
                    node.operator in ("Gather", "GatherElements") and position == 0
                ):
                    yield name, INT32
            if node.operator in PRECISE:
                yield node.outputs[0], INT32
