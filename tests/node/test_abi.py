"""The ABIs that the package carries are those of the compiled contracts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ABI = Path(__file__).parents[2] / "executor" / "chain" / "abi"
CARRIED = (
    "Challenges",
    "Dispute",
    "Inputs",
    "Market",
    "Model",
    "Network",
    "Orders",
    "Registry",
    "StakeVault",
    "WrappedNative",
)


def compiled(project: Any, name: str) -> str:
    """The ABI as it is kept: sorted, an entry a line."""
    entries = json.loads(project.get_contract(name).contract_type.model_dump_json())["abi"]
    lines = sorted(json.dumps(_bare(entry), sort_keys=True) for entry in entries)
    return "[\n" + ",\n".join(lines) + "\n]\n"


def _bare(entry: Any) -> Any:
    """Without what only editors need."""
    if isinstance(entry, dict):
        return {
            key: _bare(value) for key, value in entry.items() if key != "internalType" and value is not None
        }
    return [_bare(item) for item in entry] if isinstance(entry, list) else entry


@pytest.mark.snapshot
@pytest.mark.parametrize("name", CARRIED)
def test_abi__of_the_package__is_the_compiled_contract_s(project, name: str, request) -> None:
    path = ABI / f"{name}.json"
    if request.config.getoption("--rewrite-snapshots"):
        path.write_text(compiled(project, name))
    assert path.read_text() == compiled(project, name), f"{name}.json is stale: run `make snapshots`"


def test_abi__files__are_exactly_those_tested() -> None:
    assert sorted(file.stem for file in ABI.glob("*.json")) == sorted(CARRIED)
