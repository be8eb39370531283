"""Defenders who answer from a trace of their own making, and the ways in which they make it up.

Their moves are written here a second time, from the interface of the Dispute alone; the honest ones come from
`executor/disputes`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import numpy as np

from executor.disputes.moves import Move
from executor.disputes.positions import Case, Level, Position
from executor.program.ir import Opcode, Program
from tests.soundness.programs import random_data
from tests.soundness.prover import Part, packed, prove, prove_steps
from tests.soundness.roots import TILE, Merkle, header
from tests.soundness.trace import Statement, Trace
from tests.soundness.views import some_value

FAN = 5


class Defender:
    """Answers at any cursor from a trace, whatever that says."""

    def __init__(self, trace: Trace, case: Case) -> None:
        self.trace, self.statement, self.case = trace, trace.statement, case

    def commit(self) -> Move:
        """The move `trace`."""
        trace, steps = self.trace, self.statement.steps
        outputs, last = trace.outputs(steps - 1), len(trace.program.operations) - 1
        if steps == 1:
            tree, leaves = outputs, last + 1
            path = outputs.path(last)[: max(outputs.depth - FAN, 0)]
        else:
            tree, leaves = trace.steps, steps
            path = outputs.path(last) + tree.path(steps - 1)[: max(tree.depth - FAN, 0)]
        arguments = (
            self.case,
            self.statement.words,
            self.shown(tree, leaves, tree.depth, 0),
            trace.header(last),
            trace.tree(steps - 1, last).root,
            path,
            self.statement.input_tree.root,
            prove_steps(self.statement),
        )
        return Move("trace", arguments)

    def answer(self, cursor: Position | None) -> Move:
        """The reveal of a cursor; of None the trace."""
        if cursor is None:
            return self.commit()
        match cursor.level:
            case Level.ELEMENT | Level.CHUNKS:
                return self.split(cursor)
            case Level.STEPS if cursor.height == 0:
                tree = self.trace.outputs(cursor.index)
                children = self.shown(tree, len(self.trace.program.operations), tree.depth, 0)
                return Move("reveal_step", (self.case, cursor.packed(), self.statement.words, children))
            case Level.OPERATIONS if cursor.height == 0:
                return self.open_operation(cursor)
            case Level.TILES if cursor.height == 0:
                return Move("reveal_tile", (self.case.key, cursor.packed(), self.used(cursor, cursor.index)))
        trees = {
            Level.STEPS: lambda: self.trace.steps,
            Level.OPERATIONS: lambda: self.trace.outputs(cursor.step),
            Level.TILES: lambda: self.trace.tree(cursor.step, cursor.operation),
        }
        children = self.shown(trees[cursor.level](), cursor.leaves, cursor.height, cursor.index)
        return Move("reveal", (self.case.key, cursor.packed(), children))

    def open_operation(self, cursor: Position) -> Move:
        """The reveal of an operation's output."""
        number, tree = cursor.index, self.trace.tree(cursor.step, cursor.index)
        several = len(self.trace.tiles(cursor.step, number)) > 1
        arguments = (
            self.case,
            cursor.packed(),
            self.statement.words,
            self.record(number),
            self.statement.operations_tree.path(number),
            self.shown(tree, len(self.trace.tiles(cursor.step, number)), tree.depth, 0) if several else [],
            b"" if several else self.used(replace(cursor, operation=number), 0),
        )
        return Move("reveal_operation", arguments)

    def shown(self, tree: Merkle, leaves: int, height: int, index: int) -> list[bytes]:
        """The children of a node: at most 5 levels down, those with a leaf under them."""
        below = max(height - FAN, 0)
        first = index << (height - below)
        count = len(tree.levels[below]) if self.trace.shows_padding else -(-leaves // (1 << below))
        return tree.levels[below][first : min(first + (1 << (height - below)), count)]

    def record(self, number: int) -> bytes:
        return self.statement.records[number]

    def used(self, cursor: Position, index: int) -> bytes:
        """The bytes of a tile that the output uses."""
        size = self.trace.program.operations[cursor.operation].result.size
        return self.trace.tiles(cursor.step, cursor.operation)[index][: size - index * TILE]

    def split(self, cursor: Position) -> Move:
        """The reveal of an element's chunks, or of some of them."""
        t, number, flat = cursor.step, cursor.operation, cursor.element
        combine = sum if self.trace.program.operations[number].opcode is Opcode.DOT else max
        below = cursor.height - min(FAN, cursor.height)
        first = cursor.index << cursor.height
        after = min(first + (1 << cursor.height), cursor.leaves)
        parts = [self.trace.part(t, number, flat, chunk) for chunk in range(first, after)]
        values = [combine(parts[at : at + (1 << below)]) for at in range(0, len(parts), 1 << below)]
        proof = b""
        if cursor.level is Level.ELEMENT:
            proof = packed(prove(self.trace, t, number, flat, Part.RESCALED))
        arguments = (self.case, cursor.packed(), self.statement.words, self.record(number), values, proof)
        return Move("reveal_chunks", arguments)


# --- what they make up ---

Lie = Callable[[Random, Statement], Trace | None]
LIES: dict[str, Lie] = {}


def lie(tell: Lie) -> Lie:
    """Register a way to make up a trace; None where this program has no place for it."""
    LIES[tell.__name__.replace("_", " ")] = tell
    return tell


def some_place(rng: Random, statement: Statement) -> tuple[int, int, int]:
    """Step, operation, flat element."""
    number = rng.randrange(len(statement.program.operations))
    return (
        rng.randrange(statement.steps),
        number,
        rng.randrange(statement.program.operations[number].result.count),
    )


def another(rng: Random, statement: Statement, number: int, value: int) -> int:
    """Another value of the operation's type."""
    low, high = statement.program.operations[number].result.element.interval
    nearby = [other for other in (value - 1, value + 1, low, high, ~value, 0) if low <= other <= high]
    return rng.choice([other for other in nearby if other != value])


@lie
def one_element_and_what_follows(rng: Random, statement: Statement) -> Trace:
    t, number, flat = some_place(rng, statement)
    truth = Trace(statement).values[t][number][flat]
    return Trace(statement, {(t, number): {flat: another(rng, statement, number, truth)}})


@lie
def one_element_and_nothing_else(rng: Random, statement: Statement) -> Trace:
    t, number, flat = some_place(rng, statement)
    honest = Trace(statement)
    return honest.lying(t, number, flat, another(rng, statement, number, honest.values[t][number][flat]))


@lie
def the_output_alone(rng: Random, statement: Statement) -> Trace:
    last, honest = len(statement.program.operations) - 1, Trace(statement)
    flat = rng.randrange(statement.program.operations[last].result.count)
    truth = honest.values[-1][last][flat]
    return honest.lying(statement.steps - 1, last, flat, another(rng, statement, last, truth))


@lie
def many_elements(rng: Random, statement: Statement) -> Trace:
    liar = Trace(statement)
    for _ in range(rng.randint(2, 12)):
        t, number, flat = some_place(rng, statement)
        liar = liar.lying(t, number, flat, another(rng, statement, number, liar.values[t][number][flat]))
    return liar


@lie
def everything(rng: Random, statement: Statement) -> Trace:
    """Numbers drawn at random."""
    liar = Trace(statement)
    for t in range(statement.steps):
        for number, operation in enumerate(statement.program.operations):
            element = operation.result.element
            liar.values[t][number] = [some_value(rng, element) for _ in range(operation.result.count)]
    return liar


@lie
def another_input(rng: Random, statement: Statement) -> Trace | None:
    """What the program computes of other bytes."""
    other = Trace(Statement(statement.program, random_data(rng, statement.program)))
    return told(statement, other) if len(other.values) == statement.steps else None


@lie
def another_program(rng: Random, statement: Statement) -> Trace | None:
    """What it would compute with other constants."""
    program = statement.program
    if not program.constants:
        return None
    constants = []
    for constant in program.constants:
        data = constant.data.copy()
        data[rng.randrange(len(data))] ^= np.array(1, data.dtype)
        constants.append(replace(constant, data=data))
    changed: Program = replace(program, constants=tuple(constants))
    return told(statement, Trace(Statement(changed, statement.data)))


def told(statement: Statement, other: Trace) -> Trace:
    """Another's values as if they were this statement's."""
    liar = Trace(statement)
    liar.values = other.values
    return liar


@lie
def header_of_another_shape(rng: Random, statement: Statement) -> Trace:
    """The elements of one output are right, and are said to lie in other dimensions, or of another type."""
    target = rng.randrange(len(statement.program.operations))
    result = statement.program.operations[target].result
    wrong = rng.choice([(result.element, (1, result.count)), (result.element ^ 1, result.dims)])
    if wrong[1] == result.dims and wrong[0] == result.element:
        wrong = (result.element, (*result.dims, 1))

    class Misheaded(Trace):
        def header(self, number: int) -> bytes:
            return header(*wrong) if number == target else super().header(number)

    return Misheaded(statement)


@lie
def bytes_after_the_last_element(rng: Random, statement: Statement) -> Trace | None:
    """One output does not end in zeros."""
    open_ended = [n for n, op in enumerate(statement.program.operations) if op.result.size % TILE]
    if not open_ended:
        return None
    target = rng.choice(open_ended)

    class Slack(Trace):
        def tiles(self, t: int, number: int) -> list[bytes]:
            tiles = super().tiles(t, number)
            return [*tiles[:-1], tiles[-1][:-1] + b"\1"] if number == target else tiles

    return Slack(statement)


@lie
def leaves_in_the_padding(rng: Random, statement: Statement) -> Trace | None:
    """Something stands, and is shown, where a tree has no leaf."""
    poison = rng.randbytes(32)

    class Poisoned(Trace):
        shows_padding = True

        def grown(self, leaves: list[bytes]) -> Merkle:
            width = 1 << (len(leaves) - 1).bit_length()
            return Merkle([*leaves, *[poison] * (width - len(leaves))])

    counts = len(statement.program.operations), statement.steps
    return Poisoned(statement) if any(count & (count - 1) for count in counts) else None


@lie
def nodes_of_nothing(rng: Random, statement: Statement) -> Trace:
    """The output is what it is, and all roots before it are invented."""

    class Invented(Trace):
        def grown(self, leaves: list[bytes]) -> Merkle:
            return Merkle([*(rng.randbytes(32) for _ in leaves[:-1]), leaves[-1]])

    return Invented(statement)


@lie
def chunks_with_the_wrong_sum(rng: Random, statement: Statement) -> Trace | None:
    """One chunk's result is false, and the element is what it would be with it."""
    honest = Trace(statement)
    chunked = [n for n in range(len(statement.program.operations)) if honest.chunks(n) > 1]
    for _ in range(20 if chunked else 0):
        t, number = rng.randrange(statement.steps), rng.choice(chunked)
        operation = statement.program.operations[number]
        flat, target = rng.randrange(operation.result.count), rng.randrange(honest.chunks(number))
        parts = [honest.chunk(t, number, flat, chunk) for chunk in range(honest.chunks(number))]
        false = parts[target] + rng.choice([-1, 1]) * (1 << rng.randrange(40))
        parts[target] = false
        exact = sum(parts) if operation.opcode is Opcode.DOT else max(parts)
        value = honest.rescaled(t, number, flat, exact)
        if value != honest.values[t][number][flat]:
            return _miscounting(statement, (t, number, flat, target), false, value)
    return None


def _miscounting(statement: Statement, place: tuple[int, int, int, int], false: int, value: int) -> Trace:
    class Miscounting(Trace):
        def part(self, t: int, number: int, flat: int, chunk: int) -> int:
            return false if (t, number, flat, chunk) == place else super().part(t, number, flat, chunk)

    t, number, flat, _ = place
    return Miscounting(statement, {(t, number): {flat: value}})


@lie
def more_steps_than_asked_for(rng: Random, statement: Statement) -> Trace | None:
    """Or fewer."""
    other = Statement(statement.program, statement.data)
    other.steps = statement.steps + 1 if statement.steps == 1 else statement.steps + rng.choice([-1, 1])
    return Trace(other)
