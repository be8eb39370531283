"""`executor program calibrate` and `compile`, as people call them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from executor.commands.program import program
from executor.compiler.scales import Precision, Scales
from executor.program import load
from executor.program.ir import ElementType
from executor.schema import Schema
from tests.compiler.networks import Network, normal_samples


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With network.onnx of a dynamic axis, and examples.npz for six rows."""
    network, rng = Network(), np.random.default_rng(2)
    hidden = network.node(
        "MatMul", network.input("x", "rows", 4), network.constant(rng.standard_normal((4, 3)))
    )
    network.save(tmp_path, network.node("Relu", hidden))
    samples = normal_samples(8, x=(6, 4))
    np.savez(tmp_path / "examples.npz", x=np.stack([sample["x"] for sample in samples]))
    return tmp_path


def called(*arguments: object) -> tuple[int, str]:
    """Exit code and output."""
    result = CliRunner().invoke(program, list(map(str, arguments)))
    return result.exit_code, result.output


def test_compile__scales_frozen_before__gives_the_root_of_calibration(folder: Path) -> None:
    model, examples = folder / "network.onnx", folder / "examples.npz"
    code, output = called("calibrate", model, examples, "--shape", "rows=6", "--weights", "int16")
    assert code == 0, output
    scales = folder / "network.scales.json"
    code, output = called("compile", model, "--scales", scales, "-o", folder / "frozen.program")
    assert code == 0, output
    options = ["--calibration", examples, "--shape", "x=6,4", "--weights", "int16"]
    code, output = called("compile", model, *options, "-o", folder / "direct.program")
    assert code == 0, output
    frozen, direct = load(folder / "frozen.program"), load(folder / "direct.program")
    assert frozen.root == direct.root
    assert frozen.root.hex() in output
    assert Schema.load(folder / "frozen.schema.json").inputs[0].dims == (6, 4)


def test_calibrate__with_a_target__keeps_that_cosine(folder: Path) -> None:
    model, examples = folder / "network.onnx", folder / "examples.npz"
    code, output = called("calibrate", model, examples, "--shape", "rows=6", "--target", "0.9999")
    assert code == 0, output
    found = Scales.load(folder / "network.scales.json")
    assert found.precision is Precision.FAST
    assert found.elements["x"] in (ElementType.INT8, ElementType.INT16)


def test_compile__held_out_examples__reports_their_cosine(folder: Path) -> None:
    examples = folder / "examples.npz"
    code, output = called(
        "compile", folder / "network.onnx", "--calibration", examples, "--shape", "rows=6",
        "--held-out", examples, "--samples", 3, "--report", folder / "report.html",
    )  # fmt: skip
    assert code == 0, output
    assert "held-out examples      3" in output
    assert "cosine                 0.9999" in output
    assert (folder / "report.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "give either --scales or --calibration"),
        (["--calibration", "examples.npz"], "axis 0 (rows) is dynamic: bind it with --shape x=..."),
        (["--calibration", "examples.npz", "--shape", "rows"], "'rows' has no ="),
        (["--calibration", "examples.npz", "--shape", "rows=0"], "a dimension is at least one"),
        (["--calibration", "examples.npz", "--shape", "rows=5"], "has dimensions (6, 4), not (5, 4)"),
        (["--calibration", "examples.npz", "--report", "page.html"], "--report needs --held-out"),
        (["--scales", "network.onnx"], "is no scales file"),
        (["--calibration", "network.onnx", "--shape", "rows=6"], "is no file of examples"),
    ],
)
def test_compile__called_wrongly__says_what_to_do(folder: Path, options: list[str], message: str) -> None:
    placed = [folder / option if (folder / option).exists() else option for option in options]
    code, output = called("compile", folder / "network.onnx", *placed)
    assert code != 0
    assert message in " ".join(output.split())
    assert not (folder / "network.program").exists()
