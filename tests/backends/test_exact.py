"""The built-in backend: which programs it compiles, how it answers, and that it refuses inexact machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError

import numpy as np
import pytest

from executor.backends.base import BackendError
from executor.backends.exact import ExactBackend, Interpreted, is_small
from executor.backends.golden import goldens, prove
from executor.backends.native import matrices
from executor.backends.native.compiled import Compiled
from executor.backends.native.matrices import Matrix, Multiply, bytes_are_exact
from executor.backends.native.plan import plan
from executor.backends.native.products import Units
from executor.backends.native.writer import Product
from executor.program import InputTooLong, Program, run
from executor.program.ir import ElementType
from tests.backends.encoder import encoder
from tests.backends.kinds import KINDS
from tests.backends.test_native import extreme


@pytest.fixture(scope="module")
def large() -> Program:
    program = encoder(1, 64, 192, 3, 768, ElementType.INT8)
    assert not is_small(program)
    return program


@pytest.fixture
def backend(large: Program) -> Iterator[ExactBackend]:
    golden = {golden.program.root: golden.program for golden in goldens()}
    made = ExactBackend({**golden, large.root: large}, threads=2)
    yield made
    made.close()


def test_prove__a_large_program_beside__is_of_the_fast_path(backend: ExactBackend, large: Program) -> None:
    assert all(isinstance(runner, Compiled) for runner in backend._runners.values())
    prove(backend, {large.root: large})


def test_exact_backend__small_programs__are_left_to_the_interpreter() -> None:
    made = ExactBackend({golden.program.root: golden.program for golden in goldens()})
    assert all(isinstance(runner, Interpreted) for runner in made._runners.values())
    made.close()


def test_submit__many_at_once__answers_each_in_order(backend: ExactBackend, large: Program) -> None:
    inputs = [extreme(seed, large) for seed in range(21)]
    expected = [run(large, data) for data in inputs]
    whole = backend.submit(large.root, inputs)
    singles = [backend.submit(large.root, [data]) for data in inputs]
    assert whole.result() == expected
    assert [single.result() for single in singles] == [[output] for output in expected]
    assert backend.submit(large.root, []).result() == []
    assert 0 < backend.seconds(large.root) < 10


def test_submit__one_input_too_long__is_told_by_the_future(backend: ExactBackend, large: Program) -> None:
    answer = backend.submit(large.root, [b"", bytes(large.input_size + 1)])
    assert isinstance(answer.exception(), InputTooLong)


def test_submit__a_part_that_fails__is_told_once(backend: ExactBackend, large: Program, monkeypatch) -> None:
    def failing(*_: object, **__: object) -> list[bytes]:
        raise ValueError("no memory")

    monkeypatch.setattr(Compiled, "run_part", failing)
    answer = backend.submit(large.root, [b""] * 9)
    with pytest.raises(ValueError, match="no memory"):
        answer.result()


def test_close__while_parts_wait__cancels_them(backend: ExactBackend, large: Program) -> None:
    answers = [backend.submit(large.root, [extreme(seed, large)]) for seed in range(40)]
    backend.close()
    ended = [answer.cancelled() or len(answer.result()) == 1 for answer in answers]
    assert all(ended)
    with pytest.raises(CancelledError):
        answers[-1].result()


Spoil = Callable[[Matrix], None]


def spoiled(monkeypatch: pytest.MonkeyPatch, units: Units, spoil: Spoil) -> None:
    """From now on, products in these units are spoiled after they have been computed."""
    true = Multiply.bind

    def bind(self: Multiply, left: Matrix, right: Matrix | None, result: Matrix) -> Callable[[], None]:
        call = true(self, left, right, result)

        def wrong() -> None:
            call()
            spoil(result)

        return wrong if self.units is units else call

    monkeypatch.setattr(Multiply, "bind", bind)


@pytest.mark.parametrize(
    ("kind", "units", "place"),
    [
        ("linear", Units.BYTES, 0),
        ("linear of one row", Units.BYTES, -1),
        ("linear of 16 bits", Units.BYTES, 777),
        ("scores", Units.SINGLE, 345),
        ("scores of 16 bits by 8", Units.SINGLE, -1),
        ("scores of 16 bits", Units.DOUBLE, 5),
    ],
)
def test_compiled__one_element_off_by_one__is_refused(
    kind: str, units: Units, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = KINDS[kind]()
    Compiled(program).close()

    def spoil(result: Matrix) -> None:
        result.reshape(-1)[place] += 1

    assert bytes_are_exact()
    spoiled(monkeypatch, units, spoil)
    with pytest.raises(BackendError, match="not exact, and it must not serve"):
        Compiled(program)


def test_bytes_are_exact__pairs_that_saturate__carries_products_in_floats(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As the instruction vpmaddubsw has it, on processors before VNNI."""

    def bind(self: Multiply, left: Matrix, right: Matrix | None, result: Matrix) -> Callable[[], None]:
        constant = right if self.constant is None else self.constant

        def saturating() -> None:
            products = left[..., :, :, None].astype(np.int64) * constant[..., None, :, :]
            pairs = np.add.reduceat(products, np.arange(0, products.shape[-2], 2), axis=-2)
            result[...] = np.clip(pairs, -(1 << 15), (1 << 15) - 1).sum(axis=-2)

        def exact() -> None:
            result[...] = left.astype(np.float64) @ constant

        return saturating if self.units is Units.BYTES else exact

    monkeypatch.setattr(Multiply, "bind", bind)
    bytes_are_exact.cache_clear()
    try:
        assert not bytes_are_exact()
        program = KINDS["linear of 16 bits"]()
        kernels = plan(program, 1, bytes_are_exact()).kernels()
        units = [kernel.carrier.units for _, kernel in kernels if isinstance(kernel, Product)]
        assert units == [Units.SINGLE]
        data = extreme(1, program)
        assert Compiled(program).run([data]) == [run(program, data)]
    finally:
        bytes_are_exact.cache_clear()


def test_prove_products__operands__reach_the_ends_of_their_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that is wrong only at the very bound is found."""
    program = KINDS["linear at the bound of single"]()
    kernels = plan(program, 1, bytes_are_exact=False).kernels()
    (product,) = [kernel for _, kernel in kernels if isinstance(kernel, Product)]
    assert product.constant is not None
    weight = int(np.abs(product.constant).sum(axis=1).max())
    largest: list[float] = []
    spoiled(monkeypatch, product.carrier.units, lambda result: largest.append(float(np.abs(result).max())))
    data = product.constant.astype(matrices.names(product.carrier.units)[1])[0]
    multiply = Multiply(product.carrier.units, data)
    matrices.prove(multiply, product.shape, product.carrier, product.right)
    assert max(largest) >= 127 * weight


def test_products__single_at_its_bound__is_exact_and_one_more_is_not() -> None:
    """The bound of fp32 is the bound: 2^24 is, 2^24 + 1 is not an fp32 number."""
    left = np.array([[1 << 12, 1]], np.float32)
    result = np.zeros((1, 1), np.float32)
    Multiply(Units.SINGLE, np.array([[(1 << 12) - 1], [1 << 12]], np.float32)).bind(left, None, result)()
    assert result == 1 << 24
    Multiply(Units.SINGLE, np.array([[1 << 12], [1]], np.float32)).bind(left, None, result)()
    assert result != (1 << 24) + 1
