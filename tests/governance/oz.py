"""OpenZeppelin's contracts from npm, compiled: what ours are compared with.

`compiled()["OzToken"]` has an ABI and a creation code. The mocks in `solidity/` only put OpenZeppelin's parts
together; OzSimpleGovernor is OzGovernor with another part, which counts no fractions of votes. Optimised as
OpenZeppelin's own build does (200 runs, no IR), for the EVM that Vyper compiles for.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from eth_abi import encode
from ethpm_types import ContractType

ROOT = Path(__file__).parent.parent.parent
SOURCES = ROOT / "tests" / "governance" / "solidity"
PACKAGES = ROOT / "node_modules"
GOVERNANCE = SOURCES / "Governance.sol"
SIMPLE = {"GovernorCountingFractional": "GovernorCountingSimple", "OzGovernor": "OzSimpleGovernor"}
SETTINGS = {
    "optimizer": {"enabled": True, "runs": 200},
    "evmVersion": "prague",
    "metadata": {"appendCBOR": False},
}


class Compiled(NamedTuple):
    """One contract, ready to deploy."""

    type: ContractType
    code: bytes

    def creation(self, *arguments: Any) -> bytes:
        """What a transaction that creates the contract carries."""
        constructor = next((abi for abi in self.type.abi if abi.type == "constructor"), None)
        kinds = [argument.canonical_type for argument in constructor.inputs] if constructor else []
        return self.code + encode(kinds, arguments)


@cache
def compiled() -> dict[str, Compiled]:
    """Every contract of `solidity/`, and OzSimpleGovernor, by name.

    Kept in .build until a source, package or setting changes.
    """
    sources = {str(path.relative_to(ROOT)): path.read_text() for path in sorted(SOURCES.glob("*.sol"))}
    sources["simple.sol"] = _renamed(GOVERNANCE.read_text(), SIMPLE)
    wanted = {file: {"*": ["abi", "evm.bytecode.object"]} for file in sources}
    request = json.dumps(
        {
            "language": "Solidity",
            "sources": {file: {"content": text} for file, text in sources.items()},
            "settings": SETTINGS | {"outputSelection": wanted},
        }
    )
    packages = (ROOT / "package-lock.json").read_text()
    kept = ROOT / ".build" / f"oz-{hashlib.sha256((request + packages).encode()).hexdigest()[:16]}.json"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps(_compile(request)))
    return {
        name: Compiled(
            ContractType.model_validate({"contractName": name, "abi": output["abi"]}),
            bytes.fromhex(output["evm"]["bytecode"]["object"]),
        )
        for name, output in json.loads(kept.read_text()).items()
    }


def _renamed(text: str, names: Mapping[str, str]) -> str:
    for old, new in names.items():
        text = text.replace(old, new)
    return text


def _compile(request: str) -> dict[str, Any]:
    """The compiler's output by contract."""
    node = shutil.which("node")
    compiler = PACKAGES / "solc" / "solc.js"
    assert node, "node is missing: run `make install`"
    assert compiler.exists(), "solc is missing: run `make install`"
    command = [node, str(compiler), "--standard-json", "--base-path", str(ROOT)]
    command += ["--include-path", str(PACKAGES)]
    # Into a file: solc.js ends without waiting until a pipe has taken everything.
    with tempfile.TemporaryFile("w+") as said:
        subprocess.run(command, input=request, stdout=said, text=True, check=True)
        said.seek(0)
        text = said.read()
    answer = json.loads(text[text.index("{") :])  # behind a line of solc.js's own
    errors = [error["formattedMessage"] for error in answer.get("errors", []) if error["severity"] == "error"]
    assert not errors, "\n".join(errors)
    return {name: output for file in answer["contracts"].values() for name, output in file.items()}
