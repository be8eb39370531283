# pragma version 0.4.3
"""
@title Boxes: the reduction indices that a step walks
@notice The walk is row-major; its rows lie along the last axis. Fewer and longer rows cost less: an axis of one
        index is left out, two axes along which all operands go on in equal steps become one, and what a guard
        excludes is cut off where it would add nothing.
"""
from contracts.modules.judge import operands
from contracts.modules.judge import views

MAX_AXES: constant(uint256) = views.MAX_AXES
MAX_FORMS: constant(uint256) = views.MAX_FORMS


struct Box:
    count: uint256  # of axes, at least one
    numbers: uint256[MAX_AXES]  # which they are in the record; of several that became one, the last
    begins: uint256[MAX_AXES]  # the first index of each
    ends: uint256[MAX_AXES]  # and the one after its last


@internal
@pure
def _whole(dims: uint256[MAX_AXES]) -> Box:
    """
    @notice All indices.
    """
    box: Box = empty(Box)
    for axis: uint256 in range(MAX_AXES):
        if dims[axis] > 1:
            box.numbers[box.count] = axis
            box.ends[box.count] = dims[axis]
            box.count = unsafe_add(box.count, 1)
    if box.count == 0:
        box.ends[0] = 1
        box.count = 1
    return box


@internal
@pure
def _clip(given: Box, operand: operands.Operand) -> (Box, operands.Operand):
    """
    @notice The box without the indices at which a guard of the operand fails, for those guards that depend on one
            axis; and the operand without these guards.
    """
    box: Box = given
    clipped: operands.Operand = operand
    clipped.view.forms = 1
    for form: uint256 in range(1, operand.view.forms, bound=MAX_FORMS):
        gains: int256 = operand.view.gains[form]
        gain: int256 = 0
        along: uint256 = 0
        axes: uint256 = 0
        for axis: uint256 in range(box.count, bound=MAX_AXES):
            found: int256 = views._gain(gains, box.numbers[axis])
            if found != 0:
                gain = found
                along = axis
                axes = unsafe_add(axes, 1)
        if axes > 1:
            kept: uint256 = clipped.view.forms
            clipped.view.values[kept] = operand.view.values[form]
            clipped.view.limits[kept] = operand.view.limits[form]
            clipped.view.gains[kept] = gains
            clipped.view.forms = unsafe_add(kept, 1)
            continue
        first: int256 = 0
        after: int256 = 0
        length: int256 = convert(given.ends[along], int256)
        first, after = views._span(operand.view.values[form], gain, operand.view.limits[form], length)
        box.begins[along] = max(box.begins[along], convert(first, uint256))
        box.ends[along] = min(box.ends[along], convert(after, uint256))
    return box, clipped


@internal
@pure
def _size(box: Box) -> uint256:
    """
    @notice How many indices it has.
    """
    size: uint256 = 1
    for axis: uint256 in range(box.count, bound=MAX_AXES):
        if box.begins[axis] >= box.ends[axis]:
            return 0
        size = unsafe_mul(size, unsafe_sub(box.ends[axis], box.begins[axis]))
    return size


@internal
@pure
def _rebase(box: Box, given: operands.Operand) -> operands.Operand:
    """
    @notice The operand with its forms evaluated at the first index of the box.
    """
    operand: operands.Operand = given
    for axis: uint256 in range(box.count, bound=MAX_AXES):
        begin: int256 = convert(box.begins[axis], int256)
        if begin == 0:
            continue
        for form: uint256 in range(given.view.forms, bound=MAX_FORMS):
            gain: int256 = views._gain(given.view.gains[form], box.numbers[axis])
            operand.view.values[form] = unsafe_add(operand.view.values[form], unsafe_mul(gain, begin))
    return operand


@internal
@pure
def _join(given: Box, a: views.View, b: views.View) -> Box:
    """
    @notice The same indices from 0 on, along as few axes as there can be.
    """
    box: Box = empty(Box)
    last: uint256 = 0
    for axis: uint256 in range(given.count, bound=MAX_AXES):
        length: uint256 = unsafe_sub(given.ends[axis], given.begins[axis])
        number: uint256 = given.numbers[axis]
        if length == 1:
            continue
        if (
            box.count > 0
            and self._goes_on(a, box.numbers[last], number, length)
            and self._goes_on(b, box.numbers[last], number, length)
        ):
            length = unsafe_mul(length, box.ends[last])
        else:
            last = box.count
            box.count = unsafe_add(last, 1)
        box.numbers[last] = number
        box.ends[last] = length
    if box.count == 0:
        box.ends[0] = 1
        box.count = 1
    return box


@internal
@pure
def _goes_on(view: views.View, outer: uint256, inner: uint256, length: uint256) -> bool:
    """
    @notice Whether every form gains as much with an index of the outer axis as with all of the inner.
    """
    for form: uint256 in range(view.forms, bound=MAX_FORMS):
        gains: int256 = view.gains[form]
        if views._gain(gains, outer) != unsafe_mul(views._gain(gains, inner), convert(length, int256)):
            return False
    return True
