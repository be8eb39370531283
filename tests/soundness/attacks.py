"""Dishonest provers: each takes the honest proof of a step and bends it.

What the Referee answers to any of them has to be the truth or a refusal with its own message. An attack gives
None where a step has nothing that it could bend.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from executor.program.ir import Source, View
from tests.soundness.bench import Question
from tests.soundness.cases import Case
from tests.soundness.prover import Group, Section, group, history_group, is_shown, packed, section, views_of
from tests.soundness.roots import TILE

Attack = Callable[[Random, Case], Question | None]
ATTACKS: dict[str, Attack] = {}

Change = Callable[[Random, Case, list[Section]], list[Section] | None]
GroupChange = Callable[[Random, Group], Group | None]


def on_sections(change: Change) -> Change:
    """Register an attack that rearranges the sections of a proof."""

    def attack(rng: Random, case: Case) -> Question | None:
        honest = case.sections()
        changed = change(rng, case, honest) if honest else None
        return None if changed is None or changed == honest else case.question(changed)

    ATTACKS[_title(change)] = attack
    return change


def on_group(change: GroupChange) -> GroupChange:
    """Register an attack that bends the tiles of one source."""

    def rearranged(rng: Random, case: Case, honest: list[Section]) -> list[Section] | None:
        places = [(i, j) for i, part in enumerate(honest) for j in range(len(part.groups))]
        rng.shuffle(places)
        for i, j in places:
            changed = change(rng, honest[i].groups[j])
            if changed is not None:
                return [*honest[:i], honest[i].with_group(j, changed), *honest[i + 1 :]]
        return None

    rearranged.__name__ = change.__name__
    on_sections(rearranged)
    return change


def on_bytes(change: Callable[[Random, bytes], bytes | None]) -> Callable[[Random, bytes], bytes | None]:
    """Register an attack on the bytes of a proof."""

    def attack(rng: Random, case: Case) -> Question | None:
        honest = packed(case.sections())
        changed = change(rng, honest)
        return None if changed is None else replace(case.question(), proof=changed)

    ATTACKS[_title(change)] = attack
    return change


def _title(change: Callable[..., object]) -> str:
    return change.__name__.replace("_", " ")


# --- bytes ---


@on_bytes
def truncated(rng: Random, proof: bytes) -> bytes | None:
    return (
        proof[: rng.choice([0, len(proof) - 1, len(proof) - 32, rng.randrange(len(proof))])]
        if proof
        else None
    )


@on_bytes
def overlong(rng: Random, proof: bytes) -> bytes:
    return proof + rng.choice([b"\0", bytes(32), proof[-32:] or b"\1", b"\0\0"])


@on_bytes
def flipped_bit(rng: Random, proof: bytes) -> bytes | None:
    if not proof:
        return None
    at = rng.randrange(len(proof))
    return proof[:at] + bytes([proof[at] ^ 1 << rng.randrange(8)]) + proof[at + 1 :]


@on_bytes
def shifted_by_a_byte(rng: Random, proof: bytes) -> bytes | None:
    at = rng.randrange(len(proof)) if proof else 0
    return proof[:at] + proof[at + 1 :] + b"\0" if proof else None


# --- tiles ---


@on_group
def wrong_index(rng: Random, shown: Group) -> Group | None:
    """The tiles are said to be others of the same tensor."""
    if not shown.numbers:
        return None
    moved = tuple(max(number + rng.choice([-1, 1, 2]), 0) for number in shown.numbers)
    return replace(shown, numbers=moved)


@on_group
def index_beyond_the_tree(rng: Random, shown: Group) -> Group | None:
    """The same way up, as if further to the right by the width of the tree."""
    width = 1 << rng.randrange(len(shown.siblings) + 1) if shown.siblings else 1
    numbers = tuple(number + width for number in shown.numbers)
    return replace(shown, numbers=numbers) if numbers else None


@on_group
def inner_node_as_leaf(rng: Random, shown: Group) -> Group | None:
    """The two children of a node as a tile, and a path that is shorter by one."""
    if not shown.siblings or not shown.numbers:
        return None
    content = (b"\x01" + shown.siblings[0] + shown.siblings[-1]).ljust(TILE, b"\0")
    tiles = (content, *shown.tiles[1:])
    halved = tuple(number >> 1 for number in shown.numbers)
    return replace(shown, numbers=halved, tiles=tiles, siblings=shown.siblings[1:])


@on_group
def inner_node_as_root(rng: Random, shown: Group) -> Group | None:
    """No tiles, and a node below the root in its place."""
    return replace(shown, numbers=(), tiles=(), siblings=shown.siblings[-1:]) if shown.siblings else None


@on_group
def malformed_word(rng: Random, shown: Group) -> Group | None:
    """Another value in one of the words."""
    if not shown.tiles:
        return None
    at, word = rng.randrange(len(shown.tiles)), rng.randrange(TILE // 32)
    tile = bytearray(shown.tiles[at])
    tile[32 * word : 32 * word + 32] = rng.choice([bytes(32), b"\xff" * 32, rng.randbytes(32)])
    return replace(shown, tiles=(*shown.tiles[:at], bytes(tile), *shown.tiles[at + 1 :]))


@on_group
def bytes_in_the_slack(rng: Random, shown: Group) -> Group | None:
    """Something after the last element."""
    if not shown.tiles or shown.tiles[-1][-1]:
        return None
    return replace(shown, tiles=(*shown.tiles[:-1], shown.tiles[-1][:-1] + b"\1"))


@on_group
def tiles_in_the_wrong_order(rng: Random, shown: Group) -> Group | None:
    if len(shown.numbers) < 2:
        return None
    numbers, tiles = shown.numbers[::-1], shown.tiles[::-1]
    return replace(shown, numbers=rng.choice([numbers, shown.numbers]), tiles=tiles)


@on_group
def tile_twice(rng: Random, shown: Group) -> Group | None:
    """A tile given a second time, with other content where it might be read."""
    if not shown.numbers:
        return None
    other = rng.choice([shown.tiles[0], bytes(TILE), b"\x7f" * TILE])
    numbers, tiles = (shown.numbers[0], *shown.numbers), (shown.tiles[0], *shown.tiles)
    forged = (other, *shown.tiles) if rng.random() < 0.5 else tiles
    return replace(shown, numbers=numbers, tiles=forged)


@on_group
def wrong_sibling(rng: Random, shown: Group) -> Group | None:
    way = [*shown.siblings, *shown.path]
    if not way or not shown.numbers:
        return None
    way[rng.randrange(len(way))] = rng.randbytes(32)
    cut = len(shown.siblings)
    return replace(shown, siblings=tuple(way[:cut]), path=tuple(way[cut:]))


@on_group
def path_without_its_end(rng: Random, shown: Group) -> Group | None:
    return replace(shown, path=shown.path[:-1]) if shown.path else None


@on_group
def wrong_step_of_a_history(rng: Random, shown: Group) -> Group | None:
    if shown.step is None:
        return None
    return replace(shown, step=max(shown.step + rng.choice([-1, 1, 2, 4, 1 << 16]), 0))


# --- sections ---


@on_sections
def swapped_operands(rng: Random, case: Case, honest: list[Section]) -> list[Section] | None:
    return honest[::-1] if len(honest) > 1 else None


@on_sections
def one_operand_twice(rng: Random, case: Case, honest: list[Section]) -> list[Section] | None:
    return [honest[0]] * len(honest) if len(honest) > 1 else None


@on_sections
def operand_left_out(rng: Random, case: Case, honest: list[Section]) -> list[Section] | None:
    at = rng.randrange(len(honest))
    return [*honest[:at], *honest[at + 1 :]]


@on_sections
def wrong_type_in_the_header(rng: Random, case: Case, honest: list[Section]) -> list[Section] | None:
    return _with_header(rng, honest, lambda header: bytes([header[0] ^ rng.choice([1, 2, 3])]) + header[1:])


@on_sections
def wrong_length_in_the_header(rng: Random, case: Case, honest: list[Section]) -> list[Section] | None:
    def longer(header: bytes) -> bytes:
        at = 2 + 8 * header[1]
        length = int.from_bytes(header[at : at + 8], "big") + rng.choice([-1, 1, 1024])
        return header[:at] + max(length, 0).to_bytes(8, "big") + header[at + 8 :]

    return _with_header(rng, honest, longer)


@on_sections
def wrong_dimensions_in_the_header(rng: Random, case: Case, honest: list[Section]) -> list[Section] | None:
    """As many elements as before, in another shape, or more or fewer of them."""

    def reshaped(header: bytes) -> bytes:
        rank = header[1]
        dims = [int.from_bytes(header[2 + 8 * i : 10 + 8 * i], "big") for i in range(rank)]
        dims = rng.choice([dims[::-1], [*dims[:-1], dims[-1] + 1], [*dims[:-1], max(dims[-1] - 1, 1)]])
        return header[:2] + b"".join(n.to_bytes(8, "big") for n in dims) + header[2 + 8 * rank :]

    return _with_header(rng, honest, reshaped)


@on_sections
def wrong_rank_in_the_header(rng: Random, case: Case, honest: list[Section]) -> list[Section] | None:
    """One more dimension of 1, or the first taken away."""

    def ranked(header: bytes) -> bytes:
        rank = header[1]
        if rank > 1 and rng.random() < 0.5:
            return bytes([header[0], rank - 1]) + header[10:]
        return bytes([header[0], rank + 1]) + (1).to_bytes(8, "big") + header[2:]

    return _with_header(rng, honest, ranked)


def _with_header(
    rng: Random, honest: list[Section], change: Callable[[bytes], bytes]
) -> list[Section] | None:
    at = rng.randrange(len(honest))
    return [*honest[:at], replace(honest[at], header=change(honest[at].header)), *honest[at + 1 :]]


@on_sections
def wrong_offset_of_an_input(rng: Random, case: Case, honest: list[Section]) -> list[Section] | None:
    at = next((i for i, part in enumerate(honest) if len(part.header) == 18 + 8 * part.header[1]), None)
    if at is None:
        return None
    header = honest[at].header
    offset = int.from_bytes(header[-8:], "big") + rng.choice([32, 1, 1024])
    return [
        *honest[:at],
        replace(honest[at], header=header[:-8] + offset.to_bytes(8, "big")),
        *honest[at + 1 :],
    ]


@on_sections
def foreign_source(rng: Random, case: Case, honest: list[Section]) -> list[Section] | None:
    """The right offsets in another constant, input, output or history, properly proven there."""
    found = _tensor_views(case)
    program, step = case.honest.program, case.honest.step(case.t, case.number)
    for at, view in rng.sample(found, len(found)):
        limits = {
            Source.INPUT: len(program.inputs),
            Source.CONSTANT: len(program.constants),
            Source.OUTPUT: len(program.operations),
            Source.HISTORY: case.number,
        }
        others = [i for i in range(limits[view.source]) if i != view.index]
        if others:
            other = replace(view, index=rng.choice(others))
            return [*honest[:at], section(case.honest, step, other, {0}), *honest[at + 1 :]]
    return None


@on_sections
def wrong_number_of_tiles(rng: Random, case: Case, honest: list[Section]) -> list[Section] | None:
    at = rng.randrange(len(honest))
    count = sum(len(shown.numbers) for shown in honest[at].groups)
    stated = rng.choice(
        [other for other in (0, count - 1, count + 1, 96, 65_535) if other not in (-1, count)]
    )
    return [*honest[:at], replace(honest[at], stated=stated), *honest[at + 1 :]]


@on_sections
def unbound_header_of_a_history(rng: Random, case: Case, honest: list[Section]) -> list[Section] | None:
    """No entry at all, and so nothing that would prove the header, which may then be any."""
    for at, part in enumerate(honest):
        if part.groups and part.groups[0].step is not None:
            header = part.header
            if rng.random() < 0.5:
                header = bytes([rng.randrange(4), 1]) + (1).to_bytes(8, "big") * 2
            return [*honest[:at], Section(header, (), ()), *honest[at + 1 :]]
    return None


@on_sections
def unread_step_of_a_history(rng: Random, case: Case, honest: list[Section]) -> list[Section] | None:
    """One more entry, truly of the trace, and perhaps of a step that has not been yet."""
    for at, view in _tensor_views(case):
        part = honest[at]
        given = {shown.step for shown in part.groups}
        missing = [t for t in range(case.honest.statement.steps) if t not in given]
        if view.source is Source.HISTORY and missing:
            more = history_group(case.honest, rng.choice(missing), view.index, {0})
            groups = sorted((*part.groups, more), key=lambda shown: shown.step or 0)
            if rng.random() < 0.3:
                groups.reverse()
            return [*honest[:at], replace(part, groups=tuple(groups)), *honest[at + 1 :]]
    return None


@on_sections
def group_twice(rng: Random, case: Case, honest: list[Section]) -> list[Section] | None:
    at = rng.randrange(len(honest))
    groups = honest[at].groups
    return (
        [*honest[:at], replace(honest[at], groups=groups + groups[-1:]), *honest[at + 1 :]]
        if groups
        else None
    )


@on_sections
def tile_missing(rng: Random, case: Case, honest: list[Section]) -> list[Section] | None:
    """A tile that is read is not given; what is given is proven."""
    for at, view in _tensor_views(case):
        part = honest[at]
        if part.groups and part.groups[0].step is None and part.groups[0].numbers:
            shown = part.groups[0]
            if view.source is Source.INPUT:
                tiles, tree = case.honest.statement.input_tiles, case.honest.statement.input_tree
            elif view.source is Source.CONSTANT:
                tiles = case.honest.statement.constant_tiles[view.index]
                tree = case.honest.statement.constant_trees[view.index]
            else:
                tiles, tree = case.honest.tiles(case.t, view.index), case.honest.tree(case.t, view.index)
            left_out = rng.choice(shown.numbers)
            others = {number for number in range(len(tiles)) if number != left_out}
            kept = rng.choice([set(), set(shown.numbers) - {left_out}, others])
            fewer = group(tiles, tree, kept, list(shown.path))
            return [*honest[:at], part.with_group(0, fewer), *honest[at + 1 :]]
    return None


def _tensor_views(case: Case) -> list[tuple[int, View]]:
    """The views behind the sections of a step's proof, numbered alike."""
    step = case.honest.step(case.t, case.number)
    views = views_of(case.honest.program.operations[case.number], case.part)
    return list(enumerate(view for view in views if is_shown(step, view)))


# --- whole questions ---


def _registered(attack: Attack) -> Attack:
    ATTACKS[_title(attack)] = attack
    return attack


@_registered
def foreign_trace(rng: Random, case: Case) -> Question | None:
    """Everything before the step is another's; the position stays the honest one's."""
    earlier = [(t, n) for t in range(case.t + 1) for n in range(len(case.honest.program.operations))]
    earlier = [place for place in earlier if place < (case.t, case.number)]
    if not earlier:
        return None
    t, number = rng.choice(earlier)
    values = case.honest.values[t][number]
    flat = rng.randrange(len(values))
    wrong = values[flat] ^ 1
    return case.question(case.sections(case.honest.lying(t, number, flat, wrong)))


@_registered
def proof_of_another_element(rng: Random, case: Case) -> Question | None:
    count = case.honest.program.operations[case.number].result.count
    other = rng.randrange(count)
    if other == case.flat:
        return None
    return case.question(replace(case, flat=other).sections())


@_registered
def proof_of_another_step(rng: Random, case: Case) -> Question | None:
    other = rng.randrange(case.honest.statement.steps)
    return None if other == case.t else case.question(replace(case, t=other).sections())
