"""What a program is made of. Nothing here computes; whether a program is well-formed, validation.py decides.

A program runs its operations once a step, in order, for t = 0 .. T-1. Every operation writes one tensor and
is never written again (single assignment). Its output indices and, in `dot` and `max`, its reduction
indices range over `result.dims` and `reduction`; every operand is read through a view: an affine function
of those indices and of t. The last operation's output at the last step is the program's output.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from executor.program.commitments import WORD, tensor_root

if TYPE_CHECKING:
    from executor.program.cost import StepCost

IntArray = npt.NDArray[np.signedinteger[Any]]
Interval = tuple[int, int]
"""Lowest and highest value, both included."""


class InvalidProgram(ValueError):
    """The program breaks a rule; the message names the operation and the field."""


class ElementType(IntEnum):
    """Signed integers, by the base-two logarithm of their width in bytes."""

    INT8 = 0
    INT16 = 1
    INT32 = 2
    INT64 = 3

    @property
    def width(self) -> int:
        """Bytes of one element."""
        return 1 << self

    @property
    def interval(self) -> Interval:
        """Full range of the type."""
        bound = 1 << (8 * self.width - 1)
        return -bound, bound - 1

    @property
    def canonical(self) -> np.dtype[np.signedinteger[Any]]:
        """numpy's name for the canonical bytes: big-endian two's complement."""
        return np.dtype(f">i{self.width}")

    @property
    def native(self) -> np.dtype[np.signedinteger[Any]]:
        """The same type in this machine's byte order."""
        return np.dtype(f"=i{self.width}")


class Opcode(IntEnum):
    """The whole instruction set."""

    DOT = 1
    MAP = 2
    MAX = 3
    GATHER = 4


class Function(IntEnum):
    """What a `map` computes of its operands a, b, c and its immediate p; NONE in other operations."""

    NONE = 0
    ADD = 1
    SUB = 2
    MUL = 3
    DIV = 4
    """floor(a * 2^p / b), and 0 where b = 0."""
    SHIFT = 5
    """floor((a + half) / 2^p), half = 2^(p-1), or 0 where p = 0: a rounding shift."""
    MIN = 6
    MAX = 7
    CLAMP = 8
    """min(max(a, b), c)."""
    EQ = 9
    LT = 10
    LE = 11
    SELECT = 12
    """b where a > 0, else c."""
    ISQRT = 13
    """Largest r with r * r <= a, and 0 where a <= 0."""

    @property
    def arity(self) -> int:
        """Number of operands."""
        return {Function.SHIFT: 1, Function.ISQRT: 1, Function.CLAMP: 3, Function.SELECT: 3}.get(self, 2)


class Source(IntEnum):
    """Where a view reads."""

    IMMEDIATE = 0
    """Nowhere: every element is the fill, an int64."""
    INPUT = 1
    CONSTANT = 2
    OUTPUT = 3
    """An earlier operation's output of the same step."""
    HISTORY = 4
    """The stack of an operation's outputs over the steps so far, one more dimension in front: including this
    step's if the operation stands earlier in the list, else up to the step before."""


@dataclass(frozen=True)
class TensorType:
    """Element type and dimensions, row-major."""

    element: ElementType
    dims: tuple[int, ...]

    @cached_property
    def count(self) -> int:
        """Number of elements."""
        return math.prod(self.dims)

    @property
    def size(self) -> int:
        """Length of the canonical bytes."""
        return self.count * self.element.width


@dataclass(frozen=True, slots=True)
class Affine:
    """constant + step * t + sum(output_j * output index j) + sum(reduction_j * reduction index j)."""

    constant: int = 0
    output: tuple[int, ...] = ()
    reduction: tuple[int, ...] = ()
    step: int = 0

    @property
    def axes(self) -> tuple[int, ...]:
        """Coefficients of the output indices, then of the reduction indices."""
        return self.output + self.reduction


@dataclass(frozen=True, slots=True)
class Guard:
    """Holds where 0 <= form < limit."""

    form: Affine
    limit: int


@dataclass(frozen=True, slots=True)
class View:
    """How an operand is read: the element at flat offset `offset` of the source.

    Where a guard fails or the offset is outside the source, it reads the fill; `max` skips the element.
    """

    source: Source
    index: int
    offset: Affine
    fill: int = 0
    guards: tuple[Guard, ...] = ()

    @property
    def forms(self) -> list[Affine]:
        """The offset, then the form of every guard."""
        return [self.offset, *[guard.form for guard in self.guards]]


def immediate(value: int, rank: int, reduction: int = 0) -> View:
    """The view that reads `value` everywhere, among `rank` output and `reduction` reduction axes."""
    return View(Source.IMMEDIATE, 0, Affine(0, (0,) * rank, (0,) * reduction), value)


@dataclass(frozen=True)
class Operation:
    """result = saturate(floor(((exact + bias) * multiplier + half) / 2^shift)); half = 2^(shift-1), or 0.

    `exact` is what the opcode computes of its operands:

    dot     the sum over the reduction indices of a * b
    max     the maximum over them of a; the lowest value of a's type where every element is skipped
    map     the function
    gather  the element of the table (operand 1) at its view's offset plus row * clamp(a + immediate, 0, N-1),
            where N is the table's first dimension and row the number of elements of the others

    `chunk` is how many reduction elements, row-major, one step of a dispute computes (dot and max, else 0).
    """

    opcode: Opcode
    result: TensorType
    operands: tuple[View, ...]
    multiplier: View
    bias: View
    shift: int = 0
    function: Function = Function.NONE
    immediate: int = 0
    reduction: tuple[int, ...] = ()
    chunk: int = 0

    @property
    def views(self) -> tuple[View, ...]:
        """Every view of the operation, in the order of its record."""
        return (*self.operands, self.multiplier, self.bias)

    @property
    def named_views(self) -> list[tuple[str, View]]:
        """The same, each with the name it has in messages."""
        operands = [(f"operand {number}", view) for number, view in enumerate(self.operands)]
        return [*operands, ("multiplier", self.multiplier), ("bias", self.bias)]

    @property
    def terms(self) -> int:
        """Number of reduction elements behind one output element."""
        return math.prod(self.reduction)

    @cached_property
    def record(self) -> bytes:
        """Its bytes, which the program root binds; InvalidProgram if a number does not fit its field."""
        from executor.program.encoding import encode_record  # the encoding is written over these classes

        return encode_record(self)


@dataclass(frozen=True, eq=False)
class Constant:
    """A tensor of the artifact; `data` is flat, of the type's own width."""

    type: TensorType
    data: IntArray

    @cached_property
    def root(self) -> bytes:
        return tensor_root(self.type.element, self.type.dims, self.canonical)

    @property
    def canonical(self) -> memoryview:
        """The canonical bytes."""
        return self.data.astype(self.type.element.canonical, copy=False).data.cast("B")

    @cached_property
    def interval(self) -> Interval:
        """Smallest and largest element."""
        return int(self.data.min()), int(self.data.max())


@dataclass(frozen=True, eq=False)
class Program:
    """Inputs, constants and operations; `step_bound` is the most steps it ever runs.

    It runs clamp(element 0 of input `step_input`, 1, step_bound) steps, and step_bound where that is None.
    """

    operations: tuple[Operation, ...]
    inputs: tuple[TensorType, ...] = ()
    constants: tuple[Constant, ...] = field(default=(), repr=False)
    step_bound: int = 1
    step_input: int | None = None

    @cached_property
    def input_offsets(self) -> tuple[int, ...]:
        """Where each input tensor begins in the input bytes: the next multiple of 32 after the one before."""
        offsets, end = [], 0
        for tensor in self.inputs:
            offsets.append(-(-end // WORD) * WORD)
            end = offsets[-1] + tensor.size
        return tuple(offsets)

    @property
    def input_size(self) -> int:
        """Length in bytes to which every input is zero-extended; none may be longer."""
        return self.input_offsets[-1] + self.inputs[-1].size if self.inputs else 0

    @property
    def output_type(self) -> TensorType:
        """Type of the last operation's output."""
        return self.operations[-1].result

    @property
    def output_size(self) -> int:
        """Length of the output in bytes."""
        return self.output_type.size

    def source_type(self, view: View) -> TensorType:
        """Type of the tensor that a view reads, of a history that of each entry; an immediate has none."""
        match view.source:
            case Source.INPUT:
                return self.inputs[view.index]
            case Source.CONSTANT:
                return self.constants[view.index].type
            case Source.OUTPUT | Source.HISTORY:
                return self.operations[view.index].result
        raise ValueError("an immediate reads no tensor")

    @cached_property
    def step_costs(self) -> tuple[StepCost, ...]:
        """What the dearest step of a dispute about each operation costs."""
        from executor.program.cost import step_cost  # costs are counted over these classes

        return tuple(step_cost(self, operation) for operation in self.operations)

    @cached_property
    def root(self) -> bytes:
        """The program root, which every version of a model names; InvalidProgram where it has none."""
        from executor.program.encoding import program_root  # the encoding is written over these classes

        return program_root(self)
