"""The artifact: a program in one file, weights included, identified by the program root.

    8 bytes   "elenchus"
    64 bytes  program header (encoding.py); its version is the file's
    inputs, then constants, each: type (1 byte), rank (1 byte), dimensions (u64 each)
    operations, each: length of the record (u32), record
    constants' canonical bytes, one after the other, to the end of the file

A file is data and nothing else, so whatever it contains, loading it ends in a valid program or in an error,
at a cost in proportion to its length: every size is checked against that length before memory is taken for
it, and the constants are read only once all else is known to be a program.
"""

from __future__ import annotations

import gc
import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

import numpy as np

from executor.program.encoding import (
    HEADER_SIZE,
    MAX_RANK,
    MAX_RECORD,
    Header,
    decode_header,
    decode_record,
    encode_header,
)
from executor.program.ir import Constant, ElementType, InvalidProgram, Operation, Program, TensorType
from executor.program.validation import (
    MAX_CONSTANTS,
    MAX_ELEMENTS,
    MAX_INPUTS,
    MAX_OPERATIONS,
    check_intervals,
    check_structure,
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
            file.write(struct.pack(">I", len(operation.record)) + operation.record)
        for constant in program.constants:
            file.write(constant.canonical)


def load(
    path: str | os.PathLike[str], expected_root: bytes | None = None, limit: int = DEFAULT_LIMIT
) -> Program:
    """The valid program in the file at `path`.

    Raises InvalidArtifact if it is no regular file, longer than `limit` bytes, malformed, states another cost
    than its program's or has another root than `expected_root`; InvalidProgram if it contains no program.
    """
    _expect(stat.S_ISREG(os.stat(path).st_mode), "it is no regular file")  # others may have no end
    with _collector_resting(), Path(path).open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        _expect(size <= limit, f"{size} bytes, above the limit of {limit}")
        program, stated = _take_structure(file, size)
        header = asdict(check_structure(program))
        for field, number in asdict(stated).items():
            _expect(number == header[field], f"the header states {field} {number}, it is {header[field]}")
        for index, constant in enumerate(program.constants):
            _fill(constant, file, f"constant {index}")
        check_intervals(program)
    if expected_root is not None:
        _expect(
            program.root == expected_root,
            f"root 0x{program.root.hex()}, not the expected 0x{expected_root.hex()}",
        )
    return program


def _take_structure(file: BinaryIO, size: int) -> tuple[Program, Header]:
    """All but the constants' elements, for which there is room; and the header as the file states it."""
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
    records = [_take_record(file, f"operation {index}") for index in range(header.operations)]
    rest, needed = size - file.tell(), sum(tensor.size for tensor in types)
    _expect(rest == needed, f"{rest} bytes of constants where their dimensions need {needed}")
    program = Program(
        tuple(_decode(record, f"operation {index}") for index, record in enumerate(records)),
        tuple(inputs),
        tuple(Constant(tensor, np.empty(tensor.count, tensor.element.native)) for tensor in types),
        header.step_bound,
        header.step_input,
    )
    return program, header


def _take(file: BinaryIO, length: int, what: str) -> bytes:
    data = file.read(length)
    _expect(len(data) == length, f"it ends within {what}")
    return data


def _take_tensor(file: BinaryIO, what: str) -> TensorType:
    element, rank = _take(file, 2, what)
    _expect(element <= max(ElementType), f"{what}: type {element} does not exist")
    _expect(1 <= rank <= MAX_RANK, f"{what}: rank {rank} is not in 1 .. {MAX_RANK}")
    tensor = TensorType(ElementType(element), struct.unpack(f">{rank}Q", _take(file, 8 * rank, what)))
    _expect(0 < tensor.count < MAX_ELEMENTS, f"{what}: {tensor.count} elements are not in 1 .. 2^31 - 1")
    return tensor


def _take_record(file: BinaryIO, what: str) -> bytes:
    (length,) = struct.unpack(">I", _take(file, 4, what))
    _expect(length <= MAX_RECORD, f"{what}: a record of {length} bytes, above {MAX_RECORD}")
    return _take(file, length, what)


def _decode(record: bytes, what: str) -> Operation:
    try:
        return decode_record(record)
    except InvalidProgram as error:
        raise InvalidProgram(f"{what}: {error}") from None


def _fill(constant: Constant, file: BinaryIO, what: str) -> None:
    """Read the constant's elements into their room."""
    rest = constant.data.data.cast("B")
    while rest:
        got = file.readinto(rest)  # type: ignore[attr-defined]  # BinaryIO lacks what every file has
        _expect(bool(got), f"it ends within {what}")
        rest = rest[got:]
    if constant.type.element.canonical != constant.type.element.native:
        constant.data.byteswap(inplace=True)


@contextmanager
def _collector_resting() -> Iterator[None]:
    """Without Python's collector of cycles: it would look through hundreds of thousands of new objects, over
    and over, for cycles of which a program has none, and take as long as all the rest.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _expect(holds: bool, message: str) -> None:
    if not holds:
        raise InvalidArtifact(message)
