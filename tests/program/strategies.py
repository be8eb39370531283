"""Random programs: small, over all operations, types, sources and view features; most of them valid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from executor.program import InvalidProgram, validate
from executor.program.ir import (
    Affine,
    Constant,
    ElementType,
    Function,
    Guard,
    Opcode,
    Operation,
    Program,
    Source,
    TensorType,
    View,
    immediate,
)

DIMS = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)
ELEMENTS = st.sampled_from(
    [ElementType.INT8, ElementType.INT8, ElementType.INT16, ElementType.INT32, ElementType.INT64]
)
TENSORS = st.builds(TensorType, ELEMENTS, DIMS)


def values(element: ElementType) -> st.SearchStrategy[int]:
    """Values of the type; those of wide types mostly small, or hardly a program would pass the intervals."""
    low, high = element.interval
    small = st.integers(max(low, -200), min(high, 200))
    return st.one_of(small, small, small, st.sampled_from([low, high, 0]) if element < 2 else small)


@st.composite
def constants(draw: st.DrawFn) -> Constant:
    tensor = draw(TENSORS)
    data = draw(st.lists(values(tensor.element), min_size=tensor.count, max_size=tensor.count))
    return Constant(tensor, np.array(data, tensor.element.native))


@st.composite
def affines(draw: st.DrawFn, rank: int, depth: int, reach: int) -> Affine:
    coefficients = st.sampled_from([0, 0, 1, 1, 2, 3, 4, -1, -2])
    return Affine(
        draw(st.integers(-3, reach)),
        tuple(draw(coefficients) for _ in range(rank)),
        tuple(draw(coefficients) for _ in range(depth)),
        draw(st.sampled_from([0, 0, 1, 2, -1])),
    )


@st.composite
def views(draw: st.DrawFn, sources: list[tuple[Source, int, TensorType]], rank: int, depth: int) -> View:
    source, index, tensor = draw(st.sampled_from(sources))
    guard = st.builds(Guard, affines(rank, depth, 3), st.integers(1, 6))
    return View(
        source,
        index,
        draw(affines(rank, depth, 5)),
        draw(values(tensor.element)),
        tuple(draw(st.lists(guard, max_size=2))),
    )


@st.composite
def operations(
    draw: st.DrawFn, result: TensorType, sources: list[tuple[Source, int, TensorType]]
) -> Operation:
    opcode = draw(st.sampled_from(Opcode))
    function, reduction, chunk, value = Function.NONE, (), 0, 0
    if opcode in (Opcode.DOT, Opcode.MAX):
        reduction = draw(st.lists(st.integers(1, 4), min_size=1, max_size=2).map(tuple))
        chunk = draw(st.integers(1, int(np.prod(reduction))))
        arity = 2 if opcode is Opcode.DOT else 1
    elif opcode is Opcode.MAP:
        function = draw(st.sampled_from([f for f in Function if f is not Function.NONE]))
        arity = function.arity
        if function is Function.DIV:
            value = draw(st.integers(0, 30))
        elif function is Function.SHIFT:
            value = draw(st.sampled_from([0, 1, 2, 7, 30, 62]))
    else:
        arity, value = 2, draw(st.integers(-5, 130))
    rank, depth = len(result.dims), len(reduction)
    constant = st.integers(-300, 300).map(lambda fill: immediate(fill, rank, depth))
    read = views(sources, rank, depth)
    scaling = views(sources, rank, depth).map(without_reduction)
    anything = st.one_of(read, read, constant)
    operands = [read if opcode is Opcode.MAX else anything, *[anything] * (arity - 1)]
    if opcode is Opcode.GATHER:
        operands[1] = read
    return Operation(
        opcode=opcode,
        result=result,
        operands=tuple(draw(operand) for operand in operands),
        multiplier=draw(st.one_of(st.just(immediate(1, rank, depth)), constant, scaling)),
        bias=draw(st.one_of(st.just(immediate(0, rank, depth)), constant, scaling)),
        shift=draw(st.sampled_from([0, 0, 1, 3, 8, 40])),
        function=function,
        immediate=value,
        reduction=reduction,
        chunk=chunk,
    )


def without_reduction(view: View) -> View:
    def bare(form: Affine) -> Affine:
        return replace(form, reduction=(0,) * len(form.reduction))

    guards = tuple(replace(guard, form=bare(guard.form)) for guard in view.guards)
    return replace(view, offset=bare(view.offset), guards=guards)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """A program without dead parts; it may still break an interval or a rule about immediates."""
    inputs = draw(st.lists(TENSORS, min_size=1, max_size=2))
    stored = draw(st.lists(constants(), max_size=2))
    results = draw(st.lists(TENSORS, min_size=1, max_size=4))
    given = [(Source.INPUT, i, tensor) for i, tensor in enumerate(inputs)]
    given += [(Source.CONSTANT, i, constant.type) for i, constant in enumerate(stored)]
    histories = [(Source.HISTORY, i, tensor) for i, tensor in enumerate(results)]
    listed = []
    for number, result in enumerate(results):
        earlier = [(Source.OUTPUT, i, tensor) for i, tensor in enumerate(results[:number])]
        listed.append(draw(operations(result, given + earlier * 2 + histories)))
    program = Program(
        operations=tuple(listed),
        inputs=tuple(inputs),
        constants=tuple(stored),
        step_bound=draw(st.integers(1, 3)),
        step_input=draw(st.sampled_from([None, 0, len(inputs) - 1])),
    )
    return prune(program)


def prune(program: Program) -> Program:
    """The program without dead operations and unused constants."""
    last = len(program.operations) - 1
    live, waiting = {last}, [last]
    used: set[int] = set()
    while waiting:
        for view in program.operations[waiting.pop()].views:
            if view.source is Source.CONSTANT:
                used.add(view.index)
            elif view.source in (Source.OUTPUT, Source.HISTORY) and view.index not in live:
                live.add(view.index)
                waiting.append(view.index)
    new = {
        Source.OUTPUT: {old: i for i, old in enumerate(sorted(live))},
        Source.CONSTANT: {old: i for i, old in enumerate(sorted(used))},
    }
    new[Source.HISTORY] = new[Source.OUTPUT]

    def moved(view: View) -> View:
        return replace(view, index=new[view.source][view.index]) if view.source in new else view

    kept = [
        replace(
            op,
            operands=tuple(map(moved, op.operands)),
            multiplier=moved(op.multiplier),
            bias=moved(op.bias),
        )
        for i, op in enumerate(program.operations)
        if i in live
    ]
    stored = tuple(c for i, c in enumerate(program.constants) if i in used)
    return replace(program, operations=tuple(kept), constants=stored)


def is_valid(program: Program) -> bool:
    try:
        validate(program)
    except InvalidProgram:
        return False
    return True


VALID_PROGRAMS = programs().filter(is_valid)
