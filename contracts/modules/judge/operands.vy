# pragma version 0.4.3
"""
@title Operands: views of proven sources
@notice What the element is that a view reads, and where in the calldata it stands.
"""
from contracts.modules.judge import calldata
from contracts.modules.judge import sources
from contracts.modules.judge import views


struct Operand:
    view: views.View
    source: sources.Source
    strides: int256[views.MAX_FORMS]  # what each form gains with each index of a reduction's row


@internal
@view
def _open(
    known: sources.Known, at: uint256, rank: uint256, outputs: uint256[views.MAX_AXES], proof: uint256
) -> (Operand, uint256):
    """
    @notice The operand whose view stands at `at` in the record, at an output index, its source proven by the
            section at `proof`; also returns where that ends.
    """
    operand: Operand = empty(Operand)
    next: uint256 = proof
    operand.view = views._read(at, rank, outputs, known.step)
    if operand.view.forms > 0:
        operand.source, next = sources._open(known, operand.view.source, operand.view.index, proof)
        operand.view.limits[0] = convert(operand.source.count, int256)
    return operand, next


@internal
@view
def _value(operand: Operand) -> int256:
    """
    @notice What it reads at reduction index 0.
    """
    first: int256 = 0
    after: int256 = 0
    first, after = views._stretch(operand.view, empty(int256[views.MAX_FORMS]), 1)
    if after == 0:
        return operand.view.fill
    return sources._element(operand.source, operand.view.values[0])


@internal
@view
def _look_up(table: Operand, index: int256) -> int256:
    """
    @notice What it reads further on by that many rows, or by as many as there are.
    """
    if table.source.count == 0:
        return table.view.fill
    last: int256 = convert(table.source.count // table.source.row - 1, int256)
    found: Operand = table
    found.view.values[0] += min(max(index, 0), last) * convert(table.source.row, int256)
    return self._value(found)
