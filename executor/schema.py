"""What the bytes of a request and of its result mean: names, dimensions, the real value of one integer.

A program computes with integers only. Beside `x.program` lies `x.schema.json`; a client encodes with it what
it asks, and decodes what it gets. Its bytes are canonical JSON (sorted keys, no spaces), so it has one hash,
which a version of a model can bind.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from executor.program import Program
from executor.program.commitments import WORD, keccak256
from executor.program.ir import ElementType

VERSION = "elenchus schema 1"
MOST_BYTES = 1 << 20
"""Of a file."""
MOST_BRACKETS = 1 << 14
"""Of a file: nested nonsense would end the process where its stack may grow."""
MOST_SCALE = 1 << 1023
"""Bound of a scale's numerator and denominator, so that both are floating-point numbers."""


class SchemaError(ValueError):
    """The file is no schema, or the values do not fit it; the message names the input."""


@dataclass(frozen=True)
class Field:
    """A tensor by the name that the float network gives it; real value = integer * scale."""

    name: str
    dims: tuple[int, ...]
    element: ElementType
    scale: Fraction

    def __post_init__(self) -> None:
        if self.scale <= 0 or max(self.scale.numerator, self.scale.denominator) > MOST_SCALE:
            raise SchemaError(f"{self.name}: its scale is not between 2^-1023 and 2^1023")
        if min(self.dims, default=1) < 1 or self.size >= 1 << 34:
            raise SchemaError(f"{self.name}: dimensions {list(self.dims)} are of no tensor")

    @property
    def size(self) -> int:
        """Length of its bytes."""
        return math.prod(self.dims) * self.element.width

    def encode(self, values: npt.ArrayLike) -> bytes:
        """The nearest integers, halves away from zero, held within the type."""
        try:
            array = np.asarray(values, np.float64)
        except (TypeError, ValueError):
            raise SchemaError(f"{self.name} contains something that is not a number") from None
        if array.shape != self.dims and array.size != math.prod(self.dims):
            raise SchemaError(f"{self.name} has dimensions {list(array.shape)}, not {list(self.dims)}")
        if not np.isfinite(array).all():
            raise SchemaError(f"{self.name} contains a value that is not a number")
        low, high = self.element.interval
        given = np.asarray(values)
        if self.scale == 1 and given.dtype.kind in "iu":  # not every integer is a float64
            signed = np.minimum(given, np.iinfo(np.int64).max).astype(np.int64)
            return np.clip(signed, low, high).astype(self.element.canonical).tobytes()
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is beyond either end anyway
            units = np.abs(array) * float(self.scale.denominator) / float(self.scale.numerator)
            whole = np.floor(units)
            rounded = np.copysign(whole + (units - whole >= 0.5), array)
        inside = (rounded > low) & (rounded < high)  # float64 has no 2^63 - 1
        integers = np.where(inside, rounded, 0).astype(np.int64)
        ends = np.where(rounded <= low, low, high)
        return np.where(inside, integers, ends).astype(self.element.canonical).tobytes()

    def decode(self, data: bytes) -> npt.NDArray[np.float64]:
        """The real values behind the bytes."""
        if len(data) != self.size:
            raise SchemaError(f"{self.name} has {len(data)} bytes, not {self.size}")
        integers = np.frombuffer(data, self.element.canonical).astype(np.float64)
        scaled = integers * float(self.scale.numerator) / float(self.scale.denominator)
        return np.asarray(scaled).reshape(self.dims)

    def document(self) -> dict[str, Any]:
        """As it stands in the file."""
        return {
            "dims": list(self.dims),
            "name": self.name,
            "scale": [self.scale.numerator, self.scale.denominator],
            "type": self.element.name.lower(),
        }


@dataclass(frozen=True)
class Schema:
    """Inputs in the order of the program, outputs one after the other; a tokenizer's hash, if any.

    SchemaError where there is no output, or two inputs or two outputs have one name.
    """

    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    tokenizer: str = ""

    def __post_init__(self) -> None:
        if not self.outputs:
            raise SchemaError("it has no output")
        for fields in (self.inputs, self.outputs):
            if len({field.name for field in fields}) < len(fields):
                raise SchemaError("two tensors have one name")

    def check(self, program: Program) -> None:
        """SchemaError where these cannot be the inputs and outputs of the program.

        Scales are beyond this check: a program does not know what its integers stand for. A version of a
        model binds both, the program by its root and the schema by its hash.
        """
        stated = [(field.element, math.prod(field.dims)) for field in self.inputs]
        if stated != [(tensor.element, tensor.count) for tensor in program.inputs]:
            raise SchemaError("it describes other inputs than the program has")
        size = sum(field.size for field in self.outputs)
        types = {field.element for field in self.outputs}
        if size != program.output_size or types != {program.output_type.element}:
            raise SchemaError("it describes another output than the program has")

    def encode(self, arrays: Mapping[str, npt.ArrayLike]) -> bytes:
        """The input bytes of a request; SchemaError names what is missing, unknown or of the wrong shape."""
        unknown = set(arrays) - {field.name for field in self.inputs}
        if unknown:
            raise SchemaError(f"there is no input {min(unknown)}")
        data = b""
        for field in self.inputs:
            if field.name not in arrays:
                raise SchemaError(f"input {field.name} is missing")
            data += bytes(-len(data) % WORD) + field.encode(arrays[field.name])
        return data

    def decode(self, data: bytes) -> npt.NDArray[np.float64]:
        """The real values of a result of the one output, or of the first of several."""
        return self.decode_all(data)[self.outputs[0].name]

    def decode_all(self, data: bytes) -> dict[str, npt.NDArray[np.float64]]:
        """The real values of every output by name."""
        expected = sum(field.size for field in self.outputs)
        if len(data) != expected:
            raise SchemaError(f"the output has {len(data)} bytes, not {expected}")
        found, start = {}, 0
        for field in self.outputs:
            found[field.name] = field.decode(data[start : start + field.size])
            start += field.size
        return found

    @property
    def canonical(self) -> bytes:
        """The bytes of the file."""
        document = {
            "inputs": [field.document() for field in self.inputs],
            "outputs": [field.document() for field in self.outputs],
            "tokenizer": self.tokenizer,
            "version": VERSION,
        }
        return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()

    @property
    def hash(self) -> bytes:
        """keccak-256 of the file's bytes."""
        return keccak256(self.canonical)

    def save(self, path: Path) -> None:
        """Write the file."""
        path.write_bytes(self.canonical)

    @classmethod
    def load(cls, path: Path) -> Schema:
        """Read a file; SchemaError if it is none, or not the one way to write its schema down."""
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        try:
            if len(data) > MOST_BYTES:
                raise ValueError(f"more than {MOST_BYTES} bytes")
            if data.count(b"[") + data.count(b"{") > MOST_BRACKETS:
                raise ValueError(f"more than {MOST_BRACKETS} brackets")
            document = json.loads(data)
            if document["version"] != VERSION:
                raise ValueError(f"version {document['version']!r} is not {VERSION!r}")
            inputs, outputs = (tuple(map(_field, document[key])) for key in ("inputs", "outputs"))
            found = cls(inputs, outputs, str(document["tokenizer"]))
            if found.canonical != data:
                raise ValueError("its bytes are not the canonical ones, so they have another hash")
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
            raise SchemaError(f"{path} is no schema: {error}") from None
        return found


def schema_path(program: Path) -> Path:
    """Where the schema of a program's artifact lies."""
    return program.with_suffix(".schema.json")


def _field(document: Mapping[str, Any]) -> Field:
    numerator, denominator = document["scale"]
    return Field(
        str(document["name"]),
        tuple(int(n) for n in document["dims"]),
        ElementType[document["type"].upper()],
        Fraction(int(numerator), int(denominator)),
    )
