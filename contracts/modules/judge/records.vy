# pragma version 0.4.3
"""
@title Records: what an operation is, read from its bytes
@notice The encoding is that of `executor/program/encoding.py`. Reading trusts that the record is well-formed;
        `_check` tells whether it is.
"""
from contracts.modules.judge import calldata
from contracts.modules.judge import views

DOT: constant(uint256) = 1
MAP: constant(uint256) = 2
MAX: constant(uint256) = 3
GATHER: constant(uint256) = 4

DIV: constant(uint256) = 4
SHIFT: constant(uint256) = 5
CLAMP: constant(uint256) = 8
SELECT: constant(uint256) = 12
ISQRT: constant(uint256) = 13

HEAD: constant(uint256) = 96  # bytes before the views
MAX_RANK: constant(uint256) = 8
MAX_REDUCTION_RANK: constant(uint256) = 7
MAX_VIEWS: constant(uint256) = 5
MAX_ELEMENTS: constant(uint256) = 2**31
MAX_CHUNK: constant(uint256) = 8192
MASK8: constant(uint256) = 2**8 - 1
MASK32: constant(uint256) = 2**32 - 1
MASK64: constant(uint256) = 2**64 - 1

# Bytes that belong to no field: of the first word, of a view's first word, of a guard's.
UNUSED: constant(uint256) = (MASK8 << 192) | (MASK32 << 128) | MASK64
UNUSED_IN_VIEW: constant(uint256) = ((2**16 - 1) << 224) | (MASK32 << 160) | MASK64
UNUSED_IN_GUARD: constant(uint256) = ((2**96 - 1) << 160) | MASK64


struct Record:
    at: uint256
    opcode: uint256
    function: uint256
    element_type: uint256  # of the result
    rank: uint256
    depth: uint256  # rank of the reduction
    operands: uint256
    shift: uint256
    chunk: uint256
    immediate: int256
    dims: uint256[views.MAX_AXES]
    reduction: uint256[views.MAX_AXES]
    count: uint256  # elements of the result
    terms: uint256  # reduction elements behind each, 1 if there is no reduction


@internal
@view
def _read(at: uint256) -> Record:
    """
    @notice The record at this position, without its views.
    """
    head: uint256 = calldata._word(at)
    record: Record = empty(Record)
    record.at = at
    record.opcode = head >> 248
    record.function = (head >> 240) & MASK8
    record.element_type = (head >> 232) & MASK8
    record.rank = (head >> 224) & MASK8
    record.depth = (head >> 216) & MASK8
    record.operands = (head >> 208) & MASK8
    record.shift = (head >> 200) & MASK8
    record.chunk = (head >> 160) & MASK32
    record.immediate = (convert(slice(msg.data, at, 32), int256) << 128) >> 192
    record.count = 1
    record.terms = 1
    dims: uint256 = calldata._word(at + 32)
    for axis: uint256 in range(record.rank, bound=MAX_RANK):
        record.dims[axis] = (dims >> unsafe_sub(224, unsafe_mul(32, axis))) & MASK32
        record.count = unsafe_mul(record.count, record.dims[axis])
    dims = calldata._word(at + 64)
    for axis: uint256 in range(record.depth, bound=MAX_REDUCTION_RANK):
        record.reduction[axis] = (dims >> unsafe_sub(192, unsafe_mul(32, axis))) & MASK32
        record.terms = unsafe_mul(record.terms, record.reduction[axis])
    return record


@internal
@view
def _check(at: uint256, end: uint256, limits: uint256[views.SOURCES]) -> Record:
    """
    @notice The record between these positions; reverts if no valid program has it.
    @param limits By source, how many there are of what a view may name: of outputs, those that stand before.
    """
    size: uint256 = end - at
    self._expect(size >= HEAD)
    self._check_head(calldata._word(at))
    record: Record = self._read(at)
    self._check_dimensions(record)
    self._check_kind(record)

    next: uint256 = at + HEAD
    for number: uint256 in range(record.operands + 2, bound=MAX_VIEWS):
        self._expect(next + views.WORDS <= end)
        view_end: uint256 = next + views._size(next)
        self._expect(view_end <= end)
        self._check_view(record, number, next, limits)
        next = view_end
    self._expect(next == end)
    return record


@internal
@pure
def _check_head(head: uint256):
    """
    @notice Every field of the first word is one that exists, and what is no field is zero.
    """
    opcode: uint256 = head >> 248
    function: uint256 = (head >> 240) & MASK8
    operands: uint256 = (head >> 208) & MASK8
    self._expect(DOT <= opcode and opcode <= GATHER)
    self._expect(function <= ISQRT and (function != 0) == (opcode == MAP))
    self._expect((head >> 232) & MASK8 <= 3)
    self._expect((head >> 200) & MASK8 <= 62)
    self._expect(head & UNUSED == 0)

    arity: uint256 = 2
    if opcode == MAX or function == SHIFT or function == ISQRT:
        arity = 1
    elif function == CLAMP or function == SELECT:
        arity = 3
    self._expect(operands == arity)
    rank: uint256 = (head >> 224) & MASK8
    depth: uint256 = (head >> 216) & MASK8
    self._expect(1 <= rank and rank <= MAX_RANK and depth <= MAX_REDUCTION_RANK)


@internal
@view
def _check_dimensions(record: Record):
    """
    @notice No dimension is zero, none is missing, and there are fewer than 2^31 elements.
    """
    dims: uint256 = calldata._word(record.at + 32)
    reduction: uint256 = calldata._word(record.at + 64)
    self._expect(0 < record.count and record.count < MAX_ELEMENTS)
    self._expect(0 < record.terms and record.terms < MAX_ELEMENTS)
    self._expect(dims << (32 * record.rank) == 0)
    self._expect(reduction >> 224 == 0)
    self._expect(reduction << (32 * (1 + record.depth)) == 0)


@internal
@pure
def _check_kind(record: Record):
    """
    @notice Reduction, chunk and immediate are as the operation wants them.
    """
    if record.opcode == DOT or record.opcode == MAX:
        self._expect(record.depth > 0)
        self._expect(0 < record.chunk and record.chunk <= record.terms)
        self._expect(record.chunk <= MAX_CHUNK)
    else:
        self._expect(record.depth == 0)
        self._expect(record.chunk == 0)

    most: int256 = 0
    if record.opcode == GATHER:
        return
    if record.function == DIV:
        most = 30
    elif record.function == SHIFT:
        most = 62
    self._expect(0 <= record.immediate and record.immediate <= most)


@internal
@view
def _check_view(record: Record, number: uint256, at: uint256, limits: uint256[views.SOURCES]):
    """
    @notice The view has one of the sources that there are, and no coefficient but for the indices that it has.
    """
    head: uint256 = calldata._word(at)
    source: uint256 = head >> 248
    guards: uint256 = (head >> 240) & MASK8
    scaling: bool = number >= record.operands  # the multiplier or the bias
    self._expect(source <= 4 and guards <= 4)
    self._expect(head & UNUSED_IN_VIEW == 0)
    if source == 0:
        # It has a fill, and nothing else; it is neither what a maximum reads nor a table.
        self._expect(head & ~(MASK64 << 64) == 0)
        self._expect(calldata._word(at + 32) == 0)
        self._expect(calldata._word(at + 64) == 0)
        self._expect(record.opcode != MAX or number != 0)
        self._expect(record.opcode != GATHER or number != 1)
        return

    index: uint256 = (head >> 192) & MASK32
    self._expect(index < limits[source])
    if record.opcode == MAX and number == 0 and source == views.FROM_HISTORY:
        self._expect(index < limits[views.FROM_OUTPUT])
    depth: uint256 = 0 if scaling else record.depth
    for form: uint256 in range(1 + guards, bound=views.MAX_FORMS):
        start: uint256 = at + views.WORDS * form
        if form > 0:
            head = calldata._word(start)
            self._expect(head & UNUSED_IN_GUARD == 0)
        along: uint256 = calldata._word(start + 32)
        self._expect(along << (32 * record.rank) == 0)
        along = calldata._word(start + 64)
        self._expect(along << (32 * (1 + depth)) == 0)


@internal
@pure
def _expect(holds: bool):
    assert holds, "referee: ill-formed record"
