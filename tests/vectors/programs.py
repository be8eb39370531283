"""Vectors for whole programs: their bytes and roots, and what every operation yields on one input."""

from dataclasses import replace
from typing import Any

from executor.program import Interpreter, Program, data_root, validate
from executor.program.commitments import (
    hash_step,
    hash_trace,
    tensor_root,
    tree_over,
)
from executor.program.encoding import encode_header, encode_record
from executor.program.ir import Affine, Function, Guard, Opcode, Operation, Source, immediate
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

FIRST = [1, -2, 300, 4, -32768, 32767]
SECOND = [-5, 6, 7, 0, 1, 2]
INPUT = pack(INT16, FIRST).ljust(32, b"\0") + pack(INT16, SECOND)


def tiny_programs() -> dict[str, tuple[Program, bytes]]:
    """Named programs, each with an input."""
    column = Guard(Affine(1, (0, 1)), 3)
    shifted = view(0, Affine(1, (3, 1)), fill=-9, guards=(column,))
    channels = constant(INT32, [1, -10, 100])
    by_channel = view(0, Affine(0, (0, 1)), Source.CONSTANT)
    nothing = view(0, Affine(100, (3,), (1,)))
    table = constant(INT64, [-(2**40), 5, 2**40], 3, 1)
    from_table = (view(1), view(0, Affine(0, (0, 0)), Source.CONSTANT))
    previous = view(0, Affine(-1, (0,), (), 1), Source.HISTORY)
    unscaled = {"multiplier": immediate(1, 1), "bias": immediate(0, 1)}
    count = add(result=tensor(INT8, 1), operands=(previous, immediate(1, 1)), **unscaled)
    return {
        "add": (program(), INPUT),
        "short_input": (program(), INPUT[:3]),
        "rescale_and_saturate": (program(add(result=tensor(INT8, 2, 3), shift=3)), INPUT),
        "per_channel": (program(add(bias=by_channel, multiplier=by_channel), constants=(channels,)), INPUT),
        "guard_and_fill": (program(add(operands=(shifted, view(1)))), INPUT),
        "dot": (program(dot()), INPUT),
        "dot_in_chunks": (program(dot(chunk=2)), INPUT),
        "maximum": (program(maximum()), INPUT),
        "maximum_of_nothing": (program(maximum(operands=(nothing,), result=tensor(INT32, 2))), INPUT),
        "gather_rows": (program(gather(immediate=-1)), INPUT),
        "gather_from_table": (
            program(gather(operands=from_table, result=tensor(INT64, 2, 3)), constants=(table,)),
            INPUT,
        ),
        "argmax": (argmax(), INPUT),
        "steps_by_input": (
            program(count, inputs=(tensor(INT8, 1),), step_bound=7, step_input=0),
            bytes([5]),
        ),
        "history_sum": (history_sum(), INPUT),
    }


def argmax() -> Program:
    """Index of the largest of the six elements of input 0; the lowest wins among equals."""
    largest = maximum(
        result=tensor(INT16, 1), operands=(view(0, Affine(0, (0,), (1,))),), reduction=(6,), chunk=6
    )
    flat = {"multiplier": immediate(1, 1), "bias": immediate(0, 1), "result": tensor(INT16, 6)}
    first, only = Affine(0, (1,)), Affine(0, (0,))
    equal = add(function=Function.EQ, operands=(view(0, first), view(0, only, Source.OUTPUT)), **flat)
    ranks = add(
        function=Function.SELECT,
        operands=(view(1, first, Source.OUTPUT), view(0, first, Source.CONSTANT), immediate(0, 1)),
        **flat,
    )
    best = replace(largest, operands=(view(2, Affine(0, (0,), (1,)), Source.OUTPUT),))
    index = add(
        function=Function.SUB,
        operands=(immediate(6, 1), view(3, only, Source.OUTPUT)),
        **(flat | {"result": tensor(INT8, 1)}),
    )
    return program(largest, equal, ranks, best, index, constants=(constant(INT8, [6, 5, 4, 3, 2, 1]),))


def history_sum() -> Program:
    """Every step adds up what the second operation has yielded so far, and one."""
    total = Operation(
        opcode=Opcode.DOT,
        result=tensor(INT32, 1),
        operands=(view(1, Affine(0, (0,), (1,)), Source.HISTORY), immediate(1, 1, 1)),
        multiplier=immediate(1, 1, 1),
        bias=immediate(0, 1, 1),
        reduction=(4,),
        chunk=4,
    )
    more = add(
        result=tensor(INT16, 1),
        operands=(view(0, Affine(0, (0,)), Source.OUTPUT), immediate(1, 1)),
        multiplier=immediate(1, 1),
        bias=immediate(0, 1),
    )
    return program(total, more, step_bound=4)


def program_cases() -> dict[str, Any]:
    """Everything that a program and one run of it commit to."""
    return {"cases": [_case(name, *case) for name, case in tiny_programs().items()]}


def _case(name: str, tested: Program, data: bytes) -> dict[str, Any]:
    header = validate(tested)
    steps: list[list[dict[str, str]]] = []
    roots: list[list[bytes]] = []
    output = b""
    for _, index, elements in Interpreter(tested, data).outputs():
        if index == 0:
            steps.append([])
            roots.append([])
        result = tested.operations[index].result
        output = elements.astype(result.element.canonical).tobytes()
        roots[-1].append(tensor_root(result.element, result.dims, output))
        steps[-1].append({"bytes": _hex(output), "root": _hex(roots[-1][-1])})
    trace = tree_over([hash_step(tree_over(outputs).root) for outputs in roots]).root
    return {
        "name": name,
        "header": _hex(encode_header(header)),
        "inputs": [
            {"type": int(each.element), "dims": list(each.dims), "offset": offset}
            for each, offset in zip(tested.inputs, tested.input_offsets, strict=True)
        ],
        "constants": [
            {
                "type": int(each.type.element),
                "dims": list(each.type.dims),
                "bytes": _hex(bytes(each.canonical)),
                "root": _hex(each.root),
            }
            for each in tested.constants
        ],
        "records": [_hex(encode_record(operation)) for operation in tested.operations],
        "program_root": _hex(tested.root),
        "input": _hex(data),
        "input_size": tested.input_size,
        "input_root": _hex(data_root(data, tested.input_size)),
        "steps": steps,
        "trace_root": _hex(hash_trace(len(steps), trace)),
        "output": _hex(output),
        "output_root": _hex(data_root(output, tested.output_size)),
    }


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
