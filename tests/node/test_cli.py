"""The command line, as processes: from no key at all to a paid answer, and the errors on the way."""

from __future__ import annotations

import io
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
from eth_account import Account

from executor.cli import main
from tests.node.network import DIGITS, ETHER, WINDOW, Town, image, key

PASSWORD = "correct horse"
PRICE = ETHER // 100


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    returncode: int
    stdout: str
    stderr: str


def executor(*arguments: object, **environment: str) -> Done:
    """Call the command line, in this process: starting another takes a second each time."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name, value in {"COLUMNS": "200", **environment}.items():
            patch.setenv(name, value)
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
    return Done(int(end.value.code or 0), out.getvalue(), err.getvalue())


def process(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "executor", *map(str, arguments)]
    environ = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environ)


def keystore(folder: Path, role: str) -> Path:
    """A role's key as a file, encrypted as weakly as tests can bear."""
    secret = key(role)._account.key
    file = folder / f"{role}.json"
    file.write_text(json.dumps(Account.encrypt(secret, PASSWORD, kdf="pbkdf2", iterations=1)))
    return file


@pytest.fixture
def options(town: Town, tmp_path: Path) -> list[object]:
    """What every call about this town's executor begins with."""
    town.settings(tmp_path)
    (tmp_path / "password").write_text(PASSWORD + "\n")
    return [
        *("--rpc", town.anvil.url, "--deployment", tmp_path / "town.json"),
        *("--password-file", tmp_path / "password", "--journal", tmp_path / "journal.sqlite"),
    ]


@pytest.fixture
def running(town: Town, tmp_path: Path, options) -> Iterator[subprocess.Popen[str]]:
    """`executor run` with the executor's key."""
    with start(options, keystore(tmp_path, "executor"), "--adopt-nonce") as process:
        yield process
        process.kill()


def start(options: list[object], file: Path, *more: object) -> subprocess.Popen[str]:
    command = [*options, "--key", file, "run", "--artifact", DIGITS, "--json", *more]
    quick = {"ELENCHUS_POLL": "0.05", "ELENCHUS_LATENCY": "1", "ELENCHUS_INTAKE": "false"}
    return subprocess.Popen(
        [sys.executable, "-m", "executor", *map(str, command)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **quick, "ELENCHUS_CONFIRMATIONS": "1"},
    )


def lines_until(process: subprocess.Popen[str], event: str) -> list[dict[str, object]]:
    """The log up to the first line about `event`."""
    assert process.stderr is not None
    met = []
    for line in process.stderr:
        met.append(json.loads(line))
        if met[-1]["event"] == event:
            return met
    raise AssertionError(f"it ended without {event}: {met}")


def test_run__as_a_process__answers_and_finishes_on_sigterm(town: Town, running) -> None:
    lines_until(running, "started")
    client = town.client()
    identifier = client.open(town.model, image(1), max_price=PRICE, min_price=PRICE)
    client.wait(identifier, timeout=30)
    town.warp(WINDOW)
    assert client.wait(identifier, "final", timeout=30).final
    running.send_signal(signal.SIGTERM)
    lines_until(running, "stopped")
    assert running.wait(10) == 0


def test_run__without_a_key__says_what_it_would_do_and_sends_nothing(town: Town, options, tmp_path) -> None:
    town.client().open(town.model, image(1), max_price=PRICE, min_price=PRICE)
    blocks = town.anvil.head()
    account = key("executor").address
    done = process(
        *(*options, "--account", account, "run", "--artifact", DIGITS, "--once", "--json"),
        ELENCHUS_LATENCY="1",
    )
    assert done.returncode == 0, done.stderr
    assert "dry run" in done.stderr
    assert "would send" in done.stderr
    assert town.anvil.head() == blocks


def test_run__once__answers_what_is_there_and_ends(town: Town, options, tmp_path: Path) -> None:
    client = town.client()
    identifier = client.open(town.model, image(1), max_price=PRICE, min_price=PRICE)
    running = start(options, keystore(tmp_path, "executor"), "--adopt-nonce", "--once")
    _, said = running.communicate(timeout=30)
    assert running.returncode == 0, said
    assert client.wait(identifier, timeout=1).output


def test_run__key_that_something_else_uses__stops_with_code_3(town: Town, options, tmp_path: Path) -> None:
    done = process(*options, "--key", keystore(tmp_path, "executor"), "run", "--artifact", DIGITS)
    assert done.returncode == 3
    assert "--adopt-nonce" in done.stderr


def test_stake__deposit_then_status_then_unbond__moves_the_stake(town: Town, options, tmp_path: Path) -> None:
    mine = [*options, "--key", keystore(tmp_path, "rival")]
    done = executor(*mine, "stake", "deposit", "1.5 ether")
    assert done.returncode == 0, done.stderr
    rival = key("rival").address
    vault = town.contracts.vault
    assert town.ask(vault, "capacity", rival) == 3 * ETHER // 2
    assert "1.500000" in executor(*mine, "stake", "status").stdout
    assert executor(*mine, "stake", "pledge", "1 ether").returncode == 0
    assert executor(*mine, "stake", "unpledge").returncode == 0
    assert executor(*mine, "stake", "unbond", "1.5 ether").returncode == 0
    early = executor(*mine, "stake", "withdraw")
    assert early.returncode == 1
    assert "nothing is due" in early.stderr
    town.warp(90_000)
    assert executor(*mine, "stake", "withdraw").returncode == 0
    assert town.ask(town.contracts.bond_asset, "balanceOf", rival) == 3 * ETHER // 2


def test_stake__operator_proposed_and_accepted__may_lock_the_stake(
    town: Town, options, tmp_path: Path
) -> None:
    staker, stranger = key("staker").address, key("stranger").address
    town.stake("staker", ETHER)
    cold = [*options, "--journal", tmp_path / "cold.sqlite", "--key", keystore(tmp_path, "staker")]
    hot = [*options, "--journal", tmp_path / "hot.sqlite", "--key", keystore(tmp_path, "stranger")]
    assert executor(*cold, "stake", "operator", stranger).returncode == 0
    accepted = executor(*hot, "stake", "operator", staker, "--accept")
    assert accepted.returncode == 0, accepted.stderr
    assert town.ask(town.contracts.vault, "capacity", stranger) == ETHER


def test_stake__more_than_is_free__says_the_contract_s_reason(town: Town, options, tmp_path: Path) -> None:
    mine = [*options, "--key", keystore(tmp_path, "rival")]
    done = executor(*mine, "stake", "unbond", "1 ether")
    assert done.returncode == 1
    assert "error: unbond: vault: " in done.stderr


def test_status_jobs_explain__after_an_answer__show_it(town: Town, options, tmp_path: Path) -> None:
    identifier = town.client().open(town.model, image(1), max_price=PRICE, min_price=PRICE)
    mine = [*options, "--key", keystore(tmp_path, "executor")]
    running = start(options, keystore(tmp_path, "executor"), "--adopt-nonce", "--once")
    running.communicate(timeout=30)
    assert "jobs posted" in executor(*mine, "status").stdout
    assert identifier.hex() in executor(*mine, "jobs").stdout
    told = executor(*mine, "explain", identifier.hex()[:10]).stdout
    assert "POSTED" in told
    assert key("requester").address in told


def test_account_new__file__is_private_and_the_secret_is_not_printed(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(PASSWORD)
    made = executor("account", "new", tmp_path / "key.json", "--password-file", tmp_path / "password")
    assert made.returncode == 0, made.stderr
    assert stat.S_IMODE((tmp_path / "key.json").stat().st_mode) == 0o600
    stored = (tmp_path / "key.json").read_text()
    assert Account.from_key(Account.decrypt(stored, PASSWORD)).address == made.stdout.strip()
    again = executor("account", "new", tmp_path / "key.json", "--password-file", tmp_path / "password")
    assert again.returncode == 1
    assert "never overwritten" in again.stderr
    assert (tmp_path / "key.json").read_text() == stored


def test_program__digits__can_be_inspected_and_run() -> None:
    assert "program root" in executor("program", "inspect", DIGITS).stdout
    done = executor("program", "run", DIGITS, "--input", image(0).hex())
    assert bytes.fromhex(done.stdout.strip()[2:])[3] == 2  # the first held-out digit
    assert executor("program", "run", DIGITS, "--input", "00" * 65).returncode == 2
    assert executor("program", "run", DIGITS, "--input", "xyz").returncode == 2


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["run"], {}, "deployment: Field required (set ELENCHUS_DEPLOYMENT"),
        (["--deployment", "nowhere.json", "status"], {}, "cannot read nowhere.json"),
        (["status"], {"ELENCHUS_DEPLOYMNT": "x"}, "there is no setting ELENCHUS_DEPLOYMNT"),
        (["--config", "nowhere.toml", "status"], {}, "there is no file nowhere.toml"),
        (["--deployment", "x", "status"], {"ELENCHUS_MIN_PRICE": "much"}, "min_price"),
    ],
)
def test_executor__called_with_a_mistake__says_which(arguments, environment, said) -> None:
    done = executor(*arguments, **environment)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_run__manifest_of_another_chain__says_so(town: Town, options, tmp_path: Path) -> None:
    manifest = json.loads((tmp_path / "town.json").read_text())
    manifest["contracts"]["Market"]["address"] = "0x" + "12" * 20
    (tmp_path / "town.json").write_text(json.dumps(manifest))
    done = process(*options, "--account", key("executor").address, "run", "--artifact", DIGITS)
    assert done.returncode == 1
    assert "started anew" in done.stderr


def test_run__journal_in_use__says_so(running, options, tmp_path: Path) -> None:
    lines_until(running, "started")
    time.sleep(0.1)
    done = process(*options, "--key", keystore(tmp_path, "executor"), "run", "--artifact", DIGITS)
    assert done.returncode == 1
    assert "another executor is using" in done.stderr


def test_watch__program_but_no_key__watches_and_sends_nothing(town: Town, options, tmp_path: Path) -> None:
    blocks = town.anvil.head()
    done = process(
        *(*options, "--account", key("rival").address, "watch", "--artifact", DIGITS, "--once", "--json"),
        ELENCHUS_LATENCY="1",
    )
    assert done.returncode == 0, done.stderr
    assert "dry run" in done.stderr
    assert town.anvil.head() == blocks


def test_watch__share_beyond_all__is_called_wrongly() -> None:
    assert executor("watch", "--share", "1.1").returncode == 2
