"""The fast path gives the interpreter's bits: random programs, layers, any batch, any number of threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import Random

import numpy as np
import pytest

from executor.backends.native import products
from executor.backends.native.compiled import Compiled
from executor.backends.native.engine import Engine, Weights
from executor.backends.native.matrices import bytes_are_exact
from executor.backends.native.plan import plan
from executor.backends.native.writer import Product
from executor.program import InputTooLong, Program, run, validate
from executor.program.interpreter import Interpreter
from executor.program.ir import ElementType, Function, Opcode, TensorType
from tests.backends.encoder import encoder
from tests.backends.kinds import KINDS
from tests.backends.layers import Sketch
from tests.soundness import programs as random_programs

WAYS = [
    (1, 1, True, True),
    (3, 1, True, False),
    (2, 1, False, False),
    (1, 2, True, True),
    (4, 3, True, False),
]
"""Batch, threads, products or the row machine alone, products of bytes."""

HELPERS = ThreadPoolExecutor(2)


def extreme(seed: int, program: Program) -> bytes:
    """Input bytes in which the ends of every type are frequent."""
    rng = np.random.default_rng(seed)
    data = bytearray(program.input_size)
    for offset, tensor in zip(program.input_offsets, program.inputs, strict=True):
        low, high = tensor.element.interval
        values = rng.integers(low, high, tensor.count, endpoint=True)
        ends = rng.choice(np.array([low, high]), tensor.count)
        mixed = np.where(rng.random(tensor.count) < rng.choice([0.1, 0.9]), ends, values)
        data[offset : offset + tensor.size] = mixed.astype(tensor.element.canonical).tobytes()
    return bytes(data)


def answers(engine: Engine, program: Program, inputs: list[bytes]) -> list[bytes]:
    """Of an engine for as many requests as there are."""
    read = [Interpreter(program, data) for data in inputs]
    values = engine.run([each.inputs for each in read], read[0].steps, HELPERS)
    return [row.astype(program.output_type.element.canonical).tobytes() for row in values]


def compare(program: Program, inputs: list[bytes]) -> None:
    """Every way to run the program gives the interpreter's answers."""
    expected = {data: run(program, data) for data in inputs}
    steps = {data: Interpreter(program, data).steps for data in inputs}
    weights = Weights()
    for batch, threads, with_products, with_bytes in WAYS:
        exact = with_bytes and bytes_are_exact()
        engine = Engine(plan(program, batch, exact, products=with_products, threads=threads), weights)
        for data in inputs:
            same = [other for other in inputs if steps[other] == steps[data]]
            together = [data, *same * batch][:batch]
            assert answers(engine, program, together) == [expected[each] for each in together]


@pytest.mark.parametrize("kind", random_programs.KINDS)
def test_engine__random_programs__gives_the_interpreters_bits(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "WORTH", 1)  # so that small products are carried, too
    for seed in range(12):
        rng = Random(f"{kind} {seed}")
        program = random_programs.random_program(rng, kind)
        compare(program, [random_programs.random_data(rng, program) for _ in range(3)])


@pytest.mark.soak
@pytest.mark.parametrize("kind", random_programs.KINDS)
def test_engine__many_random_programs__gives_the_interpreters_bits(kind: str) -> None:
    for seed in range(1_000):
        rng = Random(f"{kind} {seed} long")
        program = random_programs.random_program(rng, kind)
        compare(program, [random_programs.random_data(rng, program) for _ in range(4)])


@pytest.mark.parametrize("kind", KINDS)
def test_engine__kinds_of_layers__gives_the_interpreters_bits(kind: str) -> None:
    program = KINDS[kind]()
    validate(program)
    compare(program, [extreme(seed, program) for seed in range(3)])


def test_engine__weights_of_16_bits_at_their_ends__gives_the_interpreters_bits() -> None:
    """Two signed digits do not reach 32,767: such columns are negated, or have a third digit."""
    rows, depth = 16, 64
    for ends, digits in (([32767, -3], 2), ([-32768, 5], 2), ([32767, -32640], 3), ([32640, -32768], 3)):
        sketch = Sketch(1, TensorType(ElementType.INT16, (rows, depth)))
        weights = sketch.rng.integers(-32639, 32639, (24, depth))
        weights[5, 7:9] = weights[6, 0:2] = ends
        w = sketch.constant(ElementType.INT16, weights).view((0, depth), (1,))
        x = sketch.input().view((depth, 0), (1,))
        sketch.append(Opcode.DOT, ElementType.INT64, (rows, 24), (x, w), reduction=(depth,))
        program = sketch.program()
        kernels = plan(program, 1, bytes_are_exact=True).kernels()
        assert [len(k.carrier.right_shifts) for _, k in kernels if isinstance(k, Product)] == [digits]
        compare(program, [extreme(seed, program) for seed in range(3)])


@pytest.mark.parametrize("activation", [ElementType.INT8, ElementType.INT16])
def test_run__an_encoder_in_batches_and_threads__gives_the_interpreters_bits(activation: ElementType) -> None:
    program = encoder(2, 16, 96, 3, 192, activation)
    validate(program)
    fast = Compiled(program)
    assert fast.batch > 1
    inputs = [extreme(seed, program) for seed in range(2 * fast.batch + 3)]
    inputs[1] = inputs[1][:100]
    expected = [run(program, data) for data in inputs]
    assert len(set(expected)) == len(expected)
    for threads in (1, 2, 3):
        fast = Compiled(program, threads)
        assert fast.run(inputs) == expected
        assert fast.run(inputs[:1]) == expected[:1]
    assert Compiled(program, products=False).run(inputs[:2]) == expected[:2]


def test_run__steps_that_differ__are_batched_apart() -> None:
    rng = Random(7)
    while True:
        program = random_programs.random_program(rng, "dot")
        if program.step_input is not None and program.step_bound > 2:
            break
    inputs = [random_programs.random_data(rng, program) for _ in range(70)]
    assert len({Interpreter(program, data).steps for data in inputs}) > 1
    assert Compiled(program, 2).run(inputs) == [run(program, data) for data in inputs]


def test_run__long_input__is_refused() -> None:
    program = KINDS["linear"]()
    with pytest.raises(InputTooLong):
        Compiled(program).run([bytes(program.input_size + 1)])


def test_engine__large_dividends_and_squares__gives_the_interpreters_bits() -> None:
    """Next to squares and multiples, on both sides of what fp64 tells apart."""
    rng = np.random.default_rng(11)
    count = 600
    wide = TensorType(ElementType.INT64, (count,))
    for limit, p in ((1 << 61, 0), (1 << 50, 2), (1 << 50, 11), (1 << 31, 30)):
        sketch = Sketch(1, wide, wide)
        bounded = [
            sketch.each(Function.CLAMP, ElementType.INT64, (count,), sketch.input(i).dense(), -limit, limit)
            for i in (0, 1)
        ]
        quotient = sketch.each(
            *(Function.DIV, ElementType.INT64, (count,), bounded[0].dense(), bounded[1].dense()), value=p
        )
        root = sketch.each(Function.ISQRT, ElementType.INT64, (count,), bounded[0].dense())
        sketch.each(
            *(Function.SUB, ElementType.INT64, (count,), quotient.dense(), root.dense()), scale=(1, 0, 1)
        )
        program = sketch.program()
        validate(program)
        divisors = rng.choice(np.array([0, 1, -1, 3, -7, 1 << 20, limit, -limit]), count)
        near = rng.integers(0, limit >> 20, count) * divisors + rng.integers(-1, 2, count)
        roots = rng.integers(0, int(limit**0.5), count)
        squares = roots * roots + rng.integers(-1, 2, count)
        dividends = np.where(rng.random(count) < 0.5, np.clip(near, -limit, limit), squares)
        data = dividends.astype(">i8").tobytes() + divisors.astype(">i8").tobytes()
        compare(program, [data, extreme(1, program)])


UNITS = {
    "linear": "BYTES 1 by 1",
    "linear at the bound of single": "BYTES 1 by 1",
    "linear of 16 bits": "BYTES 2 by 1",
    "linear of 16 bits by 16": "BYTES 2 by 3",
    "linear of 32 bits": "BYTES 4 by 1",
    "linear of one row": "BYTES 1 by 1",
    "linear of few columns": "rows",
    "scores": "SINGLE 1 by 1",
    "scores of 16 bits by 8": "SINGLE 2 by 1",
    "scores of 16 bits": "DOUBLE 1 by 1",
    "weights first": "BYTES 1 by 1",
    "convolution": "BYTES 1 by 1",
    "convolution in groups": "BYTES 1 by 1",
    "convolution by channel": "rows",
    "pool": "rows",
}


@pytest.mark.parametrize("kind", UNITS)
def test_plan__kinds_of_layers__are_carried_in_the_cheapest_exact_units(kind: str) -> None:
    kernels = plan(KINDS[kind](), 1, bytes_are_exact=True).kernels()
    carried = [kernel.carrier for _, kernel in kernels if isinstance(kernel, Product)]
    digits = [(len(c.digits), len(c.right_shifts)) for c in carried]
    found = [f"{c.units.name} {left} by {right}" for c, (left, right) in zip(carried, digits, strict=True)]
    assert found == ([] if UNITS[kind] == "rows" else [UNITS[kind]])
