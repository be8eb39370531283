"""The rules of a program's structure, one test each: views, steps, shapes, costs, input."""

import re
from dataclasses import replace

import pytest

from executor.program import InputTooLong, InvalidProgram, Program, run, validate
from executor.program.ir import Affine, Function, Guard, Opcode, Source, immediate
from tests.program.build import (
    INT8,
    INT16,
    INT32,
    ROW_MAJOR,
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

SIX = [1, 2, 3, 4, 5, 6]


def results(tested: Program, first: list[int] = SIX) -> list[int]:
    """The output for a first int16[2, 3] input, the second being zeros."""
    validate(tested)
    return unpack(tested.output_type.element, run(tested, pack(INT16, first)))


def refused(tested: Program, message: str) -> None:
    with pytest.raises(InvalidProgram, match=re.escape(message)):
        validate(tested)


def test_view__guard__keeps_padding_out_of_the_next_row() -> None:
    shifted = Affine(1, (3, 1))
    unguarded = program(add(operands=(view(0, shifted, fill=-9), view(1))))
    assert results(unguarded) == [2, 3, 4, 5, 6, -9]
    column = Guard(Affine(1, (0, 1)), 3)
    guarded = program(add(operands=(view(0, shifted, fill=-9, guards=(column,)), view(1))))
    assert results(guarded) == [2, 3, -9, 5, 6, -9]


def test_view__offset_before_the_tensor__reads_the_fill() -> None:
    assert results(program(add(operands=(view(0, Affine(-2, (3, 1)), fill=7), view(1))))) == [
        7,
        7,
        1,
        2,
        3,
        4,
    ]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (Affine(0, (1, 2)), [1, 3, 5, 2, 4, 6]),
        (Affine(5, (-3, -1)), [6, 5, 4, 3, 2, 1]),
        (Affine(1, (3, 0)), [2, 2, 2, 5, 5, 5]),
        (Affine(0, (0, 0)), [1] * 6),
    ],
    ids=["reshape", "reverse", "broadcast", "scalar"],
)
def test_view__affine_offsets__rearrange(form: Affine, expected: list[int]) -> None:
    assert results(program(add(operands=(view(0, form), view(1))))) == expected


def test_view__fill__is_a_value_of_its_sources_type() -> None:
    assert validate(program(add(operands=(view(0, fill=2**15 - 1), view(1)))))
    refused(program(add(operands=(view(0, fill=2**15), view(1)))), "operand 0: fill 32768 is not a value")


def test_view__five_guards__are_refused() -> None:
    guards = (Guard(Affine(0, (1, 0)), 2),) * 5
    refused(program(add(operands=(view(0, guards=guards), view(1)))), "operand 0: 5 guards, above 4")


@pytest.mark.parametrize("limit", [0, -1, 2**31])
def test_view__limit_of_a_guard_out_of_range__is_refused(limit: int) -> None:
    guards = (Guard(Affine(0, (1, 0)), limit),)
    refused(program(add(operands=(view(0, guards=guards), view(1)))), f"guard 0: limit {limit} is not")


def test_view__coefficients__fit_int32() -> None:
    refused(
        program(add(operands=(view(0, Affine(2**31, (0, 0))), view(1)))), "operand 0: a number does not fit"
    )


def test_view__offset_beyond_2_to_62__is_refused() -> None:
    n, steep = 2**31 - 1, 2**31 - 1
    operation = dot(
        result=tensor(INT8, 1),
        operands=(view(0, Affine(0, (0,), (steep,), steep)), immediate(0, 1, 1)),
        reduction=(n,),
        chunk=1,
    )
    refused(program(operation, step_bound=n), "operand 0: offset may reach")


def test_view__multiplier_on_a_reduction_index__is_refused() -> None:
    refused(
        program(dot(multiplier=view(1, Affine(0, (0,), (1,))))), "multiplier: it depends on a reduction index"
    )


def test_view__immediate_with_an_offset__is_refused() -> None:
    crooked = replace(immediate(3, 2), offset=ROW_MAJOR)
    refused(program(add(operands=(view(0), crooked))), "operand 1: an immediate has an index")


@pytest.mark.parametrize(
    ("source", "index"), [(Source.INPUT, 2), (Source.CONSTANT, 0), (Source.OUTPUT, 0), (Source.HISTORY, 1)]
)
def test_view__source_that_does_not_exist_there__is_refused(source: Source, index: int) -> None:
    operation = add(operands=(view(index, source=source), view(1)))
    refused(program(operation), f"operand 0: {source.name.lower()} {index} does not exist")


def test_assignment__operation_reads_a_later_one__is_refused() -> None:
    early = add(operands=(view(1, source=Source.OUTPUT), view(1)))
    refused(program(early, add(operands=(view(0, source=Source.OUTPUT), view(1)))), "output 1 does not exist")


def counter(bound: int, step_input: int | None) -> Program:
    """Own history's last entry plus one, and in the first step one."""
    previous = view(0, Affine(-1, (0,), (), 1), Source.HISTORY)
    operation = add(
        result=tensor(INT8, 1),
        operands=(previous, immediate(1, 1)),
        multiplier=immediate(1, 1),
        bias=immediate(0, 1),
    )
    return program(operation, inputs=(tensor(INT8, 1),), step_bound=bound, step_input=step_input)


@pytest.mark.parametrize(("asked", "steps"), [(0, 1), (-5, 1), (1, 1), (3, 3), (7, 7), (8, 7), (127, 7)])
def test_steps__named_input__is_clamped_to_1_and_the_bound(asked: int, steps: int) -> None:
    tested = counter(7, 0)
    validate(tested)
    assert run(tested, pack(INT8, [asked])) == bytes([steps])


def test_steps__without_a_step_input__are_the_bound() -> None:
    assert run(counter(7, None), pack(INT8, [2])) == bytes([7])


def test_steps__step_index_in_a_view__moves_the_operand() -> None:
    last = add(operands=(view(0, Affine(0, (3, 1), (), 3), fill=-1), view(1)))
    assert results(program(last, step_bound=2)) == [4, 5, 6, -1, -1, -1]


def test_history__of_an_earlier_operation__includes_this_step() -> None:
    scaled = add(operands=(view(0, Affine(0, (0,), (), 1)), immediate(0, 1)), result=tensor(INT16, 1))
    scaled = replace(scaled, multiplier=immediate(1, 1), bias=immediate(0, 1))
    total = dot(
        result=tensor(INT32, 1),
        operands=(view(0, Affine(0, (0,), (1,)), Source.HISTORY), immediate(1, 1, 1)),
        reduction=(4,),
        chunk=4,
    )
    assert results(program(scaled, total, step_bound=4)) == [1 + 2 + 3 + 4]
    assert results(program(scaled, total, step_bound=2)) == [1 + 2]


def test_history__of_a_later_operation__ends_before_this_step() -> None:
    total = dot(
        result=tensor(INT32, 1),
        operands=(view(1, Affine(0, (0,), (1,)), Source.HISTORY), immediate(1, 1, 1)),
        reduction=(4,),
        chunk=4,
    )
    both = add(
        result=tensor(INT16, 1),
        operands=(view(0, Affine(0, (0,)), Source.OUTPUT), immediate(1, 1)),
        multiplier=immediate(1, 1),
        bias=immediate(0, 1),
    )
    assert results(program(total, both, step_bound=4)) == [8]  # every step adds up all before it, and one


def test_history__as_a_table__has_the_steps_so_far_as_rows() -> None:
    echo = add(operands=(view(0, Affine(0, (3, 1), (), 1)), view(1)))
    looked_up = gather(operands=(immediate(99, 2), view(0, Affine(0, (3, 1)), Source.HISTORY)))
    assert results(program(echo, looked_up, step_bound=1)) == SIX
    assert results(program(echo, looked_up, step_bound=2)) == [2, 3, 4, 5, 6, 0]


@pytest.mark.parametrize("bound", [0, 2**31])
def test_steps__bound_out_of_range__is_refused(bound: int) -> None:
    refused(program(step_bound=bound), f"step bound {bound} is not in")


def test_steps__input_that_does_not_exist__is_refused() -> None:
    refused(program(step_input=2), "step input 2 does not exist")


@pytest.mark.parametrize(
    ("spoiled", "message"),
    [
        (add(result=tensor(INT8)), "result: rank 0 is not in 1 .. 8"),
        (add(result=tensor(INT8, *[1] * 9)), "result: rank 9 is not in 1 .. 8"),
        (add(result=tensor(INT8, 2, 0)), "result: dimensions [2, 0] are not all at least 1"),
        (add(result=tensor(INT8, 2**16, 2**15)), "result: 2147483648 elements are not fewer than 2^31"),
        (dot(reduction=()), "coefficients for (1, 1) axes, not (1, 0)"),
        (dot(reduction=(0,)), "reduction: dimensions [0] are not all at least 1"),
        (dot(reduction=(2**31,)), "reduction: 2147483648 elements are not fewer than 2^31"),
        (dot(chunk=0), "chunk 0 is not in 1 .. 3"),
        (dot(chunk=4), "chunk 4 is not in 1 .. 3"),
        (maximum(chunk=4), "chunk 4 is not in 1 .. 3"),
        (add(chunk=1), "chunk 1 without a reduction"),
        (add(shift=63), "shift 63 is not in 0 .. 62"),
        (add(operands=(view(0),)), "1 operands where it takes 2"),
        (add(function=Function.ISQRT), "2 operands where it takes 1"),
        (add(function=Function.NONE), "function NONE is not for it"),
        (dot(function=Function.ADD), "function ADD is not for it"),
        (add(immediate=1), "immediate 1 where it takes none"),
        (maximum(operands=(immediate(0, 1, 1),)), "the maximum of an immediate"),
        (
            maximum(operands=(view(0, Affine(0, (3,), (1,)), Source.HISTORY),)),
            "operand 0: the maximum of a history that is empty in the first step",
        ),
        (gather(operands=(view(0), immediate(0, 2))), "an immediate as a table"),
    ],
)
def test_shapes__spoiled_operation__is_refused_by_its_own_message(spoiled: object, message: str) -> None:
    refused(program(spoiled), message)  # type: ignore[arg-type]


def test_shapes__spoiled_input_or_constant__is_refused() -> None:
    refused(program(inputs=(tensor(INT8, 0), tensor(INT8, 1))), "input 0: dimensions [0]")
    short = replace(constant(INT8, [1, 2, 3]), type=tensor(INT8, 4))
    refused(program(constants=(short,)), "constant 0: data int8[3] is not int8[4]")


def test_shapes__dead_operation__is_refused() -> None:
    refused(program(add(), add()), "operation 0 (add) is dead")


def test_shapes__operation_alive_only_through_history__is_accepted() -> None:
    last = add(operands=(view(0, Affine(0, (3, 1)), Source.HISTORY), view(1)))
    assert validate(program(add(), last))


def test_shapes__unused_constant__is_refused() -> None:
    refused(program(constants=(constant(INT8, [1]),)), "constant 0 is never read")


def test_shapes__no_operation__is_refused() -> None:
    refused(Program(()), "a program needs an operation")


def test_costs__header__states_macs_and_trace_tiles_over_all_steps() -> None:
    header = validate(program(dot(), step_bound=5))
    assert header.macs == 2 * 3 * 5
    assert header.trace_tiles == 5
    assert header.worst_tiles == 2


def test_costs__stride_that_makes_a_step_unprovable__is_refused_until_it_is_chunked() -> None:
    column = Affine(0, (1,), (1024,))
    wide = (tensor(INT8, 1024, 1024), tensor(INT8, 1024))
    operation = dot(
        result=tensor(INT32, 1024),
        operands=(view(0, column), view(1, Affine(0, (0,), (1,)))),
        reduction=(1024,),
        chunk=1024,
    )
    refused(program(operation, inputs=wide), "bytes, above 98304")
    assert validate(program(replace(operation, chunk=32), inputs=wide)).worst_tiles == 32 + 2


def test_costs__chunk_with_too_much_arithmetic__is_refused() -> None:
    n = 1 << 20
    operation = dot(
        operands=(view(0, Affine(0, (0,), (0,))), view(1, Affine(0, (0,), (0,)))), reduction=(n,), chunk=n
    )
    refused(program(operation), "gas, above 10000000")


def test_input__short__is_extended_with_zeros() -> None:
    tested = program()
    assert run(tested, b"\1") == run(tested, b"\1" + bytes(43))
    assert tested.input_size == 32 + 12


def test_input__longer__is_rejected() -> None:
    with pytest.raises(InputTooLong, match="45 bytes of input where 44 are allowed"):
        run(program(), bytes(45))


def test_input__tensors__begin_at_multiples_of_32_bytes() -> None:
    tested = program(inputs=(tensor(INT16, 2, 3), tensor(INT16, 2, 3), tensor(INT8, 33), tensor(INT8, 1)))
    assert tested.input_offsets == (0, 32, 64, 128)
    second = bytes(32) + pack(INT16, SIX)
    assert unpack(INT16, run(tested, second)) == SIX


def test_opcodes__closed_list__has_four_entries() -> None:
    assert [opcode.name for opcode in Opcode] == ["DOT", "MAP", "MAX", "GATHER"]
