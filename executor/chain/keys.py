"""Keys that sign for an account. A key is unlocked once and never shows its secret.

`Key` is all that the rest of the executor knows, so that a remote signer or a KMS is one more class. Local
keys come from an encrypted v3 keystore: a file, or an account of Ape's, which keeps the same format under
its alias.
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn, Protocol

from eth_account import Account
from eth_account.signers.local import LocalAccount

APE_DATA = Path("~/.ape")

Password = Callable[[], str]


class KeyUnavailableError(Exception):
    """The key cannot be unlocked. The message never holds a secret."""


class Key(Protocol):
    """An account that can sign."""

    @property
    def address(self) -> str:
        """The account, checksummed."""

    def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes:
        """The signed bytes of a complete transaction (chain id, nonce, fees and gas included)."""

    def sign_typed_data(self, typed_data: Mapping[str, Any]) -> bytes:
        """The 65-byte signature (r, s, v) of an EIP-712 message {types, primaryType, domain, message}."""


class LocalKey:
    """A key held in this process."""

    __slots__ = ("_account",)

    def __init__(self, account: LocalAccount) -> None:
        self._account = account

    @property
    def address(self) -> str:
        return str(self._account.address)

    def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes:
        return bytes(self._account.sign_transaction(dict(transaction)).raw_transaction)

    def sign_typed_data(self, typed_data: Mapping[str, Any]) -> bytes:
        return bytes(self._account.sign_typed_data(full_message=dict(typed_data)).signature)

    def __repr__(self) -> str:
        return f"LocalKey({self.address})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys: a key does not leave its process")


def open_key(where: str, password: Password) -> LocalKey:
    """The key at `where`: the path of a v3 keystore file, or `ape:ALIAS`.

    Raises KeyUnavailableError if there is none, it is malformed, or the password is wrong.
    """
    scheme, _, alias = where.partition(":")
    if scheme == "ape":
        return open_keystore(ape_keystore(alias), password)
    return open_keystore(Path(where), password)


def open_keystore(path: Path, password: Password) -> LocalKey:
    """The key in an eth-account v3 keystore file."""
    try:
        keystore = json.loads(path.expanduser().read_text())
    except OSError as error:
        raise KeyUnavailableError(f"keys: cannot read {path}: {error.strerror}") from None
    except ValueError:
        raise KeyUnavailableError(f"keys: {path} is no keystore") from None
    key, why = _unlock(keystore, password)
    if key is None:
        raise KeyUnavailableError(f"keys: cannot unlock {path}: {why}")
    return key


def ape_keystore(alias: str, data: Path = APE_DATA) -> Path:
    """The keystore file of an Ape account."""
    path = (data / "accounts" / f"{alias}.json").expanduser()
    if not path.is_file() or path.name != f"{alias}.json":
        raise KeyUnavailableError(f"keys: Ape has no account {alias!r}")
    return path


def password_from_file(path: Path) -> Password:
    """The password on the first line of a file, read when it is needed."""

    def read() -> str:
        try:
            lines = path.expanduser().read_text().splitlines()
        except OSError as error:
            raise KeyUnavailableError(f"keys: cannot read the password in {path}: {error.strerror}") from None
        return lines[0] if lines else ""

    return read


def password_prompt(prompt: str = "Password: ") -> Password:
    """The password typed at the terminal, not echoed."""
    return lambda: getpass.getpass(prompt)


def _unlock(keystore: Any, password: Password) -> tuple[LocalKey | None, str]:
    """The key, or why there is none. Returning, not raising, keeps the secret out of every traceback."""
    entered = password()
    try:
        account: LocalAccount = Account.from_key(Account.decrypt(keystore, entered))
    except (ValueError, KeyError, TypeError, AttributeError, NotImplementedError) as error:
        mismatch = "MAC" in str(error)
        return None, "wrong password" if mismatch else "no v3 keystore"
    stated = keystore.get("address", account.address)
    if str(stated).lower().removeprefix("0x") != account.address.lower().removeprefix("0x"):
        return None, "it states another address than its key's"
    return LocalKey(account), ""
