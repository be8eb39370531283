# pragma version 0.4.3
"""
@title Views: which element an operand reads
@notice A view's offset and its guards are affine forms, each with a limit: the offset's is the number of
        elements of its source. The view reads an element where every form lies within 0 and its limit, else its
        fill. Along one axis that is a single stretch of indices.
"""
from contracts.modules import calldata

# Where a view reads.
SOURCES: constant(uint256) = 5
FROM_IMMEDIATE: constant(uint256) = 0
FROM_INPUT: constant(uint256) = 1
FROM_CONSTANT: constant(uint256) = 2
FROM_OUTPUT: constant(uint256) = 3
FROM_HISTORY: constant(uint256) = 4

WORDS: constant(uint256) = 96  # bytes of a view, and of each of its guards, in a record
MAX_FORMS: constant(uint256) = 5
MAX_AXES: constant(uint256) = 7  # of a reduction
MAX_RANK: constant(uint256) = 8
MASK8: constant(uint256) = 2**8 - 1
MASK32: constant(uint256) = 2**32 - 1
MASK64: constant(uint256) = 2**64 - 1


struct View:
    at: uint256  # where it stands in the calldata
    source: uint256
    index: uint256  # of the source
    fill: int256
    forms: uint256  # the offset and the guards; none where it reads only the fill
    values: int256[MAX_FORMS]  # at the output index, at reduction index 0
    limits: int256[MAX_FORMS]


@internal
@view
def _size(at: uint256) -> uint256:
    """
    @notice Bytes of the view at this position of a record.
    """
    return WORDS * (1 + calldata._unsigned(at + 1, 1))


@internal
@view
def _read(at: uint256, rank: uint256, outputs: uint256[MAX_RANK], step: uint256) -> View:
    """
    @notice The view at this position, its forms evaluated at an output index and a step. The offset's limit is
            left to whoever knows the source.
    """
    head: uint256 = convert(calldata._word(at), uint256)
    read: View = empty(View)
    read.at = at
    read.source = head >> 248
    read.index = (head >> 192) & MASK32
    read.fill = calldata._signed(convert(at, int256) - 8, 192)
    if read.source == FROM_IMMEDIATE:
        return read
    read.forms = 1 + ((head >> 240) & MASK8)
    for form: uint256 in range(read.forms, bound=MAX_FORMS):
        start: int256 = convert(at + WORDS * form, int256)
        read.limits[form] = calldata._signed(start - 8, 192)
        along: int256 = calldata._signed(start + 32, 0)
        value: int256 = calldata._signed(start - 16, 224)
        value += self._coefficient(calldata._signed(start + 64, 0), 0) * convert(step, int256)
        if along != 0:
            for axis: uint256 in range(rank, bound=MAX_RANK):
                value += self._coefficient(along, axis) * convert(outputs[axis], int256)
        read.values[form] = value
    return read


@internal
@pure
def _coefficient(word: int256, axis: uint256) -> int256:
    """
    @notice One of the eight numbers in a word.
    """
    return (word << (32 * axis)) >> 224


@internal
@view
def _reduction_coefficient(at: uint256, form: uint256, axis: uint256) -> int256:
    """
    @notice What the form of the view at this position gains with each index of a reduction's axis.
    """
    return calldata._signed(convert(at + WORDS * form + 64 + 4 * (axis + 2) - 32, int256), 224)


@internal
@pure
def _holds(read: View) -> bool:
    """
    @notice Whether it reads an element at reduction index 0.
    """
    if read.forms == 0:
        return False
    for form: uint256 in range(read.forms, bound=MAX_FORMS):
        if read.values[form] < 0 or read.values[form] >= read.limits[form]:
            return False
    return True


@internal
@pure
def _stretch(read: View, strides: int256[MAX_FORMS], length: int256) -> (int256, int256):
    """
    @notice The indices along an axis of this length, first and one after the last, at which it reads an element,
            when every form gains its stride with each index.
    """
    if read.forms == 0:
        return 0, 0
    first: int256 = 0
    after: int256 = length
    for form: uint256 in range(read.forms, bound=MAX_FORMS):
        value: int256 = read.values[form]
        stride: int256 = strides[form]
        limit: int256 = read.limits[form]
        end: int256 = value + stride * (length - 1)
        if 0 <= value and value < limit and 0 <= end and end < limit:
            continue
        if stride == 0:
            return 0, 0
        # 0 <= value + stride * index < limit, or with both signs changed.
        if stride > 0:
            first = max(first, -self._floor(value, stride))
            after = min(after, -self._floor(value - limit, stride))
        else:
            first = max(first, self._floor(value - limit, -stride) + 1)
            after = min(after, self._floor(value, -stride) + 1)
    if first >= after:
        return 0, 0
    return first, after


@internal
@pure
def _floor(a: int256, b: int256) -> int256:
    """
    @notice floor(a / b) for b > 0.
    """
    if a < 0:
        return -((b - 1 - a) // b)
    return a // b
