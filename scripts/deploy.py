"""A network of contracts, put on a chain: `ape run deploy --network ... --account ...`."""

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
from scripts._creation import DeploymentStoppedError, deploy_contracts
from scripts._deployment import deploy_network
from scripts._manifest import Unfinished, unfinished_path
from scripts._network import DEPLOYMENTS, network_name, signer
from scripts._parameters import Parameters, ParametersError

__all__ = ["cli", "deploy_contracts", "deploy_network"]


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
