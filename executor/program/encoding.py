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

# Three words each: what is particular, then the dimensions or the coefficients.
_HEAD = struct.Struct(">7BxI4xq8x8I4x7I")
_VIEW = struct.Struct(">BBxxI4xiq8x8i8i")
_GUARD = struct.Struct(">12xiq8x8i8i")
_HEADER = struct.Struct(">BBHIIIQQQQIIQ")

MAX_RECORD = _HEAD.size + (MAX_OPERANDS + 2) * (_VIEW.size + MAX_GUARDS * _GUARD.size)
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
            *_padded(operation.result.dims, MAX_RANK),
            *_padded(operation.reduction, MAX_REDUCTION_RANK),
        )
    except struct.error as error:
        raise InvalidProgram(f"a number does not fit the record: {error}") from None
    views = (_encode_view(view, name, rank, depth) for name, view in operation.named_views)
    return head + b"".join(views)


def _encode_view(view: View, name: str, rank: int, depth: int) -> bytes:
    _expect(len(view.guards) <= MAX_GUARDS, f"{name}: {len(view.guards)} guards, above {MAX_GUARDS}")
    for form in view.forms:
        given = len(form.output), len(form.reduction)
        if given != (rank, depth):
            raise InvalidProgram(f"{name}: coefficients for {given} axes, not {(rank, depth)}")
    offset = view.offset
    try:
        words = _VIEW.pack(
            view.source, len(view.guards), view.index, offset.constant, view.fill, *_coefficients(offset)
        )
        for guard in view.guards:
            words += _GUARD.pack(guard.form.constant, guard.limit, *_coefficients(guard.form))
    except struct.error as error:
        raise InvalidProgram(f"{name}: a number does not fit the record: {error}") from None
    return words


def _coefficients(form: Affine) -> tuple[int, ...]:
    """Those of the output indices, of the step, and of the reduction indices, as two words hold them."""
    return (*_padded(form.output, MAX_RANK), form.step, *_padded(form.reduction, MAX_REDUCTION_RANK))


def decode_record(record: bytes) -> Operation:
    """The operation that these bytes, and only these, encode; InvalidProgram for any other byte string."""
    try:
        operation = _decode(record)
    except ValueError as error:
        raise InvalidProgram(f"ill-formed record: {error}") from None
    if operation.record != record:
        at = next(at for at, (a, b) in enumerate(zip(record, operation.record, strict=False)) if a != b)
        raise InvalidProgram(f"ill-formed record: byte {at} is {record[at]}, not {operation.record[at]}")
    return operation


def _decode(record: bytes) -> Operation:
    _expect(len(record) >= _HEAD.size, "it ends within its first three words")
    numbers = _HEAD.unpack_from(record)
    opcode, function, element, rank, depth, operands, shift, chunk, value = numbers[:9]
    _expect(1 <= rank <= MAX_RANK and depth <= MAX_REDUCTION_RANK, f"ranks {rank} and {depth}")
    _expect(1 <= operands <= MAX_OPERANDS, f"{operands} operands")
    position, views = _HEAD.size, []
    for number in range(operands + 2):
        try:
            view, position = _decode_view(record, position, rank, depth)
        except struct.error:
            raise InvalidProgram(f"it ends within view {number}") from None
        views.append(view)
    _expect(position == len(record), f"{len(record)} bytes where its views end at {position}")
    return Operation(
        opcode=Opcode(opcode),
        function=Function(function),
        result=TensorType(ElementType(element), numbers[9 : 9 + rank]),
        operands=tuple(views[:operands]),
        multiplier=views[operands],
        bias=views[operands + 1],
        shift=shift,
        immediate=value,
        reduction=numbers[17 : 17 + depth],
        chunk=chunk,
    )


def _decode_view(record: bytes, position: int, rank: int, depth: int) -> tuple[View, int]:
    """The view at this position, and the position behind it; struct.error where the record ends before."""

    def form(constant: int, coefficients: tuple[int, ...]) -> Affine:
        return Affine(constant, coefficients[:rank], coefficients[9 : 9 + depth], coefficients[8])

    source, count, index, constant, fill, *_ = numbers = _VIEW.unpack_from(record, position)
    _expect(count <= MAX_GUARDS, f"{count} guards")
    position += _VIEW.size
    guards = []
    for _ in range(count):
        guard = _GUARD.unpack_from(record, position)
        guards.append(Guard(form(guard[0], guard[2:]), guard[1]))
        position += _GUARD.size
    return View(Source(source), index, form(constant, numbers[5:]), fill, tuple(guards)), position


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

    operations = [hash_operation(operation.record) for operation in program.operations]
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
    return numbers + (0,) * (length - len(numbers))


def _expect(holds: bool, message: str) -> None:
    if not holds:
        raise InvalidProgram(message)
