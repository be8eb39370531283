"""A network of contracts, from its parameters to its manifest: `ape run deploy --network ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from ape import project as local_project
from ape.cli import ConnectedProviderCommand
from ape.exceptions import ApeException
from rich.console import Console
from rich.table import Table

from executor.chain.deployment import Deployment as Manifest
from scripts._creation import (
    BLUEPRINT,
    ZERO_ADDRESS,
    Creation,
    DeploymentStoppedError,
    create_all,
    creating_transaction,
    deploy_contracts,
    plan,
)
from scripts._manifest import Unfinished, commit, compiler, contract_entry, unfinished_path
from scripts._network import DEPLOYMENTS, network_name, signer
from scripts._parameters import Parameters, ParametersError

__all__ = ["cli", "deploy_contracts", "deploy_network"]

# A whole network, from its parameters to its manifest


def deploy_network(
    project: Any,
    deployer: Any,
    parameters: Parameters,
    path: Path,
    *,
    resume: bool = False,
    replace: bool = False,
) -> Manifest:
    """Deploy a network and write its manifest to `path`.

    resume: go on with the deployment that stopped in the middle. replace: start anew and overwrite `path`,
    which otherwise has to be free. Raises ParametersError and DeploymentStoppedError.
    """
    provider = deployer.provider
    local = provider.network.is_dev
    source = commit()
    if not local:
        parameters.require_public()
        if not source or "+" in source:
            raise DeploymentStoppedError("the contracts differ from the last commit: commit them first")
    for key in ("bond_asset", "uptime_feed"):
        named = getattr(parameters, key)
        if named.startswith("0x") and not provider.get_code(named):
            raise ParametersError(f"parameters: {key}: there is no contract at {named}")

    note = _begin(deployer, parameters, path, resume=resume, replace=replace)
    creations = plan(note.deployer, note.first_nonce, arbiter=local, **note.arguments)
    _ask_network(project, deployer, creations)

    def sent(name: str, transaction: str) -> None:
        note.transactions.setdefault(name, []).append(transaction)
        note.write(unfinished_path(path))

    create_all(project, deployer, creations, sent)
    manifest = _manifest(project, deployer, parameters, note, creations, source)
    manifest.write(path)
    unfinished_path(path).unlink()
    return manifest


def _begin(deployer: Any, parameters: Parameters, path: Path, *, resume: bool, replace: bool) -> Unfinished:
    """The note of the deployment that is to go on, or of a new one."""
    beginning = Unfinished(
        chain_id=deployer.provider.chain_id,
        deployer=str(deployer),
        first_nonce=deployer.nonce,
        arguments={
            "owner": str(deployer) if parameters.owner == "deployer" else parameters.owner,
            "bond_asset": None if parameters.bond_asset == "new" else parameters.bond_asset,
            "parameters": parameters.network.encoded(),
            "unbonding_seconds": parameters.unbonding,
            "uptime_feed": ZERO_ADDRESS if parameters.uptime_feed == "none" else parameters.uptime_feed,
        },
    )
    unfinished = unfinished_path(path)
    if resume:
        if not unfinished.exists():
            raise DeploymentStoppedError(f"there is nothing to resume: no {unfinished}")
        begun = Unfinished.model_validate_json(unfinished.read_text())
        begun.arguments["parameters"] = tuple(begun.arguments["parameters"])
        same = ("chain_id", "deployer", "arguments")
        if differing := [key for key in same if getattr(begun, key) != getattr(beginning, key)]:
            raise DeploymentStoppedError(f"{unfinished} began with other {' and '.join(differing)}")
        return begun
    if unfinished.exists() and not replace:
        raise DeploymentStoppedError(
            f"{unfinished} is unfinished: go on with --resume, or start anew with --replace"
        )
    if path.exists() and not replace:
        raise DeploymentStoppedError(f"{path} is another deployment's: overwrite it with --replace")
    return beginning


def _ask_network(project: Any, deployer: Any, creations: list[Creation]) -> None:
    """Let the constructor that checks the parameters' bounds refuse them before anything is paid for."""
    creation = next(creation for creation in creations if creation.name == "Network")
    try:
        deployer.provider.estimate_gas_cost(creating_transaction(project, deployer, creation))
    except ApeException as error:
        raise ParametersError(f"parameters: the contract refuses them: {error}") from None


def _manifest(
    project: Any,
    deployer: Any,
    parameters: Parameters,
    note: Unfinished,
    creations: list[Creation],
    source: str,
) -> Manifest:
    provider = deployer.provider
    types = {creation.name: getattr(project, creation.name).contract_type for creation in creations}
    at = {creation.name: creation.address for creation in creations}
    return Manifest(
        network=network_name(provider),
        chain_id=note.chain_id,
        contracts={
            creation.name: contract_entry(
                provider,
                creation.address,
                note.transactions[creation.name],
                # A blueprint is not constructed yet: its parameters are each model's own.
                None if creation.name == BLUEPRINT else types[creation.name].constructor,
                creation.arguments,
            )
            for creation in creations
        },
        bond_asset=note.arguments["bond_asset"] or at["WrappedNative"],
        wraps_native=parameters.wraps_native,
        arbiters=tuple(at[name] for name in ("MockArbiter",) if name in at),
        compiler=compiler(project),
        commit=source,
    )


@click.command(cls=ConnectedProviderCommand)
@click.option("--account", "alias", help="Ape account that deploys; `ape accounts list` shows yours.")
@click.option(
    "--params", "params", type=click.Path(path_type=Path), help="Default: deployments/params/<network>.yaml."
)
@click.option(
    "--manifest", "path", type=click.Path(path_type=Path), help="Default: deployments/<network>.json."
)
@click.option("--resume", is_flag=True, help="Go on with a deployment that stopped in the middle.")
@click.option("--replace", is_flag=True, help="Start anew, and overwrite the manifest that is there.")
def cli(
    provider: Any, alias: str | None, params: Path | None, path: Path | None, resume: bool, replace: bool
) -> None:
    """Deploy a network of contracts and write its manifest."""
    name = network_name(provider)
    path = path or DEPLOYMENTS / f"{name}.json"
    try:
        parameters = Parameters.read(params or DEPLOYMENTS / "params" / f"{name}.yaml")
        deployer = signer(provider, alias)
        manifest = deploy_network(local_project, deployer, parameters, path, resume=resume, replace=replace)
    except ParametersError as error:
        raise click.ClickException(str(error)) from None
    except (DeploymentStoppedError, ApeException) as error:
        raise click.ClickException(f"{error}\n{_progress(path)}") from None
    _show(manifest, path)


def _progress(path: Path) -> str:
    """What an unfinished deployment has sent so far."""
    unfinished = unfinished_path(path)
    if not unfinished.exists():
        return "Nothing was sent."
    note = Unfinished.model_validate_json(unfinished.read_text())
    lines = [f"  {name} {hashes[-1]}" for name, hashes in note.transactions.items()]
    return "\n".join(["Sent so far:", *(lines or ["  nothing"]), f"Go on with --resume ({unfinished})."])


def _show(manifest: Manifest, path: Path) -> None:
    table = Table("contract", "address", "block", title=f"{manifest.network}, chain {manifest.chain_id}")
    for name, contract in manifest.contracts.items():
        table.add_row(name, contract.address, str(contract.block))
    console = Console()
    console.print(table)
    console.print(f"Written to {path}", soft_wrap=True)
