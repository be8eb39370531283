"""The trace against roots and chunk results computed plainly from the plain evaluator's elements."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.program import Program, data_root, run
from executor.program.commitments import (
    EMPTY,
    hash_node,
    hash_step,
    hash_trace,
    tensor_root,
    tree_depth,
)
from executor.program.interpreter import Interpreter
from executor.program.ir import Affine, IntArray, Opcode, Operation, Source, immediate
from executor.program.trace import Trace
from tests.program.build import INT8, INT32, INT64, add, dot, maximum, pack, program, tensor, view
from tests.program.plain import evaluate
from tests.program.strategies import VALID_PROGRAMS
from tests.program.test_interpreter import SLOW


def fold(leaves: list[bytes]) -> bytes:
    """The root of the tree over these leaves, level by level."""
    level = leaves + [EMPTY] * ((1 << tree_depth(len(leaves))) - len(leaves))
    while len(level) > 1:
        level = [hash_node(*level[at : at + 2]) for at in range(0, len(level), 2)]
    return level[0]


def plain_root(program: Program, steps: list[list[list[int]]]) -> bytes:
    """The trace root of the elements of every step's outputs."""
    leaves = []
    for outputs in steps:
        roots = [
            tensor_root(op.result.element, op.result.dims, pack(op.result.element, elements))
            for op, elements in zip(program.operations, outputs, strict=True)
        ]
        leaves.append(hash_step(fold(roots)))
    return hash_trace(len(steps), fold(leaves))


@settings(SLOW, max_examples=100)
@given(VALID_PROGRAMS, st.binary(max_size=200), st.sampled_from([0, 1 << 20]))
def test_trace__random_programs__has_the_plain_evaluators_elements_and_root(
    program: Program, data: bytes, memory: int
) -> None:
    data = data[: program.input_size]
    steps = evaluate(program, data)
    trace = Trace(program, data, memory=memory)
    assert trace.steps == len(steps)
    assert trace.root == plain_root(program, steps)
    assert trace.input == data.ljust(program.input_size, b"\0")
    assert trace.output == run(program, data)
    for step, outputs in enumerate(steps):
        for operation, elements in enumerate(outputs):
            assert [trace.element(step, operation, flat) for flat in range(len(elements))] == elements
            tiles = [trace.tile(step, operation, i) for i in range(trace.tiles_tree(step, operation).count)]
            assert b"".join(tiles) == pack(program.operations[operation].result.element, elements)


@settings(SLOW, max_examples=100)
@given(VALID_PROGRAMS, st.binary(max_size=200), st.sampled_from([0, 1 << 20]))
def test_chunks__random_programs__combine_to_what_was_rescaled(
    program: Program, data: bytes, memory: int
) -> None:
    """Every node's children combine to the node, and the top's to the element before its bias."""
    trace = Trace(program, data[: program.input_size], memory=memory)
    for index, operation in enumerate(program.operations):
        if operation.opcode not in (Opcode.DOT, Opcode.MAX):
            continue
        combine = sum if operation.opcode is Opcode.DOT else max
        chunks = -(-operation.terms // operation.chunk)
        for step in range(trace.steps):
            for element in range(operation.result.count):
                whole = combine(trace.chunks(step, index, element, tree_depth(chunks), 0))
                assert whole == exact(program, trace, step, index, element)


def exact(program: Program, trace: Trace, step: int, index: int, element: int) -> int:
    """The element before bias and rescale, by the interpreter's own way."""
    operation = program.operations[index]
    flat = np.unravel_index(element, operation.result.dims)
    box = (*(range(i, i + 1) for i in flat), *(range(n) for n in operation.reduction))
    return int(trace._run._exact(operation, index, step, tuple(box)).reshape(-1)[0])


def chunked(terms: int, chunk: int, opcode: Opcode = Opcode.DOT) -> Program:
    """One element that reduces a whole input of int8."""
    form = Affine(0, (0,), (1,))
    make = dot if opcode is Opcode.DOT else maximum
    operands = (view(0, form), view(0, form))[: 2 if opcode is Opcode.DOT else 1]
    return program(
        make(operands=operands, result=tensor(INT64, 1), reduction=(terms,), chunk=chunk),
        inputs=(tensor(INT8, terms),),
    )


@pytest.mark.parametrize(("terms", "chunk"), [(100, 50), (330, 10), (2_300, 2), (3_000, 1), (64, 64)])
@pytest.mark.parametrize("opcode", [Opcode.DOT, Opcode.MAX])
def test_chunks__deep_trees__every_node_combines_its_children(terms: int, chunk: int, opcode: Opcode) -> None:
    values = [(number * 37) % 200 - 100 for number in range(terms)]
    trace = Trace(chunked(terms, chunk, opcode), pack(INT8, values))
    combine = sum if opcode is Opcode.DOT else max
    parts = [
        [v * v if opcode is Opcode.DOT else v for v in values[at : at + chunk]]
        for at in range(0, terms, chunk)
    ]
    singles = [combine(part) for part in parts]
    depth = tree_depth(len(singles))
    for height in range(depth + 1):
        for index in range(-(-len(singles) // (1 << height))):
            below = height - min(5, height)
            under = singles[index << height : (index + 1) << height]
            expected = [combine(under[at : at + (1 << below)]) for at in range(0, len(under), 1 << below)]
            assert trace.chunks(0, 0, 0, height, index) == expected


def running_sum(length: int, steps: int) -> Program:
    """Every step adds the input to what the step before came to."""
    before = view(0, Affine(-length, (1,), (), length), Source.HISTORY)
    total = add(
        result=tensor(INT32, length),
        operands=(view(0, Affine(0, (1,))), before),
        multiplier=immediate(1, 1),
        bias=immediate(0, 1),
    )
    return program(total, inputs=(tensor(INT8, length),), step_bound=steps)


def test_trace__spilled__takes_far_less_memory_than_it_is_long(tmp_path: Path) -> None:
    """The trace is 64 MiB. A process of its own says how much more it ever held."""
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        try:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            Trace(running_sum(1 << 14, 1024), bytes(1 << 14), directory=tmp_path, memory=1 << 20)
            os.write(writing, str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert int(os.read(reading, 32)) < 16 << 10, "KiB"


def test_trace__spilled__leaves_no_file_behind(tmp_path: Path) -> None:
    trace = Trace(running_sum(4, 3), bytes(4), directory=tmp_path, memory=0)
    assert list(tmp_path.iterdir()) == []
    assert trace.root == Trace(running_sum(4, 3), bytes(4)).root


def test_trace__of_an_interpreter_that_lies__follows_from_the_lie() -> None:
    class Liar(Interpreter):
        def _execute(self, operation: Operation, index: int, step: int) -> IntArray:
            output = super()._execute(operation, index, step)
            return output + (step == 1) if index == 0 else output

    honest, forged = (
        Trace(running_sum(4, 3), b"\1\1\1\1"),
        Trace(running_sum(4, 3), b"\1\1\1\1", interpreter=Liar),
    )
    assert honest.steps_tree.node(0, 0) == forged.steps_tree.node(0, 0)
    assert honest.steps_tree.node(0, 1) != forged.steps_tree.node(0, 1)
    assert honest.output != forged.output


def test_trace__its_last_output__has_the_tiles_of_the_data_root() -> None:
    """So that a result is held against the trace without being read."""
    big = chunked(10, 10)
    trace = Trace(big, b"\5" * 10)
    assert data_root(trace.output, big.output_size) == tensor_root(0, [big.output_size], trace.output)
    assert trace.tiles_tree(0, 0).root == fold([trace.tiles_tree(0, 0).node(0, 0)])
