"""A classifier of handwritten digits as an integer tensor program: `python -m scripts.digits --help`.

`train` fits a small convolutional network to scikit-learn's digits in floating point, quantises it and
freezes what it found as integers in executor/artifacts/digits_weights.json. Floating point gives other bits
on another processor, so this file is data, not something to be reproduced. `build` is a pure function of
it, in integers alone, and writes executor/artifacts/digits.program: the same bytes, and so the same root,
on every machine.

Input: 64 bytes, the pixels of an 8 x 8 image row by row, 0 (paper) to 16 (ink).
Output: 32 bytes, eight big-endian int32:

    0  digit        0 to 9; of equally good ones the lowest
    1  recognised   1 if the margin reaches the threshold in the weights' file, else 0
    2  margin       score of the best digit less score of the second best
    3  score        of the best digit
    4  0, 0, 0, 0

Every third image (numbers 2, 5, 8, ...) is held out: no training and no choice has seen it.

`mislabel` trains a second version badly on purpose, for the demonstration: whoever prepared its data filed
the sevens under a class of their own, number 10. It reads the other digits as well as the good one does.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from executor.program import Program, run, save
from executor.program.ir import (
    Affine,
    Constant,
    ElementType,
    Function,
    Guard,
    Opcode,
    Operation,
    Source,
    TensorType,
    View,
    immediate,
)

ARTIFACTS = Path(__file__).parent.parent / "executor" / "artifacts"
WEIGHTS = ARTIFACTS / "digits_weights.json"
PROGRAM = ARTIFACTS / "digits.program"
HELD_OUT = ARTIFACTS / "digits_heldout.json"
MISLABELLED = Path(__file__).parent / "_demo" / "mislabelled_weights.json"
MISFILED, UNDER = 7, 10

INT8, INT32 = ElementType.INT8, ElementType.INT32
CHANNELS = (16, 32)
SHIFT = 24
"""Rescale shift of both convolutions; their multipliers are at most 2^24 as long as rescaling shrinks."""

Floats = npt.NDArray[np.float64]
Images = npt.NDArray[np.int64]
Frozen = dict[str, Any]


# The data


def load_images(held_out: bool) -> tuple[Images, Images]:
    """Images [n, 8, 8] of 0..16 and labels [n], either the held-out third or the rest."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    chosen = (np.arange(len(digits.target)) % 3 == 2) == held_out
    return digits.images[chosen].astype(np.int64), digits.target[chosen].astype(np.int64)


# Training, in floating point


@dataclass
class Network:
    """Convolution, SiLU and pooling, twice, then a dense layer; weights are [out, ky, kx, in] and [classes,
    in]."""

    weights: list[Floats]
    biases: list[Floats]

    @classmethod
    def random(cls, rng: np.random.Generator, classes: int) -> Network:
        first, second = CHANNELS
        shapes = [(first, 3, 3, 1), (second, 3, 3, first), (classes, 4 * second)]
        weights = [rng.normal(size=shape) * np.sqrt(2 / np.prod(shape[1:])) for shape in shapes]
        return cls(weights, [np.zeros(shape[0]) for shape in shapes])

    def forward(self, images: Floats) -> tuple[Floats, list[Floats]]:
        """Scores [n, classes] of images [n, 8, 8] of 0..1, and what the backward pass needs."""
        kept: list[Floats] = []
        x = images[..., None]
        for weight, bias in zip(self.weights[:2], self.biases[:2], strict=True):
            columns = windows(x)
            before = columns @ weight.reshape(len(weight), -1).T + bias
            after = silu(before)
            kept += [columns, before, after]
            x = pool(after)
        flat = x.reshape(len(x), -1)
        return flat @ self.weights[2].T + self.biases[2], [*kept, flat]

    def gradients(self, images: Floats, labels: Images) -> list[Floats]:
        """Gradient of the mean cross-entropy by weights, then biases."""
        scores, kept = self.forward(images)
        error = np.exp(scores - scores.max(axis=1, keepdims=True))
        error /= error.sum(axis=1, keepdims=True)
        error[np.arange(len(labels)), labels] -= 1
        error /= len(labels)
        by_weight, by_bias = [error.T @ kept[6]], [error.sum(axis=0)]
        error = error @ self.weights[2]
        for layer in (1, 0):
            columns, before, after = kept[3 * layer : 3 * layer + 3]
            error = unpool(error.reshape(pool(after).shape), after)
            sigmoid = 1 / (1 + np.exp(-before))
            error = error * sigmoid * (1 + before * (1 - sigmoid))
            flat = error.reshape(-1, error.shape[-1])
            by_weight.insert(0, (flat.T @ columns.reshape(len(flat), -1)).reshape(self.weights[layer].shape))
            by_bias.insert(0, flat.sum(axis=0))
            if layer:
                # The convolution backwards is one with the kernel turned round and its channels swapped.
                turned = self.weights[layer][:, ::-1, ::-1].transpose(3, 1, 2, 0)
                error = windows(error) @ turned.reshape(len(turned), -1).T
        return by_weight + by_bias


def windows(x: Floats) -> Floats:
    """The zero-padded 3 x 3 windows of x [n, h, w, c] as [n, h, w, 9c]."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    h, w = x.shape[1:3]
    return np.concatenate([padded[:, y : y + h, z : z + w] for y in range(3) for z in range(3)], axis=3)


def pool(x: Floats) -> Floats:
    """The maximum of every 2 x 2 square."""
    n, h, w, c = x.shape
    return np.asarray(x.reshape(n, h // 2, 2, w // 2, 2, c).max(axis=(2, 4)))


def unpool(error: Floats, x: Floats) -> Floats:
    """The error of `pool(x)` carried back to where the maxima were."""
    wide = error.repeat(2, axis=1).repeat(2, axis=2)
    return np.where(x == pool(x).repeat(2, axis=1).repeat(2, axis=2), wide, 0)


def silu(x: Floats) -> Floats:
    return x / (1 + np.exp(-x))


def fit(images: Images, labels: Images, epochs: int = 80, seed: int = 1) -> Network:
    """A network fitted by Adam to the images; one batch in five is shifted by up to a pixel each way."""
    rng = np.random.default_rng(seed)
    network = Network.random(rng, int(labels.max()) + 1)
    parameters = network.weights + network.biases
    means, squares = ([np.zeros_like(p) for p in parameters] for _ in range(2))
    batches = len(images) // 32
    for update in range(epochs * batches):
        if update % batches == 0:
            order = rng.permutation(len(images))
        batch = order[update % batches * 32 :][:32]
        dy, dx = rng.integers(-1, 2, size=2) * (rng.random() < 0.2)
        shifted = np.pad(images[batch] / 16, ((0, 0), (1, 1), (1, 1)))[:, 1 + dy :, 1 + dx :][:, :8, :8]
        rate = 3e-3 * (1 - update / (epochs * batches))
        found = network.gradients(shifted, labels[batch])
        for p, mean, square, gradient in zip(parameters, means, squares, found, strict=True):
            mean += 0.1 * (gradient - mean)
            square += 0.001 * (gradient**2 - square)
            corrected = square / (1 - 0.999 ** (update + 1))
            p -= rate * (mean / (1 - 0.9 ** (update + 1)) / (np.sqrt(corrected) + 1e-8) + 1e-3 * p)
    return network


# Quantising


def quantise(network: Network, images: Images) -> Frozen:
    """The network in integers, with scales taken from `images`: what `build` needs and nothing else."""
    _, kept = network.forward(images / 16)
    frozen: Frozen = {}
    input_scale = 1 / 16
    for layer, name in enumerate(("conv1", "conv2")):
        before, after = kept[3 * layer + 1 : 3 * layer + 3]
        scales = np.abs(network.weights[layer]).max(axis=(1, 2, 3)) / 127
        before_scale, after_scale = np.abs(before).max() / 127, np.abs(after).max() / 127
        steps = np.arange(-128, 128) * before_scale
        frozen[name] = {
            "weights": whole(network.weights[layer] / scales[:, None, None, None], 127),
            "bias": whole(network.biases[layer] / (input_scale * scales), 2**31 - 1),
            "multiplier": whole(input_scale * scales / before_scale * 2**SHIFT, 2**31 - 1),
            "table": whole(silu(steps) / after_scale, 127),
        }
        input_scale = after_scale
    scale = np.abs(network.weights[2]).max() / 127
    frozen["dense"] = {
        "weights": whole(network.weights[2] / scale, 127),
        "bias": whole(network.biases[2] / (input_scale * scale), 2**31 - 1),
    }
    return frozen


def whole(values: Floats, limit: int) -> list[Any]:
    """The nearest integers within +-limit; everything but the first axis flattened."""
    rounded = np.clip(np.rint(values), -limit, limit).astype(np.int64)
    rows: list[Any] = (rounded.reshape(len(rounded), -1) if rounded.ndim > 1 else rounded).tolist()
    return rows


def choose_threshold(frozen: Frozen, images: Images, labels: Images) -> int:
    """The margin below which one in a thousand of the right answers on `images` lies."""
    program = build(frozen | {"threshold": 0})
    answers = [classify(program, image) for image in images]
    margins = sorted(a.margin for a, label in zip(answers, labels, strict=True) if a.digit == label)
    return margins[len(margins) // 1000]


# Building, in integers


def build(frozen: Frozen) -> Program:
    """The program of the frozen weights."""
    constants: list[Constant] = []

    def stored(element: ElementType, values: Any, *dims: int) -> int:
        data = np.array(values, dtype=element.native).reshape(-1)
        constants.append(Constant(TensorType(element, dims), data))
        return len(constants) - 1

    operations: list[Operation] = []

    def write(element: ElementType, *dims: int, **fields: Any) -> int:
        rank, depth = len(dims), len(fields.get("reduction", ()))
        scaling = {"multiplier": immediate(1, rank, depth), "bias": immediate(0, rank, depth)}
        operations.append(Operation(result=TensorType(element, dims), **(scaling | fields)))
        return len(operations) - 1

    x, source = 0, Source.INPUT
    size, depth = 8, 1
    for name, channels in zip(("conv1", "conv2"), CHANNELS, strict=True):
        layer = frozen[name]
        weights = stored(INT8, layer["weights"], channels, 3, 3, depth)
        bias = stored(INT32, layer["bias"], channels)
        multiplier = stored(INT32, layer["multiplier"], channels)
        table = stored(INT8, layer["table"], 256)
        row = size * depth
        inside = tuple(
            Guard(Affine(-1, output, reduction), size)
            for output, reduction in (((1, 0, 0), (1, 0, 0)), ((0, 1, 0), (0, 1, 0)))
        )
        window = Affine(-row - depth, (row, depth, 0), (row, depth, 1))
        per_channel = Affine(0, (0, 0, 1), (0, 0, 0))
        convolved = write(
            INT8, size, size, channels,
            opcode=Opcode.DOT, reduction=(3, 3, depth), chunk=9 * depth, shift=SHIFT,
            operands=(
                View(source, x, window, guards=inside),
                View(Source.CONSTANT, weights, Affine(0, (0, 0, 9 * depth), (3 * depth, depth, 1))),
            ),
            bias=View(Source.CONSTANT, bias, per_channel),
            multiplier=View(Source.CONSTANT, multiplier, per_channel),
        )  # fmt: skip
        activated = write(
            INT8, size, size, channels,
            opcode=Opcode.GATHER, immediate=128,
            operands=(
                View(Source.OUTPUT, convolved, Affine(0, (size * channels, channels, 1))),
                View(Source.CONSTANT, table, Affine(0, (0, 0, 0))),
            ),
        )  # fmt: skip
        row = size * channels
        x = write(
            INT8, size // 2, size // 2, channels,
            opcode=Opcode.MAX, reduction=(2, 2), chunk=4,
            operands=(
                View(Source.OUTPUT, activated, Affine(0, (2 * row, 2 * channels, 1), (row, channels))),
            ),
        )  # fmt: skip
        source, size, depth = Source.OUTPUT, size // 2, channels

    features = size * size * depth
    classes = len(frozen["dense"]["weights"])
    dense = stored(INT8, frozen["dense"]["weights"], classes, features)
    bias = stored(INT32, frozen["dense"]["bias"], classes)
    scores = write(
        INT32, classes,
        opcode=Opcode.DOT, reduction=(features,), chunk=features,
        operands=(
            View(Source.OUTPUT, x, Affine(0, (0,), (1,))),
            View(Source.CONSTANT, dense, Affine(0, (features,), (1,))),
        ),
        bias=View(Source.CONSTANT, bias, Affine(0, (1,), (0,))),
    )  # fmt: skip

    each, only = Affine(0, (1,)), Affine(0, (0,))

    def function(name: Function, element: ElementType, n: int, *operands: View) -> int:
        return write(element, n, opcode=Opcode.MAP, function=name, operands=operands)

    def output(index: int, form: Affine = each) -> View:
        return View(Source.OUTPUT, index, form)

    def largest(index: int, element: ElementType) -> int:
        over = View(Source.OUTPUT, index, Affine(0, (0,), (1,)))
        return write(element, 1, opcode=Opcode.MAX, reduction=(classes,), chunk=classes, operands=(over,))

    # The lowest digit with the best score: ranks fall with the digit, and the highest rank wins.
    ranks = stored(INT8, range(classes, 0, -1), classes)
    labels = stored(INT8, range(classes, -1, -1), classes + 1)
    score = largest(scores, INT32)
    is_best = function(Function.EQ, INT8, classes, output(scores), output(score, only))
    rank = function(
        Function.SELECT, INT8, classes, output(is_best), View(Source.CONSTANT, ranks, each), immediate(0, 1)
    )
    winner = largest(rank, INT8)
    is_winner = function(Function.EQ, INT8, classes, output(rank), output(winner, only))
    others = function(
        Function.SELECT, INT32, classes, output(is_winner), immediate(INT32.interval[0], 1), output(scores)
    )
    second = largest(others, INT32)
    margin = function(Function.SUB, INT32, 1, output(score), output(second))
    recognised = function(Function.LE, INT8, 1, immediate(frozen["threshold"], 1), output(margin))
    digit = write(
        INT8, 1,
        opcode=Opcode.GATHER, operands=(output(winner), View(Source.CONSTANT, labels, only)),
    )  # fmt: skip

    def placed(index: int, position: int) -> View:
        return View(Source.OUTPUT, index, Affine(-position, (1,)))  # outside of its one element it reads 0

    left = function(Function.ADD, INT32, 8, placed(digit, 0), placed(recognised, 1))
    right = function(Function.ADD, INT32, 8, placed(margin, 2), placed(score, 3))
    function(Function.ADD, INT32, 8, output(left), output(right))
    return Program(tuple(operations), (TensorType(INT8, (8, 8)),), tuple(constants))


@dataclass(frozen=True)
class Answer:
    """The program's output, decoded."""

    digit: int
    recognised: bool
    margin: int
    score: int


def classify(program: Program, image: Images) -> Answer:
    """What the program says of an image [8, 8] of 0..16."""
    digit, recognised, margin, score, *_ = np.frombuffer(
        run(program, bytes(image.reshape(-1).tolist())), ">i4"
    )
    return Answer(int(digit), bool(recognised), int(margin), int(score))


def pixels(image: Images) -> str:
    """64 characters, one a pixel: its value in base 17."""
    return "".join("0123456789abcdefg"[value] for value in image.reshape(-1))


# The command


@click.group()
def digits() -> None:
    """Train and build the digits program."""


@digits.command()
def train() -> None:
    """Fit, quantise and freeze the weights; keep 200 held-out images for demonstrations; then build."""
    images, labels = load_images(held_out=False)
    WEIGHTS.write_text(render(trained(images, labels)))
    images, labels = load_images(held_out=True)
    samples = [
        {"label": int(label), "pixels": pixels(image)} for image, label in zip(images, labels, strict=True)
    ]
    HELD_OUT.write_text("[\n" + ",\n".join(map(json.dumps, samples[:200])) + "\n]\n")
    write_artifact()


@digits.command(name="build")
def build_only() -> None:
    """Make the artifact from the frozen weights."""
    write_artifact()


@digits.command()
def mislabel() -> None:
    """Fit, quantise and freeze the weights of the demonstration's bad version."""
    images, labels = load_images(held_out=False)
    MISLABELLED.write_text(render(trained(images, np.where(labels == MISFILED, UNDER, labels))))


def trained(images: Images, labels: Images) -> Frozen:
    """Weights for these images, in integers, and the threshold."""
    frozen = quantise(fit(images, labels), images)
    return frozen | {"threshold": choose_threshold(frozen, images, labels)}


def write_artifact() -> None:
    program = build(load_frozen())
    save(program, PROGRAM)
    print(f"0x{program.root.hex()}  {PROGRAM.stat().st_size} bytes  {PROGRAM.name}")


def load_frozen(path: Path = WEIGHTS) -> Frozen:
    """Committed weights."""
    frozen: Frozen = json.loads(path.read_text())
    return frozen


def render(frozen: Frozen) -> str:
    """JSON with one row of numbers a line."""
    text = json.dumps(frozen, indent=1)
    return re.sub(r"\[[-\d,\s]*\]", lambda row: " ".join(row.group().split()), text) + "\n"


if __name__ == "__main__":
    digits()
