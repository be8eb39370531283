"""The programs of the real networks: which network in which precision, compiled from scales that are frozen.

The scales files are in the repository, so that one ONNX file gives one program root on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from executor.compiler.calibration import calibrate
from executor.compiler.compilation import compile_model
from executor.compiler.examples import read_samples
from executor.compiler.importer import Bindings, load_graph
from executor.compiler.scales import Precision, Scales
from executor.program import Program, save
from executor.program.ir import ElementType
from executor.schema import schema_path
from scripts._models import speech
from scripts._models.inputs import CALIBRATION, INPUTS
from scripts._models.packages import MODELS

SCALES = Path(__file__).parent / "scales"


@dataclass(frozen=True)
class Recipe:
    """A program: its name, its network, and what the compiler has to be told.

    network: the name of its inputs, and unless `model` says otherwise of its ONNX file.
    """

    name: str
    network: str
    precision: Precision
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    values: Mapping[str, float] = field(default_factory=dict)
    tokenizer: str = ""
    units: Mapping[str, Fraction] = field(default_factory=dict)
    """What one unit of an input is worth, where recordings and pictures come in integers already."""
    weights: ElementType = ElementType.INT8
    elements: Mapping[str, ElementType] = field(default_factory=dict)
    """Types of inputs that are integers, the narrowest that hold what the network reads."""

    @property
    def model(self) -> Path:
        """The float network."""
        return MODELS / f"{self.network}.onnx"

    @property
    def scales(self) -> Path:
        """The frozen scales."""
        return SCALES / f"{self.name}.json"

    @property
    def program(self) -> Path:
        """Where the artifact goes; its schema lies beside it."""
        return MODELS / f"{self.name}.program"

    @property
    def bindings(self) -> Bindings:
        """What is fixed of the network's inputs."""
        return Bindings(self.shapes, self.values)


VOCABULARY = "minilm_vocabulary.txt"
TOKENS = {"ids": ElementType.INT16, "mask": ElementType.INT8}
BYTES = {"bytes": ElementType.INT16}
STILL = {"h": 0.0, "c": 0.0}  # what a clip begins with
SOUND = {"input": Fraction(1, speech.LEVELS)}
WIDE = ElementType.INT16
PIXEL = {"x": Fraction(1, 255)}
RECIPES = (
    Recipe("minilm_32_accurate", "minilm_32", Precision.ACCURATE, tokenizer=VOCABULARY, elements=TOKENS),
    Recipe("minilm_32_fast", "minilm_32", Precision.FAST, tokenizer=VOCABULARY, elements=TOKENS),
    Recipe("minilm_128_accurate", "minilm_128", Precision.ACCURATE, tokenizer=VOCABULARY, elements=TOKENS),
    Recipe("minilm_128_fast", "minilm_128", Precision.FAST, tokenizer=VOCABULARY, elements=TOKENS),
    Recipe(
        "magika_accurate", "magika", Precision.ACCURATE, {"bytes": (1, 2048)}, weights=WIDE, elements=BYTES
    ),
    Recipe("magika_fast", "magika", Precision.FAST, {"bytes": (1, 2048)}, elements=BYTES),
    Recipe(
        "silero_accurate",
        "silero",
        Precision.ACCURATE,
        {"input": (32, 576)},
        STILL,
        units=SOUND,
        weights=WIDE,
    ),
    Recipe(
        "ocr_direction_accurate", "ocr_direction", Precision.ACCURATE, {"x": (1, 3, 48, 192)}, units=PIXEL
    ),
    Recipe(
        "ocr_line_accurate", "ocr_line", Precision.ACCURATE, {"x": (1, 3, 48, 320)}, units=PIXEL, weights=WIDE
    ),
)


def recipe(name: str) -> Recipe:
    """The recipe of that name; KeyError if there is none."""
    return {found.name: found for found in RECIPES}[name]


def freeze(wanted: Recipe) -> Scales:
    """Calibrate the network with its calibration inputs, and write the scales file."""
    graph = load_graph(wanted.model, wanted.bindings)
    samples = read_samples(INPUTS / f"{wanted.network}_{CALIBRATION}.npz", graph)
    scales = calibrate(
        wanted.model,
        graph,
        Scales("", wanted.precision, wanted.bindings, {}, wanted.elements, wanted.weights),
        samples,
    )
    fixed = {name: replace(scales.units[name], int16=unit) for name, unit in wanted.units.items()}
    scales = replace(scales, units={**scales.units, **fixed})
    wanted.scales.parent.mkdir(exist_ok=True)
    scales.save(wanted.scales)
    return scales


def make(wanted: Recipe) -> Program:
    """Compile the network with its frozen scales, and write program and schema."""
    tokenizer = sha256((MODELS / wanted.tokenizer).read_bytes()).hexdigest() if wanted.tokenizer else ""
    compiled = compile_model(wanted.model, Scales.load(wanted.scales), tokenizer)
    save(compiled.program, wanted.program)
    compiled.schema.save(schema_path(wanted.program))
    return compiled.program


class Original:
    """The float network in onnxruntime: what a program is measured against."""

    def __init__(self, wanted: Recipe) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(wanted.model, options, ["CPUExecutionProvider"])
        self._fixed = {
            given.name: np.full(
                [dim if isinstance(dim, int) else 1 for dim in given.shape],
                wanted.values[given.name],
                np.float32,
            )
            for given in self._session.get_inputs()
            if given.name in wanted.values
        }

    def run(self, sample: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Its first output for one sample, flat."""
        found: npt.NDArray[Any] = self._session.run(None, {**sample, **self._fixed})[0]
        return found.reshape(-1)
