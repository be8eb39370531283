"""A dispute on a board: the Dispute contract's positions in plain Python, without clocks, money or a Referee.

Every move is held to the hashes that the contract holds it to. Written from `IDispute.vyi`.
"""

from __future__ import annotations

from dataclasses import replace

from executor.disputes.moves import Move
from executor.disputes.positions import Case, Level, Position, Reveal, values_hash
from executor.program import Program, data_root
from executor.program.commitments import (
    TILE,
    WORD,
    count_tiles,
    hash_node,
    hash_operation,
    hash_step,
    hash_tensor,
    hash_tile,
    keccak256,
    root_from_proof,
    tree_depth,
    tree_over,
)
from executor.program.encoding import decode_record
from executor.program.ir import Opcode
from executor.program.trace import Trace

NOBODY = "0x" + "00" * 20
EMPTY = keccak256(b"\6")


def case_of(program: Program, data: bytes, output: bytes) -> Case:
    """The case of a claimed output."""
    return Case(
        id=b"\1" * 32,
        attempt=1,
        output_hash=keccak256(output),
        program_root=program.root,
        input_root=data_root(data, program.input_size),
        output_root=data_root(output, program.output_size),
        defender=NOBODY,
    )


class Board:
    """One game. path: what was revealed so far; cursor: where the game is, None at the start.

    proven: the element (or element and chunk) that the challenger has named last, with its claimed value.
    """

    def __init__(self, program: Program, case: Case, steps: int) -> None:
        self.program, self.case, self.steps = program, case, steps
        self.path: list[Reveal] = []
        self.cursor: Position | None = None
        self.moves = 0
        self.proven: tuple[int, int | None, int] | None = None

    def make(self, move: Move) -> None:
        """Make a move of either side."""
        self.moves += 1
        getattr(self, move.function)(*move.arguments)

    # The defender's

    def trace(self, case, program, children, header, tiles, path, input_tiles, _proof) -> None:
        operations = len(self.program.operations)
        assert keccak256(b"\5" + b"".join(program)) == case.program_root
        assert (
            hash_tensor(0, [self.program.input_size], self.program.input_size, input_tiles) == case.input_root
        )
        assert hash_tensor(0, [self.program.output_size], self.program.output_size, tiles) == case.output_root
        leaves = operations if self.steps == 1 else self.steps
        fan = min(5, tree_depth(leaves))
        root = fold(children, fan, tree_depth(leaves) - fan)
        leaf = keccak256(b"\2" + header + tiles)
        if self.steps > 1:
            depth = tree_depth(operations)
            leaf = hash_step(root_from_proof(leaf, operations - 1, path[:depth]))
            path = path[depth:]
        assert root_from_proof(leaf, (leaves - 1) & ((1 << len(path)) - 1), path) == children[-1]
        assert len(path) == tree_depth(leaves) - fan
        top = blank(self.steps)
        if self.steps == 1:
            opening = replace(top, level=Level.OPERATIONS, outputs=root, trace=hash_step(root), node=root)
        else:
            opening = replace(top, trace=root, node=root)
        opening = replace(opening, height=tree_depth(leaves), leaves=leaves)
        self.path.append(Reveal(opening, tuple(children)))

    def reveal(self, key, cursor, children) -> None:
        position = self.at(key, cursor)
        assert position.height > 0
        self.show(position, children)

    def reveal_step(self, case, cursor, _program, children) -> None:
        position = self.at(case.key, cursor)
        assert (position.level, position.height) == (Level.STEPS, 0)
        count = len(self.program.operations)
        fan = min(5, tree_depth(count))
        root = fold(children, fan, tree_depth(count) - fan)
        assert hash_step(root) == position.node
        self.show(
            replace(
                position,
                **{"level": Level.OPERATIONS, "height": tree_depth(count), "index": 0, "leaves": count},
                **{"step": position.index, "outputs": root, "node": root},
            ),
            children,
        )

    def reveal_operation(self, case, cursor, program, record, path, children, tile) -> None:
        position = self.at(case.key, cursor)
        assert (position.level, position.height) == (Level.OPERATIONS, 0)
        assert root_from_proof(hash_operation(record), position.index, path) == program.operations
        operation = decode_record(record)
        result = operation.result
        chunked = operation.opcode in (Opcode.DOT, Opcode.MAX)
        opened = replace(
            position,
            operation=position.index,
            index=0,
            size=result.size,
            width=result.element.width,
            chunks=-(-operation.terms // operation.chunk) if chunked else 1,
            record=hash_operation(record),
        )
        tiles = count_tiles(result.size)
        if tiles == 1:
            assert children == []
            assert len(tile) == result.size
            root = hash_tile(tile)
            self.open_tile(opened, tile)
        else:
            root = fold(children, min(5, tree_depth(tiles)), tree_depth(tiles) - min(5, tree_depth(tiles)))
            top = replace(opened, level=Level.TILES, height=tree_depth(tiles), leaves=tiles, node=root)
            self.show(top, children)
        assert hash_tensor(result.element, result.dims, result.size, root) == position.node

    def reveal_tile(self, key, cursor, tile) -> None:
        position = self.at(key, cursor)
        assert (position.level, position.height) == (Level.TILES, 0)
        assert len(tile) == min(TILE, position.size - TILE * position.index)
        assert hash_tile(tile) == position.node
        self.open_tile(position, tile)

    def open_tile(self, position: Position, tile: bytes) -> None:
        words = [tile.ljust(TILE, b"\0")[at : at + WORD] for at in range(0, TILE, WORD)]
        opening = replace(position, level=Level.WORDS, height=5, leaves=32, node=tree_over(words).root)
        self.path.append(Reveal(opening, tile=tile))

    def reveal_chunks(self, case, cursor, _program, record, values, _proof) -> None:
        position = self.at(case.key, cursor)
        operation = decode_record(record)
        combined = sum(values) if operation.opcode is Opcode.DOT else max(values)
        assert len(values) == position.children
        if position.level is Level.CHUNKS:
            assert combined == position.value
        opening = replace(position, level=Level.VALUES, node=values_hash(values))
        self.path.append(Reveal(opening, values=tuple(values)))

    def show(self, opening: Position, children: list[bytes]) -> None:
        assert len(children) == opening.children
        assert fold(children, opening.fan, opening.height - opening.fan) == opening.node
        self.path.append(Reveal(opening, tuple(children)))

    def at(self, key: bytes, cursor) -> Position:
        assert key == self.case.key
        position = Position.unpack(cursor)
        assert position == self.cursor
        return position

    # The challenger's

    def pick(self, key, _game, opening, index, node, siblings) -> None:
        position = self.opened(key, opening)
        assert 0 <= index < position.children
        assert len(siblings) == position.fan
        assert root_from_proof(node, index, siblings) == position.node
        self.cursor = position.below(index, node)

    def pick_element(self, key, _game, opening, element, word, siblings) -> None:
        position = self.opened(key, opening)
        self.cursor = replace(
            position,
            **{"level": Level.ELEMENT, "height": tree_depth(position.chunks), "index": 0},
            **{"leaves": position.chunks, "element": element},
            node=self.claimed(position, element, word, siblings).to_bytes(32, "big", signed=True),
        )

    def pick_chunk(self, key, _game, opening, values, index) -> None:
        position = self.opened(key, opening)
        assert values_hash(values) == position.node
        below = position.below(index, values[index].to_bytes(32, "big", signed=True))
        assert position.height > position.fan
        self.cursor = replace(below, level=Level.CHUNKS)

    def prove(self, case, _program, _game, opening, element, word, siblings, _record) -> None:
        position = self.opened(case.key, opening)
        assert position.chunks == 1
        self.proven = element, None, self.claimed(position, element, word, siblings)

    def prove_chunk(self, case, _program, _game, opening, values, index, _record) -> None:
        position = self.opened(case.key, opening)
        assert position.height == position.fan
        assert values_hash(values) == position.node
        self.proven = position.element, (position.index << position.fan) + index, values[index]

    def claimed(self, position: Position, element: int, word: bytes, siblings: list[bytes]) -> int:
        at = element * position.width - position.index * TILE
        assert 0 <= at < TILE
        assert element * position.width < position.size
        assert len(siblings) == 5
        assert root_from_proof(word, at // WORD, siblings) == position.node
        return int.from_bytes(word[at % WORD : at % WORD + position.width], "big", signed=True)

    def opened(self, key: bytes, opening) -> Position:
        assert key == self.case.key
        position = Position.unpack(opening)
        assert position == self.path[-1].opening
        return position


def blank(steps: int) -> Position:
    return Position(*(Level.STEPS, 0, 0, 0, steps, 0, 0, 0, 0, 0, 0), *(bytes(32) for _ in range(4)))


def fold(children: list[bytes], fan: int, below: int) -> bytes:
    """The top of a fan whose missing children are subtrees of EMPTY."""
    empty = EMPTY
    for _ in range(below):
        empty = hash_node(empty, empty)
    row = [*children, *[empty] * ((1 << fan) - len(children))]
    assert len(row) == 1 << fan
    while len(row) > 1:
        row = [hash_node(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def play(honest: Trace, forged: Trace, defend, attack) -> Board:
    """A whole game between a defender with the forged trace and an honest challenger, up to its proof."""
    case = case_of(honest.program, honest.input, forged.output)
    board = Board(honest.program, case, honest.steps)
    while board.proven is None:
        assert board.moves < 50
        board.make(defend(forged, case, board.cursor))
        move = attack(honest, case, 7, board.path)
        assert move is not None, "the challenger finds nothing"
        board.make(move)
    return board
