"""The manifest: read back as written, and refused with the reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from executor.chain.deployment import REQUIRED, Contract, Deployment, DeploymentError


def contract(number: int) -> dict[str, Any]:
    return {
        "address": "0x" + f"{number:040x}",
        "code_hash": "0x" + "ab" * 32,
        "block": 10 + number,
        "transaction": "0x" + "cd" * 32,
        "parameters": {"unbonding_seconds": "600"},
    }


def manifest(**changes: Any) -> dict[str, Any]:
    contracts = {name: contract(number) for number, name in enumerate(REQUIRED, 1)}
    base = {"network": "local", "chain_id": 31337, "contracts": contracts, "bond_asset": "0x" + "0b" * 20}
    return {**base, **changes}


def write(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_write__a_manifest__reads_back_as_the_same(tmp_path: Path) -> None:
    deployment = Deployment.model_validate(manifest(arbiters=["0x" + "ab" * 20], commit="1234"))
    deployment.write(tmp_path / "deep" / "local.json")
    assert Deployment.read(tmp_path / "deep" / "local.json") == deployment
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["local.json"]


def test_address__any_case__is_checksummed() -> None:
    deployment = Deployment.model_validate(manifest(bond_asset="0x" + "ab" * 20))
    assert deployment.bond_asset == "0xABaBaBaBABabABabAbAbABAbABabababaBaBABaB"
    assert deployment.address("Market") == deployment.contracts["Market"].address


def test_address__unknown_name__says_which() -> None:
    with pytest.raises(DeploymentError, match="network local has no Dispute"):
        Deployment.model_validate(manifest()).address("Dispute")


def test_start__is_the_first_block_of_any_contract() -> None:
    assert Deployment.model_validate(manifest()).start == 11


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "Invalid JSON"),
        (manifest(chain_id=0), "chain_id"),
        (manifest(bond_asset="0x12"), "bond_asset: Value error, is no address"),
        (manifest(surprise=1), "surprise"),
        (manifest(contracts={"Market": contract(1)}), "lacks Orders, Challenges"),
        (
            manifest(contracts={**manifest()["contracts"], "Model": {"address": "0x"}}),
            "contracts.Model.address",
        ),
    ],
)
def test_read__broken_manifest__says_what_is_wrong(tmp_path: Path, content: Any, reason: str) -> None:
    with pytest.raises(DeploymentError, match=reason):
        Deployment.read(write(tmp_path / "local.json", content))


def test_read__no_file__says_so(tmp_path: Path) -> None:
    with pytest.raises(DeploymentError, match=r"cannot read .*local.json: No such file"):
        Deployment.read(tmp_path / "local.json")


def test_contract__code_hash_of_wrong_length__is_refused() -> None:
    with pytest.raises(ValueError, match="code_hash"):
        Contract.model_validate({**contract(1), "code_hash": "0xab"})
