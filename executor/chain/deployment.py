"""The manifest of a deployment: which contracts make up a network, where they are and how they came to be.

`deployments/<network>.json` is written by the deployment script and read by everything else, through this
module only. Names of contracts are the names of their files under `contracts/`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from eth_utils.address import to_checksum_address
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

REQUIRED = ("Market", "Orders", "Challenges", "Network", "Inputs", "StakeVault", "Registry")


class DeploymentError(Exception):
    """The manifest is missing or says something impossible, or the chain does not agree with it."""


def _checksummed(value: str) -> str:
    try:
        return to_checksum_address(value)
    except (ValueError, TypeError):
        raise ValueError("is no address") from None


Address = Annotated[str, AfterValidator(_checksummed)]
Word = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Contract(_Strict):
    """One deployed contract.

    code_hash: keccak256 of the code at the address. block, transaction: where it was created. parameters: its
    constructor's arguments by name; amounts, and all numbers beyond 2^53, as decimal strings.
    """

    address: Address
    code_hash: Word
    block: int = Field(ge=0)
    transaction: Word
    parameters: dict[str, Any] = {}


class Compiler(_Strict):
    """What made the bytecode."""

    name: str
    version: str
    settings: dict[str, Any] = {}


class Deployment(_Strict):
    """A network of contracts.

    contracts: by name; at least those of `REQUIRED`, and those that others are copies of. bond_asset: the
    ERC-20 that stake is held in. wraps_native: whether that asset is the native coin, wrapped. arbiters:
    those whose ruling an executor accepts unless its settings name others; the first is what a new version
    names unless its owner says otherwise. commit: of the sources, empty if unknown.
    """

    network: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    chain_id: int = Field(gt=0)
    contracts: dict[str, Contract]
    bond_asset: Address
    wraps_native: bool = False
    arbiters: tuple[Address, ...] = ()
    compiler: Compiler | None = None
    commit: str = ""

    def address(self, name: str) -> str:
        """Checksummed address of a contract; DeploymentError if the network has none of that name."""
        try:
            return self.contracts[name].address
        except KeyError:
            raise DeploymentError(f"deployment: network {self.network} has no {name}") from None

    @property
    def start(self) -> int:
        """The first block in which anything can have happened."""
        return max(1, min(self.contracts[name].block for name in REQUIRED))

    @classmethod
    def read(cls, path: Path) -> Deployment:
        """The manifest at `path`; DeploymentError says what is wrong with it."""
        try:
            text = path.expanduser().read_text()
        except OSError as error:
            raise DeploymentError(f"deployment: cannot read {path}: {error.strerror}") from None
        try:
            deployment = cls.model_validate_json(text)
        except ValidationError as error:
            raise DeploymentError(f"deployment: {path}: {_first(error)}") from None
        missing = [name for name in REQUIRED if name not in deployment.contracts]
        if missing:
            raise DeploymentError(f"deployment: {path} lacks {', '.join(missing)}")
        return deployment

    def write(self, path: Path) -> None:
        """Write the manifest, as a person likes to read it. A reader never sees half of it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(path.name + ".new")
        beside.write_text(self.model_dump_json(indent=2) + "\n")
        beside.replace(path)


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where or 'the file'}: {first['msg']}"
