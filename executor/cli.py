"""The command line. Exit codes: 0 done, 1 failed, 2 called wrongly, 3 somebody else sends from the key."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from executor.backends.base import BackendError
from executor.chain.contracts import CallRevertedError
from executor.chain.deployment import DeploymentError
from executor.chain.follower import TooDeepError
from executor.chain.keys import KeyUnavailableError
from executor.chain.outbox import ForeignTransactionError, NonceError
from executor.chain.rpc import RpcError
from executor.chain.wallet import TransactionRefusedError
from executor.commands.account import account
from executor.commands.bond import bond
from executor.commands.program import program
from executor.commands.run import run, watch
from executor.commands.session import Session
from executor.commands.stake import stake
from executor.commands.status import explain, jobs, status
from executor.journal import JournalError
from executor.settings import SettingsError

FAILED, NOT_ALONE = 1, 3

_FAILURES = (
    BackendError,
    CallRevertedError,
    DeploymentError,
    JournalError,
    KeyUnavailableError,
    RpcError,
    SettingsError,
    TooDeepError,
    TransactionRefusedError,
)

PATH = click.Path(path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--config", type=PATH, help="Settings; default: executor.toml, if it is there.")
@click.option("--rpc", help="JSON-RPC endpoint of the chain.")
@click.option("--deployment", type=PATH, help="Manifest of the network, deployments/<network>.json.")
@click.option("--key", help="Keystore file, or ape:ALIAS.")
@click.option("--password-file", type=PATH, help="Its first line unlocks the key; default: ask.")
@click.option("--account", help="Whom to look at, or to act for in a dry run, without a key.")
@click.option("--journal", type=PATH, help="The executor's memory; default: one for each account.")
@click.version_option(package_name="elenchus", prog_name="executor")
@click.pass_context
def cli(context: click.Context, /, config: Path | None, **options: Any) -> None:
    """Answer AI requests on an EVM chain, for a bond.

    Every option is also a setting in executor.toml and a variable ELENCHUS_*; keys come from encrypted
    keystores alone. To begin: `executor account new`, `executor stake deposit`, `executor run`.
    """
    context.obj = Session(config, {name: value for name, value in options.items() if value is not None})


for command in (run, watch, stake, bond, status, jobs, explain, account, program):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point: known failures are one line, without a traceback. Ends in SystemExit."""
    try:
        cli(arguments, prog_name="executor")
    except (NonceError, ForeignTransactionError) as error:
        click.echo(f"error: {error}", err=True)
        hint = "If nothing else sends from this key any more: executor run --adopt-nonce"
        click.echo(hint, err=True)
        sys.exit(NOT_ALONE)
    except _FAILURES as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(FAILED)
