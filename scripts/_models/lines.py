"""Printed lines without a network: words in the fonts of matplotlib, as the networks of an OCR read them."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
import numpy.typing as npt
import onnx
from onnx import version_converter
from PIL import Image, ImageDraw, ImageFont

from scripts._models.texts import texts

Pixels = npt.NDArray[np.float32]

HEIGHT = 48  # of a line, in pixels
WIDTHS = {"direction": 192, "line": 320}
OPSET = 13
FOLDER = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
FONTS = (
    *("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf", "DejaVuSansMono.ttf"),
    *("DejaVuSerif.ttf", "DejaVuSerif-Bold.ttf", "STIXGeneral.ttf", "STIXGeneralItalic.ttf"),
)


def upgraded(source: Path) -> onnx.ModelProto:
    """The network as it was published, in the oldest set of operators that the compiler reads."""
    return version_converter.convert_version(onnx.load(source), OPSET)


def lines(network: str, count: int, seed: int) -> Pixels:
    """Pictures of lines, float32[count, 3, HEIGHT, width] within -1..1; of `direction` half are turned."""
    rng = np.random.default_rng(seed)
    words = [word for text in texts(256, 8, 26) for word in text.split()]
    pictures = []
    for number in range(count):
        picture = rendered(" ".join(rng.choice(words, rng.integers(1, 4))), rng)
        turned = network == "direction" and number % 2 == 1
        pictures.append(read(picture.rotate(180) if turned else picture, WIDTHS[network]))
    return np.stack(pictures)


def rendered(text: str, rng: np.random.Generator) -> Image.Image:
    """The text in some font, size and pair of colours, with some noise."""
    font = ImageFont.truetype(str(FOLDER / rng.choice(FONTS)), int(rng.integers(18, 44)))
    left, top, right, bottom = font.getbbox(text)
    margins = rng.integers(3, 9, size=2)
    size = (int(right - left) + 2 * int(margins[0]), int(bottom - top) + 2 * int(margins[1]))
    paper, ink = rng.integers(170, 256, size=3), rng.integers(0, 90, size=3)
    if rng.random() < 0.2:
        paper, ink = ink, paper
    picture = Image.new("RGB", size, tuple(map(int, paper)))
    at = (int(margins[0] - left), int(margins[1] - top))
    ImageDraw.Draw(picture).text(at, text, fill=tuple(map(int, ink)), font=font)
    noisy = np.asarray(picture) + rng.normal(size=(size[1], size[0], 3)) * rng.uniform(0, 12)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def read(picture: Image.Image, width: int) -> Pixels:
    """The picture as high as a line, cut or filled up with grey to `width`; blue, green, red within -1..1."""
    scaled = picture.resize(
        (min(width, -(-HEIGHT * picture.width // picture.height)), HEIGHT), Image.Resampling.BILINEAR
    )
    pixels = np.zeros((3, HEIGHT, width), np.float32)
    pixels[:, :, : scaled.width] = np.asarray(scaled)[:, :, ::-1].transpose(2, 0, 1) / 127.5 - 1
    return pixels


def characters(network: Path) -> list[str]:
    """What each output of the recognising network stands for; output 0 is nothing."""
    stored = {entry.key: entry.value for entry in onnx.load(network).metadata_props}
    return ["", *stored["character"].splitlines(), " "]


def spelled(scores: npt.NDArray[np.generic], alphabet: list[str]) -> str:
    """The text of scores [places, outputs]: the best of each place, repetitions taken once."""
    best = scores.argmax(axis=1)
    kept = np.flatnonzero(np.diff(best, prepend=-1))
    return "".join(alphabet[best[place]] for place in kept)
