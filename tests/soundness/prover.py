"""Proofs of single steps, as the Referee reads them, in parts that a dishonest prover can rearrange.

A proof has a section for every view that the step reads, immediates excepted, in the order of the record:

    header   of the source; of an input also its offset, then its path in the program's tree of inputs
    tiles    u16, then of each its place (step u32, which is 0 but in a history; number u32), then their bytes
    ways     the siblings that the tiles lack, then those from the tensor root upwards, of a history once for
             each step. Where there are no tiles, the root of their tree is in place of siblings (of a history
             with a step u32 before it).

A history that has no entries yet has no section.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from executor.program.ir import Opcode, Operation, Source, View
from tests.program.plain import Step, indices
from tests.soundness.roots import TILE, Merkle, header
from tests.soundness.trace import Statement, Trace


class Part(Enum):
    """What of a step is judged, named as the Referee's functions."""

    ELEMENT = "element"
    CHUNK = "chunk"
    RESCALED = "rescaled"


@dataclass(frozen=True)
class Group:
    """Tiles of one tensor and their way up; `siblings` is its tree's root where there are no tiles."""

    step: int | None
    numbers: tuple[int, ...]
    tiles: tuple[bytes, ...]
    siblings: tuple[bytes, ...]
    path: tuple[bytes, ...]

    @property
    def places(self) -> bytes:
        step = (self.step or 0).to_bytes(4, "big")
        return b"".join(step + number.to_bytes(4, "big") for number in self.numbers)

    @property
    def way(self) -> bytes:
        shown = b"" if self.step is None or self.numbers else self.step.to_bytes(4, "big")
        return shown + b"".join((*self.siblings, *self.path))


@dataclass(frozen=True)
class Section:
    """One view's source; a history's has a group for each entry, ascending."""

    header: bytes
    inputs_path: tuple[bytes, ...]
    groups: tuple[Group, ...]
    stated: int | None = None
    """What the proof says instead of the number of tiles."""

    def packed(self) -> bytes:
        count = sum(len(group.numbers) for group in self.groups) if self.stated is None else self.stated
        parts = [self.header, *self.inputs_path, count.to_bytes(2, "big")]
        parts += [group.places for group in self.groups]
        parts += [tile for group in self.groups for tile in group.tiles]
        return b"".join(parts + [group.way for group in self.groups])

    def with_group(self, number: int, group: Group) -> Section:
        """Another group in place of that one."""
        return replace(self, groups=(*self.groups[:number], group, *self.groups[number + 1 :]))


def packed(sections: list[Section]) -> bytes:
    """The proof's bytes."""
    return b"".join(section.packed() for section in sections)


def views_of(operation: Operation, part: Part) -> list[View]:
    """The views that a step reads, immediates too."""
    scaling = [operation.multiplier, operation.bias]
    if part is Part.RESCALED:
        return scaling
    return [*operation.operands, *(scaling if part is Part.ELEMENT else [])]


def reads(trace: Trace, t: int, number: int, flat: int, part: Part, chunk: int = 0) -> list[list[int | None]]:
    """For each of these views the flat offsets that it reads, None for its fill, in order."""
    operation, step, out = trace.program.operations[number], trace.step(t, number), trace.index(number, flat)
    reduced = indices(operation.reduction)
    if part is Part.CHUNK:
        reduced = reduced[chunk * operation.chunk : (chunk + 1) * operation.chunk]
    found: list[list[int | None]] = []
    if part is not Part.RESCALED:
        for place, view in enumerate(operation.operands):
            table = operation.opcode is Opcode.GATHER and place == 1
            row = step.row(operation, out) if table else 0
            found.append([step.locate(view, out, red, row) for red in reduced])
    if part is not Part.CHUNK:
        zeros = (0,) * len(operation.reduction)
        found += [[step.locate(view, out, zeros)] for view in (operation.multiplier, operation.bias)]
    return found


def prove(
    trace: Trace, t: int, number: int, flat: int, part: Part = Part.ELEMENT, chunk: int = 0
) -> list[Section]:
    """The honest proof for one element, one chunk of it or its rescaling, from a trace's own trees."""
    step, views = trace.step(t, number), views_of(trace.program.operations[number], part)
    return [
        section(trace, step, view, {offset for offset in found if offset is not None})
        for view, found in zip(views, reads(trace, t, number, flat, part, chunk), strict=True)
        if is_shown(step, view)
    ]


def prove_steps(statement: Statement) -> bytes:
    """The proof of how many steps an input asks for: of the first element of its step input."""
    program = statement.program
    if program.step_input is None:
        return b""
    begin = statement.offsets[program.step_input]
    shown = group(statement.input_tiles, statement.input_tree, {begin // TILE}, [])
    stated = statement.input_header(program.inputs[program.step_input], begin)
    return Section(stated, tuple(statement.inputs_tree.path(program.step_input)), (shown,)).packed()


def section(trace: Trace, step: Step, view: View, offsets: set[int]) -> Section:
    """What shows these elements of a view's source."""
    statement, program, t = trace.statement, trace.program, step.t
    tensor = program.source_type(view)
    width = tensor.element.width
    if view.source is Source.INPUT:
        begin = statement.offsets[view.index]
        numbers = {(begin + offset * width) // TILE for offset in offsets}
        shown = group(statement.input_tiles, statement.input_tree, numbers, [])
        path = tuple(statement.inputs_tree.path(view.index))
        return Section(statement.input_header(tensor, begin), path, (shown,))
    stated = header(tensor.element, tensor.dims)
    if view.source is Source.HISTORY:
        tiles_of: dict[int, set[int]] = {}
        for offset in offsets:
            entry, at = divmod(offset, tensor.count)
            tiles_of.setdefault(entry, set()).add(at * width // TILE)
        if not tiles_of:
            tiles_of[0] = set()  # nothing is read, but the entries' type and dimensions count
        groups = (history_group(trace, s, view.index, tiles_of[s]) for s in sorted(tiles_of))
        return Section(stated, (), tuple(groups))
    numbers = {offset * width // TILE for offset in offsets}
    if view.source is Source.CONSTANT:
        path_up = statement.constants_tree.path(view.index)
        tiles, tree = statement.constant_tiles[view.index], statement.constant_trees[view.index]
    else:
        path_up = trace.outputs(t).path(view.index)
        tiles, tree = trace.tiles(t, view.index), trace.tree(t, view.index)
    return Section(stated, (), (group(tiles, tree, numbers, path_up),))


def is_shown(step: Step, view: View) -> bool:
    """Whether a proof has a section for this view."""
    if view.source is Source.HISTORY:
        return history_length(step, view) > 0
    return view.source is not Source.IMMEDIATE


def history_length(step: Step, view: View) -> int:
    """How many entries a history has at a step."""
    return step.t + 1 if view.index < step.number else step.t


def history_group(trace: Trace, entry: int, number: int, tiles: set[int]) -> Group:
    """Tiles of one entry of a history, up to the root of the steps."""
    path = trace.outputs(entry).path(number) + trace.steps.path(entry)
    return group(trace.tiles(entry, number), trace.tree(entry, number), tiles, path, entry)


def group(
    tiles: list[bytes], tree: Merkle, numbers: set[int], path: list[bytes], step: int | None = None
) -> Group:
    """Some tiles of a tensor."""
    ascending = tuple(sorted(numbers))
    siblings = tree.paths(ascending) if ascending else [tree.root]
    return Group(step, ascending, tuple(tiles[n] for n in ascending), tuple(siblings), tuple(path))
