"""Speech without a network: vowels and fricatives from a source and four resonances; and what is no speech.

A voice is a train of pulses whose pitch falls over the sentence, a vowel is where its resonances lie (after
Peterson and Barney), a fricative is noise. That is enough for a detector of speech to say so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

Samples = npt.NDArray[np.float32]

RATE = 16_000  # samples a second
LEVELS = 1 << 15  # of a sample
FRAME, CONTEXT = 512, 64  # samples that silero judges at a time, and how many earlier ones it sees with them
FRAMES = 32  # about one second
VOWELS = (
    *((270, 2290, 3010), (390, 1990, 2550), (530, 1840, 2480), (660, 1720, 2410), (730, 1090, 2440)),
    *((570, 840, 2410), (440, 1020, 2240), (300, 870, 2240), (640, 1190, 2390), (490, 1350, 1690)),
)
"""First three resonances in Hz."""
FOURTH = 3300.0
WIDTHS = (60.0, 90.0, 150.0, 200.0)


def judging(source: Path) -> onnx.ModelProto:
    """The published network with the probabilities of speech as its one output."""
    network = onnx.load(source)
    del network.graph.output[1:]
    return network


def clips(count: int, seed: int) -> Samples:
    """Clips of `FRAMES` frames as silero reads them, float32[count, FRAMES, CONTEXT + FRAME] within -1..1.

    Two of three are speech, with pauses, loud and soft, some in noise; the rest are tones, noise and silence.
    """
    rng = np.random.default_rng(seed)
    return np.stack([framed(recorded(spoken(rng) if number % 3 else other(rng))) for number in range(count)])


def recorded(signal: Samples) -> Samples:
    """The signal as a recording has it: integers of 16 bits, here as parts of one."""
    levels = np.clip(np.rint(signal * LEVELS), -LEVELS, LEVELS - 1)
    return np.asarray(levels / LEVELS, np.float32)


def framed(signal: Samples) -> Samples:
    """A clip cut into frames, each with the end of the one before it."""
    before = np.concatenate([np.zeros(CONTEXT, np.float32), signal])
    starts = np.arange(FRAMES) * FRAME
    return np.stack([before[start : start + CONTEXT + FRAME] for start in starts])


def spoken(rng: np.random.Generator) -> Samples:
    """A sentence: syllables of a fricative, a vowel gliding into another, and sometimes a pause."""
    length = FRAMES * FRAME
    pieces: list[Samples] = []
    pitch = rng.uniform(90, 220)
    while sum(map(len, pieces)) < length:
        if rng.random() < 0.25:
            pieces.append(np.zeros(int(rng.uniform(0.05, 0.3) * RATE), np.float32))
        if rng.random() < 0.5:
            pieces.append(fricative(rng, rng.uniform(0.04, 0.12)))
        pieces.append(vowel(rng, pitch, rng.uniform(0.1, 0.3)))
        pitch *= rng.uniform(0.9, 1.06)
    signal = np.concatenate(pieces)[:length]
    noise = rng.normal(size=length) * 10 ** rng.uniform(-4, -1.8)
    return _levelled(signal, 10 ** rng.uniform(-1.3, -0.2)) + noise.astype(np.float32)


def vowel(rng: np.random.Generator, pitch: float, seconds: float) -> Samples:
    """Pulses at `pitch` Hz, a little unsteady, through resonances that glide from one vowel to the next."""
    count = int(seconds * RATE)
    drift = 1 + 0.03 * np.sin(2 * np.pi * 5 * np.arange(count) / RATE) - 0.1 * np.arange(count) / count
    phase = np.cumsum(pitch * drift / RATE)
    source = np.diff(np.floor(phase), prepend=0.0) + rng.normal(size=count) * 0.01
    first, second = rng.choice(VOWELS, 2)
    glide = np.linspace(0, 1, count)[:, None]
    resonances = np.hstack([first + (second - first) * glide, np.full((count, 1), FOURTH)])
    for number, width in enumerate(WIDTHS):
        source = _resonate(source, resonances[:, number], width)
    return _levelled(source * np.sin(np.pi * np.linspace(0, 1, count)) ** 0.5, 1.0)


def fricative(rng: np.random.Generator, seconds: float) -> Samples:
    """Noise without its low tones."""
    count = int(seconds * RATE)
    noise = np.diff(rng.normal(size=count), prepend=0.0) * np.sin(np.pi * np.linspace(0, 1, count))
    return _levelled(noise, 0.2)


def other(rng: np.random.Generator) -> Samples:
    """Noise, a tone, clicks or silence."""
    length = FRAMES * FRAME
    time = np.arange(length) / RATE
    kinds = (
        rng.normal(size=length),
        np.sin(2 * np.pi * rng.uniform(60, 4000) * time),
        (rng.random(length) < 0.001).astype(np.float64),
        np.cumsum(rng.normal(size=length)) * 0.1,
        np.zeros(length),
    )
    return _levelled(kinds[rng.integers(len(kinds))], 10 ** rng.uniform(-2.5, -0.3))


def _resonate(
    signal: npt.NDArray[np.float64], frequency: npt.NDArray[np.float64], width: float
) -> npt.NDArray[np.float64]:
    """The signal through a resonance of two poles whose frequency moves."""
    radius = np.exp(-np.pi * width / RATE)
    turn = 2 * radius * np.cos(2 * np.pi * frequency / RATE)
    out = np.zeros(len(signal) + 2)
    for at, (value, coefficient) in enumerate(zip(signal, turn, strict=True), 2):
        out[at] = value + coefficient * out[at - 1] - radius**2 * out[at - 2]
    return out[2:]


def _levelled(signal: npt.NDArray[Any], peak: float) -> Samples:
    """The signal with this largest value; silence stays silent."""
    largest = np.abs(signal).max()
    return (signal * (peak / largest if largest else 0.0)).astype(np.float32)
