"""LSTM and GRU, unrolled, against onnxruntime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from executor.compiler.graph import UnsupportedModel
from tests.compiler.networks import Network, compiled_case, normal_samples

STEPS, BATCH, WIDTH, HIDDEN = 5, 2, 4, 3
GATES = {"LSTM": 4, "GRU": 3}


def recurrent(network: Network, operator: str, directions: int, *states: str, **attributes) -> str:
    """The node over input x, with random weights."""
    rng = np.random.default_rng(3)
    rows = GATES[operator] * HIDDEN
    weights = network.constant(rng.standard_normal((directions, rows, WIDTH)))
    recurrence = network.constant(rng.standard_normal((directions, rows, HIDDEN)))
    bias = network.constant(rng.standard_normal((directions, 2 * rows)))
    x = network.input("x", STEPS, BATCH, WIDTH)
    outputs = 3 if operator == "LSTM" else 2
    inputs = (x, weights, recurrence, bias, "", *states)
    return network.node(operator, *inputs, outputs=outputs, hidden_size=HIDDEN, **attributes)


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize(
    ("operator", "attributes"), [("LSTM", {}), ("GRU", {"linear_before_reset": 1}), ("GRU", {})]
)
def test_recurrent__every_direction__equals_the_float_network(
    operator: str, attributes: dict[str, int], direction: str, tmp_path: Path
) -> None:
    network = Network()
    directions = 2 if direction == "bidirectional" else 1
    output = recurrent(network, operator, directions, direction=direction, **attributes)
    names = [output, f"{output}_1", *([f"{output}_2"] if operator == "LSTM" else [])]
    case = compiled_case(network.save(tmp_path, *names), normal_samples(x=(STEPS, BATCH, WIDTH)))
    assert max(case.errors()) < 3e-3


def test_lstm__first_states_given__go_on_from_them(tmp_path: Path) -> None:
    network = Network()
    hidden = network.input("hidden", 1, BATCH, HIDDEN)
    cell = network.constant(np.random.default_rng(1).standard_normal((1, BATCH, HIDDEN)))
    output = recurrent(network, "LSTM", 1, network.node("Tanh", hidden), cell)
    samples = normal_samples(x=(STEPS, BATCH, WIDTH), hidden=(1, BATCH, HIDDEN))
    case = compiled_case(network.save(tmp_path, output), samples)
    assert max(case.errors()) < 3e-3


@pytest.mark.parametrize(
    ("attributes", "problem"),
    [
        ({"activations": ["Sigmoid", "Relu", "Tanh"]}, "its activations are"),
        ({"clip": 1.0}, "it clips, couples its gates or has the batch first"),
    ],
)
def test_lstm__of_another_kind__is_refused(attributes, problem: str, tmp_path: Path) -> None:
    network = Network()
    path = network.save(tmp_path, recurrent(network, "LSTM", 1, **attributes))
    with pytest.raises(UnsupportedModel, match=problem):
        compiled_case(path, normal_samples(x=(STEPS, BATCH, WIDTH)))
