"""The scales file: all that calibration decides, frozen. Compiling is a pure function of it and the model.

JSON, made to be read and edited by people. For every real tensor of the network it states what one unit is
worth as an int8 and as an int16 (decimal numbers), and as an int32 (a power of two, by its exponent):

    "encoder/add_1": {"int8": "0.0412", "int16": "0.00019", "int32": -22}
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

from executor.compiler.graph import UnsupportedModel, first_line
from executor.compiler.importer import Bindings
from executor.program.ir import ElementType

VERSION = "elenchus scales 1"
MOST_BYTES = 1 << 22
"""Of a file: a hundred or two for each tensor."""
DEEPEST = 4
"""Brackets within brackets; the file has three, and thousands can end the process."""
STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)
DECIMAL = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?(e[+-]?[0-9]{1,3})?")
MOST_EXPONENT = 126
"""Of two, in a unit: float32 reaches as far."""
MOST_VALUE = 2.0**128
"""Of an input that is fixed."""


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
        """Read a file; UnsupportedModel says what is wrong with it, OSError that it cannot be read."""
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        try:
            document = _parsed(data)
            if document["version"] != VERSION:
                raise ValueError(f"version {document['version']!r} is not {VERSION!r}")
            return cls(
                _text(document["model"]),
                Precision(document["precision"]),
                Bindings(
                    {name: _dims(dims) for name, dims in document["shapes"].items()},
                    {name: _number(value) for name, value in document["values"].items()},
                ),
                {name: _units(entry) for name, entry in document["tensors"].items()},
                {name: ElementType[text.upper()] for name, text in document["elements"].items()},
                ElementType[document["weights"].upper()],
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnsupportedModel(f"{path} is no scales file: {_complaint(error)}") from None


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def decimal_unit(value: float) -> Fraction:
    """The number rounded to six digits, as the file states it."""
    return Fraction(f"{value:.6g}")


def _parsed(data: bytes) -> Any:
    """The JSON in the file, held within bounds before anything is made of it."""
    if len(data) > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES} bytes")
    depth = 0
    for token in STRING_OR_BRACKET.finditer(data):
        depth += {b"{": 1, b"[": 1, b"}": -1, b"]": -1}.get(token[0], 0)
        if depth > DEEPEST:
            raise ValueError(f"its brackets are nested deeper than {DEEPEST}")
    return json.loads(data, object_pairs_hook=_unique, parse_constant=_refuse_constant)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """What a person writes twice, only one of which would count."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"a name in {sorted(found)[:3]} ... stands there twice")
    return found


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _complaint(error: Exception) -> str:
    return f"{error} is missing or unknown" if isinstance(error, KeyError) else first_line(error)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{str(value)[:40]!r} is no text")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or abs(value) > MOST_VALUE:
        raise ValueError(f"{str(value)[:40]!r} is no number up to {MOST_VALUE:g}")
    return float(value)


def _dims(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or any(type(dim) is not int or dim < 1 for dim in value):
        raise ValueError(f"{str(value)[:40]!r} are no dimensions, which are whole numbers from one on")
    return tuple(value)


def _units(entry: Mapping[str, Any]) -> Units:
    exponent = entry["int32"]
    if type(exponent) is not int or not -MOST_EXPONENT <= exponent <= MOST_EXPONENT:
        raise ValueError(f"exponent {str(exponent)[:40]!r} is not in -{MOST_EXPONENT} .. {MOST_EXPONENT}")
    return Units(_unit(entry["int8"]), _unit(entry["int16"]), Fraction(2) ** exponent)


def _unit(text: Any) -> Fraction:
    """A decimal number; its digits are counted before it is made, for an exponent of ten is soon said."""
    if not isinstance(text, str) or not DECIMAL.fullmatch(text):
        raise ValueError(f"unit {str(text)[:40]!r} is no decimal number in quotes")
    unit = Fraction(text)
    if not Fraction(1, 1 << MOST_EXPONENT) <= unit <= 1 << MOST_EXPONENT:
        raise ValueError(f"unit {text} is not between 2^-{MOST_EXPONENT} and 2^{MOST_EXPONENT}")
    return unit


def _decimal(value: Fraction) -> str:
    return f"{float(value):.6g}"
