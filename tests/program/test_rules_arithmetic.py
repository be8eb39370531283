"""The rules of a program's arithmetic, one test each: types, results, functions, opcodes."""

import pytest

from executor.program import InvalidProgram, run, validate
from executor.program.ir import Affine, ElementType, Function, Guard, Program, Source, immediate
from tests.program.build import (
    INT8,
    INT16,
    INT32,
    INT64,
    add,
    constant,
    dot,
    gather,
    maximum,
    pack,
    program,
    tensor,
    unpack,
    view,
)


def results(tested: Program, first: list[int], second: list[int] = [0] * 6) -> list[int]:
    """The output for two int16[2, 3] inputs."""
    validate(tested)
    data = pack(INT16, first).ljust(32, b"\0") + pack(INT16, second)
    return unpack(tested.output_type.element, run(tested, data))


def one(function: Function, a: int, b: int = 0, c: int = 0, p: int = 0, result: ElementType = INT64) -> int:
    """A `map` of immediates."""
    fills = (a, b, c)[: function.arity]
    operation = add(
        function=function,
        immediate=p,
        result=tensor(result, 1),
        operands=tuple(immediate(fill, 1) for fill in fills),
        multiplier=immediate(1, 1),
        bias=immediate(0, 1),
    )
    tested = program(operation, inputs=())
    validate(tested)
    (value,) = unpack(result, run(tested, b""))
    return value


@pytest.mark.parametrize("element", list(ElementType))
def test_types__extreme_values__pass_through_unchanged(element: ElementType) -> None:
    low, high = element.interval
    low, high = max(low, -(2**63) + 1), high  # |acc| is to stay below 2^63
    assert one(Function.SHIFT, low, result=element) == low
    assert one(Function.SHIFT, high, result=element) == high


def test_arithmetic__accumulator_that_may_reach_2_to_63__is_refused() -> None:
    wide = (tensor(INT32, 2, 3), tensor(INT32, 2, 3))
    with pytest.raises(
        InvalidProgram, match=r"operation 0 \(dot\): \(\|acc\| \+ \|bias\|\) \* \|m\| \+ h may reach"
    ):
        validate(program(dot(), inputs=wide))


def test_arithmetic__just_below_2_to_63__is_exact() -> None:
    assert one(Function.ADD, 2**62, 2**62 - 1) == 2**63 - 1
    assert one(Function.SUB, -(2**62), 2**62 - 1) == -(2**63) + 1
    with pytest.raises(InvalidProgram, match="not below 2\\^63"):
        one(Function.ADD, 2**62, 2**62)


def test_arithmetic__multiplier_zero__does_not_excuse_a_wrapping_accumulator() -> None:
    operation = add(
        operands=(immediate(2**62, 2), immediate(2**62, 2)), multiplier=immediate(0, 2), bias=immediate(0, 2)
    )
    with pytest.raises(InvalidProgram, match="not below 2\\^63"):
        validate(program(operation))


def test_result__shift__floors_with_ties_towards_plus_infinity() -> None:
    tested = program(add(shift=1))
    assert results(tested, [3, -3, 1, -1, 5, -5]) == [2, -1, 1, 0, 3, -2]


def test_result__bias_then_multiplier__then_shift() -> None:
    tested = program(add(bias=immediate(5, 2), multiplier=immediate(-3, 2), shift=2))
    assert results(tested, [1, 2, 3, 4, 5, 6]) == [((x + 5) * -3 + 2) // 4 for x in range(1, 7)]


def test_result__saturation__is_last_and_over_the_full_range() -> None:
    tested = program(add(result=tensor(INT8, 2, 3)))
    assert results(tested, [127, 128, 30000, -128, -129, -30000]) == [127, 127, 127, -128, -128, -128]
    halved = program(add(result=tensor(INT8, 2, 3), shift=1))
    assert results(halved, [200, 254, 255, -256, -258, 0]) == [100, 127, 127, -128, -128, 0]


def test_result__multiplier_and_bias_per_channel__are_read_at_the_output_index() -> None:
    channels = constant(INT32, [1, 10, 100])
    by_channel = view(0, Affine(0, (0, 1)), Source.CONSTANT)
    tested = program(add(multiplier=by_channel, bias=by_channel), constants=(channels,))
    assert results(tested, [1, 1, 1, 2, 2, 2]) == [2, 110, 10100, 3, 120, 10200]


def test_dot__several_output_and_reduction_axes__sums_over_all() -> None:
    form = Affine(0, (0, 1), (3, 0))
    operation = dot(
        result=tensor(INT32, 2, 3),
        operands=(view(0, form), immediate(1, 2, 2)),
        reduction=(2, 4),
        chunk=3,
        multiplier=immediate(1, 2, 2),
        bias=immediate(0, 2, 2),
    )
    assert results(program(operation), [1, 2, 3, 10, 20, 30]) == [44, 88, 132] * 2


def test_max__skipped_elements__count_for_nothing_not_even_their_fill() -> None:
    guarded = view(0, Affine(0, (3,), (1,)), fill=999, guards=(Guard(Affine(0, (0,), (1,)), 2),))
    tested = program(maximum(operands=(guarded,)))
    assert results(tested, [-5, -6, 7, -1, -9, 100]) == [-5, -1]


def test_max__of_nothing__is_the_lowest_value_of_its_operands_type() -> None:
    nothing = view(0, Affine(100, (3,), (1,)))
    tested = program(maximum(operands=(nothing,), result=tensor(INT32, 2)))
    assert results(tested, [1, 2, 3, 4, 5, 6]) == [-(2**15), -(2**15)]


def test_gather__index_outside__is_clamped_after_the_offset() -> None:
    assert results(program(gather()), [-7, 0, 0, 5, 0, 0], [1, 2, 3, 4, 5, 6]) == [1, 2, 3, 4, 5, 6]
    assert results(program(gather(immediate=-1)), [1, 0, 0, 2, 0, 0], [1, 2, 3, 4, 5, 6]) == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]
    assert results(program(gather(immediate=1)), [1, 0, 0, -1, 0, 0], [1, 2, 3, 4, 5, 6]) == [
        4,
        5,
        6,
        1,
        2,
        3,
    ]


def test_gather__column_outside_the_tensor__reads_the_fill() -> None:
    late = view(1, Affine(2, (0, 1)), fill=-77)
    tested = program(gather(operands=(view(0, Affine(0, (3, 0))), late)))
    assert results(tested, [0, 0, 0, 1, 0, 0], [1, 2, 3, 4, 5, 6]) == [3, 4, 5, 6, -77, -77]


def test_map__add_sub_mul__are_exact() -> None:
    assert one(Function.ADD, -7, 3) == -4
    assert one(Function.SUB, -7, 3) == -10
    assert one(Function.MUL, -(2**31), 2**31) == -(2**62)


def test_map__div__floors_and_gives_0_for_0() -> None:
    assert one(Function.DIV, 7, 2) == 3
    assert one(Function.DIV, -7, 2) == -4
    assert one(Function.DIV, 7, -2) == -4
    assert one(Function.DIV, -7, -2) == 3
    assert one(Function.DIV, 5, 0, p=30) == 0
    assert one(Function.DIV, 1, 3, p=30) == 2**30 // 3
    with pytest.raises(InvalidProgram, match="div is not in 0"):
        one(Function.DIV, 1, 3, p=31)


def test_map__shift__rounds_ties_towards_plus_infinity() -> None:
    assert [one(Function.SHIFT, x, p=1) for x in (3, -3, 1, -1)] == [2, -1, 1, 0]
    assert one(Function.SHIFT, -(2**61), p=62) == 0
    assert one(Function.SHIFT, -(2**61) - 1, p=62) == -1
    with pytest.raises(InvalidProgram, match="shift is not in 0"):
        one(Function.SHIFT, 1, p=63)


def test_map__min_max_clamp__choose() -> None:
    assert one(Function.MIN, -1, 1) == -1
    assert one(Function.MAX, -1, 1) == 1
    assert [one(Function.CLAMP, x, -2, 2) for x in (-3, 0, 3)] == [-2, 0, 2]
    assert one(Function.CLAMP, 0, 5, 1) == 1  # an empty range ends at its upper bound


def test_map__comparisons__are_1_or_0() -> None:
    pairs = [(1, 2), (2, 2), (3, 2)]
    assert [one(Function.EQ, *pair) for pair in pairs] == [0, 1, 0]
    assert [one(Function.LT, *pair) for pair in pairs] == [1, 0, 0]
    assert [one(Function.LE, *pair) for pair in pairs] == [1, 1, 0]


def test_map__select__takes_b_where_a_is_positive() -> None:
    assert [one(Function.SELECT, a, 7, 9) for a in (1, 0, -1, 50)] == [7, 9, 9, 7]


def test_map__isqrt__is_the_floor_and_0_below_1() -> None:
    for root in (1, 2, 3, 1000, 94906267, 2**31, 3037000499):
        assert one(Function.ISQRT, root * root) == root
        assert one(Function.ISQRT, root * root - 1) == root - 1
    assert one(Function.ISQRT, 2**63 - 1) == 3037000499
    assert one(Function.ISQRT, -5) == 0
    assert one(Function.ISQRT, 0) == 0
