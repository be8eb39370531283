"""Dispute.reveal_operation and reveal_tile: an output is opened by its record, down to a tile's words."""

from __future__ import annotations

import pytest

from executor.disputes.positions import Level, program_words
from executor.program.commitments import (
    EMPTY,
    TILE,
    hash_operation,
    hash_program,
    hash_tensor,
    hash_tile,
    tree_over,
)
from executor.program.encoding import encode_record
from tests.judge.dispute.court import argument, changed
from tests.judge.dispute.programs import increments, reduction, table
from tests.words import CHALLENGER


def opened(court, example, place, verb="reveal_operation"):
    """A hearing in which this reveal is next, its game, and what a defender who lies at `place` sends."""
    lie = example.lie(*place)
    hearing = court.hear_trace(lie)
    game = hearing.challenge()
    hearing.trace(lie)
    return hearing, game, hearing.descend(game, lie, example.trace, until=verb)


def words_root(tile: bytes) -> bytes:
    return tree_over([tile.ljust(TILE, b"\0")[at : at + 32] for at in range(0, TILE, 32)]).root


def test_reveal_operation__one_tile__opens_to_its_words(court, roles):
    example = increments(40)
    hearing, game, move = opened(court, example, (0, 33, 4))
    hearing.send(move, roles.stranger)
    cursor, (opening, children, tile, values) = hearing.cursor(game), hearing.path(game)[-1]
    assert (opening.level, opening.height, opening.index, opening.leaves) == (Level.WORDS, 5, 0, 32)
    assert (opening.operation, opening.size, opening.chunks, opening.width) == (33, 12, 1, 2)
    assert opening.record == hash_operation(encode_record(example.program.operations[33]))
    assert (opening.trace, opening.outputs) == (cursor.trace, cursor.outputs)
    assert (opening.node, len(tile), children, values) == (words_root(tile), 12, (), ())


def test_reveal_operation__several_tiles__opens_the_tree_over_them(court, roles):
    hearing, game, move = opened(court, table(66), (0, 0, 4_105))
    hearing.send(move, roles.stranger)
    opening, children, *_ = hearing.path(game)[-1]
    assert (opening.level, opening.height, opening.leaves, len(children)) == (Level.TILES, 6, 33, 17)
    assert (opening.size, opening.width, opening.chunks) == (66 * 64 * 8, 8, 1)


def test_reveal_operation__reduction__says_in_how_many_chunks(court, roles):
    hearing, game, move = opened(court, reduction(33), (0, 0, 0, 32))
    hearing.send(move, roles.stranger)
    assert hearing.path(game)[-1].opening.chunks == 33


def test_reveal_operation__anything_else__is_refused(court, roles):
    example = increments(40)
    hearing, _, move = opened(court, example, (0, 33, 4))
    record = encode_record(example.program.operations[32])
    path, tile = argument(move, "path"), argument(move, "tile")
    wrong = {
        "dispute: wrong program": {"program": program_words(increments(41).program)},
        "dispute: wrong path length": {"path": path[1:]},
        "dispute: wrong record": {"record": record},
        "dispute: wrong tile length": {"tile": tile[:-1]},
        "dispute: another output": {"tile": bytes(12)},
        "dispute: nobody picked this": {"case": hearing.case._replace(attempt=2)},
    }
    for reason, changes in wrong.items():
        hearing.refuses(reason, changed(move, **changes), roles.executor)
    longer = changed(move, path=[*path, EMPTY])
    hearing.refuses("dispute: wrong path length", longer, roles.executor)
    slack = changed(move, tile=tile + bytes(1))
    hearing.refuses("dispute: wrong tile length", slack, roles.executor)
    hearing.send(move, roles.executor)
    hearing.refuses("dispute: revealed already", move, roles.executor)


def test_reveal_operation__other_tiles__is_refused(court, roles):
    hearing, _, move = opened(court, table(66), (0, 0, 4_105))
    children = argument(move, "children")
    hearing.refuses("dispute: another output", changed(move, children=children[::-1]), roles.executor)
    for wrong in (children[:-1], [*children, EMPTY]):
        reason = "dispute: wrong number of children"
        hearing.refuses(reason, changed(move, children=wrong), roles.executor)


def test_reveal_operation__ill_formed_record__cannot_be_opened(court, roles):
    """Nobody validates programs on-chain: who claimed a request of such a one loses at that leaf."""
    example = increments(3)
    lie = example.lie(0, 1, 0)
    records = [encode_record(operation) for operation in example.program.operations]
    records[1] = b"\x09" + records[1][1:]  # an opcode that does not exist
    tree = tree_over([hash_operation(record) for record in records])
    words = program_words(example.program)._replace(operations=tree.root)
    root = hash_program(words.header0 + words.header1, *words[2:])
    hearing = court.hear_trace(lie, program_root=root)
    game = hearing.challenge()
    hearing.send(changed(hearing.defence(game, lie), program=words), roles.executor)
    hearing.attack(game, example.trace)
    assert hearing.cursor(game).index == 1
    move = changed(hearing.defence(game, lie), program=words, record=records[1], path=tree.proof(1))
    hearing.refuses("referee: ill-formed record", move, roles.executor)
    hearing.outwait(game)
    assert hearing.verdict(game) == CHALLENGER


@pytest.mark.parametrize("leaf", [bytes(32), EMPTY, hash_tile(b"")])
def test_reveal_operation__a_leaf_that_is_no_output__cannot_be_opened(court, roles, leaf):
    example = increments(3)
    truth = example.trace
    leaves = [truth.outputs_tree(0).leaf(index) for index in range(3)]
    leaves[1] = leaf
    hearing = court.hear_trace(truth)
    game = hearing.challenge()
    hearing.send(changed(hearing.defence(game, truth), children=leaves), roles.executor)
    hearing.attack(game, truth)
    assert hearing.cursor(game).node == leaf
    hearing.refuses("dispute: another output", hearing.defence(game, truth), roles.executor)
    hearing.outwait(game)
    assert hearing.verdict(game) == CHALLENGER


# --- tiles ---


def test_reveal_tile__used_bytes__open_to_its_words(court, roles):
    hearing, game, move = opened(court, table(5), (0, 0, 5 * 64 - 1), "reveal_tile")
    hearing.send(move, roles.stranger)
    opening, _, tile, _ = hearing.path(game)[-1]
    assert (opening.level, opening.height, opening.index, opening.leaves) == (Level.WORDS, 5, 2, 32)
    assert (len(tile), opening.node) == (512, words_root(tile))


def test_reveal_tile__more_or_less_or_other_bytes__are_refused(court, roles):
    hearing, _, move = opened(court, table(5), (0, 0, 5 * 64 - 1), "reveal_tile")
    tile = argument(move, "tile")
    for wrong in (b"", tile[:-1], tile + bytes(1), tile.ljust(TILE, b"\0")):
        hearing.refuses("dispute: wrong tile length", changed(move, tile=wrong), roles.executor)
    hearing.refuses("dispute: another tile", changed(move, tile=tile[::-1]), roles.executor)


def test_reveal_tile__slack_that_is_not_zero__cannot_be_opened(court, roles):
    """The tile's hash was made over bytes beyond the output's end: no used bytes lead to it."""
    example = increments(3)
    truth = example.trace
    used = truth.tile(0, 1, 0)
    hearing = court.hear_trace(truth)
    game = hearing.challenge()
    move = hearing.defence(game, truth)
    poisoned = tree_over([hash_tile(used + b"\x01")]).root
    leaf = tensor_leaf(example.program.operations[1], poisoned)
    leaves = [leaf if at == 1 else truth.outputs_tree(0).leaf(at) for at in range(3)]
    hearing.send(changed(move, children=leaves), roles.executor)
    hearing.attack(game, truth)
    move = hearing.defence(game, truth)
    hearing.refuses("dispute: another output", move, roles.executor)
    longer = changed(move, tile=used + b"\x01")
    hearing.refuses("dispute: wrong tile length", longer, roles.executor)


def tensor_leaf(operation, tiles: bytes) -> bytes:
    """Tensor root of an operation's output from the root of the tree over its tiles."""
    return hash_tensor(operation.result.element, operation.result.dims, operation.result.size, tiles)
