"""The graph of MiniLM, against the encoder written down a second time, in numpy."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest

from scripts._models import minilm, safetensors
from scripts._models.packages import MODELS
from scripts._models.wordpiece import Wordpiece

Floats = npt.NDArray[np.float64]

HIDDEN, WIDE, WORDS, POSITIONS, LAYERS = 64, 96, 50, 16, 2
REAL = MODELS / "minilm.safetensors"


def forward(weights: Mapping[str, Floats], ids: npt.NDArray[np.int64], mask: npt.NDArray[np.int64]) -> Floats:
    """The embedding of one text: BERT's encoder, head by head, and the mean of the tokens."""

    def linear(x: Floats, name: str) -> Floats:
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def normalised(x: Floats, name: str) -> Floats:
        centred = x - x.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    tokens = int(mask.sum())  # what fills up comes last, and an encoder without it gives the same
    x = weights["embeddings.word_embeddings.weight"][ids[:tokens]]
    x = x + weights["embeddings.position_embeddings.weight"][:tokens]
    x = normalised(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    layer = 0
    while (name := f"encoder.layer.{layer}") + ".output.dense.weight" in weights:
        q, k, v = (linear(x, f"{name}.attention.self.{which}") for which in ("query", "key", "value"))
        heads = []
        for at in range(0, x.shape[1], 32):
            scores = q[:, at : at + 32] @ k[:, at : at + 32].T / math.sqrt(32)
            shares = np.exp(scores - scores.max(axis=1, keepdims=True))
            heads.append(shares / shares.sum(axis=1, keepdims=True) @ v[:, at : at + 32])
        attended = linear(np.concatenate(heads, axis=1), f"{name}.attention.output.dense")
        x = normalised(attended + x, f"{name}.attention.output.LayerNorm")
        wide = linear(x, f"{name}.intermediate.dense")
        wide = wide * (1 + np.vectorize(math.erf)(wide / math.sqrt(2))) / 2
        x = normalised(linear(wide, f"{name}.output.dense") + x, f"{name}.output.LayerNorm")
        layer += 1
    mean = x.mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean))


def small(seed: int = 0) -> dict[str, npt.NDArray[np.float32]]:
    """Random weights of a small encoder of the same kind."""
    rng = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (WORDS, HIDDEN),
        "embeddings.position_embeddings.weight": (POSITIONS, HIDDEN),
        "embeddings.token_type_embeddings.weight": (2, HIDDEN),
    }
    linear = {f"attention.self.{which}": (HIDDEN, HIDDEN) for which in ("query", "key", "value")}
    linear |= {"attention.output.dense": (HIDDEN, HIDDEN), "intermediate.dense": (WIDE, HIDDEN)}
    linear |= {"output.dense": (HIDDEN, WIDE)}
    norms = ["embeddings.LayerNorm"]
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}."
        shapes |= {f"{name}{part}.weight": shape for part, shape in linear.items()}
        shapes |= {f"{name}{part}.bias": shape[:1] for part, shape in linear.items()}
        norms += [f"{name}attention.output.LayerNorm", f"{name}output.LayerNorm"]
    shapes |= {f"{norm}.{part}": (HIDDEN,) for norm in norms for part in ("weight", "bias")}
    return {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}


def embeddings(
    weights: Mapping[str, npt.NDArray[np.generic]], ids: npt.NDArray[np.int64], mask: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    """What the graph says, all texts as one batch."""
    graph = minilm.build(weights, ids.shape[1], len(ids)).SerializeToString()
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    found: npt.NDArray[np.float32] = session.run(None, {"ids": ids, "mask": mask})[0]
    return found


def test_build__random_encoder__equals_the_one_in_numpy() -> None:
    rng = np.random.default_rng(1)
    ids = rng.integers(0, WORDS, (3, 10))
    mask = (np.arange(10) < np.array([[10], [7], [1]])).astype(np.int64)
    weights = small()
    found = embeddings(weights, ids, mask)
    expected = [forward(weights, *text) for text in zip(ids, mask, strict=True)]
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_build__any_weight_changed__changes_the_embedding() -> None:
    """No weight is forgotten, but for those of the second kind of token, which a single text has none of."""
    ids, mask = np.arange(8)[None], np.ones((1, 8), np.int64)
    weights = small()
    before = embeddings(weights, ids, mask)
    for name in weights:
        # A bias of the keys adds the same to every score of a row, which no softmax sees.
        if not name.endswith("key.bias"):
            changed = weights | {
                name: weights[name] * np.linspace(1, 1.5, weights[name].shape[-1], dtype=np.float32)
            }
            assert np.abs(embeddings(changed, ids, mask) - before).max() > 1e-6, name


@pytest.mark.skipif(not REAL.is_file(), reason="the weights come with `make models`")
def test_build__published_weights__equal_numpy_and_find_what_is_alike() -> None:
    weights = safetensors.read(REAL)
    texts = ["A bond is slashed.", "The stake of a liar is lost.", "Bananas are yellow, mostly, when ripe."]
    ids, mask = Wordpiece(MODELS / "minilm_vocabulary.txt").encode(texts, 12)
    found = embeddings(weights, ids, mask)
    doubled = {name: tensor.astype(np.float64) for name, tensor in weights.items()}
    expected = [forward(doubled, *text) for text in zip(ids, mask, strict=True)]
    np.testing.assert_allclose(found, expected, atol=2e-6)
    assert found[0] @ found[1] > found[0] @ found[2] + 0.1
