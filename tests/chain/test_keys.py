"""Keys: unlocked from a keystore, signing what they are given, and silent about their secret."""

import json
import pickle
import traceback
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from executor.chain.keys import (
    KeyUnavailableError,
    LocalKey,
    ape_keystore,
    open_key,
    open_keystore,
    password_from_file,
)

SECRET = bytes(range(1, 33))
OWNER = Account.from_key(SECRET)
PASSWORD = "correct horse"
TRANSFER = {
    "type": 2,
    "chainId": 31337,
    "nonce": 7,
    "to": "0x" + "11" * 20,
    "value": 5,
    "data": b"",
    "gas": 21_000,
    "maxFeePerGas": 10**9,
    "maxPriorityFeePerGas": 1,
}
GREETING = {
    "types": {
        "EIP712Domain": [{"name": "name", "type": "string"}],
        "Greeting": [{"name": "text", "type": "string"}],
    },
    "primaryType": "Greeting",
    "domain": {"name": "Elenchus"},
    "message": {"text": "hello"},
}


@pytest.fixture(scope="module")
def keystore() -> dict:
    return Account.encrypt(SECRET, PASSWORD, kdf="pbkdf2", iterations=2)


@pytest.fixture
def path(tmp_path: Path, keystore: dict) -> Path:
    file = tmp_path / "keystore.json"
    file.write_text(json.dumps(keystore))
    return file


def test_open_key__keystore_and_password_file__signs_as_its_owner(path, tmp_path):
    (tmp_path / "password").write_text(PASSWORD + "\n")
    key = open_key(str(path), password_from_file(tmp_path / "password"))
    assert key.address == OWNER.address
    assert Account.recover_transaction(key.sign_transaction(TRANSFER)) == OWNER.address
    signable = encode_typed_data(full_message=GREETING)
    signature = key.sign_typed_data(GREETING)
    assert len(signature) == 65
    assert Account.recover_message(signable, signature=signature) == OWNER.address


def test_open_key__ape_alias__reads_apes_keystore(tmp_path, keystore, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    accounts = tmp_path / ".ape" / "accounts"
    accounts.mkdir(parents=True)
    (accounts / "operator.json").write_text(json.dumps(keystore))
    assert open_key("ape:operator", lambda: PASSWORD).address == OWNER.address


@pytest.mark.parametrize("alias", ["nobody", "../../keystore", ""])
def test_ape_keystore__unknown_alias__is_refused(tmp_path, path, alias):
    (tmp_path / "data" / "accounts").mkdir(parents=True)
    with pytest.raises(KeyUnavailableError, match="Ape has no account"):
        ape_keystore(alias, tmp_path / "data")


def test_open_keystore__wrong_password__says_so_and_nothing_else(path):
    with pytest.raises(KeyUnavailableError, match="wrong password") as failure:
        open_keystore(path, lambda: "guess-that-must-not-leak")
    shown = "".join(traceback.TracebackException.from_exception(failure.value, capture_locals=True).format())
    # This frame names the guess in its own source line; every frame below it must not.
    assert "guess-that-must-not-leak" not in shown.split("executor/chain/keys.py", 1)[1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is no keystore"),
        ("{}", "no v3 keystore"),
        ("[1]", "no v3 keystore"),
        ('{"version": 9}', "no v3"),
    ],
)
def test_open_keystore__malformed_file__is_refused(tmp_path, content, message):
    file = tmp_path / "broken.json"
    file.write_text(content)
    with pytest.raises(KeyUnavailableError, match=message):
        open_keystore(file, lambda: PASSWORD)


def test_open_keystore__missing_file__is_refused(tmp_path):
    with pytest.raises(KeyUnavailableError, match="No such file"):
        open_keystore(tmp_path / "absent.json", lambda: PASSWORD)


def test_open_keystore__stated_address_of_somebody_else__is_refused(tmp_path, keystore):
    file = tmp_path / "swapped.json"
    file.write_text(json.dumps({**keystore, "address": "11" * 20}))
    with pytest.raises(KeyUnavailableError, match="another address"):
        open_keystore(file, lambda: PASSWORD)


def test_password_from_file__missing__is_refused(tmp_path):
    with pytest.raises(KeyUnavailableError, match="cannot read the password"):
        password_from_file(tmp_path / "absent")()


def test_local_key__shown_or_pickled__keeps_its_secret():
    key = LocalKey(OWNER)
    shown = repr(key) + str(key) + f"{[key]}"
    assert OWNER.address in shown
    assert SECRET.hex() not in shown
    assert str(int.from_bytes(SECRET)) not in shown
    with pytest.raises(TypeError, match="does not leave its process"):
        pickle.dumps(key)
