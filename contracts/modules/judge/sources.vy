# pragma version 0.4.3
"""
@title Sources: the tensors that a step reads, proven tile by tile
@notice A proof holds one section for each of them (`executor/program/proof.py`). Opening a section proves its
        header and its tiles against what the caller vouches for; afterwards elements are read in place.
"""
from contracts.modules.judge import calldata
from contracts.modules.judge import multiproofs
from contracts.modules.judge import trees
from contracts.modules.judge import views

MAX_ELEMENTS: constant(uint256) = 2**31
MAX_RANK: constant(uint256) = 8
MASK8: constant(uint256) = 2**8 - 1
TILE: constant(uint256) = multiproofs.TILE
PLACE: constant(uint256) = multiproofs.PLACE

TENSOR_TAG: constant(bytes1) = 0x02
STEP_TAG: constant(bytes1) = 0x04
INPUT_TAG: constant(bytes1) = 0x08
INT8_RANK_1: constant(bytes3) = 0x020001  # tensor tag, type, rank


# What the caller vouches for.
struct Known:
    input: bytes32  # data root
    input_size: uint256
    inputs: bytes32  # root of a tree, as are the next two
    input_count: uint256
    constants: bytes32
    constant_count: uint256
    outputs: bytes32
    operation_count: uint256
    trace: bytes32  # root of the tree over the steps
    steps: uint256
    step: uint256  # the one in dispute
    operation: uint256


struct Source:
    element_type: uint256
    count: uint256  # elements, of a history those of all its entries
    entry: uint256  # elements of one entry, or of the whole tensor
    row: uint256  # elements behind one index of the first dimension
    base: uint256  # bytes before element 0 in the first tile
    places: uint256  # where the places of the given tiles stand, ascending
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
    opened: Source = empty(Source)
    entries: uint256 = 1
    if source == views.FROM_HISTORY:
        entries = known.step
        if index < known.operation:
            entries = unsafe_add(entries, 1)
        if entries == 0:
            return opened, section
    size: uint256 = 0
    header: uint256 = 0  # bytes
    opened.element_type, opened.entry, opened.row, header = self._read_header(section)
    opened.count = unsafe_mul(opened.entry, entries)
    if source == views.FROM_HISTORY:
        opened.row = opened.entry
    at: uint256 = unsafe_add(section, header)
    if source == views.FROM_INPUT:
        opened.base = calldata._word(at) >> 192
        self._expect(opened.base & 31 == 0)
        root: bytes32 = keccak256(concat(INPUT_TAG, calldata._piece(section, unsafe_add(header, 8))))
        root, at = multiproofs._climb(root, index, trees._depth(known.input_count), unsafe_add(at, 8))
        self._compare(root, known.inputs)
        size = known.input_size
    else:
        size = opened.entry << opened.element_type

    opened.given = calldata._word(at) >> 240
    assert opened.given <= multiproofs.MAX_TILES, "referee: too many tiles"
    opened.places = unsafe_add(at, 2)
    opened.tiles = unsafe_add(opened.places, unsafe_mul(PLACE, opened.given))
    opened.first = calldata._word(opened.places) >> 192
    opened.gapless = self._check_order(opened, entries)
    at = unsafe_add(opened.tiles, unsafe_mul(TILE, opened.given))
    depth: uint256 = trees._depth(unsafe_add(size, TILE - 1) >> 10)
    if source == views.FROM_HISTORY:
        return opened, self._prove_history(known, index, entries, opened, depth, section, header, at)

    tree: bytes32 = empty(bytes32)
    tree, at = self._tree(opened, 0, opened.given, depth, at)
    if source == views.FROM_INPUT:
        length: bytes8 = convert(convert(size, uint64), bytes8)
        self._compare(keccak256(concat(INT8_RANK_1, length, length, tree)), known.input)
    else:
        tensors: uint256 = known.operation_count
        root: bytes32 = known.outputs
        if source == views.FROM_CONSTANT:
            tensors = known.constant_count
            root = known.constants
        tree = keccak256(concat(TENSOR_TAG, calldata._piece(section, header), tree))
        tree, at = multiproofs._climb(tree, index, trees._depth(tensors), at)
        self._compare(tree, root)
    return opened, at


@internal
@view
def _prove_history(
    known: Known,
    index: uint256,
    entries: uint256,
    source: Source,
    depth: uint256,
    section: uint256,
    header: uint256,
    begin: uint256,
) -> uint256:
    """
    @notice Proves every entry of a history of which tiles are given, step by step; if there are none, the header
            by any entry. Returns where the section ends.
    """
    at: uint256 = begin
    step: uint256 = source.first >> 32
    if source.given == 0:
        step = calldata._word(at) >> 224
        at = unsafe_add(at, 4)
        assert step < entries, "referee: step does not exist"

    tile: uint256 = 0
    for _: uint256 in range(multiproofs.MAX_TILES):
        count: uint256 = 0
        for __: uint256 in range(multiproofs.MAX_TILES):
            next: uint256 = unsafe_add(tile, count)
            if next == source.given or self._place(source, next) >> 32 != step:
                break
            count = unsafe_add(count, 1)
        node: bytes32 = empty(bytes32)
        node, at = self._tree(source, tile, count, depth, at)
        node = keccak256(concat(TENSOR_TAG, calldata._piece(section, header), node))
        node, at = multiproofs._climb(node, index, trees._depth(known.operation_count), at)
        node = keccak256(concat(STEP_TAG, node))
        node, at = multiproofs._climb(node, step, trees._depth(known.steps), at)
        self._compare(node, known.trace)
        tile = unsafe_add(tile, count)
        if tile == source.given:
            break
        step = self._place(source, tile) >> 32
    return at


@internal
@view
def _tree(source: Source, first: uint256, count: uint256, depth: uint256, at: uint256) -> (bytes32, uint256):
    """
    @notice Root of the tree in which `count` of the given tiles are, from the `first` on, by the siblings at
            `at`; of no tiles, the root that is stated there. Also returns where that ends.
    """
    if count == 0:
        return convert(calldata._word(at), bytes32), unsafe_add(at, 32)
    places: uint256 = unsafe_add(source.places, unsafe_mul(PLACE, first))
    tiles: uint256 = unsafe_add(source.tiles, unsafe_mul(TILE, first))
    return multiproofs._root(places, tiles, count, depth, at)


@internal
@view
def _read_header(at: uint256) -> (uint256, uint256, uint256, uint256):
    """
    @notice Type, number of elements, and of those behind one index of the first dimension, of the tensor with
            the header at `at`; and bytes of the header.
    """
    head: uint256 = calldata._word(at)
    element_type: uint256 = head >> 248
    rank: uint256 = (head >> 240) & MASK8
    self._expect(element_type <= 3 and 0 < rank and rank <= MAX_RANK)
    count: uint256 = 1
    row: uint256 = 1
    next: uint256 = unsafe_add(at, 2)
    for axis: uint256 in range(rank, bound=MAX_RANK):
        dimension: uint256 = calldata._word(next) >> 192
        count = unsafe_mul(count, dimension)
        self._expect(0 < count and count < MAX_ELEMENTS)
        if axis > 0:
            row = unsafe_mul(row, dimension)
        next = unsafe_add(next, 8)
    self._expect(calldata._word(next) >> 192 == count << element_type)
    return element_type, count, row, unsafe_sub(unsafe_add(next, 8), at)


@internal
@view
def _place(source: Source, i: uint256) -> uint256:
    """
    @notice Step (32 bits, 0 but in a history) and number (32 bits) of a given tile.
    """
    return calldata._word(unsafe_add(source.places, unsafe_mul(PLACE, i))) >> 192


@internal
@view
def _check_order(source: Source, entries: uint256) -> bool:
    """
    @notice Whether the tiles are one run, without a gap; reverts if they are not in ascending order, or beyond
            the entries.
    """
    if source.given == 0:
        return False
    gapless: bool = True
    place: uint256 = source.first
    for i: uint256 in range(1, source.given, bound=multiproofs.MAX_TILES):
        next: uint256 = self._place(source, i)
        assert next > place, "referee: tiles out of order"
        if next != unsafe_add(place, 1):
            gapless = False
        place = next
    assert place >> 32 < entries, "referee: step does not exist"
    return gapless


@internal
@view
def _element(source: Source, element: int256) -> int256:
    """
    @notice The value of one element.
    """
    at: uint256 = 0
    until: int256 = 0
    at, until = self._piece(source, element, 0, 0, 0, 1)
    bits: uint256 = 8 << source.element_type
    unused: uint256 = unsafe_sub(256, bits)
    return (convert(slice(msg.data, at, 32), int256) << unused) >> unused


@internal
@view
def _piece(
    source: Source, begin: int256, stride: int256, index: int256, first: int256, after: int256
) -> (uint256, int256):
    """
    @notice Along a row of elements, `begin` at index 0 and the stride further with each, of which only those from
            index `first` to `after` are read: where the element of this index stands (the word there ends where
            the element does; 0 if it is not read), and up to which index the following stand in equal steps, or
            are not read either.
    """
    if index < first:
        return 0, first
    if index >= after:
        return 0, max_value(int256)
    inner: uint256 = convert(unsafe_add(begin, unsafe_mul(stride, index)), uint256)
    place: uint256 = 0
    if inner >= source.entry:
        place = unsafe_div(inner, source.entry) << 32
        inner = inner % source.entry
    start: uint256 = unsafe_add(source.base, inner << source.element_type)
    place = unsafe_add(place, start >> 10)
    start = start & (TILE - 1)

    tile: uint256 = unsafe_sub(place, source.first)
    side_by_side: uint256 = (
        TILE  # bytes from the beginning of the tile on that stand as they do in the tensor
    )
    if not source.gapless:
        tile = self._find(source.places, source.given, place)
    elif tile >= source.given:
        raise "referee: tile missing"
    else:
        side_by_side = unsafe_mul(TILE, unsafe_sub(source.given, tile))
    at: uint256 = unsafe_add(unsafe_add(source.tiles, unsafe_mul(TILE, tile)), start)
    at = unsafe_sub(unsafe_add(at, 1 << source.element_type), 32)

    if stride == 0:
        return at, after
    more: uint256 = 0  # elements on the way that the stride goes
    steps: int256 = stride
    if stride > 0:
        more = min(unsafe_sub(source.entry, inner), unsafe_sub(side_by_side, start) >> source.element_type)
        more = unsafe_sub(more, 1)
    else:
        more = min(inner, start >> source.element_type)
        steps = unsafe_sub(0, stride)
    steps = unsafe_div(convert(more, int256), steps)
    return at, min(after, unsafe_add(unsafe_add(index, steps), 1))


@internal
@view
def _find(places: uint256, given: uint256, place: uint256) -> uint256:
    """
    @notice Which of the given tiles has this place.
    """
    low: uint256 = 0
    high: uint256 = given
    for _: uint256 in range(7):  # 2^7 > MAX_TILES
        if low >= high:
            break
        middle: uint256 = unsafe_add(low, high) >> 1
        found: uint256 = convert(slice(msg.data, unsafe_add(places, middle << 3), 32), uint256) >> 192
        if found < place:
            low = unsafe_add(middle, 1)
        elif found > place:
            high = middle
        else:
            return middle
    raise "referee: tile missing"


@internal
@pure
def _expect(well_formed: bool):
    assert well_formed, "referee: ill-formed header"


@internal
@pure
def _compare(found: bytes32, known: bytes32):
    assert found == known, "referee: foreign tensor"
