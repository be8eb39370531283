"""`executor account`: making a key. Its secret is written encrypted and shown to nobody."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click
from eth_account import Account

from executor.chain.keys import password_from_file


@click.group()
def account() -> None:
    """Make keys."""


@account.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--password-file", type=click.Path(path_type=Path), help="Its first line; default: ask for one."
)
def new(file: Path, password_file: Path | None) -> None:
    """Make a key and write its keystore to FILE, readable by you alone. Prints its address."""
    if password_file is not None:
        password = password_from_file(password_file)()
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    if not password:
        raise click.UsageError("an empty password protects nothing")
    made = Account.create()
    keystore = json.dumps(Account.encrypt(made.key, password))
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise click.ClickException(f"{file} exists: a key is never overwritten") from None
    with os.fdopen(descriptor, "w") as opened:
        opened.write(keystore)
    click.echo(made.address)
