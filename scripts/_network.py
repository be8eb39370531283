"""What commands about a deployed network share: which network, whose account, and how mistakes are told."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from ape import accounts as ape_accounts
from ape import project as local_project
from ape.cli import ConnectedProviderCommand
from ape.exceptions import ApeException

from executor.chain.deployment import Deployment, DeploymentError
from executor.chain.rpc import Endpoint, Rpc
from scripts._parameters import address, basis_points, seconds, wei

DEPLOYMENTS = Path(__file__).parent.parent / "deployments"


class Network:
    """The contracts of a manifest, and the account that acts on them."""

    def __init__(self, deployment: Deployment, account: Any) -> None:
        self.deployment = deployment
        self.account = account

    def contract(self, name: str, at: str = "") -> Any:
        """The Ape instance of a contract of the manifest, or of the same kind at another address."""
        where = at or self.deployment.address(name)
        if not self.account.provider.get_code(where):
            raise DeploymentError(f"there is no contract at {where}")
        return getattr(local_project, name).at(where)

    @property
    def endpoint(self) -> Endpoint:
        """The node that the account is connected to."""
        return Rpc(self.account.provider.http_uri)

    def send(self, method: Any, *arguments: Any, value: int = 0) -> Any:
        """Send one transaction, wait for it, and return its receipt."""
        return method(*arguments, sender=self.account, value=value)


def on_network(group: click.Group) -> Callable[[Callable[..., None]], click.Command]:
    """Add a command to `group` that is given a `Network`, chosen by --network, --deployment and --account."""

    def decorate(command: Callable[..., None]) -> click.Command:
        @functools.wraps(command)
        def connected(
            provider: Any, alias: str | None, manifest: Path | None, *arguments: Any, **options: Any
        ) -> None:
            try:
                deployment = read_manifest(provider, manifest)
                command(Network(deployment, signer(provider, alias)), *arguments, **options)
            except (DeploymentError, ApeException) as error:
                raise click.ClickException(str(error)) from None

        # Ape reads the signature to see what to pass on, and would look behind this function.
        del connected.__wrapped__
        for option in (
            click.option("--deployment", "manifest", type=click.Path(path_type=Path), help=_MANIFEST),
            click.option(
                "--account", "alias", help="Ape account that signs; `ape accounts list` shows yours."
            ),
        ):
            connected = option(connected)
        return group.command(cls=ConnectedProviderCommand)(connected)

    return decorate


def read_manifest(provider: Any, manifest: Path | None) -> Deployment:
    """The manifest of the network that the provider is connected to; DeploymentError if it is another's."""
    path = manifest or DEPLOYMENTS / f"{network_name(provider)}.json"
    deployment = Deployment.read(path)
    if deployment.chain_id != provider.chain_id:
        raise DeploymentError(
            f"deployment: {path} is for chain {deployment.chain_id}, not {provider.chain_id}"
        )
    return deployment


_MANIFEST = "Manifest of the network. Default: deployments/<network>.json."


TEST = "TEST::"  # Ape's prefix of the accounts of local networks


def signer(provider: Any, alias: str | None) -> Any:
    """The account of that alias; on a local network TEST::3 is a test account, and TEST::0 the default."""
    if provider.network.is_dev and (alias is None or alias.startswith(TEST)):
        return ape_accounts.test_accounts[int((alias or "").removeprefix(TEST) or 0)]
    if alias is None:
        raise click.UsageError("name the account that signs with --account; `ape accounts list` shows yours")
    try:
        return ape_accounts.load(alias)
    except KeyError:
        raise click.UsageError(f"Ape has no account {alias!r}; `ape accounts list` shows yours") from None


def network_name(provider: Any) -> str:
    """What the network is called in `deployments/`: Ape's name, after its ecosystem's unless Ethereum."""
    network: str = provider.network.name
    ecosystem: str = provider.network.ecosystem.name
    return network if ecosystem == "ethereum" else f"{ecosystem}-{network}"


# Options with units


class _Quantity(click.ParamType):
    def __init__(self, name: str, read: Callable[[Any], Any]) -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return self._read(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


AMOUNT = _Quantity("amount", wei)
TIME = _Quantity("time", seconds)
SHARE = _Quantity("share", basis_points)
ADDRESS = _Quantity("address", address)
