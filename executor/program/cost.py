"""What a program costs: to run, to trace, and to prove its worst step in a dispute.

A *step of a dispute* is one output element: all of its reduction, or one chunk of it, or the combination of
its chunks (at most 32 at a time). Bounds are upper bounds over every position of the element, found without
enumerating any; guards are taken to hold.

Proof of a step: each touched tile comes with its own Merkle path and its tensor's header.

    bytes = sum over tiles of (1024 + 32 * (depth of the path) + 128) + 2496 (a record) + 32 * (chunks posted)

Gas is a model of the dearest steps there are, whose every element lies in another tile than the one before;
a row of elements side by side costs the judge a tenth of it (tests/judge/referee/test_cost.py measures both):

    gas = 150,000 + 500 * (chunks posted) + 40 * bytes + sum over tiles of (600 + 700 * depth)
          + sum over elements read of (3,500 + 150 * forms + 100 * coefficients)

where 40 a byte is the calldata floor, `forms` are the offset and the guards of the view that reads, and
`coefficients` those of them that are not zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from executor.program.chunks import FAN_LEVELS
from executor.program.commitments import TILE, count_tiles, tree_depth
from executor.program.encoding import MAX_RECORD, Header
from executor.program.ir import Opcode, Operation, Program, Source, View

FAN = 1 << FAN_LEVELS
"""Most chunk results that are combined at once."""

MAX_PROOF = 96 * 1024
MAX_GAS = 10_000_000


@dataclass(frozen=True)
class StepCost:
    """The worst step of an operation: touched tiles, bytes of its proof, gas to judge it."""

    tiles: int
    proof: int
    gas: int


@dataclass(frozen=True)
class Place:
    """A source as a proof sees it: bytes of an element, bytes of the whole (of a history: of each entry),
    depth of a tile's path, and whether it is a history, whose entries begin a new tile each.
    """

    width: int
    size: int
    depth: int
    stacked: bool


def header_of(program: Program) -> Header:
    """The header: counts, sizes and costs over all steps of a program that validation accepts."""
    costs = program.step_costs
    macs = sum(op.result.count * op.terms for op in program.operations if op.opcode is Opcode.DOT)
    return Header(
        inputs=len(program.inputs),
        step_input=program.step_input,
        step_bound=program.step_bound,
        operations=len(program.operations),
        constants=len(program.constants),
        input_size=program.input_size,
        output_size=program.output_size,
        macs=macs * program.step_bound,
        trace_tiles=sum(count_tiles(op.result.size) for op in program.operations) * program.step_bound,
        worst_tiles=max(cost.tiles for cost in costs),
        worst_proof=max(cost.proof for cost in costs),
        worst_gas=max(cost.gas for cost in costs),
    )


def step_cost(program: Program, operation: Operation) -> StepCost:
    """Upper bounds on the dearest step of a dispute about this operation."""
    chunked = 0 < operation.chunk < operation.terms
    terms = operation.chunk if chunked else operation.terms
    operands = [(view, terms) for view in operation.operands]
    scaling = [(operation.multiplier, 1), (operation.bias, 1)]
    if chunked:
        parts = [_views_cost(program, operation, operands, 0), _views_cost(program, operation, scaling, FAN)]
    else:
        parts = [_views_cost(program, operation, operands + scaling, 0)]
    return StepCost(
        max(part.tiles for part in parts),
        max(part.proof for part in parts),
        max(part.gas for part in parts),
    )


def _views_cost(
    program: Program, operation: Operation, views: list[tuple[View, int]], posted: int
) -> StepCost:
    """Cost of a step that reads that many terms through each view and combines `posted` chunk results."""
    axes = len(operation.result.dims) + len(operation.reduction)
    tiles, proof, gas = 0, MAX_RECORD + 32 * posted, 150_000 + 500 * posted
    for view, terms in views:
        forms = view.forms
        zeros = sum([(*form.axes, form.step).count(0) for form in forms])
        coefficients = len(forms) * (axes + 1) - zeros
        gas += terms * (3_500 + 150 * len(forms) + 100 * coefficients)
        if view.source is not Source.IMMEDIATE:
            place = _place(program, view)
            touched = touched_tiles(view, operation, terms, place)
            tiles += touched
            proof += touched * (TILE + 32 * place.depth + 128)
            gas += touched * (600 + 700 * place.depth)
    return StepCost(tiles, proof, gas + 40 * proof)


def _place(program: Program, view: View) -> Place:
    tensor = program.source_type(view)
    if view.source is Source.INPUT:  # all inputs share the tiles of one byte string
        return Place(
            tensor.element.width, program.input_size, tree_depth(count_tiles(program.input_size)), False
        )
    stacked = view.source is Source.HISTORY
    siblings = program.constants if view.source is Source.CONSTANT else program.operations
    depth = tree_depth(count_tiles(tensor.size)) + tree_depth(len(siblings))
    if stacked:
        depth += tree_depth(program.step_bound) + 1
    return Place(tensor.element.width, tensor.size, depth, stacked)


def touched_tiles(view: View, operation: Operation, terms: int, place: Place) -> int:
    """Upper bound on the distinct tiles that `terms` consecutive reduction elements of one output touch."""
    best = terms if place.stacked else min(terms, count_tiles(place.size))
    if best == 1:  # and from here on there are two elements at least
        return 1
    for lengths, strides, repeats in _runs(view, operation, terms):
        if repeats < best:
            best = min(best, repeats * _box_tiles(lengths, strides, place))
    return best


def _runs(view: View, operation: Operation, terms: int) -> Iterator[tuple[list[int], list[int], int]]:
    """Boxes that cover any run of that many row-major reduction elements: lengths, strides, number of boxes.

    For every axis: the run meets few rows of the axes behind it, and these rows lie side by side along the
    axis, or in more than one box where the run carries over to the axes before it.
    """
    dims, strides = operation.reduction, view.offset.reduction
    for axis, length in enumerate(dims):
        row = math.prod(dims[axis + 1 :])
        rows = (terms - 2) // row + 2
        outer = math.prod(dims[:axis])
        boxes = 1 if outer == 1 else min((rows - 2) // length + 2, outer)
        yield [min(rows, length), *dims[axis + 1 :]], list(strides[axis:]), boxes


def _box_tiles(lengths: list[int], strides: list[int], place: Place) -> int:
    """Upper bound on the tiles under a box of elements: spans over the near axes, once for each far index."""
    axes = sorted(
        (abs(stride) * place.width, n) for n, stride in zip(lengths, strides, strict=True) if stride and n > 1
    )
    best = repeats = math.prod(n for _, n in axes)
    span = place.width
    for stride, n in axes:
        span += stride * (n - 1)
        repeats //= n
        best = min(best, repeats * _span_tiles(span, place))
    return best


def _span_tiles(span: int, place: Place) -> int:
    """Most tiles under `span` bytes that begin at any multiple of the width.

    In a history they may cross into further entries, each of which begins a tile.
    """
    if not place.stacked:
        return (span - place.width + TILE - 1) // TILE + 1
    steps = (span - place.width + place.size - 1) // place.size + 1
    return (span + (TILE - 1) * steps) // TILE + 1
