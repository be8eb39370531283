"""Real files of many kinds without a network, those of the installed packages, and how magika reads one."""

from __future__ import annotations

import sysconfig
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scripts._models.packages import ROOT

PLACES = (Path(sysconfig.get_paths()["purelib"]), ROOT / "node_modules")
KINDS = (
    *(
        ".afm",
        ".arff",
        ".bz2",
        ".c",
        ".cc",
        ".cpp",
        ".css",
        ".csv",
        ".exe",
        ".f",
        ".f90",
        ".gz",
        ".h",
        ".html",
    ),
    *(
        ".ini",
        ".jpg",
        ".js",
        ".json",
        ".lzma",
        ".md",
        ".mjs",
        ".npy",
        ".npz",
        ".onnx",
        ".pdf",
        ".pem",
        ".pkl",
    ),
    *(".png", ".proto", ".py", ".pyi", ".pyx", ".rst", ".sh", ".so", ".sol", ".svg", ".toml", ".ts", ".ttf"),
    *(".txt", ".wav", ".xz"),
)
EACH = 16  # files of one kind at most
LEAST = 64  # bytes
BEGINNING = ENDING = 1024  # bytes that magika reads at each end
BLOCK = 4096  # bytes at each end among which it drops white space
FILL = 256  # the number that stands for no byte


@dataclass(frozen=True)
class Sample:
    """A file, and its suffix as what it is said to be."""

    path: Path
    kind: str

    @property
    def features(self) -> npt.NDArray[np.int32]:
        return features(self.path.read_bytes())


def samples() -> list[Sample]:
    """Up to `EACH` different files of every kind, chosen by the hashes of their names."""
    by_kind: dict[str, list[tuple[bytes, Path]]] = {kind: [] for kind in KINDS}
    for place in PLACES:
        for path in place.rglob("*.*"):
            if path.suffix in by_kind and path.is_file() and path.stat().st_size >= LEAST:
                name = path.relative_to(place).as_posix()
                by_kind[path.suffix].append((sha256(name.encode()).digest(), path))
    different: dict[bytes, Sample] = {}
    for kind, found in by_kind.items():
        for _, path in sorted(found)[:EACH]:
            sample = Sample(path, kind)
            different.setdefault(sample.features.tobytes(), sample)
    return list(different.values())


def repository() -> list[Path]:
    """The repository's own files: what a demonstration classifies."""
    places = ("contracts", "executor", "scripts", "tests", "deployments")
    inside = (path for place in places for path in (ROOT / place).rglob("*.*"))
    files = [
        path for path in (*ROOT.iterdir(), *inside) if path.is_file() and "__pycache__" not in path.parts
    ]
    return sorted(path for path in files if path.stat().st_size >= LEAST)


def features(content: bytes) -> npt.NDArray[np.int32]:
    """What magika looks at, int32[2048]: the first and the last bytes behind and before white space."""
    row = np.full(BEGINNING + ENDING, FILL, np.int32)
    beginning = content[:BLOCK].lstrip()[:BEGINNING]
    ending = content[-BLOCK:].rstrip()[-ENDING:]
    row[: len(beginning)] = np.frombuffer(beginning, np.uint8)
    row[len(row) - len(ending) :] = np.frombuffer(ending, np.uint8)
    return row
