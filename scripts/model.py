"""Models and their versions, for who owns or guards one: `ape run model --help`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from eth_utils.crypto import keccak

from executor.chain.contracts import Contracts
from executor.chain.evidence import Evidence, evidence_against
from executor.chain.requests import NOBODY
from scripts._network import ADDRESS, AMOUNT, SHARE, TIME, Network, on_network
from scripts._shell import STATES, breaker_of, counted, running
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
    """List a model's versions, who decides about them, and what would trip one."""
    shell = network.contract("Model", model)
    click.echo(f"{shell.name()}, owner {shell.owner()}, guardian {shell.guardian()}")
    click.echo(running(shell))
    if candidate := shell.candidate():
        click.echo(f"canary: version {candidate} answers {shell.share() / 100:g} % of requests")
    click.echo(breaker_of(shell))
    for number in range(1, shell.versions() + 1):
        version, state = shell.version(number), STATES[shell.state_of(number)]
        click.echo(f"{number:>3}  {state:<9}  0x{version.terms.program_root.hex()}  {version.location}")


@on_network(cli)
@click.argument("model", type=ADDRESS)
@click.argument("version", type=int, required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
def trip(network: Network, model: str, version: int | None, yes: bool) -> None:
    """Take down a bad VERSION, by default the live one or the candidate, with its own answers."""
    shell = network.contract("Model", model)
    evidence = _evidence(network, shell, version)
    click.echo(f"{counted(len(evidence.requests), 'final answer')} against version {evidence.version}:")
    for request in evidence.requests:
        click.echo(f"  request {request.counter} by {request.requester}, {request.price(0)} wei at least")
    if not yes:
        click.confirm("Bring them before the breaker?", abort=True)
    words = evidence.version, list(evidence.requests), evidence.outputs
    (tripped,) = network.send(shell.trip, *words).decode_logs(shell.Tripped)
    falls = f"version {tripped.fallback} is live" if tripped.fallback else "the model is paused"
    click.echo(f"version {tripped.version} tripped; {falls}")


def _evidence(network: Network, shell: Any, version: int | None) -> Evidence:
    """Against that version, or the first there is against one that answers."""
    if shell.breaker().rejections == 0:
        raise click.ClickException(
            "the model has no breaker; its owner sets one with `ape run model breaker`"
        )
    answering = [shell.live(), shell.candidate()] if version is None else [version]
    contracts = Contracts(network.deployment)
    for number in filter(None, answering):
        if evidence := evidence_against(network.endpoint, contracts, str(shell.address), number):
            return evidence
    raise click.ClickException(
        "the answers that are final are not enough to trip a version; `ape run model show` says what is"
    )


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
    """Make a published or retired version live, or the candidate."""
    network.send(network.contract("Model", model).promote, version)
    click.echo(f"version {version} is live")


@on_network(cli)
@click.argument("model", type=ADDRESS)
@click.argument("version", type=int)
@click.argument("share", type=SHARE)
def canary(network: Network, model: str, version: int, share: int) -> None:
    """Let a published VERSION answer a SHARE of the requests, '5 %' say, or change the share."""
    network.send(network.contract("Model", model).canary, version, share)
    click.echo(f"version {version} answers {share / 100:g} % of requests that pin none")


@on_network(cli)
@click.argument("model", type=ADDRESS)
@click.argument("rejections", type=click.IntRange(0, 8))
@click.option("--volume", type=AMOUNT, default="0", help="Least that they paid together: '0.01 ether'.")
@click.option("--span", type=click.IntRange(min=0), default=0, help="Of how many requests; 0 for any.")
def breaker(network: Network, model: str, rejections: int, volume: int, span: int) -> None:
    """Trip versions by REJECTIONS answers that their hook rejects; 0 for never."""
    network.send(network.contract("Model", model).set_breaker, rejections, volume, span)
    click.echo(breaker_of(network.contract("Model", model)))


@on_network(cli)
@click.argument("model", type=ADDRESS)
@click.argument("version", type=int)
@click.argument("question", type=FILE)
@click.argument("answer", type=FILE)
def probe(network: Network, model: str, version: int, question: Path, answer: Path) -> None:
    """State that to the bytes in QUESTION a published VERSION answers those in ANSWER."""
    shell, asked, right = network.contract("Model", model), question.read_bytes(), answer.read_bytes()
    terms = shell.terms(version)
    if len(asked) > terms.input_size or len(right) != terms.output_size:
        raise click.ClickException(
            f"version {version} takes {terms.input_size} bytes of input and gives {terms.output_size} bytes "
            f"of output, not {len(asked)} and {len(right)}"
        )
    network.send(shell.declare_probe, version, keccak(asked), keccak(right))
    click.echo(f"a final answer of version {version} that differs trips it")


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
def withdraw(network: Network, model: str) -> None:
    """End the canary: the candidate answers no more requests."""
    shell = network.contract("Model", model)
    (withdrawn,) = network.send(shell.withdraw).decode_logs(shell.CanaryWithdrawn)
    click.echo(f"version {withdrawn.version} is published only")


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
    """Stop new requests, promotions and canaries; work in flight goes on. A guardian's ends in 7 days."""
    shell = network.contract("Model", model)
    network.send(shell.pause)
    click.echo(running(shell))
