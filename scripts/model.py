"""Models and their versions, for who owns or guards one: `ape run model --help`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from executor.chain.requests import NOBODY
from scripts._network import ADDRESS, AMOUNT, SHARE, TIME, Network, on_network
from scripts._version import VersionError, version_of

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def cli() -> None:
    """Create a model, publish versions of it, and decide which one answers."""


def _version(command: Callable[..., None]) -> Callable[..., None]:
    """The options that make a version from an artifact."""
    for option in reversed(
        (
            click.argument("artifact", type=FILE),
            click.option("--location", required=True, help="Where the artifact can be fetched."),
            click.option(
                "--royalty", type=SHARE, default="0 %", show_default=True, help="Owner's share of a price."
            ),
            click.option(
                "--bond", type=AMOUNT, required=True, help="Least bond behind an answer: '0.1 ether'."
            ),
            click.option("--window", type=TIME, required=True, help="Challenge window: '10 minutes'."),
            click.option(
                "--arbiter", type=ADDRESS, help="Default: the first of the deployment's, its judge."
            ),
            click.option("--hook", type=ADDRESS, default=None, help="Contract that checks input and output."),
            click.option("--schema", type=FILE, help="Description of input and output; bound by its hash."),
            click.option("--report", type=FILE, help="Compile report or held-out set; bound by its hash."),
        )
    ):
        command = option(command)
    return command


def _built(network: Network, options: dict[str, Any]) -> tuple[Any, ...]:
    arbiter = options["arbiter"] or next(iter(network.deployment.arbiters), None)
    if arbiter is None:
        raise click.UsageError("name the arbiter with --arbiter: the deployment has none")
    schema, report = options["schema"], options["report"]
    try:
        return version_of(
            options["artifact"],
            location=options["location"],
            arbiter=arbiter,
            royalty_bps=options["royalty"],
            min_bond=options["bond"],
            window=options["window"],
            hook=options["hook"] or NOBODY,
            schema=schema.read_bytes() if schema else None,
            report=report.read_bytes() if report else b"",
        )
    except VersionError as error:
        raise click.ClickException(str(error)) from None


# For anybody


@on_network(cli)
@click.argument("name")
@_version
@click.option("--owner", type=ADDRESS, help="Person or DAO's timelock that decides. Default: the signer.")
@click.option("--guardian", type=ADDRESS, help="May pause, roll back and revoke. Default: the owner.")
def create(network: Network, name: str, owner: str | None, guardian: str | None, **version: Any) -> None:
    """Create a model whose first version, made from ARTIFACT, is live at once."""
    owner = owner or str(network.account)
    registry = network.contract("Registry")
    receipt = network.send(registry.create_model, name, owner, guardian or owner, _built(network, version))
    (created,) = receipt.decode_logs(registry.ModelCreated)
    click.echo(f"model {created.model}, number {created.number}, owner {owner}")


@on_network(cli)
@click.argument("model", type=ADDRESS)
def show(network: Network, model: str) -> None:
    """List a model's versions and who decides about them."""
    shell = network.contract("Model", model)
    click.echo(f"{shell.name()}, owner {shell.owner()}, guardian {shell.guardian()}")
    click.echo("paused" if shell.paused() else f"live: version {shell.live()}")
    for number in range(1, shell.versions() + 1):
        version, state = shell.version(number), STATES[shell.state_of(number)]
        click.echo(f"{number:>3}  {state:<9}  0x{version.terms.program_root.hex()}  {version.location}")


STATES = {1: "published", 2: "candidate", 4: "live", 8: "retired", 16: "revoked"}


# For the owner


@on_network(cli)
@click.argument("model", type=ADDRESS)
@_version
def publish(network: Network, model: str, **version: Any) -> None:
    """Publish a version made from ARTIFACT. It answers nothing until promoted."""
    shell = network.contract("Model", model)
    receipt = network.send(shell.publish, _built(network, version))
    (published,) = receipt.decode_logs(shell.Published)
    click.echo(f"version {published.version}; make it live with `ape run model promote`")


@on_network(cli)
@click.argument("model", type=ADDRESS)
@click.argument("version", type=int)
def promote(network: Network, model: str, version: int) -> None:
    """Make a published or retired version live."""
    network.send(network.contract("Model", model).promote, version)
    click.echo(f"version {version} is live")


@on_network(cli)
@click.argument("model", type=ADDRESS)
def unpause(network: Network, model: str) -> None:
    """Take requests again."""
    network.send(network.contract("Model", model).unpause)
    click.echo("takes requests again")


# For owner or guardian


@on_network(cli)
@click.argument("model", type=ADDRESS)
@click.argument("version", type=int)
def rollback(network: Network, model: str, version: int) -> None:
    """Make a version live again that once was."""
    network.send(network.contract("Model", model).rollback, version)
    click.echo(f"version {version} is live again")


@on_network(cli)
@click.argument("model", type=ADDRESS)
@click.argument("version", type=int)
@click.confirmation_option(prompt="A revoked version never comes back. Go on?")
def revoke(network: Network, model: str, version: int) -> None:
    """End a version for good: its open requests can be refunded."""
    network.send(network.contract("Model", model).revoke, version)
    click.echo(f"version {version} is revoked")


@on_network(cli)
@click.argument("model", type=ADDRESS)
def pause(network: Network, model: str) -> None:
    """Stop new requests and promotions; work in flight goes on."""
    network.send(network.contract("Model", model).pause)
    click.echo("paused")
