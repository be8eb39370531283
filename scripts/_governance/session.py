"""What the four commands share: the DAO, who acts, and that nothing is sent before somebody has read it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from ape import project as local_project
from ape.cli import ConnectedProviderCommand
from ape.exceptions import ApeException

from executor.chain.deployment import DeploymentError
from scripts._governance.dao import Dao, only_governor
from scripts._governance.names import GovernanceError
from scripts._network import ADDRESS, read_manifest, signer


@dataclass(frozen=True)
class Session:
    """One command. account: None in a dry run for which nobody was named."""

    dao: Dao
    account: Any | None
    dry_run: bool
    yes: bool

    def say(self, lines: Iterable[str]) -> None:
        """Print them."""
        for line in lines:
            click.echo(line)

    def may_send(self, question: str) -> bool:
        """Whether to go on: not in a dry run, and otherwise if the person says so."""
        if self.dry_run:
            click.echo("dry run: nothing was sent")
            return False
        if not self.yes:
            click.confirm(question, abort=True)
        return True


def governing(command: Callable[..., None]) -> click.Command:
    """A command that is given a `Session`, chosen by --network, --deployment, --governor and --account."""

    @functools.wraps(command)
    def connected(
        provider: Any,
        governor: str | None,
        manifest: Path | None,
        alias: str | None,
        dry_run: bool,
        yes: bool,
        **options: Any,
    ) -> None:
        try:
            deployment = read_manifest(provider, manifest)
            dao = Dao(
                local_project, provider, deployment, governor or only_governor(local_project, deployment)
            )
            account = None if dry_run and alias is None else signer(provider, alias)
            command(Session(dao, account, dry_run, yes), **options)
        except (GovernanceError, DeploymentError, ApeException) as error:
            raise click.ClickException(str(error)) from None

    # Ape reads the signature to see what to pass on, and would look behind this function.
    del connected.__wrapped__
    for option in OPTIONS:
        connected = option(connected)
    finish: Callable[..., click.Command] = click.command(cls=ConnectedProviderCommand)
    return finish(connected)


OPTIONS = (
    click.option("--yes", is_flag=True, help="Send without asking."),
    click.option("--dry-run", is_flag=True, help="Show everything, send nothing."),
    click.option("--account", "alias", help="Ape account that signs; `ape accounts list` shows yours."),
    click.option(
        "--deployment",
        "manifest",
        type=click.Path(path_type=Path),
        help="Manifest of the network. Default: deployments/<network>.json.",
    ),
    click.option(
        "--governor",
        type=ADDRESS,
        help="The DAO, by its governor. Default: the network's, if its factory has made one only.",
    ),
)
