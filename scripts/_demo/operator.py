"""The operator: a machine with a key, a stake, the artifact, and the executor as a process of its own."""

from __future__ import annotations

import json
import secrets
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Protocol

from eth_account import Account

from scripts._demo.drawings import PROGRAM
from scripts._demo.processes import Processes, Running, StoppedError
from scripts._demo.stage import ETHER

STAKE = 3 * ETHER  # of the executor: backs all its answers at once
GAS_MONEY = 2 * ETHER
ROUNDS = 2**12  # of scrypt; `executor account new` takes 64 times as many, for keys that are worth a second

SETTINGS = """\
rpc = "{rpc}"
deployment = "{deployment}"
artifacts = {artifacts}
key = "{key}"
password_file = "{password}"
state = "{state}"
intake_port = {port}
min_price = "0.0001 ether"
poll = 0.1
"""


class Place(Protocol):
    """Where an operator sets up: a network by its manifest, and somebody who hands out coin."""

    @property
    def manifest(self) -> Path: ...

    @property
    def owner(self) -> Any: ...


class Operator:
    """What an operator does with the command line, in a folder of its own, which has the operator's name."""

    def __init__(self, folder: Path, url: str, place: Place) -> None:
        self.name = folder.name
        self._folder = folder
        self._place = place
        folder.mkdir()
        password, key = folder / "password", folder / "key.json"
        made, secret = Account.create(), secrets.token_urlsafe(24)
        for file in (password, key):
            file.touch(mode=0o600)
        password.write_text(secret + "\n")
        key.write_text(json.dumps(Account.encrypt(made.key, secret, iterations=ROUNDS)))
        self.address = made.address
        port = _free_port()
        self.intake = f"http://127.0.0.1:{port}"
        self._settings = {
            "rpc": url,
            "deployment": place.manifest.resolve(),
            "key": key,
            "password": password,
            "state": folder / "state",
            "port": port,
        }
        self.hold(PROGRAM)

    def hold(self, *artifacts: Path) -> None:
        """Serve the models of these artifacts, from the next start on."""
        settings = SETTINGS.format(artifacts=json.dumps([str(path) for path in artifacts]), **self._settings)
        (self._folder / "executor.toml").write_text(settings)

    def fund(self, stake: int) -> None:
        """Give the key the coin for a stake, wei, and for its gas."""
        self._place.owner.transfer(self.address, stake + GAS_MONEY)

    def stake(self, amount: int, *, pledge: bool) -> None:
        """Wrap coin and deposit it as stake. pledge: lock it once, which saves gas on every job."""
        self._execute("stake", "deposit", str(amount))
        if pledge:
            self._execute("stake", "pledge", str(amount))

    def start(self, processes: Processes, *command: str) -> Running:
        """`executor run`, or another command, until whoever started the processes stops it."""
        return processes.start(self.name, command or (*EXECUTOR, "run"), folder=self._folder)

    def wait_until_ready(self, running: Running, seconds: float = 20.0) -> None:
        """Return once the executor takes orders; StoppedError if it does not in time."""
        port = int(self.intake.rpartition(":")[2])
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            running.check()
            try:
                with socket.create_connection(("127.0.0.1", port), 1):
                    return
            except OSError:
                time.sleep(0.05)
        raise running.failure(f"took no orders within {seconds:.0f} seconds")

    def _execute(self, *arguments: str) -> str:
        """One command of the executor, to its end; returns what it printed."""
        command = [*EXECUTOR, *arguments]
        done = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise StoppedError(f"`executor {' '.join(arguments)}` failed:\n{done.stderr or done.stdout}")
        return done.stdout


EXECUTOR = (sys.executable, "-m", "executor")
WATCHER = (*EXECUTOR, "watch")
LIAR = (sys.executable, "-m", "scripts._demo.liar")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
