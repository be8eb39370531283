# pragma version 0.4.3
"""
@title Sources: the tensors that a step reads, proven tile by tile
@notice A proof holds one section for each of them (`executor/program/proof.py`). Opening a section proves its
        header and its tiles against what the caller vouches for; afterwards elements are read in place.
"""
from contracts.modules import calldata
from contracts.modules import multiproofs
from contracts.modules import trees
from contracts.modules import views

MAX_ELEMENTS: constant(uint256) = 2**31
MAX_RANK: constant(uint256) = 8
FAR: constant(uint256) = 2**31  # more indices than a reduction has

TENSOR_TAG: constant(Bytes[1]) = x"02"
STEP_TAG: constant(Bytes[1]) = x"04"
INPUT_TAG: constant(Bytes[1]) = x"08"
INT8_RANK_1: constant(Bytes[3]) = x"020001"  # tensor tag, type, rank


# What the caller vouches for.
struct Known:
    input: bytes32  # data root
    input_size: uint256
    inputs: bytes32  # root of a tree, as the next ones
    input_count: uint256
    constants: bytes32
    constant_count: uint256
    operation_count: uint256
    trace: bytes32
    steps: uint256
    outputs: bytes32
    step: uint256  # the one in dispute
    operation: uint256


struct Source:
    element_type: uint256
    count: uint256  # elements, of a history those of all its entries
    entry: uint256  # elements of one entry, or of the whole tensor
    row: uint256  # elements behind one index of the first dimension
    base: uint256  # bytes before element 0 in the first tile
    directory: uint256  # where the places of the given tiles stand, ascending
    tiles: uint256  # where the tiles stand, in that order
    given: uint256  # how many
    first: uint256  # place of the first
    gapless: bool  # every place is the one before, plus one


@internal
@view
def _open(known: Known, source: uint256, index: uint256, section: uint256) -> (Source, uint256):
    """
    @notice Proves the section of the proof at `section`; also returns where it ends. A history without entries
            has none.
    """
    entries: uint256 = 1
    if source == views.FROM_HISTORY:
        entries = known.step
        if index < known.operation:
            entries += 1
        if entries == 0:
            return empty(Source), section
    opened: Source = empty(Source)
    header: uint256 = section
    at: uint256 = 0
    size: uint256 = 0
    first_dimension: uint256 = 0
    opened.element_type, opened.entry, first_dimension, size, at = self._read_header(header)
    header_size: uint256 = at - header
    opened.count = opened.entry * entries
    opened.row = opened.entry
    if source != views.FROM_HISTORY:
        opened.row = opened.entry // first_dimension

    if source == views.FROM_INPUT:
        opened.base = calldata._unsigned(at, 8)
        self._expect(opened.base % 32 == 0)
        leaf: bytes32 = keccak256(concat(INPUT_TAG, calldata._piece(header, header_size + 8)))
        root: bytes32 = empty(bytes32)
        root, at = multiproofs._climb(leaf, index, trees._depth(known.input_count), at + 8)
        self._compare(root, known.inputs)
        size = known.input_size

    opened.given = calldata._unsigned(at, 2)
    opened.directory = at + 2
    opened.tiles = opened.directory + multiproofs.PLACE * opened.given
    assert opened.given <= multiproofs.MAX_TILES, "referee: too many tiles"
    depth: uint256 = trees._depth((size + multiproofs.TILE - 1) // multiproofs.TILE)
    if opened.given > 0:
        opened.first = calldata._unsigned(opened.directory, multiproofs.PLACE)
    if source == views.FROM_HISTORY:
        return self._open_history(known, index, entries, opened, depth, header, header_size)

    opened.gapless = self._check_order(opened)
    assert opened.first >> 32 == 0, "referee: not a history"
    tree: bytes32 = empty(bytes32)
    if opened.given == 0:
        tree = calldata._word(opened.tiles)
        at = opened.tiles + 32
    else:
        tree, at = multiproofs._root(
            opened.directory,
            opened.tiles,
            opened.given,
            depth,
            opened.tiles + multiproofs.TILE * opened.given,
        )

    if source == views.FROM_INPUT:
        length: bytes8 = convert(convert(size, uint64), bytes8)
        self._compare(keccak256(concat(INT8_RANK_1, length, length, tree)), known.input)
        return opened, at

    count: uint256 = known.operation_count
    expected: bytes32 = known.outputs
    if source == views.FROM_CONSTANT:
        count = known.constant_count
        expected = known.constants
    node: bytes32 = keccak256(concat(TENSOR_TAG, calldata._piece(header, header_size), tree))
    node, at = multiproofs._climb(node, index, trees._depth(count), at)
    self._compare(node, expected)
    return opened, at


@internal
@view
def _open_history(
    known: Known,
    index: uint256,
    entries: uint256,
    source: Source,
    depth: uint256,
    header: uint256,
    header_size: uint256,
) -> (Source, uint256):
    """
    @notice The rest of a history's section: every entry that has tiles given, by its step; where no entry has,
            the header is proven by the root of any.
    """
    opened: Source = source
    at: uint256 = opened.tiles + multiproofs.TILE * opened.given
    step: uint256 = opened.first >> 32
    opened.gapless = self._check_order(opened)
    if opened.given == 0:
        step = calldata._unsigned(opened.tiles, 4)
        at += 4

    tile: uint256 = 0
    for _: uint256 in range(multiproofs.MAX_TILES):
        assert step < entries, "referee: step does not exist"
        tree: bytes32 = empty(bytes32)
        if opened.given == 0:
            tree = calldata._word(at)
            at += 32
        else:
            count: uint256 = 0
            for __: uint256 in range(multiproofs.MAX_TILES):
                if tile + count == opened.given or self._place(opened, tile + count) >> 32 != step:
                    break
                count += 1
            tree, at = multiproofs._root(
                opened.directory + multiproofs.PLACE * tile,
                opened.tiles + multiproofs.TILE * tile,
                count,
                depth,
                at,
            )
            tile += count
        node: bytes32 = keccak256(concat(TENSOR_TAG, calldata._piece(header, header_size), tree))
        node, at = multiproofs._climb(node, index, trees._depth(known.operation_count), at)
        node, at = multiproofs._climb(keccak256(concat(STEP_TAG, node)), step, trees._depth(known.steps), at)
        self._compare(node, known.trace)
        if tile == opened.given:
            break
        step = self._place(opened, tile) >> 32
    return opened, at


@internal
@view
def _read_header(at: uint256) -> (uint256, uint256, uint256, uint256, uint256):
    """
    @notice Type, number of elements, first dimension and bytes of the tensor with the header at `at`, and where
            the header ends.
    """
    element_type: uint256 = calldata._unsigned(at, 1)
    rank: uint256 = calldata._unsigned(at + 1, 1)
    self._expect(element_type <= 3 and 0 < rank and rank <= MAX_RANK)
    count: uint256 = 1
    next: uint256 = at + 2
    for _: uint256 in range(rank, bound=MAX_RANK):
        count *= calldata._unsigned(next, 8)
        self._expect(0 < count and count < MAX_ELEMENTS)
        next += 8
    size: uint256 = calldata._unsigned(next, 8)
    self._expect(size == count << element_type)
    return element_type, count, calldata._unsigned(at + 2, 8), size, next + 8


@internal
@view
def _place(source: Source, i: uint256) -> uint256:
    """
    @notice Step (none but in a history, 32 bits) and number (32 bits) of a given tile.
    """
    return calldata._unsigned(source.directory + multiproofs.PLACE * i, multiproofs.PLACE)


@internal
@view
def _check_order(source: Source) -> bool:
    """
    @notice Whether the tiles are one run, without a gap; reverts if they are not in ascending order.
    """
    gapless: bool = True
    next: uint256 = source.first  # the least that may follow
    for i: uint256 in range(source.given, bound=multiproofs.MAX_TILES):
        place: uint256 = self._place(source, i)
        assert place >= next, "referee: tiles out of order"
        if place != next:
            gapless = False
        next = unsafe_add(place, 1)
    return gapless


@internal
@view
def _element(source: Source, element: uint256) -> int256:
    """
    @notice The value of one element.
    """
    at: int256 = 0
    reach: uint256 = 0
    at, reach = self._locate(source, element, 0)
    return calldata._signed(at, 256 - (8 << source.element_type))


@internal
@view
def _locate(source: Source, element: uint256, stride: int256) -> (int256, uint256):
    """
    @notice Where an element stands: the word there ends where the element does. And for how many indices, this
            one included, adding the stride to it stays where elements stand side by side.
    """
    step: uint256 = element // source.entry
    inner: uint256 = element - step * source.entry
    byte: uint256 = source.base + (inner << source.element_type)
    place: uint256 = (step << 32) + (byte >> 10)

    tile: uint256 = 0
    run: uint256 = 1  # tiles from this one on that stand side by side as they do in the tensor
    if source.gapless:
        assert source.first <= place and place - source.first < source.given, "referee: tile missing"
        tile = place - source.first
        run = source.given - tile
    else:
        tile = self._find(source, place)
    start: uint256 = byte & (multiproofs.TILE - 1)
    at: uint256 = source.tiles + multiproofs.TILE * tile + start
    last: int256 = convert(at + (1 << source.element_type) - 32, int256)

    if stride > 0:
        ahead: uint256 = min(source.entry - inner, (run * multiproofs.TILE - start) >> source.element_type)
        return last, unsafe_div(ahead - 1, convert(stride, uint256)) + 1
    if stride < 0:
        if source.gapless:
            start += multiproofs.TILE * tile
        back: uint256 = min(inner, start >> source.element_type)
        return last, unsafe_div(back, convert(-stride, uint256)) + 1
    return last, FAR


@internal
@view
def _find(source: Source, place: uint256) -> uint256:
    """
    @notice Which of the given tiles has this place.
    """
    low: uint256 = 0
    high: uint256 = source.given
    for _: uint256 in range(7):  # 2^7 > MAX_TILES
        if low >= high:
            break
        middle: uint256 = (low + high) >> 1
        found: uint256 = self._place(source, middle)
        if found == place:
            return middle
        if found < place:
            low = middle + 1
        else:
            high = middle
    raise "referee: tile missing"


@internal
@pure
def _expect(well_formed: bool):
    assert well_formed, "referee: ill-formed header"


@internal
@pure
def _compare(found: bytes32, known: bytes32):
    assert found == known, "referee: foreign tensor"
