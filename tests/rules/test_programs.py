"""RULES, Programs: one test a rule, judged on-chain. What each program yields is written out beside it.

`judged` has the deployed Referee execute every step of a program; that the specification says the same is
tested in tests/program.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from executor.program import InvalidProgram, validate
from executor.program.cost import MAX_GAS, MAX_PROOF
from executor.program.ir import Affine, ElementType, Function, Guard, Operation, Source, immediate
from tests.judge.dispute.court import Court
from tests.judge.dispute.programs import reduction
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
    view,
)
from tests.rules.judging import SIX, judged, mapped, of_two
from tests.soundness.bench import Bench
from tests.soundness.prover import prove_steps
from tests.soundness.trace import Statement
from tests.words import CHALLENGER

# --- "Types ... Arithmetic is over the integers" ---


@pytest.mark.parametrize("element", list(ElementType))
def test_types__ends_of_each__are_read_and_written_as_they_are(bench: Bench, element: ElementType) -> None:
    low, high = element.interval
    ends = constant(element, [low, high, -1, 0, 1, low + 1])
    copied = add(
        function=Function.CLAMP,
        operands=(
            view(0, source=Source.CONSTANT),
            immediate(max(low, -(2**63) + 1), 2),
            immediate(high, 2),
        ),
        result=tensor(element, 2, 3),
    )
    yields = of_two(bench, program(copied, constants=(ends,)))
    assert yields == [max(low, -(2**63) + 1), high, -1, 0, 1, low + 1]


def test_arithmetic__just_below_2_to_63__does_not_wrap(bench: Bench) -> None:
    assert mapped(bench, Function.ADD, 2**62, 2**62 - 1) == 2**63 - 1
    assert mapped(bench, Function.SUB, -(2**62), 2**62 - 1) == -(2**63) + 1
    large = constant(INT64, [3 * 10**18, -(3 * 10**18)])
    doubled = add(
        operands=(view(0, Affine(0, (1,)), Source.CONSTANT), immediate(0, 1)),
        result=tensor(INT64, 2),
        multiplier=immediate(3, 1),
        bias=immediate(0, 1),
        shift=1,
    )
    assert of_two(bench, program(doubled, constants=(large,))) == [45 * 10**17, -45 * 10**17]


# --- "Result of every operation" ---


def test_result__floor__ties_go_to_plus_infinity(bench: Bench) -> None:
    assert of_two(bench, program(add(shift=1)), [3, -3, 1, -1, 5, -5]) == [2, -1, 1, 0, 3, -2]
    negative = program(add(multiplier=immediate(-5, 2), bias=immediate(2, 2), shift=3))
    assert of_two(bench, negative) == [(-5 * (x + 2) + 4) // 8 for x in SIX]


def test_result__shift_62__still_rounds(bench: Bench) -> None:
    few = constant(INT8, [3, 4, -4, -5, 5, 0])
    stored = (view(0, source=Source.CONSTANT), immediate(0, 2))
    tested = program(add(operands=stored, multiplier=immediate(2**59, 2), shift=62), constants=(few,))
    assert of_two(bench, tested) == [0, 1, 0, -1, 1, 0]


def test_result__saturation__is_one_and_last(bench: Bench) -> None:
    halved = program(add(result=tensor(INT8, 2, 3), shift=1))
    assert of_two(bench, halved, [200, 254, 255, -256, -258, 0]) == [100, 127, 127, -128, -128, 0]


def test_result__multiplier_and_bias__are_views_over_the_output_indices(bench: Bench) -> None:
    by_channel = view(0, Affine(0, (0, 1)), Source.CONSTANT)
    tested = program(add(multiplier=by_channel, bias=by_channel), constants=(constant(INT32, [1, 10, 100]),))
    assert of_two(bench, tested, [1, 1, 1, 2, 2, 2]) == [2, 110, 10100, 3, 120, 10200]


def test_result__max_and_gather__have_multiplier_bias_and_shift_as_well(bench: Bench) -> None:
    scaled = {"multiplier": immediate(3, 1, 1), "bias": immediate(1, 1, 1), "shift": 1}
    assert of_two(bench, program(maximum(**scaled))) == [6, 11]
    assert of_two(bench, program(maximum())) == [3, 6]


# --- "View" ---


def test_view__guard__keeps_padding_out_of_the_next_row(bench: Bench) -> None:
    shifted, column = Affine(1, (3, 1)), Guard(Affine(1, (0, 1)), 3)
    unguarded = program(add(operands=(view(0, shifted, fill=-9), view(1))))
    assert of_two(bench, unguarded) == [2, 3, 4, 5, 6, -9]
    guarded = program(add(operands=(view(0, shifted, fill=-9, guards=(column,)), view(1))))
    assert of_two(bench, guarded) == [2, 3, -9, 5, 6, -9]


def test_view__offset_outside_on_either_side__reads_the_fill(bench: Bench) -> None:
    early = program(add(operands=(view(0, Affine(-2, (3, 1)), fill=7), view(1))))
    assert of_two(bench, early) == [7, 7, 1, 2, 3, 4]
    backwards = program(add(operands=(view(0, Affine(3, (-3, -1)), fill=7), view(1))))
    assert of_two(bench, backwards) == [4, 3, 2, 1, 7, 7]


def test_view__four_guards_with_signs_and_steps__all_have_to_hold(bench: Bench) -> None:
    guards = (
        Guard(Affine(0, (1, 0)), 2),
        Guard(Affine(2, (0, -1)), 3),
        Guard(Affine(-1, (1, 1)), 2),
        Guard(Affine(0, (0, 0), (), 1), 1),
    )
    tested = program(add(operands=(view(0, fill=-9, guards=guards), view(1))))
    assert of_two(bench, tested) == [-9, 2, 3, 4, 5, -9]
    assert of_two(bench, replace(tested, step_bound=2)) == [-9] * 6  # the last holds at t = 0 alone


def test_view__fill_in_a_dot__is_multiplied_like_an_element(bench: Bench) -> None:
    late = view(0, Affine(1, (3,), (1,)), fill=-2, guards=(Guard(Affine(1, (0,), (1,)), 3),))
    tested = program(dot(operands=(late, immediate(10, 1, 1))))
    assert of_two(bench, tested) == [10 * (2 + 3 - 2), 10 * (5 + 6 - 2)]


# --- "dot, max" ---


def test_dot__several_axes__sums_over_all(bench: Bench) -> None:
    operation = dot(
        result=tensor(INT32, 2, 3),
        operands=(view(0, Affine(0, (0, 1), (3, 0))), immediate(1, 2, 2)),
        reduction=(2, 4),
        chunk=8,
        multiplier=immediate(1, 2, 2),
        bias=immediate(0, 2, 2),
    )
    assert of_two(bench, program(operation), [1, 2, 3, 10, 20, 30]) == [44, 88, 132] * 2


def test_max__of_skipped_elements__is_the_lowest_value_of_the_type(bench: Bench) -> None:
    guarded = view(0, Affine(0, (3,), (1,)), fill=999, guards=(Guard(Affine(0, (0,), (1,)), 2),))
    assert of_two(bench, program(maximum(operands=(guarded,))), [-5, -7, 9, 2, 1, 99]) == [-5, 2]
    nothing = program(maximum(operands=(view(0, Affine(100, (3,), (1,))),), result=tensor(INT32, 2)))
    assert of_two(bench, nothing) == [-(2**15)] * 2


def test_chunks__row_major_runs__are_combined_before_one_bias_and_rescale(bench: Bench) -> None:
    operation = dot(
        operands=(view(0, Affine(0, (3,), (0, 1))), immediate(1, 1, 2)),
        reduction=(5, 3),
        multiplier=immediate(1, 1, 2),
        bias=immediate(7, 1, 2),
        shift=2,
    )
    for chunk in (1, 2, 4, 7, 14, 15):
        tested = program(replace(operation, chunk=chunk))
        assert of_two(bench, tested) == [(5 * 6 + 7 + 2) // 4, (5 * 15 + 7 + 2) // 4]


def test_chunks__above_32__are_posted_again_and_again(court: Court) -> None:
    """1,100 chunks: three rounds of at most 32 values, and a single one is judged."""
    example = reduction(1_100)
    hearing = court.hear_trace(example.lie(0, 0, 1))
    game = hearing.challenge()
    hearing.trace(example.lie(0, 0, 1))
    assert hearing.play(game, example.lie(0, 0, 1), example.trace) == CHALLENGER


# --- "gather" ---


def test_gather__index__is_clamped_after_the_offset(bench: Bench) -> None:
    assert of_two(bench, program(gather()), [-7, 0, 0, 5, 0, 0], SIX) == SIX
    assert of_two(bench, program(gather(immediate=-1)), [1, 0, 0, 2, 0, 0], SIX) == SIX
    assert of_two(bench, program(gather(immediate=1)), [1, 0, 0, -1, 0, 0], SIX) == [4, 5, 6, 1, 2, 3]


def test_gather__column_beyond_the_table__reads_the_fill(bench: Bench) -> None:
    late = view(1, Affine(2, (0, 1)), fill=-77)
    tested = program(gather(operands=(view(0, Affine(0, (3, 0))), late)))
    assert of_two(bench, tested, [0, 0, 0, 1, 0, 0], SIX) == [3, 4, 5, 6, -77, -77]


# --- "map, closed list" ---


def test_map__closed_list__computes_what_the_rule_says(bench: Bench) -> None:
    f = Function
    assert mapped(bench, f.ADD, -7, 3) == -4
    assert mapped(bench, f.SUB, -7, 3) == -10
    assert mapped(bench, f.MUL, -(2**31), 2**31) == -(2**62)
    assert [mapped(bench, f.DIV, a, b) for a, b in ((7, 2), (-7, 2), (7, -2), (-7, -2))] == [3, -4, -4, 3]
    assert mapped(bench, f.DIV, 5, 0, p=30) == 0
    assert mapped(bench, f.DIV, -1, 3, p=30) == -(2**30) // 3
    assert [mapped(bench, f.SHIFT, x, p=1) for x in (3, -3, 1, -1)] == [2, -1, 1, 0]
    assert mapped(bench, f.SHIFT, -(2**61) - 1, p=62) == -1
    assert (mapped(bench, f.MIN, -1, 1), mapped(bench, f.MAX, -1, 1)) == (-1, 1)
    assert [mapped(bench, f.CLAMP, x, -2, 2) for x in (-3, 0, 3)] == [-2, 0, 2]
    assert mapped(bench, f.CLAMP, 0, 5, 1) == 1
    for function, yields in ((f.EQ, [0, 1, 0]), (f.LT, [1, 0, 0]), (f.LE, [1, 1, 0])):
        assert [mapped(bench, function, *pair) for pair in ((1, 2), (2, 2), (3, 2))] == yields
    assert [mapped(bench, f.SELECT, a, 7, 9) for a in (1, 0, -1, 50)] == [7, 9, 9, 7]
    assert [mapped(bench, f.ISQRT, x) for x in (-5, 0, 1, 3, 4, 2**63 - 1)] == [0, 0, 1, 1, 2, 3_037_000_499]
    for root in (94_906_267, 2**31, 3_037_000_499):
        assert mapped(bench, f.ISQRT, root * root) == root
        assert mapped(bench, f.ISQRT, root * root - 1) == root - 1


def test_map__argmax_of_equals__is_the_lowest_index(bench: Bench) -> None:
    countdown = constant(INT8, [6, 5, 4, 3, 2, 1])
    flat, one = Affine(0, (1,)), {"multiplier": immediate(1, 1), "bias": immediate(0, 1)}
    highest = maximum(
        operands=(view(0, Affine(0, (0,), (1,))),), result=tensor(INT16, 1), reduction=(6,), chunk=6
    )
    peak = view(0, Affine(0, (0,)), Source.OUTPUT)
    same = add(function=Function.EQ, operands=(view(0, flat), peak), result=tensor(INT8, 6), **one)
    marked = add(
        function=Function.SELECT,
        operands=(view(1, flat, Source.OUTPUT), view(0, flat, Source.CONSTANT), immediate(0, 1)),
        result=tensor(INT8, 6),
        **one,
    )
    nearest = maximum(
        operands=(view(2, Affine(0, (0,), (1,)), Source.OUTPUT),),
        result=tensor(INT8, 1),
        reduction=(6,),
        chunk=6,
        multiplier=immediate(-1, 1, 1),
        bias=immediate(-6, 1, 1),
    )
    tested = program(highest, same, marked, nearest, constants=(countdown,))
    assert of_two(bench, tested, [3, 9, 2, 9, 9, 1]) == [1]


# --- "Steps" ---


def test_steps__history__ends_with_this_step_or_the_one_before(bench: Bench) -> None:
    scaled = add(
        operands=(view(0, Affine(0, (0,), (), 1)), immediate(0, 1)),
        result=tensor(INT16, 1),
        multiplier=immediate(1, 1),
        bias=immediate(0, 1),
    )

    def total(number: int) -> Operation:
        form = Affine(0, (0,), (1,))
        operands = (view(number, form, Source.HISTORY), immediate(1, 1, 1))
        return dot(result=tensor(INT32, 1), operands=operands, reduction=(4,), chunk=4)

    assert of_two(bench, program(scaled, total(0), step_bound=4)) == [1 + 2 + 3 + 4]
    after = add(
        operands=(view(0, Affine(0, (0,)), Source.OUTPUT), immediate(1, 1)),
        result=tensor(INT16, 1),
        multiplier=immediate(1, 1),
        bias=immediate(0, 1),
    )
    assert of_two(bench, program(total(1), after, step_bound=4)) == [8]


@pytest.mark.parametrize(("asked", "steps"), [(-5, 1), (0, 1), (1, 1), (3, 3), (7, 7), (8, 7), (127, 7)])
def test_steps__input__is_clamped_to_1_and_the_bound(bench: Bench, asked: int, steps: int) -> None:
    counter = add(
        operands=(view(0, Affine(-1, (0,), (), 1), Source.HISTORY), immediate(1, 1)),
        result=tensor(INT8, 1),
        multiplier=immediate(1, 1),
        bias=immediate(0, 1),
    )
    tested = program(counter, inputs=(tensor(INT8, 1),), step_bound=7, step_input=0)
    assert judged(bench, tested, pack(INT8, [asked])) == [steps]
    statement = Statement(tested, pack(INT8, [asked]))
    assert bench.steps(statement, prove_steps(statement)) == steps


# --- "Shapes" ---


def test_shapes__rank_8_and_seven_reduction_axes__are_judged(bench: Bench) -> None:
    wide = dot(
        result=tensor(INT32, 1, 2, 1, 1, 3, 1, 1, 1),
        operands=(view(0, Affine(0, (0, 3, 0, 0, 1, 0, 0, 0), (0,) * 7)), immediate(1, 8, 7)),
        multiplier=immediate(1, 8, 7),
        bias=immediate(0, 8, 7),
        reduction=(1, 2, 1, 3, 1, 1, 1),
        chunk=6,
    )
    assert of_two(bench, program(wide)) == [6 * x for x in SIX]


def test_shapes__bomb_in_dead_code_or_unprovable_stride__is_no_program() -> None:
    n = 1 << 20
    bomb = dot(
        operands=(view(0, Affine(0, (0,), (0,))), view(1, Affine(0, (0,), (0,)))), reduction=(n,), chunk=n
    )
    with pytest.raises(InvalidProgram, match=f"above {MAX_GAS}"):
        validate(program(bomb))
    with pytest.raises(InvalidProgram, match="is dead"):
        validate(program(add(), add()))
    wide = (tensor(INT8, 1024, 1024), tensor(INT8, 1024))
    column = dot(
        result=tensor(INT32, 1024),
        operands=(view(0, Affine(0, (1,), (1024,))), view(1, Affine(0, (0,), (1,)))),
        reduction=(1024,),
        chunk=1024,
    )
    with pytest.raises(InvalidProgram, match=f"above {MAX_PROOF}"):
        validate(program(column, inputs=wide))


# --- "Exact in fp32 units" ---


def test_fp32__int8_products__are_exact_in_any_order_to_the_stated_lengths() -> None:
    rng = np.random.default_rng(7)
    for a, b, length in ((127, 127, 1040), (-128, 127, 1032), (-128, -128, 1024)):
        assert length * abs(a * b) <= 2**24
        terms = np.full(length, a * b, np.float32)
        assert abs(int(rng.permutation(terms).cumsum(dtype=np.float32)[-1])) == length * abs(a * b)
    assert 1041 * 127 * 127 > 2**24
    assert 1033 * 127 * 128 > 2**24
    assert np.float32(2**24) + np.float32(1) == np.float32(2**24)  # one more, and a unit is lost


def test_fp32__int16_in_two_halves__needs_a_clamp_above_32639() -> None:
    a = np.arange(-(2**15), 2**15)
    hi = (a + 128) >> 8
    lo = a - 256 * hi
    assert (256 * hi + lo == a).all()
    assert lo.min() == -128
    assert lo.max() == 127
    assert int(a[hi == 128].min()) == 32_640
    assert hi[a <= 32_639].max() == 127
