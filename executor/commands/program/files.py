"""Files named on the command line: what is read is a file of bounded length, what is written is whole or not
there at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click

RESULT = click.Path(dir_okay=False, path_type=Path)
MOST_TEXT = 1 << 28
"""Bytes of a file that is read as a whole: known answers, scales."""


class Stored(click.Path):
    """A file that lies somewhere: a device or a pipe could be read for ever. most: bytes that it may have."""

    def __init__(self, most: int | None = None) -> None:
        super().__init__(exists=True, dir_okay=False, path_type=Path)
        self._most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path; ClickException if it is no such file."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if not path.is_file():
            raise click.ClickException(f"{path} is no file")
        size = path.stat().st_size
        if self._most is not None and size > self._most:
            raise click.ClickException(f"{path} has {size} bytes, more than {self._most}")
        return path


FILE = Stored()
TEXT = Stored(MOST_TEXT)


def check_results(results: Iterable[Path], sources: Iterable[Path]) -> None:
    """Before the work begins: every result has a folder, and none is in the place of another or a source."""
    taken = {path.resolve(): "read" for path in sources}
    for path in results:
        if not path.resolve().parent.is_dir():
            raise click.ClickException(f"cannot write {path}: there is no such folder")
        if path.resolve() in taken:
            raise click.ClickException(f"cannot write {path}: it is {taken[path.resolve()]} too")
        taken[path.resolve()] = "written"


@contextmanager
def replaced(*results: Path) -> Iterator[list[Path]]:
    """Where to write instead: in the end these take the results' places, after an error none of them.

    Whoever reads a file meanwhile, or after an interruption, finds the old one or the new one, whole. A pipe
    or a device keeps its place. ClickException where something cannot be written.
    """
    targets = [path.resolve() for path in results]
    mark = secrets.token_hex(4)
    drafts = [
        path if path.exists() and not path.is_file() else path.with_name(f".{path.name}.{mark}")
        for path in targets
    ]
    with ExitStack() as leftovers:
        for draft, target in zip(drafts, targets, strict=True):
            if draft != target:
                leftovers.callback(draft.unlink, missing_ok=True)
        try:
            yield drafts
            for draft, target in zip(drafts, targets, strict=True):
                if draft != target:
                    draft.replace(target)
        except OSError as error:
            named = ", ".join(map(str, results))
            raise click.ClickException(f"cannot write {named}: {error.strerror}") from None


def plain(text: str) -> str:
    """The text with what would steer a terminal escaped: files name things as they like."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)
