"""From what is on the chain to `deployments/<network>.json`, and the note of an unfinished deployment."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak
from pydantic import BaseModel, ConfigDict
from web3.exceptions import TransactionNotFound

from executor.chain.deployment import Compiler, Contract

AMOUNTS = frozenset({"penalty", "bounty", "compensation", "pot", "deposit", "defence_cost"})
JSON_SAFE = 2**53
ROOT = Path(__file__).parent.parent


class Unfinished(BaseModel):
    """Enough to go on with a deployment: where its nonces began, what it was told, and what was sent so far.

    transactions: hashes by name of the contract, oldest first; each was written before it was sent.
    """

    model_config = ConfigDict(extra="forbid")

    chain_id: int
    deployer: str
    first_nonce: int
    arguments: dict[str, Any]
    transactions: dict[str, list[str]] = {}

    def write(self, path: Path) -> None:
        """Replace the note; a crash leaves the old one or the new one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(path.name + ".new")
        beside.write_text(self.model_dump_json(indent=2) + "\n")
        beside.replace(path)


def unfinished_path(manifest: Path) -> Path:
    """Where the note about an unfinished `manifest` lies."""
    return manifest.with_suffix(".partial.json")


def contract_entry(
    provider: Any, address: str, hashes: Sequence[str], constructor: Any, arguments: Sequence[Any]
) -> Contract:
    """A created contract as the chain shows it. One of the transactions `hashes` created it."""
    receipt = _receipt(provider, hashes)
    return Contract(
        address=address,
        code_hash="0x" + keccak(bytes(provider.get_code(address))).hex(),
        block=receipt["blockNumber"],
        transaction="0x" + bytes(receipt["transactionHash"]).hex(),
        parameters=named(constructor.inputs if constructor else (), arguments),
    )


def _receipt(provider: Any, hashes: Sequence[str]) -> Any:
    """The receipt of the one transaction that was mined; the others it replaced, or they were lost."""
    for transaction in hashes:
        with suppress(TransactionNotFound):
            return provider.web3.eth.get_transaction_receipt(transaction)
    raise LookupError(f"manifest: the chain knows none of {', '.join(hashes)}")


def named(inputs: Sequence[Any], values: Sequence[Any]) -> dict[str, Any]:
    """Constructor arguments by name, structs as objects, amounts and large numbers as decimal strings."""
    result: dict[str, Any] = {}
    for item, value in zip(inputs, values, strict=True):
        if item.components:
            result[item.name] = named(item.components, value)
        elif isinstance(value, int) and (item.name in AMOUNTS or value >= JSON_SAFE):
            result[item.name] = str(value)
        else:
            result[item.name] = value
    return result


def compiler(project: Any) -> Compiler:
    """What compiles this project's contracts; a source's `# pragma optimize` overrides the default."""
    pinned = project.config.vyper
    pragmas = {
        source.stem: found[1]
        for source in sorted((ROOT / "contracts").glob("*.vy"))
        if (found := re.search(r"^# ?pragma optimize (\w+)", source.read_text(), re.MULTILINE))
    }
    settings = {"evm_version": str(pinned.evm_version), "optimize": {"default": "gas", **pragmas}}
    return Compiler(name="vyper", version=str(pinned.version).removeprefix("=="), settings=settings)


def commit() -> str:
    """The commit that the contracts are at, "+changes" if they differ from it, "" outside of a repository."""
    try:
        head = _git("rev-parse", "HEAD")
        changed = _git("status", "--porcelain", "--", "contracts", "ape-config.yaml")
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head + ("+changes" if changed else "")


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()
