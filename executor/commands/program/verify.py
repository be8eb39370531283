"""`executor program verify`: whether a file is the program that somebody says it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from executor.commands.program.artifact import MEMORY, answer, opened
from executor.commands.program.files import FILE, TEXT
from executor.program import Program

MOST_BRACKETS = 4096  # of a file of vectors; nested nonsense would end the process where its stack may grow


@click.command()
@click.argument("file", type=FILE)
@click.option("--root", help="The program root it has to have, as a version names it.")
@click.option("--vectors", "golden", type=TEXT, help="Golden vectors that it has to answer.")
@MEMORY
def verify(file: Path, root: str | None, golden: Path | None, memory: int) -> None:
    """Check the artifact FILE: every rule of a program, its root, and its answers."""
    program = opened(file, _root(root))
    cases = _cases(golden, program) if golden else []
    for case in cases:
        if answer(program, case["input"], memory) != case["output"]:
            raise click.ClickException(f"{file} answers vector {case['name']!r} otherwise")
    click.echo(f"valid program 0x{program.root.hex()}" + (f", {len(cases)} vectors hold" if golden else ""))


def _root(given: str | None) -> bytes | None:
    if given is None:
        return None
    try:
        root = bytes.fromhex(given.removeprefix("0x"))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--root") from None
    if len(root) != 32:
        raise click.BadParameter(f"{len(root)} bytes, a root has 32", param_hint="--root")
    return root


def _cases(golden: Path, program: Program) -> list[dict[str, Any]]:
    """The vectors in the file, which must be this program's."""
    try:
        text = golden.read_bytes()
        if text.count(b"[") + text.count(b"{") > MOST_BRACKETS:
            raise ValueError("too many brackets")
        stored = json.loads(text)
        root = bytes.fromhex(stored["program_root"].removeprefix("0x"))
        cases = [
            {
                "name": str(case["name"]),
                "input": bytes.fromhex(case["input"]),
                "output": bytes.fromhex(case["output"]),
            }
            for case in stored["cases"]
        ]
        if not cases:
            raise ValueError("no case")
    except OSError as error:
        raise click.ClickException(f"cannot read {golden}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise click.ClickException(f"{golden} holds no golden vectors: {error!r}") from None
    if root != program.root:
        raise click.ClickException(f"{golden} is about program 0x{root.hex()}, not 0x{program.root.hex()}")
    return cases
