"""What commands share: the settings of this call, the key, and the account."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from eth_utils.address import to_checksum_address

from executor.chain.keys import (
    Key,
    KeyUnavailableError,
    ape_keystore,
    open_key,
    password_from_file,
    password_prompt,
)
from executor.settings import Settings, SettingsError


@dataclass
class Session:
    """One call of the command line. options: those that were given, by the names of settings."""

    config: Path | None
    options: dict[str, Any] = field(default_factory=dict)

    def settings(self, **options: Any) -> Settings:
        return Settings.load(self.config, **{**self.options, **options})


needs_session = click.make_pass_decorator(Session)


def unlock(settings: Settings) -> Key | None:
    """The key of the settings; None if they name none. The password comes from its file or the terminal."""
    if not settings.key:
        return None
    if settings.password_file is not None:
        return open_key(settings.key, password_from_file(settings.password_file))
    return open_key(settings.key, password_prompt(f"Password of {settings.key}: "))


def require_key(settings: Settings) -> Key:
    """The key; an error that says how to name one."""
    key = unlock(settings)
    if key is None:
        raise SettingsError(
            "settings: this sends transactions: name a key with --key FILE or --key ape:ALIAS"
        )
    return key


def account_of(settings: Settings) -> str:
    """The account, without unlocking its key."""
    if settings.account is not None:
        return settings.account
    if not settings.key:
        raise SettingsError("settings: whose? Name --key or --account")
    scheme, _, alias = settings.key.partition(":")
    path = ape_keystore(alias) if scheme == "ape" else Path(settings.key).expanduser()
    try:
        stated = json.loads(path.read_text())["address"]
        return str(to_checksum_address("0x" + str(stated).removeprefix("0x")))
    except OSError as error:
        raise KeyUnavailableError(f"keys: cannot read {path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise KeyUnavailableError(f"keys: {path} does not state its address: name --account") from None
