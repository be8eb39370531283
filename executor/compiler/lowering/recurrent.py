"""LSTM and GRU, unrolled: one set of products for all inputs at once, then step after step."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from executor.compiler import functions
from executor.compiler.functions import Floats
from executor.compiler.graph import Node
from executor.compiler.lowering.elementwise import multiply
from executor.compiler.lowering.linear import dense
from executor.compiler.lowering.movement import joined
from executor.compiler.lowering.nonlinear import by_table
from executor.compiler.lowering.scope import Scope, lowers, quantise
from executor.compiler.plan import INT16, INT32
from executor.compiler.tensors import Format, Tensor, scalar
from executor.program.ir import Function

GATE_INPUT = Format(INT32, Fraction(1, 1 << 20))
GATE_INDEX = Format(INT16, Fraction(8, 1 << 15))
"""Beyond +-8 a sigmoid differs from 0 or 1 by less than 0.0004, a tanh by less than an int16 can say."""
GATE = Format(INT16, Fraction(1, 32767))
CELL = Format(INT32, Fraction(1, 1 << 20))
STATE = Format(INT16, Fraction(1, 32767))
"""A hidden state lies within +-1, as a tanh does."""


class _Direction:
    """One direction of a recurrent node: its weights, and the products with all inputs."""

    def __init__(self, scope: Scope, node: Node, number: int, gates: int) -> None:
        self.scope, self.node = scope, node
        self.hidden = int(node.attributes["hidden_size"])
        weights, recurrence = (scope.reals(node, node.inputs[at])[number] for at in (1, 2))
        bias = (
            scope.reals(node, node.input(3))[number] if node.input(3) else np.zeros(2 * gates * self.hidden)
        )
        self.recurrence: Floats = recurrence
        self.bias, self.state_bias = np.split(bias, 2)
        x = scope.narrow(node.inputs[0])
        self.steps, self.batch, _ = x.dims
        self.products = dense(scope, x, node.inputs[1], weights.T, self.bias, 1.0, GATE_INPUT)

    def gate(self, step: int, number: int) -> Tensor:
        """What the inputs of a step add to a gate, [batch, hidden]."""
        part = self.products.sliced(0, step, 1, 1).sliced(2, number * self.hidden, 1, self.hidden)
        return self.scope.builder.reshape(part, (self.batch, self.hidden))

    def of_state(self, state: Tensor) -> Tensor:
        """The products of the state with all gates' recurrence weights, with their bias."""
        return dense(
            self.scope, state, self.node.inputs[2], self.recurrence.T, self.state_bias, 1.0, GATE_INPUT
        )

    def part(self, products: Tensor, number: int) -> Tensor:
        """One gate of products [batch, gates * hidden]."""
        return products.sliced(1, number * self.hidden, 1, self.hidden)

    def activated(self, a: Tensor, b: Tensor, sigmoid: bool) -> Tensor:
        """Sigmoid or tanh of a sum of two gate inputs."""
        index = self.scope.builder.map(Function.ADD, [a, b], GATE_INDEX, GATE_INPUT.scale)
        return by_table(self.scope, index, functions.sigmoid if sigmoid else functions.tanh, GATE)

    def initial(self, position: int, number: int, wanted: Format) -> Tensor:
        """A given first state, or zeros."""
        dims = (self.batch, self.hidden)
        name = self.node.input(position)
        if not name:
            return self.scope.builder.constant(np.zeros(dims, np.int64), wanted.scale, wanted.element)
        constant = self.scope.constant(name)
        if constant is not None:
            return self.scope.builder.constant(
                quantise(constant[number].astype(np.float64), wanted), wanted.scale, wanted.element
            )
        part = self.scope.as_format(name, wanted).sliced(0, number, 1, 1)
        return self.scope.builder.reshape(part, dims)


def _directions(scope: Scope, node: Node, defaults: list[str]) -> list[bool]:
    """For each direction whether it runs backwards; refuses what has no lowering."""
    attributes = node.attributes
    named = attributes.get("direction", "forward")
    wanted = defaults * (2 if named == "bidirectional" else 1)
    given = [
        name.decode() if isinstance(name, bytes) else name for name in attributes.get("activations", wanted)
    ]
    if given != wanted:
        raise node.refuse(f"its activations are {given}", f"only {wanted} can be compiled")
    if attributes.get("clip") or attributes.get("layout", 0) or attributes.get("input_forget", 0):
        raise node.refuse("it clips, couples its gates or has the batch first", "export it without")
    if node.input(4) and scope.constant(node.input(4)) is None:
        raise node.refuse("its sequence lengths are computed", "export it for one length")
    return [
        direction == "reverse" for direction in {"bidirectional": ["forward", "reverse"]}.get(named, [named])
    ]


@lowers("LSTM")
def lstm(scope: Scope, node: Node) -> list[Tensor]:
    """All hidden states [steps, directions, batch, hidden], the last hidden state, the last cell."""
    if node.input(7):
        raise node.refuse("it has peepholes", "export it without")
    hidden, last, cells = [], [], []
    for number, backwards in enumerate(_directions(scope, node, ["Sigmoid", "Tanh", "Tanh"])):
        direction = _Direction(scope, node, number, 4)
        state, cell = direction.initial(5, number, STATE), direction.initial(6, number, CELL)
        states = []
        for step in range(direction.steps)[:: -1 if backwards else 1]:
            products = direction.of_state(state)
            i, o, f, c = (
                direction.activated(direction.gate(step, gate), direction.part(products, gate), gate < 3)
                for gate in range(4)
            )
            kept, added = multiply(scope, cell, f, CELL), multiply(scope, i, c, CELL)
            cell = scope.builder.map(Function.ADD, [kept, added], CELL, CELL.scale)
            bounded = by_table(scope, scope.builder.convert(cell, GATE_INDEX), functions.tanh, GATE)
            state = multiply(scope, o, bounded, STATE)
            states.append(state)
        hidden.append(states[:: -1 if backwards else 1])
        last.append(state)
        cells.append(cell)
    return _outputs(scope, node, hidden, [(last, 1), (cells, 2)])


@lowers("GRU")
def gru(scope: Scope, node: Node) -> list[Tensor]:
    """All hidden states [steps, directions, batch, hidden], and the last."""
    hidden, last = [], []
    after = bool(node.attributes.get("linear_before_reset", 0))
    for number, backwards in enumerate(_directions(scope, node, ["Sigmoid", "Tanh"])):
        direction = _Direction(scope, node, number, 3)
        state, states = direction.initial(5, number, STATE), []
        for step in range(direction.steps)[:: -1 if backwards else 1]:
            products = direction.of_state(state)
            z, r = (
                direction.activated(direction.gate(step, gate), direction.part(products, gate), True)
                for gate in range(2)
            )
            if after:
                reset = multiply(scope, r, direction.part(products, 2), GATE_INPUT)
            else:
                rows = slice(2 * direction.hidden, None)
                held = multiply(scope, r, state, STATE)
                reset = dense(
                    scope,
                    held,
                    node.inputs[2],
                    direction.recurrence[rows].T,
                    direction.state_bias[rows],
                    1.0,
                    GATE_INPUT,
                )
            candidate = direction.activated(direction.gate(step, 2), reset, False)
            one = scalar(32767, GATE.scale)
            rest = scope.builder.map(Function.SUB, [one, z], GATE, GATE.scale)
            kept, added = multiply(scope, z, state, CELL), multiply(scope, rest, candidate, CELL)
            state = scope.builder.map(Function.ADD, [kept, added], STATE, CELL.scale)
            states.append(state)
        hidden.append(states[:: -1 if backwards else 1])
        last.append(state)
    return _outputs(scope, node, hidden, [(last, 1)])


def _outputs(
    scope: Scope, node: Node, hidden: list[list[Tensor]], ends: list[tuple[list[Tensor], int]]
) -> list[Tensor]:
    """The node's outputs, in their own formats; those that nobody reads are any tensor."""
    found: list[Tensor] = []
    if node.outputs[0]:
        steps = []
        for at in range(len(hidden[0])):
            each = [scope.builder.reshape(states[at], (1, 1, *states[at].dims)) for states in hidden]
            steps.append(joined(scope, each, 1, STATE))
        found.append(scope.to_target(node, joined(scope, steps, 0, STATE)))
    else:
        found.append(hidden[0][0])
    for tensors, output in ends:
        if output < len(node.outputs) and node.outputs[output]:
            each = [scope.builder.reshape(tensor, (1, *tensor.dims)) for tensor in tensors]
            whole = joined(scope, each, 0, each[0].format)
            found.append(scope.to_target(node, whole, output))
    return found
