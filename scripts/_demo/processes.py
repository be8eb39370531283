"""Processes that a demonstration starts, and that end with it however it ends."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import FrameType, TracebackType


class StoppedError(Exception):
    """A process ended, or did not do in time what it was started for. The message holds its last lines."""


class Running:
    """One process in a group of its own, so that a terminal's Ctrl-C reaches us alone and we stop it."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self._process = process
        self._log = log

    def said(self) -> str:
        """Everything it wrote so far."""
        return self._log.read_text(errors="replace")

    def check(self) -> None:
        """StoppedError if it is not running any more."""
        if (status := self._process.poll()) is not None:
            raise self.failure(f"ended with status {status}")

    def until(self, done: Callable[[], bool], otherwise: str, patience: float = 60.0) -> None:
        """Return once it is done; StoppedError if the process ends, or after `patience` seconds."""
        end = time.monotonic() + patience
        while not done():
            self.check()
            if time.monotonic() >= end:
                raise self.failure(f"{otherwise} within {patience:.0f} seconds")
            time.sleep(0.2)

    def failure(self, what: str) -> StoppedError:
        """The error that says `what` about this process, with its last lines."""
        last = "\n".join(self.said().splitlines()[-15:])
        return StoppedError(f"the {self.name} {what}; it said:\n{last}")

    def stop(self, patience: float = 5.0) -> None:
        """Ask it to end; after `patience` seconds it has no choice, nor has what it leaves behind."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class Processes:
    """A context in which processes run. Leaving it, by whatever way, stops them, the newest first."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: list[Running] = []

    def __enter__(self) -> Processes:
        # A plain kill unwinds us like Ctrl-C does.
        self._before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        signal.signal(signal.SIGTERM, _interrupt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in self._before:  # an impatient second Ctrl-C must not leave anything running
            signal.signal(number, signal.SIG_IGN)
        for running in reversed(self._running):
            running.stop()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def start(self, name: str, command: Sequence[str], folder: Path | None = None) -> Running:
        """Start a command, in a folder of its own if one is given; what it says goes to `<name>.log`."""
        log = self._logs / f"{name}.log"
        with log.open("wb") as said:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                cwd=folder,
                process_group=0,
            )
        self._running.append(Running(name, process, log))
        return self._running[-1]

    def stop(self, *running: Running) -> None:
        """Stop some of them together, which are then none of them any more."""
        with ThreadPoolExecutor(len(running)) as pool:
            list(pool.map(Running.stop, running))
        for stopped in running:
            self._running.remove(stopped)

    def check(self) -> None:
        """StoppedError if one of them is not running any more."""
        for running in self._running:
            running.check()

    def failure(self, name: str, what: str) -> StoppedError:
        """The error that says `what` about the process of that name."""
        return next(running for running in self._running if running.name == name).failure(what)


def start_anvil(processes: Processes, accounts: int) -> str:
    """A chain of our own on a free port, as hard on gas as a public one; returns its URL."""
    binary = shutil.which("anvil")
    if binary is None:
        raise StoppedError("anvil is not on PATH: run `make install`")
    command = [binary, "--port", "0", "--hardfork", "osaka", "--accounts", str(accounts)]
    anvil = processes.start("anvil", command)
    for _ in range(1_000):
        if listening := re.search(r"Listening on (\S+)", anvil.said()):
            return f"http://{listening[1]}"
        anvil.check()
        time.sleep(0.01)
    raise anvil.failure("did not listen within ten seconds")


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
