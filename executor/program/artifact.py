"""The artifact: a program in one file, weights included, identified by the program root.

    8 bytes   "elenchus"
    64 bytes  program header (encoding.py); its version is the file's
    inputs, then constants, each: type (1 byte), rank (1 byte), dimensions (u64 each)
    operations, each: length of the record (u32), record
    constants' canonical bytes, one after the other, to the end of the file

A file is data and nothing else, so whatever it contains, loading it ends in a valid program or in an error.
Every size is checked against the file's length before memory is taken for it.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

from executor.program.encoding import (
    HEADER_SIZE,
    MAX_RECORD,
    Header,
    decode_header,
    decode_record,
    encode_header,
    encode_record,
)
from executor.program.ir import Constant, ElementType, InvalidProgram, Operation, Program, TensorType
from executor.program.validation import (
    MAX_CONSTANTS,
    MAX_ELEMENTS,
    MAX_INPUTS,
    MAX_OPERATIONS,
    MAX_RANK,
    validate,
)

MAGIC = b"elenchus"
DEFAULT_LIMIT = 1 << 30


class InvalidArtifact(ValueError):
    """The file is not the artifact that it claims, or was expected, to be."""


def save(program: Program, path: str | os.PathLike[str]) -> None:
    """Write a program's artifact; InvalidProgram if it is not valid."""
    header = validate(program)
    with Path(path).open("wb") as file:
        file.write(MAGIC + encode_header(header))
        for tensor in (*program.inputs, *(constant.type for constant in program.constants)):
            file.write(struct.pack(f">BB{len(tensor.dims)}Q", tensor.element, len(tensor.dims), *tensor.dims))
        for operation in program.operations:
            record = encode_record(operation)
            file.write(struct.pack(">I", len(record)) + record)
        for constant in program.constants:
            file.write(constant.canonical)


def load(
    path: str | os.PathLike[str], expected_root: bytes | None = None, limit: int = DEFAULT_LIMIT
) -> Program:
    """The valid program in the file at `path`.

    Raises InvalidArtifact if the file is longer than `limit` bytes, malformed, states another cost than its
    program's or has another root than `expected_root`; InvalidProgram if what it contains is not a program.
    """
    with Path(path).open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        _expect(size <= limit, f"{size} bytes, above the limit of {limit}")
        program, stated = _parse(file, size)
    header = validate(program)
    _expect(header == stated, f"the header states {stated}, the program's is {header}")
    if expected_root is not None:
        _expect(
            program.root == expected_root,
            f"root 0x{program.root.hex()}, not the expected 0x{expected_root.hex()}",
        )
    return program


def _parse(file: BinaryIO, size: int) -> tuple[Program, Header]:
    _expect(_take(file, len(MAGIC), "magic") == MAGIC, "it does not begin as an artifact does")
    header = decode_header(_take(file, HEADER_SIZE, "header"))
    for what, count, most in (
        ("inputs", header.inputs, MAX_INPUTS),
        ("constants", header.constants, MAX_CONSTANTS),
        ("operations", header.operations, MAX_OPERATIONS),
    ):
        _expect(count <= most, f"{count} {what}, above {most}")
    inputs = [_take_tensor(file, f"input {index}") for index in range(header.inputs)]
    types = [_take_tensor(file, f"constant {index}") for index in range(header.constants)]
    operations = [_take_operation(file, index) for index in range(header.operations)]
    rest, needed = size - file.tell(), sum(tensor.size for tensor in types)
    _expect(rest == needed, f"{rest} bytes of constants where their dimensions need {needed}")
    constants = [_take_constant(file, tensor, f"constant {index}") for index, tensor in enumerate(types)]
    program = Program(
        tuple(operations), tuple(inputs), tuple(constants), header.step_bound, header.step_input
    )
    return program, header


def _take(file: BinaryIO, length: int, what: str) -> bytes:
    data = file.read(length)
    _expect(len(data) == length, f"it ends within {what}")
    return data


def _take_tensor(file: BinaryIO, what: str) -> TensorType:
    element, rank = _take(file, 2, what)
    _expect(element in set(ElementType), f"{what}: type {element} does not exist")
    _expect(1 <= rank <= MAX_RANK, f"{what}: rank {rank} is not in 1 .. {MAX_RANK}")
    tensor = TensorType(ElementType(element), struct.unpack(f">{rank}Q", _take(file, 8 * rank, what)))
    _expect(0 < tensor.count < MAX_ELEMENTS, f"{what}: {tensor.count} elements are not in 1 .. 2^31 - 1")
    return tensor


def _take_operation(file: BinaryIO, index: int) -> Operation:
    (length,) = struct.unpack(">I", _take(file, 4, f"operation {index}"))
    _expect(length <= MAX_RECORD, f"operation {index}: a record of {length} bytes, above {MAX_RECORD}")
    record = _take(file, length, f"operation {index}")
    try:
        return decode_record(record)
    except InvalidProgram as error:
        raise InvalidProgram(f"operation {index}: {error}") from None


def _take_constant(file: BinaryIO, tensor: TensorType, what: str) -> Constant:
    data = np.empty(tensor.count, tensor.element.canonical)
    view = data.data.cast("B")
    filled = 0
    while filled < len(view):
        got = file.readinto(view[filled:])  # type: ignore[attr-defined]  # BinaryIO lacks what every file has
        _expect(bool(got), f"it ends within {what}")
        filled += got
    return Constant(tensor, data.astype(tensor.element.native))


def _expect(holds: bool, message: str) -> None:
    if not holds:
        raise InvalidArtifact(message)
