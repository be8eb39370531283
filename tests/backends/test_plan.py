"""What a plan promises: every read and write lies in its memory, and threads read only what is there."""

from __future__ import annotations

from random import Random

import pytest

from executor.backends.native import products
from executor.backends.native.accesses import Access, Memory
from executor.backends.native.engine import _arrange
from executor.backends.native.instructions import LOOKUP, STORE
from executor.backends.native.passes import Pass
from executor.backends.native.plan import Kernel, Plan, passes, plan
from executor.backends.native.writer import Product
from executor.program import Program
from executor.program.ir import ElementType
from tests.backends.encoder import encoder
from tests.backends.kinds import KINDS
from tests.soundness import programs as random_programs


def reach(given: Pass, access: Access, step: int) -> tuple[int, int]:
    """First and last element under an access at a step."""
    start = access.base + access.step * step
    ends = [stride * (n - 1) for stride, n in zip(access.strides, given.extents, strict=True)]
    return start + sum(e for e in ends if e < 0), start + sum(e for e in ends if e > 0)


def elements(made: Plan, access: Access) -> int:
    """What lies in the memory of an access."""
    program, batch = made.layout.program, made.layout.batch
    match access.memory:
        case Memory.INPUT:
            return batch * program.inputs[access.index].count
        case Memory.CONSTANT:
            return made.memories.constants[access.index].size
        case Memory.VALUE:
            return batch * made.layout.elements(access.index)
    thread, begin = made.memories.scratch[access.index]
    return (made.memories.sizes[thread] - begin) // access.kind.width


def check_accesses(made: Plan) -> None:
    """Whatever has no bounds, and whatever is written, lies within its memory at every step."""
    last = made.layout.program.step_bound - 1
    for _, kernel in made.kernels():
        for given in passes(kernel):
            written = {i.accesses[0] for i in given.code if i.what == STORE}
            tables = {i.accesses[0] for i in given.code if i.what == LOOKUP}
            for number, access in enumerate(given.accesses):
                if access.memory is Memory.NOTHING or number in tables:
                    continue
                if number in written:
                    assert not access.bounds
                if not access.bounds:
                    for step in (0, last):
                        low, high = reach(given, access, step)
                        assert low >= 0
                        assert high < elements(made, access)


def check_values(made: Plan) -> None:
    """Values that live at the same time lie in different places."""
    places, size = _arrange(made)
    lives = made.lifetimes()
    program, final = made.layout.program, len(made.stages) - 1

    def taken(index: int) -> tuple[int, int]:
        width = program.operations[index].result.element.width
        return places[index], places[index] + made.layout.batch * made.layout.elements(index) * width

    for one, (a, b) in lives.items():
        assert taken(one)[1] <= size
        for other, (c, d) in lives.items():
            at_once = a <= d and c <= b if not {one, other} & made.layout.stacked else True
            if one < other and at_once:
                assert taken(one)[1] <= taken(other)[0] or taken(other)[1] <= taken(one)[0]
    assert max(d for _, d in lives.values()) <= final


def check_threads(made: Plan) -> None:
    """In a stage, a thread reads of what the stage wrote only elements that it wrote itself."""
    for chains in made.stages:
        written = [elements_written(chain) for chain in chains]
        for thread, chain in enumerate(chains):
            for kernel in chain:
                for given in passes(kernel):
                    for access in reads(given):
                        others = (
                            written[t].get(access.index, set()) for t in range(len(chains)) if t != thread
                        )
                        low, high = reach(given, access, 0)
                        touched = set(range(low, high + 1))
                        assert not any(touched & other for other in others)


def reads(given: Pass) -> list[Access]:
    """How a pass reads values of this step; entries of histories are another matter."""
    written = {i.accesses[0] for i in given.code if i.what == STORE}
    values = [(n, a) for n, a in enumerate(given.accesses) if a.memory is Memory.VALUE]
    return [access for number, access in values if number not in written and not access.elements_step]


def elements_written(chain: list[Kernel]) -> dict[int, set[int]]:
    """Every element that is written, by operation; pieces of a dense tensor are runs of its last axes."""
    found: dict[int, set[int]] = {}
    for kernel in chain:
        if isinstance(kernel, Product):
            continue
        for number in {i.accesses[0] for i in kernel.code if i.what == STORE}:
            access = kernel.accesses[number]
            places = {access.base}
            for stride, n in zip(access.strides, kernel.extents, strict=True):
                if stride:
                    places = {place + stride * i for place in places for i in range(n)}
            found.setdefault(access.index, set()).update(places)
    return found


def check(program: Program) -> None:
    for batch, threads in ((1, 1), (3, 1), (1, 2), (2, 3)):
        made = plan(program, batch, bytes_are_exact=True, threads=threads)
        check_accesses(made)
        check_values(made)
        if threads > 1 and program.step_bound == 1:
            check_threads(made)


@pytest.mark.parametrize("kind", random_programs.KINDS)
def test_plan__random_programs__stay_in_their_memory(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "WORTH", 1)
    for seed in range(10):
        check(random_programs.random_program(Random(f"{kind} {seed} plan"), kind))


@pytest.mark.parametrize("kind", KINDS)
def test_plan__kinds_of_layers__stay_in_their_memory(kind: str) -> None:
    check(KINDS[kind]())


def test_plan__an_encoder_for_two_threads__waits_twice_a_layer() -> None:
    program = encoder(3, 8, 48, 2, 96, ElementType.INT8)
    check(program)
    assert len(plan(program, 1, bytes_are_exact=True, threads=2).stages) == 1 + 2 * 3
    assert len(plan(program, 2, bytes_are_exact=True, threads=2).stages) == 1


def test_plan__a_large_product__goes_by_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    program = KINDS["convolution"]()
    whole = plan(program, 1, bytes_are_exact=True)
    monkeypatch.setattr("executor.backends.native.plan.ROOM", 4_000)
    pieces = plan(program, 1, bytes_are_exact=True)
    check(program)
    assert len(list(pieces.kernels())) > 4 * len(list(whole.kernels()))
    assert max(pieces.memories.sizes.values()) < max(whole.memories.sizes.values()) / 3


def test_plan__chains_of_maps__are_one_pass() -> None:
    """Of an encoder's thirty-two operations a layer, two dozen kernels are left."""
    program = encoder(1, 8, 48, 2, 96, ElementType.INT8)
    made = plan(program, 1, bytes_are_exact=True)
    lone = [kernel for _, kernel in made.kernels() if isinstance(kernel, Pass)]
    assert len(lone) <= 17
    assert len(program.operations) == 32
