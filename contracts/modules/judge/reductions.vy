# pragma version 0.4.3
"""
@title Reductions: the exact result of a dot or a maximum over a run of its reduction indices
@notice The indices are walked row by row along the last axis. Within a row every operand reads one stretch of
        elements, which the proof gives in a few pieces; the row is cut where a stretch or a piece begins or
        ends, and each cut is one plain loop.
"""
from contracts.modules.judge import boxes
from contracts.modules.judge import functions
from contracts.modules.judge import operands
from contracts.modules.judge import packed
from contracts.modules.judge import sources
from contracts.modules.judge import views

MAX_CHUNK: constant(uint256) = 8192
WORTH_PACKING: constant(uint256) = 4  # terms
MAX_AXES: constant(uint256) = views.MAX_AXES
MAX_FORMS: constant(uint256) = views.MAX_FORMS
LEAPS: constant(uint256) = MAX_AXES * MAX_FORMS


# What an operand reads while it reads in equal steps.
struct Run:
    at: uint256  # of the first element (see sources._piece), 0 if it is the fill
    stride: int256
    element_type: uint256
    fill: int256


@internal
@view
def _exact(
    maximum: bool,
    dims: uint256[MAX_AXES],
    first_operand: operands.Operand,
    second_operand: operands.Operand,
    first: uint256,
    terms: uint256,
    whole: bool,
) -> int256:
    """
    @notice Sum of the products of two operands, or the maximum of the first and of the lowest value of its
            type, over the `terms` reduction indices from `first` on, row-major, or the whole of them. The
            operands' forms are evaluated at reduction index 0.
    """
    a: operands.Operand = first_operand
    b: operands.Operand = second_operand
    result: int256 = 0
    if maximum:
        result = functions._lowest(a.source.element_type)
    # Where a guard fails, a maximum skips, and a product by a fill of zero adds nothing.
    box: boxes.Box = boxes._whole(dims)
    left: uint256 = terms
    if whole:
        if a.view.forms > 1 and (maximum or a.view.fill == 0):
            box, a = boxes._clip(box, a)
        if b.view.forms > 1 and b.view.fill == 0:
            box, b = boxes._clip(box, b)
        left = boxes._size(box)
        if left == 0:
            return result
        a = boxes._rebase(box, a)
        b = boxes._rebase(box, b)
    box = boxes._join(box, a.view, b.view)

    indices: uint256[MAX_AXES] = views._unravel(box.count, box.ends, first)
    leaps_a: int256[LEAPS] = empty(int256[LEAPS])
    leaps_b: int256[LEAPS] = empty(int256[LEAPS])
    a, leaps_a = self._begin(a, box, indices)
    b, leaps_b = self._begin(b, box, indices)
    row: uint256 = unsafe_sub(box.count, 1)
    length: uint256 = box.ends[row]
    begin: uint256 = indices[row]
    for _: uint256 in range(MAX_CHUNK):
        end: uint256 = min(length, unsafe_add(begin, left))
        result = self._row(
            maximum,
            result,
            a,
            b,
            convert(length, int256),
            convert(begin, int256),
            convert(end, int256),
        )
        left = unsafe_sub(left, unsafe_sub(end, begin))
        if left == 0:
            break

        begin = 0
        axis: uint256 = unsafe_sub(row, 1)
        for __: uint256 in range(MAX_AXES):
            next: uint256 = unsafe_add(indices[axis], 1)
            if next < box.ends[axis]:
                indices[axis] = next
                break
            indices[axis] = 0
            axis = unsafe_sub(axis, 1)
        leap: uint256 = unsafe_mul(MAX_FORMS, axis)
        for form: uint256 in range(a.view.forms, bound=MAX_FORMS):
            a.view.values[form] = unsafe_add(a.view.values[form], leaps_a[unsafe_add(leap, form)])
        for form: uint256 in range(b.view.forms, bound=MAX_FORMS):
            b.view.values[form] = unsafe_add(b.view.values[form], leaps_b[unsafe_add(leap, form)])
    return result


@internal
@pure
def _begin(
    given: operands.Operand, box: boxes.Box, indices: uint256[MAX_AXES]
) -> (operands.Operand, int256[LEAPS]):
    """
    @notice The operand at the row with which the walk begins, and what its forms gain where, by axis, an index
            goes on by one while those between it and the row begin anew.
    """
    operand: operands.Operand = given
    leaps: int256[LEAPS] = empty(int256[LEAPS])
    row: uint256 = unsafe_sub(box.count, 1)
    for form: uint256 in range(operand.view.forms, bound=MAX_FORMS):
        gains: int256 = operand.view.gains[form]
        reached: int256 = operand.view.values[form]
        behind: int256 = 0
        operand.strides[form] = views._gain(gains, box.numbers[row])
        for i: uint256 in range(row, bound=MAX_AXES):
            axis: uint256 = unsafe_sub(unsafe_sub(row, 1), i)
            gain: int256 = views._gain(gains, box.numbers[axis])
            last: int256 = convert(unsafe_sub(box.ends[axis], 1), int256)
            reached = unsafe_add(reached, unsafe_mul(gain, convert(indices[axis], int256)))
            leaps[unsafe_add(unsafe_mul(MAX_FORMS, axis), form)] = unsafe_sub(gain, behind)
            behind = unsafe_add(behind, unsafe_mul(gain, last))
        operand.view.values[form] = reached
    return operand, leaps


@internal
@view
def _row(
    maximum: bool,
    so_far: int256,
    a: operands.Operand,
    b: operands.Operand,
    length: int256,
    begin: int256,
    end: int256,
) -> int256:
    """
    @notice `so_far` with the indices from `begin` to `end` of a row of that length taken in.
    """
    first_a: int256 = 0
    after_a: int256 = 0
    first_b: int256 = 0
    after_b: int256 = 0
    first_a, after_a = views._stretch(a.view, a.strides, length)
    first_b, after_b = views._stretch(b.view, b.strides, length)

    result: int256 = so_far
    index: int256 = begin
    for _: uint256 in range(MAX_CHUNK):
        if index >= end:
            break
        at_a: uint256 = 0
        at_b: uint256 = 0
        until: int256 = 0
        until_b: int256 = end
        at_a, until = sources._piece(a.source, a.view.values[0], a.strides[0], index, first_a, after_a)
        if not maximum:
            at_b, until_b = sources._piece(b.source, b.view.values[0], b.strides[0], index, first_b, after_b)
        until = min(end, min(until, until_b))
        count: uint256 = convert(unsafe_sub(until, index), uint256)
        index = until
        if maximum:
            if at_a != 0:
                result = max(result, self._highest(at_a, a.strides[0], a.source.element_type, count))
        elif (at_a != 0 or a.view.fill != 0) and (at_b != 0 or b.view.fill != 0):
            x: Run = Run(at=at_a, stride=a.strides[0], element_type=a.source.element_type, fill=a.view.fill)
            y: Run = Run(at=at_b, stride=b.strides[0], element_type=b.source.element_type, fill=b.view.fill)
            result = unsafe_add(result, self._products(x, y, count))
    return result


@internal
@view
def _products(a: Run, b: Run, count: uint256) -> int256:
    """
    @notice Sum of `count` products of the elements of two runs.
    """
    total: int256 = 0
    both: bool = a.at != 0 and b.at != 0 and a.stride == 1 and b.stride == 1
    if both and a.element_type | b.element_type == 0 and count >= WORTH_PACKING:
        for i: uint256 in range(MAX_CHUNK // packed.MOST):
            done: uint256 = unsafe_mul(packed.MOST, i)
            if done >= count:
                break
            at: uint256 = unsafe_add(done, 31)
            now: uint256 = min(unsafe_sub(count, done), packed.MOST)
            total = unsafe_add(total, packed._sum(unsafe_add(a.at, at), unsafe_add(b.at, at), now))
        return total

    x: int256 = a.fill
    y: int256 = b.fill
    bits_a: uint256 = 8 << a.element_type
    bits_b: uint256 = 8 << b.element_type
    unused_a: uint256 = unsafe_sub(256, bits_a)
    unused_b: uint256 = unsafe_sub(256, bits_b)
    at_a: int256 = convert(a.at, int256)
    at_b: int256 = convert(b.at, int256)
    for _: uint256 in range(count, bound=MAX_CHUNK):
        if a.at != 0:
            x = (convert(slice(msg.data, convert(at_a, uint256), 32), int256) << unused_a) >> unused_a
            at_a = unsafe_add(at_a, a.stride << a.element_type)
        if b.at != 0:
            y = (convert(slice(msg.data, convert(at_b, uint256), 32), int256) << unused_b) >> unused_b
            at_b = unsafe_add(at_b, b.stride << b.element_type)
        total = unsafe_add(total, unsafe_mul(x, y))
    return total


@internal
@view
def _highest(first: uint256, stride: int256, element_type: uint256, count: uint256) -> int256:
    """
    @notice Maximum of `count` elements at equal steps.
    """
    bits: uint256 = 8 << element_type
    unused: uint256 = unsafe_sub(256, bits)
    highest: int256 = min_value(int256)
    at: int256 = convert(first, int256)
    for _: uint256 in range(count, bound=MAX_CHUNK):
        highest = max(
            highest, (convert(slice(msg.data, convert(at, uint256), 32), int256) << unused) >> unused
        )
        at = unsafe_add(at, stride << element_type)
    return highest
