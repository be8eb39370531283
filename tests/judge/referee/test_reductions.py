"""Reductions of every form: windows, padding, strides, runs of bytes; whole and in chunks."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from executor.program.ir import (
    Affine,
    ElementType,
    Guard,
    Opcode,
    Operation,
    Program,
    Source,
    TensorType,
    View,
    immediate,
)
from executor.program.trace import Trace
from tests.contract import Contract
from tests.judge.referee.judge import Judge
from tests.judge.referee.test_programs import check_everything
from tests.program.strategies import is_valid

RANK = 2


@st.composite
def windows(draw: st.DrawFn, source: int, element: ElementType, depth: int, row: int) -> View:
    """A view as convolutions have it: guards along single axes, often a row of elements side by side."""
    strides = [draw(st.sampled_from([0, 1, 2, 3, row, -1, 40, 1100])) for _ in range(depth - 1)]
    strides.append(draw(st.sampled_from([1, 1, 1, 2, -1, 0])))

    def guard() -> Guard:
        axis = draw(st.integers(-1, depth - 1))
        coefficients = [0] * depth
        if axis >= 0:
            coefficients[axis] = draw(st.sampled_from([1, 1, -1, 2]))
        if draw(st.integers(0, 5)) == 0:
            coefficients[draw(st.integers(0, depth - 1))] = 1
        output = tuple(draw(st.sampled_from([0, 1])) for _ in range(RANK))
        return Guard(Affine(draw(st.integers(-2, 3)), output, tuple(coefficients)), draw(st.integers(1, 6)))

    offset = Affine(draw(st.integers(-5, 30)), (draw(st.integers(0, 3)), 1), tuple(strides))
    low, high = element.interval
    fill = draw(st.sampled_from([0, 0, 0, 3, low, high]))
    return View(Source.INPUT, source, offset, fill, tuple(guard() for _ in range(draw(st.integers(0, 3)))))


@st.composite
def reductions(draw: st.DrawFn) -> Program:
    """A program of one dot or max over two inputs."""
    opcode = draw(st.sampled_from([Opcode.DOT, Opcode.DOT, Opcode.MAX]))
    narrow = [ElementType.INT8, ElementType.INT8, ElementType.INT16]
    elements = [draw(st.sampled_from([*narrow, ElementType.INT32])) for _ in range(2)]
    row = draw(st.sampled_from([1, 2, 3, 5, 16, 33, 70]))
    reduction = (*draw(st.lists(st.integers(1, 4), max_size=3)), row)
    depth, arity = len(reduction), 2 if opcode is Opcode.DOT else 1
    terms = row
    for length in reduction[:-1]:
        terms *= length
    operation = Operation(
        opcode=opcode,
        result=TensorType(ElementType.INT64, (3, 2)),
        operands=tuple(
            draw(windows(source, element, depth, row)) for source, element in enumerate(elements[:arity])
        ),
        multiplier=immediate(1, RANK, depth),
        bias=immediate(0, RANK, depth),
        reduction=reduction,
        chunk=draw(st.one_of(st.just(terms), st.integers(max(1, terms // 6), terms))),
    )
    sizes = [draw(st.sampled_from([20, 200, 3000])) for _ in elements]
    inputs = tuple(TensorType(element, (size,)) for element, size in zip(elements, sizes, strict=True))
    return Program((operation,), inputs)


@settings(max_examples=80)
@given(reductions().filter(is_valid), st.integers(0, 2**32))
def test_prove__windows_of_every_kind__equal_the_interpreter(
    referee: Contract, program: Program, seed: int
) -> None:
    data = random_bytes(seed, program.input_size)
    check_everything(Judge(referee, Trace(program, data)), 6)


def random_bytes(seed: int, size: int) -> bytes:
    """Bytes of all values, with runs of the extremes."""
    rng = Random(seed)
    data = bytearray(rng.randbytes(size))
    for _ in range(size // 64):
        at = rng.randrange(size)
        data[at : at + 40] = bytes([rng.choice([0x00, 0x7F, 0x80, 0xFF])]) * len(data[at : at + 40])
    return bytes(data)
