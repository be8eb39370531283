"""The scales file: all that calibration decides, frozen. Compiling is a pure function of it and the model.

JSON, made to be read and edited by people. For every real tensor of the network it states what one unit is
worth as an int8 and as an int16 (decimal numbers), and as an int32 (a power of two, by its exponent):

    "encoder/add_1": {"int8": "0.0412", "int16": "0.00019", "int32": -22}
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any

from executor.compiler.graph import UnsupportedModel
from executor.compiler.importer import Bindings
from executor.program.ir import ElementType

VERSION = "elenchus scales 1"


class Precision(Enum):
    """Which integers stand where a matrix product reads an activation."""

    FAST = "fast"
    ACCURATE = "accurate"
    FINE = "fine"

    @property
    def element(self) -> ElementType:
        """The type of an operand of a product; an int32 is held within 24 bits there."""
        types = {Precision.FAST: ElementType.INT8, Precision.ACCURATE: ElementType.INT16}
        return types.get(self, ElementType.INT32)


@dataclass(frozen=True)
class Units:
    """What one unit of a tensor is worth in each type that it may be stored in."""

    int8: Fraction
    int16: Fraction
    int32: Fraction

    def of(self, element: ElementType) -> Fraction:
        """The unit in this type."""
        return {ElementType.INT8: self.int8, ElementType.INT16: self.int16}.get(element, self.int32)


@dataclass(frozen=True)
class Scales:
    """The content of a scales file. `model` is the SHA-256 of the ONNX file that it belongs to."""

    model: str
    precision: Precision
    bindings: Bindings
    units: Mapping[str, Units]
    elements: Mapping[str, ElementType] = field(default_factory=dict)
    """Tensors and weights whose type is another than the rule: the result of a search, or of a person."""
    weights: ElementType = ElementType.INT8

    def element(self, name: str) -> ElementType:
        """The type that this tensor has as an operand of a product."""
        return self.elements.get(name, self.precision.element)

    def weight(self, name: str) -> ElementType:
        """The type of these weights."""
        return self.elements.get(name, self.weights)

    def save(self, path: Path) -> None:
        """Write the file."""
        path.write_text(json.dumps(self._document(), indent=1) + "\n")

    def _document(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "model": self.model,
            "precision": self.precision.value,
            "weights": self.weights.name.lower(),
            "shapes": {name: list(dims) for name, dims in self.bindings.shapes.items()},
            "values": dict(self.bindings.values),
            "elements": {name: element.name.lower() for name, element in self.elements.items()},
            "tensors": {
                name: {
                    "int8": _decimal(units.int8),
                    "int16": _decimal(units.int16),
                    "int32": (units.int32.numerator.bit_length() - units.int32.denominator.bit_length()),
                }
                for name, units in self.units.items()
            },
        }

    @classmethod
    def load(cls, path: Path) -> Scales:
        """Read a file; UnsupportedModel says what is wrong with it."""
        try:
            document = json.loads(path.read_text())
            if document["version"] != VERSION:
                raise ValueError(f"version {document['version']!r} is not {VERSION!r}")
            shapes = {name: tuple(map(int, dims)) for name, dims in document["shapes"].items()}
            return cls(
                document["model"],
                Precision(document["precision"]),
                Bindings(shapes, {name: float(value) for name, value in document["values"].items()}),
                {name: _units(entry) for name, entry in document["tensors"].items()},
                {name: ElementType[text.upper()] for name, text in document["elements"].items()},
                ElementType[document["weights"].upper()],
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnsupportedModel(f"{path} is no scales file: {error}") from None


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def decimal_unit(value: float) -> Fraction:
    """The number rounded to six digits, as the file states it."""
    return Fraction(f"{value:.6g}")


def _units(entry: Mapping[str, Any]) -> Units:
    exponent = int(entry["int32"])
    if not -126 <= exponent <= 126:
        raise ValueError(f"exponent {exponent} is not in -126 .. 126")
    units = Units(Fraction(entry["int8"]), Fraction(entry["int16"]), Fraction(2) ** exponent)
    if units.int8 <= 0 or units.int16 <= 0:
        raise ValueError("a unit is not positive")
    return units


def _decimal(value: Fraction) -> str:
    return f"{float(value):.6g}"
