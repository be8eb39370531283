"""Products by torch give the same bits, on whatever devices this machine has."""

from __future__ import annotations

import importlib.util

import pytest

from executor.backends.base import BackendError
from executor.backends.exact import compiled
from executor.backends.native.devices import TorchMultiply
from executor.backends.native.products import Units
from executor.program import run
from executor.program.ir import ElementType
from tests.backends.encoder import encoder
from tests.backends.kinds import KINDS
from tests.backends.test_native import extreme

HAS_TORCH = importlib.util.find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="torch is not installed (an optional extra)")


def devices() -> list[str]:
    """Of this machine."""
    if not HAS_TORCH:
        return ["cpu"]
    import torch

    return ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


@needs_torch
@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize(
    "kind", ["linear", "linear of 16 bits", "scores of 16 bits", "convolution in groups"]
)
def test_compiled__products_on_a_device__gives_the_interpreters_bits(kind: str, device: str) -> None:
    program = KINDS[kind]()
    inputs = [extreme(seed, program) for seed in range(3)]
    assert compiled(program, device=device).run(inputs) == [run(program, data) for data in inputs]


@needs_torch
@pytest.mark.parametrize("device", devices())
def test_compiled__an_encoder_on_a_device__gives_the_interpreters_bits(device: str) -> None:
    program = encoder(1, 16, 96, 3, 192, ElementType.INT8)
    data = extreme(1, program)
    assert compiled(program, 2, device).run([data]) == [run(program, data)]


@needs_torch
def test_torch_multiply__bytes__are_refused() -> None:
    with pytest.raises(BackendError, match="products of bytes are not for a GPU"):
        TorchMultiply(Units.BYTES, None, "cpu")


@pytest.mark.skipif(HAS_TORCH, reason="torch is installed")
def test_compiled__a_device_without_torch__says_what_to_install() -> None:
    with pytest.raises(BackendError, match="install the extra `torch`"):
        compiled(KINDS["linear"](), device="cuda")
