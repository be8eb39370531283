# pragma version 0.4.3
"""
@title Reductions: the exact result of a dot or a maximum over a run of its reduction indices
@notice The indices are walked row by row along the last axis. Within a row every operand reads one stretch of
        elements, which the proof gives in a few pieces; the row is cut where a stretch or a piece begins or
        ends, and each cut is one plain loop.
"""
from contracts.modules import functions
from contracts.modules import operands
from contracts.modules import packed
from contracts.modules import views

MAX_CHUNK: constant(uint256) = 8192
WORTH_PACKING: constant(uint256) = 8  # terms
MAX_AXES: constant(uint256) = 7
MAX_FORMS: constant(uint256) = 5


# The axes that are longer than one index; the last is the row.
struct Axes:
    count: uint256
    lengths: uint256[MAX_AXES]
    numbers: uint256[MAX_AXES]  # which axes of the record they are
    indices: uint256[MAX_AXES]  # where the walk is


@internal
@view
def _exact(
    maximum: bool,
    dims: uint256[MAX_AXES],
    given_a: operands.Operand,
    given_b: operands.Operand,
    first: uint256,
    terms: uint256,
) -> int256:
    """
    @notice Sum of the products of two operands, or the maximum of the first and of the lowest value of its
            type, over the `terms` reduction indices from `first` on, row-major. The operands' forms are
            evaluated at reduction index 0.
    """
    axes: Axes = self._axes(dims, first)
    row: uint256 = axes.count - 1
    length: int256 = convert(axes.lengths[row], int256)
    a: operands.Operand = empty(operands.Operand)
    b: operands.Operand = empty(operands.Operand)
    leaps_a: int256[MAX_FORMS * MAX_AXES] = empty(int256[MAX_FORMS * MAX_AXES])
    leaps_b: int256[MAX_FORMS * MAX_AXES] = empty(int256[MAX_FORMS * MAX_AXES])
    a, leaps_a = self._begin(given_a, axes)
    b, leaps_b = self._begin(given_b, axes)

    result: int256 = 0
    if maximum:
        result = functions._lowest(a.source.element_type)
    left: uint256 = terms
    for _: uint256 in range(MAX_CHUNK):
        begin: uint256 = axes.indices[row]
        end: uint256 = min(axes.lengths[row], begin + left)
        result = self._row(maximum, result, a, b, length, convert(begin, int256), convert(end, int256))
        left -= end - begin
        if left == 0:
            break

        axes.indices[row] = 0
        axis: uint256 = row
        for __: uint256 in range(MAX_AXES):
            axis -= 1
            axes.indices[axis] += 1
            if axes.indices[axis] < axes.lengths[axis]:
                break
            axes.indices[axis] = 0
        for form: uint256 in range(a.view.forms, bound=MAX_FORMS):
            a.view.values[form] += leaps_a[MAX_FORMS * axis + form]
        for form: uint256 in range(b.view.forms, bound=MAX_FORMS):
            b.view.values[form] += leaps_b[MAX_FORMS * axis + form]
    return result


@internal
@pure
def _axes(dims: uint256[MAX_AXES], first: uint256) -> Axes:
    """
    @notice The axes that matter, at the flat reduction index `first`. If none is longer than one, one is kept.
    """
    axes: Axes = empty(Axes)
    for axis: uint256 in range(MAX_AXES):
        if dims[axis] > 1:
            axes.lengths[axes.count] = dims[axis]
            axes.numbers[axes.count] = axis
            axes.count += 1
    if axes.count == 0:
        axes.lengths[0] = 1
        axes.count = 1
    rest: uint256 = first
    for i: uint256 in range(axes.count, bound=MAX_AXES):
        axis: uint256 = axes.count - 1 - i
        axes.indices[axis] = rest % axes.lengths[axis]
        rest = rest // axes.lengths[axis]
    return axes


@internal
@view
def _begin(given: operands.Operand, axes: Axes) -> (operands.Operand, int256[MAX_FORMS * MAX_AXES]):
    """
    @notice The operand at the row with which the walk begins, and what its forms gain where, by axis, an index
            goes on by one while those between it and the row begin anew.
    """
    operand: operands.Operand = given
    leaps: int256[MAX_FORMS * MAX_AXES] = empty(int256[MAX_FORMS * MAX_AXES])
    for form: uint256 in range(operand.view.forms, bound=MAX_FORMS):
        behind: int256 = 0
        axis: uint256 = axes.count - 1
        operand.strides[form] = views._reduction_coefficient(operand.view.at, form, axes.numbers[axis])
        for _: uint256 in range(axis, bound=MAX_AXES):
            axis -= 1
            coefficient: int256 = views._reduction_coefficient(operand.view.at, form, axes.numbers[axis])
            operand.view.values[form] += coefficient * convert(axes.indices[axis], int256)
            leaps[MAX_FORMS * axis + form] = coefficient - behind
            behind += coefficient * convert(axes.lengths[axis] - 1, int256)
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
        at_a: int256 = 0
        at_b: int256 = 0
        until: int256 = 0
        until_b: int256 = 0
        at_a, until = operands._piece(a, first_a, after_a, index)
        at_b, until_b = operands._piece(b, first_b, after_b, index)
        until = min(end, min(until, until_b))
        count: uint256 = convert(until - index, uint256)
        if not maximum:
            result += self._products(a, at_a, b, at_b, count)
        elif at_a != 0:
            result = max(result, self._highest(a, at_a, count))
        index = until
    return result


@internal
@view
def _products(
    a: operands.Operand, first_a: int256, b: operands.Operand, first_b: int256, count: uint256
) -> int256:
    """
    @notice Sum of `count` products of elements at equal steps, or of fills where the position is 0.
    """
    x: int256 = a.view.fill
    y: int256 = b.view.fill
    if (first_a == 0 and x == 0) or (first_b == 0 and y == 0):
        return 0
    bytes_only: bool = a.source.element_type == 0 and b.source.element_type == 0
    if bytes_only and a.strides[0] == 1 and b.strides[0] == 1 and first_a != 0 and first_b != 0:
        if count >= WORTH_PACKING:
            return packed._sum(convert(first_a + 31, uint256), convert(first_b + 31, uint256), count)
    total: int256 = 0
    unused_a: uint256 = 256 - (8 << a.source.element_type)
    unused_b: uint256 = 256 - (8 << b.source.element_type)
    step_a: int256 = a.strides[0] << a.source.element_type
    step_b: int256 = b.strides[0] << b.source.element_type
    at_a: int256 = first_a
    at_b: int256 = first_b
    for _: uint256 in range(count, bound=MAX_CHUNK):
        if first_a != 0:
            x = (convert(slice(msg.data, convert(at_a, uint256), 32), int256) << unused_a) >> unused_a
            at_a = unsafe_add(at_a, step_a)
        if first_b != 0:
            y = (convert(slice(msg.data, convert(at_b, uint256), 32), int256) << unused_b) >> unused_b
            at_b = unsafe_add(at_b, step_b)
        total = unsafe_add(total, unsafe_mul(x, y))
    return total


@internal
@view
def _highest(operand: operands.Operand, first: int256, count: uint256) -> int256:
    """
    @notice Maximum of `count` elements at equal steps.
    """
    unused: uint256 = 256 - (8 << operand.source.element_type)
    step: int256 = operand.strides[0] << operand.source.element_type
    highest: int256 = min_value(int256)
    at: int256 = first
    for _: uint256 in range(count, bound=MAX_CHUNK):
        value: int256 = (convert(slice(msg.data, convert(at, uint256), 32), int256) << unused) >> unused
        highest = max(highest, value)
        at = unsafe_add(at, step)
    return highest
