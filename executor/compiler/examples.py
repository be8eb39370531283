"""The file of examples: an .npz with one array an input of the network, whose first axis counts the examples.

Whatever the file claims is held against the network before anything is unpacked, and no more is unpacked than
was claimed: a zip of a megabyte can hold a thousand times as much.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import SEEK_END, BytesIO, FileIO
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

import numpy as np
from numpy.lib import format as npy

from executor.compiler.graph import Array, Graph, UnsupportedModel, ValueType, first_line

MOST_BYTES = 1 << 29
"""Of all examples, in the file or as the network reads them."""
MOST_EXAMPLES = 1 << 16
"""Calibration looks at each one."""
MOST_AT_ONCE = 1 << 20
"""Bytes of one read: the zip's list of members is one, and each member of it takes memory."""
HEADER = 1 << 12
"""Bytes in which an array's header has to end; numpy writes 128 and reads 10,000."""


class _Pieces(FileIO):
    """A file of which nobody reads much at once."""

    def read(self, size: int | None = -1, /) -> bytes:
        """As a file does; BadZipFile if it is too much."""
        if size is None or size < 0:
            position = self.tell()
            size = self.seek(0, SEEK_END) - self.seek(position)
        if size > MOST_AT_ONCE:
            raise BadZipFile(f"its list of members has more than {MOST_AT_ONCE} bytes")
        return super().read(size) or b""


def read_samples(path: Path, graph: Graph) -> list[dict[str, Array]]:
    """The examples, of the dimensions and types of the graph's inputs; UnsupportedModel says what is wrong.

    OSError where the file cannot be read.
    """
    arrays: dict[str, Array] = {}
    with _opened(path) as archive:
        members = {member.filename: member for member in archive.infolist()}
        for name in graph.inputs:
            member = members.get(f"{name}.npy")
            if member is None:
                needed = ", ".join(map(repr, graph.inputs))
                raise UnsupportedModel(f"{path} has no array {name!r}: it needs {needed}")
            if member.flag_bits & 1 or member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
                raise UnsupportedModel(
                    f"{path}: array {name!r} is encrypted, or packed in another way than numpy does"
                )
            with archive.open(member) as file:
                arrays[name] = _read(file, f"{path}: array {name!r}", graph.types[name])
            counts = {len(array) for array in arrays.values()}
            if len(counts) != 1:
                raise UnsupportedModel(
                    f"{path}: its arrays have different numbers of examples: {sorted(counts)}"
                )
    return [{name: array[at] for name, array in arrays.items()} for at in range(len(arrays[graph.inputs[0]]))]


@contextmanager
def _opened(path: Path) -> Iterator[ZipFile]:
    """The zip; what goes wrong in it becomes one line."""
    with _Pieces(path) as file:
        try:
            with ZipFile(file) as archive:
                yield archive
        except (UnsupportedModel, MemoryError):
            raise
        except Exception as error:  # zipfile, zlib and struct each have their own kinds, and strings a fifth
            raise UnsupportedModel(f"{path} is no file of examples (.npz): {first_line(error)}") from None


def _read(file: IO[bytes], title: str, kind: ValueType) -> Array:
    """The examples of one input, [examples, ...]."""
    start = file.read(HEADER)
    shape, in_columns, dtype, rest = _header(start, title)
    if dtype.kind not in "biuf":
        raise UnsupportedModel(f"{title} is of {dtype}, not of numbers")
    if not shape or math.prod(shape[1:]) != math.prod(kind.dims):
        raise UnsupportedModel(f"{title}: an example has dimensions {shape[1:]}, not {kind.dims}")
    if not 1 <= shape[0] <= MOST_EXAMPLES:
        raise UnsupportedModel(f"{title} has {shape[0]} examples, not 1 to {MOST_EXAMPLES}")
    size = math.prod(shape) * dtype.itemsize
    if math.prod(shape) * max(dtype.itemsize, kind.dtype.itemsize) > MOST_BYTES:
        raise UnsupportedModel(f"{title} has more than {MOST_BYTES} bytes: take fewer examples")
    data = bytearray(start[rest:])
    while len(data) <= size and (piece := file.read(MOST_AT_ONCE)):  # to the end, where zipfile checks it
        data += piece
    if len(data) != size:
        raise UnsupportedModel(f"{title} has other than the {size} bytes that its header states")
    found = np.frombuffer(data, dtype).reshape(shape, order="F" if in_columns else "C")
    return _converted(found.reshape(shape[0], *kind.dims), title, kind)


def _header(start: bytes, title: str) -> tuple[tuple[int, ...], bool, np.dtype[np.generic], int]:
    """Dimensions, whether it lies by columns, type, and where the numbers begin."""
    stream = BytesIO(start)
    try:
        readers: dict[tuple[int, int], Callable[[BytesIO], Any]] = {
            (1, 0): npy.read_array_header_1_0,
            (2, 0): npy.read_array_header_2_0,
        }
        version = npy.read_magic(stream)  # type: ignore[no-untyped-call]
        shape, in_columns, dtype = readers[version](stream)
    except Exception as error:  # numpy raises what Python makes of the header's text
        raise UnsupportedModel(f"{title} is no array ({first_line(error)})") from None
    if any(type(dim) is not int or dim < 0 for dim in shape):
        raise UnsupportedModel(f"{title} is no array of dimensions {shape}")
    return shape, in_columns, dtype, stream.tell()


def _converted(values: Array, title: str, kind: ValueType) -> Array:
    """The values in the type that the network reads."""
    if values.dtype.kind == "f":
        if np.isnan(values).any() or not np.isfinite(values).any():
            raise UnsupportedModel(f"{title} contains NaN, or no finite number: leave out what is missing")
        if not kind.is_float and not (values == np.rint(values)).all():
            raise UnsupportedModel(f"{title} is not of whole numbers, as the input is")
    with np.errstate(all="ignore"):
        found = values.astype(kind.dtype)
    if not kind.is_float and not (found == values).all():
        raise UnsupportedModel(f"{title} has numbers that {kind.dtype} does not hold")
    return found
