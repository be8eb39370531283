"""The byte encoding of operation records and of the program header, written once and parsed by the Referee.

Integers are big-endian; u is unsigned, i is two's complement; bytes not named are zero. One value has one
encoding: `decode_record` refuses every other byte string.

**Record** (a multiple of 32 bytes, at most 2496): three words, then its views: operands, multiplier, bias.

    word 0   byte 0 opcode      1 function        2 result's type      3 result's rank (1..8)
             byte 4 reduction's rank (0..7)       5 number of operands (1..3)
             byte 6 shift       8..11 chunk u32   16..23 immediate i64
    word 1   the result's dimensions, 8 x u32, missing ones 0
    word 2   0, then the reduction's dimensions, 7 x u32, missing ones 0

    opcode   1 dot, 2 map, 3 max, 4 gather
    function 0 none, 1 add, 2 sub, 3 mul, 4 div, 5 shift, 6 min, 7 max, 8 clamp, 9 eq, 10 lt, 11 le,
             12 select, 13 isqrt

**View** (three words, then three for each of its guards)

    word 0   byte 0 source (0 immediate, 1 input, 2 constant, 3 output, 4 history)
             byte 1 number of guards (0..4)   4..7 index of the source u32
             12..15 constant of the offset i32             16..23 fill i64
    word 1   coefficients of the output indices, 8 x i32, missing ones 0
    word 2   coefficient of the step i32, then of the reduction indices, 7 x i32, missing ones 0

**Guard** (three words): as a view's, but in word 0 only 12..15 constant i32 and 16..23 limit i64.

**Program header** (two words)

    word 0   byte 0 version (1)     1 number of inputs       2..3 step input u16 (its index + 1, or 0)
             4..7 step bound u32    8..11 number of operations u32         12..15 number of constants u32
             16..23 input size u64  24..31 output size u64
    word 1   0..7 multiply-accumulates u64          8..15 tiles of the trace u64, both over all steps
             16..19 touched tiles u32   20..23 proof bytes u32   24..31 gas u64, each of the worst step

A source's type and dimensions are not in the record that reads it: its tensor root binds them, or for an
input its leaf in the program's tree of inputs. The element at flat offset f of a constant, an output or one
entry of a history is at byte f * width of that tensor's tiles; of an input, at byte offset + f * width of the
tiles of the whole input. A history of entries of n elements has element f at f mod n of step f div n.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from executor.program.commitments import hash_input, hash_operation, hash_program, tree_over
from executor.program.ir import (
    Affine,
    ElementType,
    Function,
    Guard,
    InvalidProgram,
    Opcode,
    Operation,
    Program,
    Source,
    TensorType,
    View,
)

VERSION = 1
MAX_RANK = 8
MAX_REDUCTION_RANK = 7
MAX_OPERANDS = 3
MAX_GUARDS = 4

_HEAD = struct.Struct(">7BxI4xq8x")
_RESULT_DIMS = struct.Struct(">8I")
_REDUCTION_DIMS = struct.Struct(">4x7I")
_VIEW = struct.Struct(">BBxxI4xiq8x")
_GUARD = struct.Struct(">12xiq8x")
_COEFFICIENTS = struct.Struct(">8i8i")
_HEADER = struct.Struct(">BBHIIIQQQQIIQ")

MAX_RECORD = 32 * (3 + 5 * 3 * (1 + MAX_GUARDS))
HEADER_SIZE = _HEADER.size


@dataclass(frozen=True)
class Header:
    """The two header words: counts and sizes, and what the program costs at most (cost.py)."""

    inputs: int
    step_input: int | None
    step_bound: int
    operations: int
    constants: int
    input_size: int
    output_size: int
    macs: int
    trace_tiles: int
    worst_tiles: int
    worst_proof: int
    worst_gas: int


def encode_record(operation: Operation) -> bytes:
    """The bytes of one operation; InvalidProgram if a number does not fit its field."""
    rank, depth = len(operation.result.dims), len(operation.reduction)
    _expect(1 <= rank <= MAX_RANK, f"result has rank {rank}, not 1 to {MAX_RANK}")
    _expect(depth <= MAX_REDUCTION_RANK, f"reduction has rank {depth}, above {MAX_REDUCTION_RANK}")
    _expect(1 <= len(operation.operands) <= MAX_OPERANDS, f"{len(operation.operands)} operands, not 1 to 3")
    try:
        head = _HEAD.pack(
            operation.opcode,
            operation.function,
            operation.result.element,
            rank,
            depth,
            len(operation.operands),
            operation.shift,
            operation.chunk,
            operation.immediate,
        )
        dims = _RESULT_DIMS.pack(*_padded(operation.result.dims, 8))
        reduction = _REDUCTION_DIMS.pack(*_padded(operation.reduction, 7))
    except struct.error as error:
        raise InvalidProgram(f"a number does not fit the record: {error}") from None
    views = (_encode_view(view, name, rank, depth) for name, view in operation.named_views)
    return head + dims + reduction + b"".join(views)


def _encode_view(view: View, name: str, rank: int, depth: int) -> bytes:
    _expect(len(view.guards) <= MAX_GUARDS, f"{name}: {len(view.guards)} guards, above {MAX_GUARDS}")
    forms = [view.offset, *(guard.form for guard in view.guards)]
    for form in forms:
        given = len(form.output), len(form.reduction)
        _expect(given == (rank, depth), f"{name}: coefficients for {given} axes, not {(rank, depth)}")
    try:
        words = [_VIEW.pack(view.source, len(view.guards), view.index, view.offset.constant, view.fill)]
        words += [_GUARD.pack(guard.form.constant, guard.limit) for guard in view.guards]
        coefficients = [
            _COEFFICIENTS.pack(*_padded(form.output, 8), form.step, *_padded(form.reduction, 7))
            for form in forms
        ]
    except struct.error as error:
        raise InvalidProgram(f"{name}: a number does not fit the record: {error}") from None
    return b"".join(word + pair for word, pair in zip(words, coefficients, strict=True))


def decode_record(record: bytes) -> Operation:
    """The operation that these bytes, and only these, encode; InvalidProgram for any other byte string."""
    try:
        operation, end = _decode(record)
    except (struct.error, ValueError) as error:
        raise InvalidProgram(f"ill-formed record: {error}") from None
    if end != len(record) or encode_record(operation) != record:
        raise InvalidProgram("ill-formed record: not the one encoding of its operation")
    return operation


def _decode(record: bytes) -> tuple[Operation, int]:
    opcode, function, element, rank, depth, operands, shift, chunk, value = _HEAD.unpack_from(record)
    _expect(1 <= rank <= MAX_RANK and depth <= MAX_REDUCTION_RANK, f"ranks {rank} and {depth}")
    _expect(1 <= operands <= MAX_OPERANDS, f"{operands} operands")
    dims = _RESULT_DIMS.unpack_from(record, 32)[:rank]
    reduction = _REDUCTION_DIMS.unpack_from(record, 64)[:depth]
    position, views = 96, []
    for _ in range(operands + 2):
        view, position = _decode_view(record, position, rank, depth)
        views.append(view)
    operation = Operation(
        opcode=Opcode(opcode),
        function=Function(function),
        result=TensorType(ElementType(element), dims),
        operands=tuple(views[:operands]),
        multiplier=views[operands],
        bias=views[operands + 1],
        shift=shift,
        immediate=value,
        reduction=reduction,
        chunk=chunk,
    )
    return operation, position


def _decode_view(record: bytes, position: int, rank: int, depth: int) -> tuple[View, int]:
    def form(start: int, constant: int) -> Affine:
        numbers = _COEFFICIENTS.unpack_from(record, start + 32)
        return Affine(constant, numbers[:rank], numbers[9 : 9 + depth], numbers[8])

    source, guards, index, constant, fill = _VIEW.unpack_from(record, position)
    _expect(guards <= MAX_GUARDS, f"{guards} guards")
    offset = form(position, constant)
    found = []
    for start in range(position + 96, position + 96 * (1 + guards), 96):
        guard_constant, limit = _GUARD.unpack_from(record, start)
        found.append(Guard(form(start, guard_constant), limit))
    return View(Source(source), index, offset, fill, tuple(found)), position + 96 * (1 + guards)


def encode_header(header: Header) -> bytes:
    """The two header words; InvalidProgram if a number does not fit."""
    step_input = 0 if header.step_input is None else header.step_input + 1
    try:
        return _HEADER.pack(
            VERSION,
            header.inputs,
            step_input,
            header.step_bound,
            header.operations,
            header.constants,
            header.input_size,
            header.output_size,
            header.macs,
            header.trace_tiles,
            header.worst_tiles,
            header.worst_proof,
            header.worst_gas,
        )
    except struct.error as error:
        raise InvalidProgram(f"header: a number does not fit its field: {error}") from None


def decode_header(words: bytes) -> Header:
    """The header in these 64 bytes; InvalidProgram if their version is another."""
    version, inputs, step_input, *rest = _HEADER.unpack(words)
    _expect(version == VERSION, f"header: version {version}, this is version {VERSION}")
    return Header(inputs, step_input - 1 if step_input else None, *rest)


def program_root(program: Program) -> bytes:
    """The root over header, operations, constants and inputs; InvalidProgram if the program has none."""
    from executor.program.cost import header_of  # costs are counted on the records' terms

    operations = [hash_operation(encode_record(operation)) for operation in program.operations]
    inputs = [
        hash_input(tensor.element, tensor.dims, tensor.size, offset)
        for tensor, offset in zip(program.inputs, program.input_offsets, strict=True)
    ]
    return hash_program(
        encode_header(header_of(program)),
        tree_over(operations).root,
        tree_over([constant.root for constant in program.constants]).root,
        tree_over(inputs).root,
    )


def _padded(numbers: tuple[int, ...], length: int) -> tuple[int, ...]:
    return (*numbers, *(0 for _ in range(length - len(numbers))))


def _expect(holds: bool, message: str) -> None:
    if not holds:
        raise InvalidProgram(message)
