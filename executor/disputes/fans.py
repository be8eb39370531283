"""Fans: the nodes that one reveal of a tree shows, and those that follow from them.

A fan is the part of a tree between a node, its top, and its descendants a few levels further down, of which
those with a leaf under them are given. The rest of the lowest row are roots of subtrees of EMPTY.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from executor.disputes.positions import Level, Reveal
from executor.program.commitments import Tree, empty_node, hash_node
from executor.program.trace import Trace


def rows(children: Sequence[bytes], fan: int, below: int) -> list[list[bytes]]:
    """Every node of a fan, a row a level, the children first; `below` levels lie under these."""
    found = [[*children, *([empty_node(below)] * ((1 << fan) - len(children)))]]
    while len(found[-1]) > 1:
        row = found[-1]
        found.append([hash_node(row[at], row[at + 1]) for at in range(0, len(row), 2)])
    return found


def siblings(children: Sequence[bytes], fan: int, below: int, child: int) -> list[bytes]:
    """The siblings on the way from a child to the top, lowest first."""
    return [row[(child >> level) ^ 1] for level, row in enumerate(rows(children, fan, below)[:-1])]


@dataclass(frozen=True)
class OverlaidTree(Tree):
    """A tree some of whose nodes, by level and index, are known to be others than its leaves say."""

    known: Mapping[tuple[int, int], bytes]

    def node(self, level: int, index: int) -> bytes:
        return self.known.get((level, index)) or super().node(level, index)


class Overlay:
    """A challenger's own trace with the nodes that the defender has shown laid over it.

    A proof of a step leads up to the roots that the defender committed to. The challenger has not seen all of
    their trees, and needs no more than it has: left of its picks both sides agree, and the siblings of its
    picks, with everything above them, were revealed.

    path: the reveals that the picks of one game went through, from the top.
    """

    def __init__(self, trace: Trace, path: Iterable[Reveal]) -> None:
        self._trace = trace
        self.program, self.input, self.steps = trace.program, trace.input, trace.steps
        self._steps: dict[tuple[int, int], bytes] = {}
        self._outputs: dict[int, dict[tuple[int, int], bytes]] = {}
        for reveal in path:
            opening = reveal.opening
            if opening.level is Level.STEPS:
                self._steps |= _nodes(reveal)
            elif opening.level is Level.OPERATIONS:
                self._outputs.setdefault(opening.step, {}).update(_nodes(reveal))
                if self.steps == 1:
                    self._steps[0, 0] = opening.trace

    @property
    def steps_tree(self) -> Tree:
        tree = self._trace.steps_tree
        return OverlaidTree(tree.count, tree.present, tree.leaf, self._steps)

    def outputs_tree(self, step: int) -> Tree:
        tree = self._trace.outputs_tree(step)
        return OverlaidTree(tree.count, tree.present, tree.leaf, self._outputs.get(step, {}))

    def tiles_tree(self, step: int, operation: int) -> Tree:
        return self._trace.tiles_tree(step, operation)

    def tile(self, step: int, operation: int, index: int) -> bytes:
        return self._trace.tile(step, operation, index)

    def element(self, step: int, operation: int, flat: int) -> int:
        return self._trace.element(step, operation, flat)


def _nodes(reveal: Reveal) -> dict[tuple[int, int], bytes]:
    """The nodes of a reveal's fan, by level and index in its tree."""
    opening = reveal.opening
    below = opening.height - opening.fan
    return {
        (below + level, (opening.index << (opening.fan - level)) + number): node
        for level, row in enumerate(rows(reveal.children, opening.fan, below))
        for number, node in enumerate(row)
    }
