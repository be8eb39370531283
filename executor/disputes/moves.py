"""The moves of the honest side, pure: what to send to the Dispute contract, given what was shown so far.

`defend` answers for a cursor, from the defender's own trace. `attack` answers for the newest reveal on the
path of a challenger's game: it names the first child that is wrong, so that everything left of it is agreed,
and in the end proves one step. Whether and when to send a move is the player's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from executor.disputes.fans import Overlay, siblings
from executor.disputes.positions import Case, Level, Position, Reveal, program_words, records
from executor.program.chunks import FAN_LEVELS
from executor.program.commitments import (
    TILE,
    WORD,
    Tree,
    tensor_header,
    tree_over,
    tree_over_bytes,
)
from executor.program.encoding import encode_record
from executor.program.proof import chunk_proof, element_proof, rescale_proof, steps_proof
from executor.program.trace import Trace


class Move(NamedTuple):
    """A call of the Dispute contract. proof: of a step; it follows the arguments in the calldata."""

    function: str
    arguments: tuple[Any, ...]
    proof: bytes = b""


# The defender's moves


def defend(trace: Trace, case: Case, cursor: Position | None) -> Move:
    """What the defender shows of a cursor; of None the trace itself."""
    if cursor is None:
        return _commit(trace, case)
    match cursor.level:
        case Level.ELEMENT | Level.CHUNKS:
            return _split(trace, case, cursor)
        case Level.STEPS if cursor.height == 0:
            shown = _top(trace.outputs_tree(cursor.index))
            return Move("reveal_step", (case, cursor.packed(), program_words(trace.program), shown))
        case Level.OPERATIONS if cursor.height == 0:
            return _open_operation(trace, case, cursor)
        case Level.TILES if cursor.height == 0:
            tile = trace.tile(cursor.step, cursor.operation, cursor.index)
            return Move("reveal_tile", (case.key, cursor.packed(), tile))
        case _:
            return Move("reveal", (case.key, cursor.packed(), _own(trace, cursor)))


def _commit(trace: Trace, case: Case) -> Move:
    program, last = trace.program, len(trace.program.operations) - 1
    outputs, steps = trace.outputs_tree(trace.steps - 1), trace.steps_tree
    if trace.steps == 1:
        shown, path = _top(outputs), outputs.proof(last)[: outputs.depth - _fan(outputs)]
    else:
        up = steps.proof(trace.steps - 1)[: steps.depth - _fan(steps)]
        shown, path = _top(steps), outputs.proof(last) + up
    result = program.output_type
    arguments = (
        case,
        program_words(program),
        shown,
        tensor_header(result.element, result.dims, result.size),
        trace.tiles_tree(trace.steps - 1, last).root,
        path,
        tree_over_bytes(trace.input, program.input_size).root,
        b"" if program.step_input is None else steps_proof(trace),
    )
    return Move("trace", arguments)


def _open_operation(trace: Trace, case: Case, cursor: Position) -> Move:
    program, index = trace.program, cursor.index
    tiles = trace.tiles_tree(cursor.step, index)
    arguments = (
        case,
        cursor.packed(),
        program_words(program),
        encode_record(program.operations[index]),
        tree_over(records(program)).proof(index),
        _top(tiles) if tiles.count > 1 else [],
        b"" if tiles.count > 1 else trace.tile(cursor.step, index, 0),
    )
    return Move("reveal_operation", arguments)


def _split(trace: Trace, case: Case, cursor: Position) -> Move:
    place = cursor.step, cursor.operation, cursor.element
    values = trace.chunks(*place, cursor.height, cursor.index)
    proof = rescale_proof(trace, *place) if cursor.level is Level.ELEMENT else b""
    record = encode_record(trace.program.operations[cursor.operation])
    words = program_words(trace.program)
    return Move("reveal_chunks", (case, cursor.packed(), words, record, values, proof))


# The challenger's moves


def attack(trace: Trace, case: Case, game: int, path: Sequence[Reveal]) -> Move | None:
    """How the challenger answers the last of these reveals; None if there is nothing wrong in it.

    trace: the challenger's own. path: what was revealed of the root and of each of the game's cursors.
    """
    newest = path[-1]
    match newest.opening.level:
        case Level.WORDS:
            return _refute_tile(trace, case, game, path)
        case Level.VALUES:
            return _refute_chunk(trace, case, game, path)
        case _:
            return _pick(trace, case, game, newest)


def _pick(trace: Trace, case: Case, game: int, reveal: Reveal) -> Move | None:
    opening, children = reveal.opening, reveal.children
    child = _first_difference(children, _own(trace, opening))
    if child is None:
        return None
    way = siblings(children, opening.fan, opening.height - opening.fan, child)
    return Move("pick", (case.key, game, opening.packed(), child, children[child], way))


def _refute_tile(trace: Trace, case: Case, game: int, path: Sequence[Reveal]) -> Move | None:
    opening, tile = path[-1].opening, path[-1].tile
    step, index, width = opening.step, opening.operation, opening.width
    own = trace.tile(step, index, opening.index)
    wrong = _first_difference(*(_pieces(data, width) for data in (tile, own)))
    if wrong is None:
        return None
    element = opening.index * TILE // width + wrong
    words = _pieces(tile.ljust(TILE, b"\0"), WORD)
    number = wrong * width // WORD
    word, way = words[number], Tree(len(words), len(words), words.__getitem__).proof(number)
    if opening.chunks > 1:
        return Move("pick_element", (case.key, game, opening.packed(), element, word, way))
    program = trace.program
    record, proof = encode_record(program.operations[index]), _prove(trace, path, element)
    arguments = (case, program_words(program), game, opening.packed(), element, word, way, record)
    return Move("prove", arguments, proof)


def _refute_chunk(trace: Trace, case: Case, game: int, path: Sequence[Reveal]) -> Move | None:
    opening, values = path[-1].opening, list(path[-1].values)
    step, index, element = opening.step, opening.operation, opening.element
    own = trace.chunks(step, index, element, opening.height, opening.index)
    wrong = _first_difference(values, own)
    if wrong is None:
        return None
    if opening.height > opening.fan:
        return Move("pick_chunk", (case.key, game, opening.packed(), values, wrong))
    chunk = (opening.index << opening.fan) + wrong
    proof = chunk_proof(Overlay(trace, path), step, index, element, chunk)
    record = encode_record(trace.program.operations[index])
    words = program_words(trace.program)
    return Move("prove_chunk", (case, words, game, opening.packed(), values, wrong, record), proof)


def _prove(trace: Trace, path: Sequence[Reveal], element: int) -> bytes:
    opening = path[-1].opening
    return element_proof(Overlay(trace, path), opening.step, opening.operation, element)


# Nodes


def _own(trace: Trace, position: Position) -> list[bytes]:
    """The children of a position as this trace has them."""
    trees = {
        Level.STEPS: lambda: trace.steps_tree,
        Level.OPERATIONS: lambda: trace.outputs_tree(position.step),
        Level.TILES: lambda: trace.tiles_tree(position.step, position.operation),
    }
    first = position.index << position.fan
    tree, level = trees[position.level](), position.height - position.fan
    return [tree.node(level, first + child) for child in range(position.children)]


def _top(tree: Tree) -> list[bytes]:
    """What a reveal of a tree's root shows."""
    level = tree.depth - _fan(tree)
    return [tree.node(level, index) for index in range(-(-tree.count // (1 << level)))]


def _fan(tree: Tree) -> int:
    return min(FAN_LEVELS, tree.depth)


def _first_difference(theirs: Sequence[Any], ours: Sequence[Any]) -> int | None:
    return next((at for at, pair in enumerate(zip(theirs, ours, strict=True)) if pair[0] != pair[1]), None)


def _pieces(data: bytes, length: int) -> list[bytes]:
    return [data[at : at + length] for at in range(0, len(data), length)]
