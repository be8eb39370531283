"""Size, storage layout and ABI of every contract, as committed: what changed shows in a diff.

`size.json` holds bytes of code as deployed, immutables included; `layout.json` the slot of every variable
(t: transient); `abi.json` the first six bytes of a hash over all functions and events.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from eth_utils import keccak

pytestmark = pytest.mark.snapshot

ROOT = Path(__file__).parent.parent.parent
CONTRACTS = (
    *("Challenges", "Council", "DaoFactory", "Dispute", "Governor", "Inputs", "Market", "Model"),
    *("Network", "Orders", "Referee", "Registry", "StakeVault", "Timelock", "Token"),
)
LIMIT = 24_576  # bytes of code that a contract may have (EIP-170)
MARGIN = 256  # left for the next correction


def deployed(world, name: str) -> str:
    """Address of a contract in the world, or of one like those that others make."""
    owner, stranger = world.roles.owner, world.roles.stranger
    token = "Votes of a model", "VOTE", False, owner, owner, 10**24
    alone = {
        "Council": (world.market, 0, 2, []),
        "Dispute": (world.challenges, stranger),
        "Referee": (),
        "Timelock": (86_400, [owner], [owner], owner),
        "Token": token,
    }
    if name == "Governor":
        votes = world.deploy("Token", *token)
        return world.deploy(name, "A model", votes, stranger, 1, 100, 0, 4, 10, stranger).address
    if name in alone:
        return world.deploy(name, *alone[name]).address
    where = {"StakeVault": "vault", "DaoFactory": "dao_factory"}
    return getattr(world, where.get(name, name.lower())).address


@pytest.mark.parametrize("name", CONTRACTS)
def test_size__as_deployed__is_as_committed_and_leaves_a_margin(world, snapshot, name):
    code = world.wire.request("eth_getCode", deployed(world, name), "latest")
    size = len(code) // 2 - 1
    snapshot("size", name, size)
    assert size <= LIMIT - MARGIN


def test_size__no_contract_was_left_out(project):
    """Whatever lies at the top of contracts/ is deployable and measured here."""
    assert sorted(path.stem for path in (ROOT / "contracts").glob("*.vy")) == sorted(CONTRACTS)


@pytest.fixture(scope="module")
def layouts():
    """What vyper says about the storage of each contract."""
    from vyper.cli.vyper_compile import compile_files
    from vyper.compiler.settings import Settings

    files = [f"contracts/{name}.vy" for name in CONTRACTS]
    compiled = compile_files(files, ["layout"], paths=[str(ROOT)], settings=Settings(evm_version="prague"))
    return {Path(file).stem: outputs["layout"] for file, outputs in compiled.items()}


def variables(layout: dict, prefix: str):
    """(name and type, slot) of every variable, of modules too."""
    for name, entry in layout.items():
        if "slot" in entry:
            yield f"{prefix}{name}: {entry['type']}", entry["slot"]
        else:
            yield from variables(entry, f"{prefix}{name}.")


@pytest.mark.parametrize("name", CONTRACTS)
def test_layout__storage_and_transient__are_as_committed(layouts, snapshot, name):
    found = [
        *variables(layouts[name].get("storage_layout", {}), f"{name}."),
        *variables(layouts[name].get("transient_storage_layout", {}), f"{name}.t."),
    ]
    snapshot("layout", f"{name} (variables)", len(found))
    for variable, slot in found:
        snapshot("layout", variable, slot)


@pytest.mark.parametrize("name", CONTRACTS)
def test_abi__functions_and_events__are_as_committed(project, snapshot, name):
    entries = [
        f"{entry.type} {entry.signature} {getattr(entry, 'stateMutability', '')}"
        for entry in getattr(project, name).contract_type.abi
    ]
    snapshot("abi", name, int.from_bytes(keccak(text="\n".join(sorted(entries)))[:6], "big"))
