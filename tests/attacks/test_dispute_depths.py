"""The judge at the edges of what a program may be: trees of 2^31 - 1 leaves, one inside the other.

Nobody runs such a program; its trace is the same everywhere but at the lie, so that all of its
nodes are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pytest

from executor.disputes.positions import Level
from executor.program import Program
from executor.program.commitments import Tree, hash_node, hash_step, hash_tensor, hash_tile, tree_over
from executor.program.ir import Affine, Source, immediate
from executor.program.validation import validate
from tests.judge.dispute.court import Court
from tests.program.build import INT8, INT32, INT64, add, dot, pack, tensor, view
from tests.words import CHALLENGER

MOST = (1 << 31) - 1
"""Steps, elements of an output and chunks of a reduction."""

NO_STEP = -1

SCALAR = {"multiplier": immediate(1, 1), "bias": immediate(0, 1)}
FIRST = Affine(0, (0,))


def vast() -> Program:
    """In each of its steps threes, as many as there can be; the longest sum of ones; the two added."""
    threes = add(operands=(immediate(1, 1), immediate(2, 1)), result=tensor(INT64, MOST), **SCALAR)
    ones = (immediate(1, 1, 1), immediate(1, 1, 1))
    total = dot(operands=ones, result=tensor(INT32, 1), reduction=(MOST,), chunk=1)
    read = tuple(view(index, FIRST, Source.OUTPUT) for index in (0, 1))
    added = add(operands=read, result=tensor(INT64, 1), **SCALAR)
    return Program((threes, total, added), (tensor(INT8, 1),), step_bound=MOST)


@cache
def uniform(leaf: bytes, level: int) -> bytes:
    """Root over 2^level equal leaves."""
    if level == 0:
        return leaf
    below = uniform(leaf, level - 1)
    return hash_node(below, below)


@dataclass(frozen=True)
class Row(Tree):
    """A tree of equal leaves but for one, `odd`, and the last."""

    odd: int

    def node(self, level: int, index: int) -> bytes:
        first, after = index << level, (index + 1) << level
        if first <= self.odd < after or after >= self.count:
            return super().node(level, index)
        return uniform(self.leaf(first), level)


@dataclass(frozen=True)
class Vast:
    """A trace of the program; one element of one operation is one less at one step, or at NO_STEP."""

    program: Program
    step: int
    operation: int = 0
    place: int = 0  # of the element, or of the chunk of the only element
    input: bytes = b"\0"
    steps: int = MOST

    @property
    def steps_tree(self) -> Tree:
        return Row(MOST, MOST, lambda step: hash_step(self.outputs_tree(step).root), self.step)

    @cache  # noqa: B019  # lives as long as the test
    def outputs_tree(self, step: int) -> Tree:
        usual = 1 if self.step == 0 else 0
        if step not in (self.step, usual):
            return self.outputs_tree(usual)
        results = (operation.result for operation in self.program.operations)
        return tree_over(
            [
                hash_tensor(result.element, result.dims, result.size, self.tiles_tree(step, operation).root)
                for operation, result in enumerate(results)
            ]
        )

    def tiles_tree(self, step: int, operation: int) -> Tree:
        count = -(-self.program.operations[operation].result.size // 1024)
        return Row(
            count, count, lambda index: hash_tile(self.tile(step, operation, index)), self.place // 128
        )

    def tile(self, step: int, operation: int, index: int) -> bytes:
        result = self.program.operations[operation].result
        elements = range(index * 128, min((index + 1) * 128, result.count))
        return pack(result.element, [self.element(step, operation, flat) for flat in elements])

    def element(self, step: int, operation: int, flat: int) -> int:
        lying = (step, operation) == (self.step, self.operation) and flat == (0 if operation else self.place)
        return (3, MOST, MOST + 3)[operation] - lying

    def chunks(self, step: int, operation: int, _: int, height: int, index: int) -> list[int]:
        below = height - min(5, height)
        first, after = index << height >> below, (index + 1) << height >> below
        runs = [range(at << below, min(at + 1 << below, MOST)) for at in range(first, after)]
        lying = (step, operation) == (self.step, self.operation)
        return [len(run) - (lying and self.place in run) for run in runs if run]

    @property
    def output(self) -> bytes:
        return pack(INT64, [self.element(MOST - 1, 2, 0)])


@pytest.mark.parametrize(
    ("operation", "levels"),
    [
        (0, {Level.STEPS: 7, Level.OPERATIONS: 1, Level.TILES: 5}),
        (1, {Level.STEPS: 7, Level.OPERATIONS: 1, Level.ELEMENT: 1, Level.CHUNKS: 6}),
    ],
)
@pytest.mark.parametrize("place", [0, MOST // 2, MOST - 1])
def test_prove__deepest_lie_in_the_largest_trees__is_refuted(
    court: Court, operation: int, levels: dict[Level, int], place: int
) -> None:
    program = vast()
    validate(program)
    truth, lie = Vast(program, NO_STEP), Vast(program, place, operation, place)
    hearing = court.hear_trace(lie)
    game = hearing.challenge()
    assert hearing.play(game, lie, truth) == CHALLENGER
    (proof,) = hearing.proofs()
    assert proof.computed == proof.claimed + 1
    picked = [position.level for position in hearing.picks(game)]
    assert {level: picked.count(level) for level in picked} == levels
