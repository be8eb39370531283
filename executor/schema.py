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

from executor.program.commitments import WORD, keccak256
from executor.program.ir import ElementType

VERSION = "elenchus schema 1"


class SchemaError(ValueError):
    """The file is no schema, or the values do not fit it; the message names the input."""


@dataclass(frozen=True)
class Field:
    """A tensor by the name that the float network gives it; real value = integer * scale."""

    name: str
    dims: tuple[int, ...]
    element: ElementType
    scale: Fraction

    @property
    def size(self) -> int:
        """Length of its bytes."""
        return math.prod(self.dims) * self.element.width

    def encode(self, values: npt.ArrayLike) -> bytes:
        """The nearest integers, halves away from zero, held within the type."""
        array = np.asarray(values, np.float64)
        if array.shape != self.dims and array.size != math.prod(self.dims):
            raise SchemaError(f"{self.name} has dimensions {list(array.shape)}, not {list(self.dims)}")
        if not np.isfinite(array).all():
            raise SchemaError(f"{self.name} contains a value that is not a number")
        units = np.abs(array) * self.scale.denominator / self.scale.numerator
        low, high = self.element.interval
        rounded = np.copysign(np.floor(units + 0.5), array)
        return np.clip(rounded, low, high).astype(self.element.canonical).tobytes()

    def decode(self, data: bytes) -> npt.NDArray[np.float64]:
        """The real values behind the bytes."""
        if len(data) != self.size:
            raise SchemaError(f"{self.name} has {len(data)} bytes, not {self.size}")
        integers = np.frombuffer(data, self.element.canonical).astype(np.float64)
        return (integers * self.scale.numerator / self.scale.denominator).reshape(self.dims)

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
    """Inputs in the order of the program, outputs one after the other; a tokenizer's hash, if any."""

    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    tokenizer: str = ""

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
        """Read a file; SchemaError if it is none."""
        try:
            document = json.loads(path.read_bytes())
            if document["version"] != VERSION:
                raise ValueError(f"version {document['version']!r} is not {VERSION!r}")
            inputs, outputs = (tuple(map(_field, document[key])) for key in ("inputs", "outputs"))
            if not outputs:
                raise ValueError("it has no output")
            return cls(inputs, outputs, str(document["tokenizer"]))
        except (ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError) as error:
            raise SchemaError(f"{path} is no schema: {error}") from None


def schema_path(program: Path) -> Path:
    """Where the schema of a program's artifact lies."""
    return program.with_suffix(".schema.json")


def _field(document: Mapping[str, Any]) -> Field:
    numerator, denominator = document["scale"]
    field = Field(
        str(document["name"]),
        tuple(int(n) for n in document["dims"]),
        ElementType[document["type"].upper()],
        Fraction(int(numerator), int(denominator)),
    )
    if field.scale <= 0 or min(field.dims, default=1) < 1:
        raise ValueError(f"{field.name}: scale and dimensions have to be positive")
    return field
