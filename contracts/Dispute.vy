# pragma version 0.4.3
"""
@title Dispute
@notice Documentation and trust assumptions: `interfaces/IDispute.vyi`.
@custom:kill Nobody can stop it.
"""
from contracts.interfaces import IArbiter
from contracts.interfaces import IChallenges
from contracts.interfaces import IDispute
from contracts.interfaces import IReferee
from contracts.modules.judge import clocks
from contracts.modules.judge import commitments
from contracts.modules.judge import entries
from contracts.modules.judge import positions
from contracts.modules.judge import tiles
from contracts.modules.judge import trees
from contracts.modules.market import games

implements: IArbiter
implements: IDispute

# What is kept of a game: whose time runs (see clocks), and where it is.
struct Game:
    clock: uint256
    cursor: bytes32


CHALLENGES: immutable(IChallenges)
REFEREE: immutable(IReferee)

VERSION: constant(uint256) = 1  # of the encoding of programs
DOT: constant(uint256) = 1  # opcode; the other reduction is a maximum
ROOT: constant(bytes32) = empty(bytes32)  # the cursor of a game that nobody has moved in

opened: uint256  # games, of all cases
game: HashMap[bytes32, HashMap[uint256, Game]]  # by case and number
entry: HashMap[bytes32, HashMap[bytes32, uint256]]  # by case and cursor


@deploy
def __init__(challenges: IChallenges, referee: IReferee):
    CHALLENGES = challenges
    REFEREE = referee


@external
def open(
    id: bytes32,
    attempt: uint256,
    output_hash: bytes32,
    program_root: bytes32,
    input_root: bytes32,
    output_root: bytes32,
    defender: address,
    challenger: address,
    deadline: uint256,
) -> uint256:
    assert msg.sender == CHALLENGES.address, "dispute: wrong caller"
    number: uint256 = self.opened + 1
    self.opened = number
    case: IReferee.Case = IReferee.Case(
        id=id,
        attempt=attempt,
        output_hash=output_hash,
        program_root=program_root,
        input_root=input_root,
        output_root=output_root,
        defender=defender,
    )
    now: uint256 = block.timestamp
    self.game[self._key(case)][number].clock = clocks._start(challenger, now, deadline - now)
    return number


# --- the defender's moves ---


@external
def trace(
    case: IReferee.Case,
    program: IReferee.Program,
    children: DynArray[bytes32, 32],
    output_header: Bytes[74],
    output_tiles: bytes32,
    path: DynArray[bytes32, 64],
    input_tiles: bytes32,
    steps_proof: Bytes[4096],
):
    key: bytes32 = self._key(case)
    assert msg.sender == case.defender, "dispute: not the defender"
    assert self.entry[key][ROOT] == 0, "dispute: traced already"
    commitments._check_program(case, program)
    header: uint256 = convert(program.header0, uint256)
    operations: uint256 = commitments._operations(program)
    input_size: uint256 = (header >> 64) & positions.MASK64
    output_size: uint256 = header & positions.MASK64
    assert tiles._hash_data(input_size, input_tiles) == case.input_root, "dispute: wrong input"
    assert tiles._hash_data(output_size, output_tiles) == case.output_root, "dispute: wrong output"
    steps: uint256 = (header >> 192) & positions.MASK32
    if (header >> 224) & 65535 != 0:
        steps = staticcall REFEREE.steps(program, case.input_root, steps_proof)
    assert header >> 248 == VERSION and operations * steps != 0, "dispute: ill-formed program"

    opening: IReferee.Position = self._root_of_outputs(operations, steps, 0)
    if steps > 1:
        opening.place = positions._pack_place(positions.STEPS, trees._depth(steps), steps, steps, 0, 0)
    opening.node = self._over(opening.place, children)
    opening.trace = opening.node
    if steps == 1:
        opening.outputs = opening.node
        opening.trace = commitments._hash_step(opening.node)
    # The claimed output is the last leaf under the last child.
    assert commitments._ends_with(output_header, output_size), "dispute: wrong output header"
    last: bytes32 = keccak256(concat(commitments.TENSOR_TAG, output_header, output_tiles))
    shown: uint256 = positions._height(opening.place) - positions._fan(positions._height(opening.place))
    if steps == 1:
        assert len(path) == shown, "dispute: wrong path length"
        last = trees._climb(last, operations - 1, path, 0, shown)
    else:
        within: uint256 = trees._depth(operations)
        assert len(path) == within + shown, "dispute: wrong path length"
        last = commitments._hash_step(trees._climb(last, operations - 1, path, 0, within))
        last = trees._climb(last, steps - 1, path, within, shown)
    assert last == children[len(children) - 1], "dispute: another output in the trace"

    self.entry[key][ROOT] = entries._revealed(0, positions._hash(opening), block.timestamp)
    log IDispute.Traced(key=key, opening=opening, children=children)


@external
def reveal(key: bytes32, cursor: IReferee.Position, children: DynArray[bytes32, 32]):
    level: uint256 = positions._level(cursor.place)
    assert level <= positions.TILES and positions._height(cursor.place) != 0, "dispute: no inner node"
    assert self._over(cursor.place, children) == cursor.node, "dispute: wrong children"
    place: bytes32 = positions._hash(cursor)
    self._enter(key, place, place)
    log IDispute.Revealed(key=key, cursor=place, opening=cursor, children=children)


@external
def reveal_step(
    case: IReferee.Case,
    cursor: IReferee.Position,
    program: IReferee.Program,
    children: DynArray[bytes32, 32],
):
    assert self._is_leaf(cursor, positions.STEPS), "dispute: not a step"
    commitments._check_program(case, program)
    opening: IReferee.Position = self._root_of_outputs(
        commitments._operations(program), positions._steps(cursor.place), positions._index(cursor.place)
    )
    opening.trace = cursor.trace
    opening.node = self._over(opening.place, children)
    opening.outputs = opening.node
    assert commitments._hash_step(opening.node) == cursor.node, "dispute: wrong children"
    key: bytes32 = self._key(case)
    place: bytes32 = positions._hash(cursor)
    self._enter(key, place, positions._hash(opening))
    log IDispute.Revealed(key=key, cursor=place, opening=opening, children=children)


@external
def reveal_operation(
    case: IReferee.Case,
    cursor: IReferee.Position,
    program: IReferee.Program,
    record: Bytes[2496],
    path: DynArray[bytes32, 32],
    children: DynArray[bytes32, 32],
    tile: Bytes[1024],
):
    assert self._is_leaf(cursor, positions.OPERATIONS), "dispute: not an operation"
    commitments._check_program(case, program)
    operation: uint256 = positions._index(cursor.place)
    levels: uint256 = trees._depth(positions._leaves(cursor.place))
    opening: IReferee.Position = cursor
    opening.record = commitments._hash_operation(record)
    assert len(path) == levels, "dispute: wrong path length"
    root: bytes32 = trees._climb(opening.record, operation, path, 0, levels)
    assert root == program.operations, "dispute: wrong record"

    shape: IReferee.Shape = staticcall REFEREE.shape(program, operation, record)
    leaves: uint256 = tiles._count(shape.size)
    opening.extent = positions._pack_extent(shape.size, shape.chunks, 0, shape.size // shape.count)
    opening.place = positions._pack_place(
        positions.TILES,
        trees._depth(leaves),
        leaves,
        positions._steps(cursor.place),
        positions._step(cursor.place),
        operation,
    )
    key: bytes32 = self._key(case)
    place: bytes32 = positions._hash(cursor)
    if leaves == 1:
        whole: Bytes[1024] = self._whole(opening, tile)
        root = tiles._hash_tile(whole)
        opening = self._words(opening, whole)
    else:
        root = self._over(opening.place, children)
        opening.node = root
    assert commitments._hash_output(record, shape.size, root) == cursor.node, "dispute: another output"

    self._enter(key, place, positions._hash(opening))
    if leaves == 1:
        log IDispute.TileRevealed(key=key, cursor=place, opening=opening, tile=tile)
    else:
        log IDispute.Revealed(key=key, cursor=place, opening=opening, children=children)


@external
def reveal_tile(key: bytes32, cursor: IReferee.Position, tile: Bytes[1024]):
    assert self._is_leaf(cursor, positions.TILES), "dispute: not a tile"
    whole: Bytes[1024] = self._whole(cursor, tile)
    assert tiles._hash_tile(whole) == cursor.node, "dispute: another tile"
    opening: IReferee.Position = self._words(cursor, whole)
    place: bytes32 = positions._hash(cursor)
    self._enter(key, place, positions._hash(opening))
    log IDispute.TileRevealed(key=key, cursor=place, opening=opening, tile=tile)


@external
def reveal_chunks(
    case: IReferee.Case,
    cursor: IReferee.Position,
    program: IReferee.Program,
    record: Bytes[2496],
    values: DynArray[int256, 32],
    proof: Bytes[16384],
):
    assert msg.sender == case.defender, "dispute: not the defender"
    level: uint256 = positions._level(cursor.place)
    assert level == positions.ELEMENT or level == positions.CHUNKS, "dispute: no reduction"
    assert len(values) == positions._children(cursor.place), "dispute: wrong number of values"
    assert commitments._hash_operation(record) == cursor.record, "dispute: wrong record"
    together: int256 = self._combined(record, values)
    if level == positions.ELEMENT:
        commitments._check_program(case, program)
        together = staticcall REFEREE.rescaled(
            program,
            case.input_root,
            cursor,
            positions._element(cursor.extent),
            together,
            record,
            proof,
        )
    assert together == convert(cursor.node, int256), "dispute: values give another result"

    opening: IReferee.Position = cursor
    opening.place = positions._at(
        cursor.place,
        positions.VALUES,
        positions._height(cursor.place),
        positions._index(cursor.place),
    )
    opening.node = keccak256(abi_encode(values))
    key: bytes32 = self._key(case)
    place: bytes32 = positions._hash(cursor)
    self._enter(key, place, positions._hash(opening))
    log IDispute.ChunksRevealed(key=key, cursor=place, opening=opening, values=values)


# --- the challengers' moves ---


@external
def pick(
    key: bytes32,
    game: uint256,
    opening: IReferee.Position,
    index: uint256,
    node: bytes32,
    siblings: DynArray[bytes32, 5],
):
    level: uint256 = positions._level(opening.place)
    levels: uint256 = positions._fan(positions._height(opening.place))
    assert level <= positions.TILES, "dispute: not a tree of hashes"
    assert index < positions._children(opening.place), "dispute: no such child"
    assert len(siblings) == levels, "dispute: wrong path length"
    assert trees._climb(node, index, siblings, 0, levels) == opening.node, "dispute: wrong child"
    self._go(key, game, opening, positions._child(opening, level, index, node))


@external
def pick_element(
    key: bytes32,
    game: uint256,
    opening: IReferee.Position,
    element: uint256,
    word: bytes32,
    siblings: DynArray[bytes32, 5],
):
    claimed: int256 = self._claimed(opening, element, word, siblings)
    chunks: uint256 = positions._chunks(opening.extent)
    assert chunks > 1, "dispute: element is one step"
    child: IReferee.Position = opening
    child.place = positions._pack_place(
        positions.ELEMENT,
        trees._depth(chunks),
        chunks,
        positions._steps(opening.place),
        positions._step(opening.place),
        positions._operation(opening.place),
    )
    child.extent = positions._pack_extent(
        positions._size(opening.extent), chunks, element, positions._width(opening.extent)
    )
    child.node = convert(claimed, bytes32)
    self._go(key, game, opening, child)


@external
def pick_chunk(
    key: bytes32, game: uint256, opening: IReferee.Position, values: DynArray[int256, 32], index: uint256
):
    value: bytes32 = convert(self._value(opening, values, index), bytes32)
    assert positions._height(opening.place) > positions.FAN, "dispute: value is one step"
    self._go(key, game, opening, positions._child(opening, positions.CHUNKS, index, value))


# --- the end ---


@external
def prove(
    case: IReferee.Case,
    program: IReferee.Program,
    game: uint256,
    opening: IReferee.Position,
    element: uint256,
    word: bytes32,
    siblings: DynArray[bytes32, 5],
    record: Bytes[2496],
):
    claimed: int256 = self._claimed(opening, element, word, siblings)
    assert positions._chunks(opening.extent) == 1, "dispute: element is several steps"
    self._refute(case, program, game, opening, record, element, claimed)


@external
def prove_chunk(
    case: IReferee.Case,
    program: IReferee.Program,
    game: uint256,
    opening: IReferee.Position,
    values: DynArray[int256, 32],
    index: uint256,
    record: Bytes[2496],
):
    claimed: int256 = self._value(opening, values, index)
    assert positions._height(opening.place) <= positions.FAN, "dispute: value is several steps"
    self._refute(case, program, game, opening, record, positions._element(opening.extent), claimed)


@external
def timeout(case: IReferee.Case, game: uint256):
    key: bytes32 = self._key(case)
    mover: uint256 = 0
    deadline: uint256 = 0
    mover, deadline = self._due(key, game)
    assert block.timestamp >= deadline, "dispute: time is not over"
    verdict: uint256 = games.CHALLENGER if mover == games.DEFENDER else games.DEFENDER
    self.game[key][game].clock = clocks._over(self.game[key][game].clock)
    log IDispute.TimedOut(id=case.id, attempt=case.attempt, game=game, verdict=verdict)
    extcall CHALLENGES.rule(case.id, case.attempt, game, verdict)


@internal
def _refute(
    case: IReferee.Case,
    program: IReferee.Program,
    game: uint256,
    opening: IReferee.Position,
    record: Bytes[2496],
    element: uint256,
    claimed: int256,
):
    """
    The Referee, who is asked with this transaction's own calldata, computes something else than was claimed.
    """
    commitments._check_program(case, program)
    assert commitments._hash_operation(record) == opening.record, "dispute: wrong record"
    computed: int256 = abi_decode(
        raw_call(REFEREE.address, msg.data, max_outsize=32, is_static_call=True), int256
    )
    assert computed != claimed, "dispute: value is right"

    key: bytes32 = self._key(case)
    winner: uint256 = entries._first(self._entry_of(key, game, opening))
    ruled: bool = False
    if winner != game and clocks._status(self.game[key][winner].clock) == clocks.LIVE:
        self.game[key][winner].clock = clocks._over(self.game[key][winner].clock)
        # Refused if that game's ruling deadline has passed; the proof is a proof all the same.
        ruled = raw_call(
            CHALLENGES.address,
            abi_encode(
                case.id,
                case.attempt,
                winner,
                games.CHALLENGER,
                method_id=method_id("rule(bytes32,uint256,uint256,uint256)"),
            ),
            revert_on_failure=False,
        )
    if not ruled:
        winner = game
        self.game[key][game].clock = clocks._over(self.game[key][game].clock)
        extcall CHALLENGES.rule(case.id, case.attempt, game, games.CHALLENGER)
    log IDispute.Proven(
        id=case.id,
        attempt=case.attempt,
        game=winner,
        element=element,
        claimed=claimed,
        computed=computed,
    )


# --- cursors and openings ---


@internal
def _enter(key: bytes32, cursor: bytes32, opening: bytes32):
    """
    A picked cursor is revealed.
    """
    entry: uint256 = self.entry[key][cursor]
    assert entries._first(entry) != 0, "dispute: nobody picked this"
    assert entries._revealed_at(entry) == 0, "dispute: revealed already"
    self.entry[key][cursor] = entries._revealed(entry, opening, block.timestamp)


@internal
def _go(key: bytes32, game: uint256, opening: IReferee.Position, child: IReferee.Position):
    """
    The sender's game goes from where it is, which was opened to `opening`, to `child`.
    """
    clock: uint256 = self.game[key][game].clock
    revealed_at: uint256 = entries._revealed_at(self._entry_of(key, game, opening))
    now: uint256 = block.timestamp
    assert msg.sender == clocks._challenger(clock), "dispute: not the challenger"
    assert revealed_at < clocks._defenders_deadline(clock), "dispute: defender was late"
    assert now < clocks._challengers_deadline(clock, revealed_at), "dispute: challenger is late"
    cursor: bytes32 = positions._hash(child)
    self.game[key][game] = Game(clock=clocks._after_pick(clock, revealed_at, now), cursor=cursor)
    entry: uint256 = self.entry[key][cursor]
    picked: uint256 = entries._picked(entry, game)
    if picked != entry:
        self.entry[key][cursor] = picked
    log IDispute.Picked(key=key, game=game, cursor=child)


@internal
@view
def _entry_of(key: bytes32, game: uint256, opening: IReferee.Position) -> uint256:
    """
    The entry of the cursor of a live game, if it was opened to this.
    """
    played: Game = self.game[key][game]
    assert clocks._status(played.clock) == clocks.LIVE, "dispute: game not live"
    entry: uint256 = self.entry[key][played.cursor]
    assert entries._shows(entry, positions._hash(opening)), "dispute: game is elsewhere"
    return entry


@internal
@pure
def _key(case: IReferee.Case) -> bytes32:
    return keccak256(abi_encode(case))


@internal
@view
def _due(key: bytes32, game: uint256) -> (uint256, uint256):
    """
    Who has to move in a live game, and from when it is too late.
    """
    played: Game = self.game[key][game]
    assert clocks._status(played.clock) == clocks.LIVE, "dispute: game not live"
    revealed_at: uint256 = entries._revealed_at(self.entry[key][played.cursor])
    deadline: uint256 = clocks._defenders_deadline(played.clock)
    if revealed_at == 0 or revealed_at >= deadline:
        return games.DEFENDER, deadline
    return games.CHALLENGER, clocks._challengers_deadline(played.clock, revealed_at)


@internal
@pure
def _is_leaf(cursor: IReferee.Position, level: uint256) -> bool:
    return positions._level(cursor.place) == level and positions._height(cursor.place) == 0


@internal
@pure
def _over(place: uint256, children: DynArray[bytes32, 32]) -> bytes32:
    """
    The node above all children of a place.
    """
    assert len(children) == positions._children(place), "dispute: wrong number of children"
    height: uint256 = positions._height(place)
    levels: uint256 = positions._fan(height)
    return trees._fold(children, height - levels, levels)


@internal
@pure
def _root_of_outputs(operations: uint256, steps: uint256, step: uint256) -> IReferee.Position:
    """
    The root of the tree over a step's outputs, its hash still to be found.
    """
    place: uint256 = positions._pack_place(
        positions.OPERATIONS, trees._depth(operations), operations, steps, step, 0
    )
    position: IReferee.Position = empty(IReferee.Position)
    position.place = place
    return position


@internal
@pure
def _whole(position: IReferee.Position, tile: Bytes[1024]) -> Bytes[1024]:
    """
    A tile filled up with zeros, if what is given of it is what the output uses.
    """
    before: uint256 = positions._index(position.place) * tiles.TILE
    used: uint256 = min(positions._size(position.extent) - before, tiles.TILE)
    assert len(tile) == used, "dispute: wrong tile length"
    if used == tiles.TILE:
        return tile
    return slice(concat(tile, abi_encode(empty(bytes32[32]))), 0, tiles.TILE)


@internal
@pure
def _words(position: IReferee.Position, whole: Bytes[1024]) -> IReferee.Position:
    """
    What a tile opens to.
    """
    number: uint256 = positions._index(position.place)
    opening: IReferee.Position = position
    opening.place = positions._at(
        positions._pack_place(
            positions.WORDS,
            positions.FAN,
            tiles.TILE // 32,
            positions._steps(position.place),
            positions._step(position.place),
            positions._operation(position.place),
        ),
        positions.WORDS,
        positions.FAN,
        number,
    )
    opening.node = trees._over_words(whole)
    return opening


@internal
@pure
def _claimed(
    opening: IReferee.Position, element: uint256, word: bytes32, siblings: DynArray[bytes32, 5]
) -> int256:
    """
    The value of an element in an opened tile.
    """
    assert positions._level(opening.place) == positions.WORDS, "dispute: not a tile"
    width: uint256 = positions._width(opening.extent)
    assert element < positions._size(opening.extent) // width, "dispute: no such element"
    at: uint256 = element * width
    assert at // tiles.TILE == positions._index(opening.place), "dispute: element in another tile"
    assert len(siblings) == positions.FAN, "dispute: wrong path length"
    number: uint256 = at % tiles.TILE // 32
    root: bytes32 = trees._climb(word, number, siblings, 0, positions.FAN)
    assert root == opening.node, "dispute: wrong word"
    from_left: uint256 = convert(word, uint256) << (at % 32 * 8)
    return convert(convert(from_left, bytes32), int256) >> (256 - 8 * width)


# --- reductions ---


@internal
@pure
def _combined(record: Bytes[2496], values: DynArray[int256, 32]) -> int256:
    """
    The result of a reduction from those of its parts.
    """
    adding: bool = convert(slice(record, 0, 1), uint256) == DOT
    together: int256 = values[0]
    for i: uint256 in range(32):
        if i == len(values):
            break
        value: int256 = values[i]
        assert -(2**63) <= value and value < 2**63, "dispute: not an int64"
        if i != 0:
            together = together + value if adding else max(together, value)
    return together


@internal
@pure
def _value(opening: IReferee.Position, values: DynArray[int256, 32], index: uint256) -> int256:
    """
    One of the values that a cursor was opened to.
    """
    assert positions._level(opening.place) == positions.VALUES, "dispute: not values"
    assert keccak256(abi_encode(values)) == opening.node, "dispute: wrong values"
    assert index < len(values), "dispute: no such value"
    return values[index]


# --- what is ---


@external
@view
def game_of(key: bytes32, game: uint256) -> (address, uint256, uint256, uint256, uint256, uint256, bytes32):
    played: Game = self.game[key][game]
    clock: uint256 = played.clock
    return (
        clocks._challenger(clock),
        clocks._since(clock),
        clocks._defenders(clock),
        clocks._challengers(clock),
        clocks._extension(clock),
        clocks._status(clock),
        played.cursor,
    )


@external
@view
def entry_of(key: bytes32, cursor: bytes32) -> (uint256, uint256, bytes32):
    entry: uint256 = self.entry[key][cursor]
    return (
        entries._revealed_at(entry),
        entries._first(entry),
        convert(entry >> 88 << 88, bytes32),
    )


@external
@view
def deadline_of(key: bytes32, game: uint256) -> (uint256, uint256):
    return self._due(key, game)


@external
@view
def challenges() -> address:
    return CHALLENGES.address


@external
@view
def referee() -> address:
    return REFEREE.address
