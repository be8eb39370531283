"""The stated cost of a step against the tiles that its elements really touch."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from executor.program import Program
from executor.program.cost import MAX_GAS, MAX_PROOF, Place, step_cost, touched_tiles
from executor.program.ir import Affine, ElementType, Opcode, Operation, Source, TensorType, View, immediate
from executor.program.validation import validate
from tests.program.strategies import VALID_PROGRAMS

STRIDES = st.one_of(st.integers(-4, 4), st.sampled_from([16, 64, 1000, 1024, -1024, 5000]))


def dot_over(reduction: tuple[int, ...], strides: tuple[int, ...], chunk: int) -> tuple[View, Operation]:
    view = View(Source.INPUT, 0, Affine(0, (0,), strides))
    depth = len(reduction)
    operation = Operation(
        opcode=Opcode.DOT,
        result=TensorType(ElementType.INT32, (1,)),
        operands=(view, view),
        multiplier=immediate(1, 1, depth),
        bias=immediate(0, 1, depth),
        reduction=reduction,
        chunk=chunk,
    )
    return view, operation


@settings(max_examples=600, deadline=None)
@given(
    st.lists(st.integers(1, 7), min_size=1, max_size=3),
    st.data(),
    st.sampled_from(ElementType),
    st.integers(0, 3000),
    st.sampled_from([None, 5, 100, 1500]),
)
def test_touched_tiles__every_chunk_and_position__stays_within_the_bound(
    reduction: list[int], data: st.DataObject, element: ElementType, start: int, entry: int | None
) -> None:
    strides = [data.draw(STRIDES) for _ in reduction]
    indices = list(product(*(range(n) for n in reduction)))
    terms = data.draw(st.integers(1, len(indices)))
    view, operation = dot_over(tuple(reduction), tuple(strides), terms)
    offsets = [start + 40000 + sum(s * i for s, i in zip(strides, index, strict=True)) for index in indices]

    def tile(offset: int) -> tuple[int, int]:
        step, inner = divmod(offset, entry) if entry else (0, offset)
        return step, inner * element.width // 1024

    worst = max(
        len({tile(offset) for offset in offsets[first : first + terms]})
        for first in range(len(indices) - terms + 1)
    )
    size = (entry or 200_000) * element.width
    assert worst <= touched_tiles(view, operation, terms, Place(element.width, size, 0, entry is not None))


def test_touched_tiles__contiguous_kilobyte__are_two_at_most() -> None:
    view, operation = dot_over((4096,), (1,), 1024)
    assert touched_tiles(view, operation, 1024, Place(1, 1 << 20, 0, False)) == 2


def test_touched_tiles__run_over_two_entries_of_a_history__are_three() -> None:
    # From byte 476 of an entry of 1500 bytes to byte 0 of the next: two tiles of one, one of the other.
    view, operation = dot_over((1025,), (1,), 1025)
    assert touched_tiles(view, operation, 1025, Place(1, 1500, 0, True)) >= 3


def test_touched_tiles__small_source__never_exceed_all_its_tiles() -> None:
    view, operation = dot_over((4096,), (3,), 4096)
    assert touched_tiles(view, operation, 4096, Place(1, 3000, 0, False)) == 3


@settings(max_examples=50, deadline=None)
@given(VALID_PROGRAMS)
def test_header__every_valid_program__states_the_worst_of_its_steps_below_the_caps(program: Program) -> None:
    header = validate(program)
    costs = [step_cost(program, operation) for operation in program.operations]
    assert header.worst_tiles == max(cost.tiles for cost in costs)
    assert header.worst_proof == max(cost.proof for cost in costs) <= MAX_PROOF
    assert header.worst_gas == max(cost.gas for cost in costs) <= MAX_GAS
