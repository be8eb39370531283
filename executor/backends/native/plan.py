"""From a program to what is done for a batch of requests: stages of passes and products, in order.

Operations that follow each other over the same axes become one pass as long as each reads the others'
outputs only where it writes its own: these stay in registers, and in memory only if somebody else reads them.
A dot that is a matrix product packs its operands, multiplies, and hands its sums to the pass behind it.

For several threads, every group of operations is cut along an axis into as many parts, and a stage is one
chain of them for each thread. A thread goes on to its part of the next group without waiting for the others
as long as it reads only what it wrote itself; where that ends, so does the stage.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from executor.backends.native.accesses import Access, Layout, Memory
from executor.backends.native.facts import Dot, Facts
from executor.backends.native.instructions import LOOKUP, STORE
from executor.backends.native.passes import Pass
from executor.backends.native.writer import Memories, Product, Slice, Writer
from executor.program.ir import Opcode, Program, Source, View

LONGEST = 16
"""Most operations of one pass."""

ROOM = 1 << 25
"""Bytes that a product may take beside its operands and its result, about: larger ones go by slices."""

Kernel = Pass | Product
Chain = list[Kernel]
Region = tuple[int, int]
"""First and last element of a tensor of a whole batch."""


@dataclass
class Plan:
    """Stages, each of one chain a thread; and the memory for them."""

    layout: Layout
    memories: Memories
    stages: list[list[Chain]] = field(default_factory=list)

    def kernels(self) -> Iterator[tuple[int, Kernel]]:
        """All of them, with the number of their stage."""
        for stage, chains in enumerate(self.stages):
            for chain in chains:
                for kernel in chain:
                    yield stage, kernel

    def lifetimes(self) -> dict[int, tuple[int, int]]:
        """First and last stage that touch an operation's value."""
        found: dict[int, tuple[int, int]] = {}
        for stage, kernel in self.kernels():
            for given in passes(kernel):
                for access in given.accesses:
                    if access.memory is Memory.VALUE:
                        first, _ = found.get(access.index, (stage, stage))
                        found[access.index] = first, stage
        final = len(self.layout.program.operations) - 1
        found[final] = found[final][0], len(self.stages) - 1
        return found


def passes(kernel: Kernel) -> list[Pass]:
    """The passes of a kernel."""
    return kernel.pack if isinstance(kernel, Product) else [kernel]


def plan(
    program: Program, batch: int, bytes_are_exact: bool, *, products: bool = True, threads: int = 1
) -> Plan:
    """What is done for `batch` requests at once; without `products`, the row machine does everything."""
    return _Planner(Facts(program, batch), bytes_are_exact, products, threads).plan


class _Planner:
    def __init__(self, facts: Facts, bytes_are_exact: bool, products: bool, threads: int) -> None:
        self.facts = facts
        self.program = facts.program
        self.threads = threads
        constants = [constant.data for constant in self.program.constants]
        self.plan = Plan(facts.layout, Memories(constants=constants))
        self.dots: dict[int, Dot] = {}
        if products:
            found = {i: facts.dot(i, bytes_are_exact) for i in range(len(self.program.operations))}
            self.dots = {index: dot for index, dot in found.items() if dot is not None}
        self.readers: dict[int, set[int]] = defaultdict(set)
        for index, operation in enumerate(self.program.operations):
            for view in operation.views:
                if view.source is Source.OUTPUT:
                    self.readers[view.index].add(index)
        self.written: dict[int, list[Region | None]] = {}  # in this stage: an operation's value, by thread
        for group in self._groups():
            self._append(group)

    # Which operations go together

    def _groups(self) -> Iterator[list[int]]:
        group: list[int] = []
        for index in range(len(self.program.operations)):
            if group and not self._may_join(index, group):
                yield group
                group = []
            group.append(index)
        yield group

    def _may_join(self, index: int, group: list[int]) -> bool:
        operation = self.program.operations[index]
        extents, rank = self.facts.layout.extents(operation)
        of_group, group_rank = self.facts.layout.extents(self.program.operations[group[0]])
        if operation.reduction or extents[:rank] != of_group[:group_rank] or len(group) >= LONGEST:
            return False
        for number, view in enumerate(operation.views):
            if view.source in (Source.OUTPUT, Source.HISTORY) and view.index in group:
                looks_up = operation.opcode is Opcode.GATHER and number == 1
                if looks_up or not self._is_same_place(index, view):
                    return False
        return True

    def _is_same_place(self, index: int, view: View) -> bool:
        """Whether the operation reads another's output exactly where it writes its own."""
        operation = self.program.operations[index]
        _, rank = self.facts.layout.extents(operation)
        there = self.facts.layout.read(operation, index, view).over(range(rank))
        written = self.facts.layout.written(view.index)
        return (
            view.source is Source.OUTPUT
            and not there.bounds
            and (there.strides, there.base, there.step) == (written.strides, written.base, written.step)
        )

    def _is_read_outside(self, index: int, group: list[int]) -> bool:
        if index == len(self.program.operations) - 1 or index in self.facts.layout.stacked:
            return True
        return not self.readers[index] <= set(group)

    # Cutting, and stages

    def _append(self, group: list[int]) -> None:
        """Append a group of operations: to the last stage if no thread has to wait, else as a new one."""
        cuts = self._cuts(group)
        for cut in cuts if self.plan.stages and self.threads > 1 else []:
            chains = self._chains(group, cut)
            if self._is_independent(chains):
                self._extend(chains)
                return
        self.plan.stages.append([[] for _ in range(self.threads)])
        self.written = {}
        self._extend(self._chains(group, cuts[0]))

    def _cuts(self, group: list[int]) -> list[list[Slice | None]]:
        """Ways to cut a group for the threads, the best first; uncut where no axis is long enough."""
        extents, rank = self.facts.layout.extents(self.program.operations[group[0]])
        dot = self.dots.get(group[0])
        cuts: list[list[Slice | None]] = []
        for axis in range(rank if self.threads > 1 else 0):
            is_cut = dot is None or axis in dot.matrices.rows or axis in dot.matrices.groups[:1]
            if is_cut and extents[axis] >= self.threads:
                ends = [extents[axis] * number // self.threads for number in range(self.threads + 1)]
                cuts.append([Slice(axis, a, b - a) for a, b in pairwise(ends)])
        return cuts or [[None]]

    def _chains(self, group: list[int], cut: list[Slice | None]) -> list[Chain]:
        return [self._chain(group, part, thread) for thread, part in enumerate(cut)]

    def _chain(self, group: list[int], part: Slice | None, thread: int) -> Chain:
        """The group, or this part of it, as kernels of a thread."""
        dot = self.dots.get(group[0])
        head = self.program.operations[group[0]]
        chain: Chain = []
        for piece in self._pieces(group[0], dot, part):
            memories = self.plan.memories
            writer = Writer(self.facts, memories, head, dot=dot, part=piece, thread=thread)
            if dot is not None:
                chain.append(writer.multiply(group[0], dot))
            for index in group:
                writer.write(index, self._is_read_outside(index, group))
            chain.append(writer.made)
        return chain

    def _pieces(self, index: int, dot: Dot | None, part: Slice | None) -> list[Slice | None]:
        """A part of a product in pieces that are small enough."""
        if dot is None or not dot.matrices.rows:
            return [part]
        extents, _ = self.facts.layout.extents(self.program.operations[index])
        axis = max(dot.matrices.rows, key=lambda a: extents[a]) if part is None else part.axis
        start, count = (0, extents[axis]) if part is None else (part.start, part.count)
        units, shape = dot.carrier.units, dot.matrices.shape
        a_row = shape.depth * units.left.width + shape.columns * units.result.width
        taken = shape.groups * shape.rows * len(dot.carrier.digits) * a_row * count // extents[axis]
        pieces = min(-(-taken // ROOM), count)
        if pieces < 2:
            return [part]
        ends = [start + count * number // pieces for number in range(pieces + 1)]
        return [Slice(axis, a, b - a) for a, b in pairwise(ends)]

    def _is_independent(self, chains: list[Chain]) -> bool:
        """Whether each chain reads, of what this stage wrote, only what its own thread did."""
        return all(
            self._is_own(thread, given, access)
            for thread, chain in enumerate(chains)
            for kernel in chain
            for given in passes(kernel)
            for access in given.accesses
        )

    def _is_own(self, thread: int, given: Pass, access: Access) -> bool:
        if access.memory is not Memory.VALUE or access.index not in self.written:
            return True
        regions = self.written[access.index]
        own = regions[thread]
        there = self.facts.layout.written(access.index)
        if own is None or access.elements_step or access.step != there.step or _is_table(given, access):
            return False
        others = [region for number, region in enumerate(regions) if region and number != thread]
        low, high = _reach(given, access)
        return own[0] <= low and high <= own[1] and all(b < own[0] or own[1] < a for a, b in others)

    def _extend(self, chains: list[Chain]) -> None:
        for thread, chain in enumerate(chains):
            self.plan.stages[-1][thread].extend(chain)
            for kernel in chain:
                for given in passes(kernel):
                    for access in _stores(given):
                        self._note(thread, access.index, _reach(given, access))

    def _note(self, thread: int, index: int, region: Region) -> None:
        regions = self.written.setdefault(index, [None] * self.threads)
        known = regions[thread]
        low, high = region
        regions[thread] = region if known is None else (min(low, known[0]), max(high, known[1]))


def _stores(given: Pass) -> list[Access]:
    numbers = [i.accesses[0] for i in given.code if i.what == STORE]
    return [access for n in numbers if (access := given.accesses[n]).memory is Memory.VALUE]


def _is_table(given: Pass, access: Access) -> bool:
    number = given.accesses.index(access)
    return any(i.what == LOOKUP and number in i.accesses for i in given.code)


def _reach(given: Pass, access: Access) -> Region:
    """First and last element that an access may touch, bounds aside."""
    ends = [stride * (n - 1) for stride, n in zip(access.strides, given.extents, strict=True)]
    return access.base + sum(e for e in ends if e < 0), access.base + sum(e for e in ends if e > 0)
