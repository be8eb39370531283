# pragma version 0.4.3
"""
@title Views: which element an operand reads
@notice A view's offset and its guards are affine forms, each with a limit: the offset's is the number of
        elements of its source. The view reads an element where every form lies within 0 and its limit, else its
        fill. Along one axis that is a single stretch of indices.
"""
from contracts.modules.judge import calldata

# Where a view reads.
SOURCES: constant(uint256) = 5
FROM_IMMEDIATE: constant(uint256) = 0
FROM_INPUT: constant(uint256) = 1
FROM_CONSTANT: constant(uint256) = 2
FROM_OUTPUT: constant(uint256) = 3
FROM_HISTORY: constant(uint256) = 4

WORDS: constant(uint256) = 96  # bytes of a view, and of each of its guards, in a record
MAX_FORMS: constant(uint256) = 5
MAX_AXES: constant(uint256) = 8
MASK8: constant(uint256) = 2**8 - 1


struct View:
    source: uint256
    index: uint256  # of the source
    fill: int256
    forms: uint256  # the offset and the guards; none where it reads only the fill
    values: int256[MAX_FORMS]  # at the output index and the step, at reduction index 0
    limits: int256[MAX_FORMS]
    gains: int256[MAX_FORMS]  # the word that says what each gains with the step and the reduction indices


@internal
@pure
def _unravel(axes: uint256, lengths: uint256[MAX_AXES], flat: uint256) -> uint256[MAX_AXES]:
    """
    @notice The indices, row-major, along so many axes of these lengths.
    """
    indices: uint256[MAX_AXES] = empty(uint256[MAX_AXES])
    rest: uint256 = flat
    for i: uint256 in range(axes, bound=MAX_AXES):
        axis: uint256 = unsafe_sub(unsafe_sub(axes, 1), i)
        indices[axis] = rest % lengths[axis]
        rest = unsafe_div(rest, lengths[axis])
    return indices


@internal
@view
def _size(at: uint256) -> uint256:
    """
    @notice Bytes of the view at this position of a record.
    """
    return unsafe_mul(WORDS, unsafe_add(1, (calldata._word(at) >> 240) & MASK8))


@internal
@view
def _read(at: uint256, rank: uint256, outputs: uint256[MAX_AXES], step: uint256) -> View:
    """
    @notice The view at this position, its forms evaluated at an output index and a step. The offset's limit is
            left to whoever knows the source.
    """
    view: View = empty(View)
    head: int256 = convert(slice(msg.data, at, 32), int256)
    view.fill = (head << 128) >> 192
    view.source = convert(head >> 248, uint256)
    if view.source == FROM_IMMEDIATE:
        return view
    view.index = convert((head << 32) >> 224, uint256)
    view.forms = unsafe_add(convert((head << 8) >> 248, uint256), 1)
    start: uint256 = at
    for form: uint256 in range(view.forms, bound=MAX_FORMS):
        head = convert(slice(msg.data, start, 32), int256)
        along: int256 = convert(slice(msg.data, unsafe_add(start, 32), 32), int256)
        gains: int256 = convert(slice(msg.data, unsafe_add(start, 64), 32), int256)
        reached: int256 = (head << 96) >> 224
        if step > 0:
            reached = unsafe_add(reached, unsafe_mul(gains >> 224, convert(step, int256)))
        for axis: uint256 in range(rank, bound=MAX_AXES):
            if along == 0:
                break
            reached = unsafe_add(reached, unsafe_mul(along >> 224, convert(outputs[axis], int256)))
            along = along << 32
        view.values[form] = reached
        view.limits[form] = (head << 128) >> 192
        view.gains[form] = gains
        start = unsafe_add(start, WORDS)
    return view


@internal
@pure
def _gain(gains: int256, axis: uint256) -> int256:
    """
    @notice What a form gains with each index of a reduction's axis.
    """
    return (gains << unsafe_mul(32, unsafe_add(axis, 1))) >> 224


@internal
@pure
def _stretch(view: View, strides: int256[MAX_FORMS], length: int256) -> (int256, int256):
    """
    @notice The indices along an axis of this length, first and one after the last, at which it reads an element,
            when every form gains its stride with each index.
    """
    if view.forms == 0:
        return 0, 0
    first: int256 = 0
    after: int256 = length
    for form: uint256 in range(view.forms, bound=MAX_FORMS):
        begin: int256 = 0
        end: int256 = 0
        begin, end = self._span(view.values[form], strides[form], view.limits[form], length)
        first = max(first, begin)
        after = min(after, end)
    if first >= after:
        return 0, 0
    return first, after


@internal
@pure
def _span(begin: int256, stride: int256, limit: int256, length: int256) -> (int256, int256):
    """
    @notice The indices below `length`, first and one after the last, at which a form lies within 0 and its limit
            that is `begin` at index 0 and gains the stride with each.
    """
    most: int256 = unsafe_add(begin, unsafe_mul(stride, unsafe_sub(length, 1)))
    if begin >= 0 and begin < limit and most >= 0 and most < limit:
        return 0, length
    least: int256 = begin
    if stride < 0:
        least = most
        most = begin
    if least >= limit or most < 0 or stride == 0:
        return 0, 0
    # Counted from the end at which the form is least: 0 <= least + size * index < limit.
    size: int256 = abs(stride)
    first: int256 = 0
    after: int256 = length
    if least < 0:
        first = unsafe_div(unsafe_sub(unsafe_sub(size, 1), least), size)
    if most >= limit:
        after = unsafe_add(unsafe_div(unsafe_sub(unsafe_sub(limit, 1), least), size), 1)
    if stride > 0:
        return first, after
    return unsafe_sub(length, after), unsafe_sub(length, first)
