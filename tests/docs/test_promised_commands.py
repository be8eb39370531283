"""Every command that a document, a docstring or a message names is there, and takes its options."""

from __future__ import annotations

import importlib
import importlib.util
import re
import shlex
import subprocess

import click
import pytest
from ape.cli import ConnectedProviderCommand

from executor.cli import cli as executor
from tests.conftest import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = re.findall(r"^([a-z]+):(?!=)", MAKEFILE, re.MULTILINE)

START = r"(?:make|ape run|executor|python -m)"
QUOTED = re.compile(rf"`({START} [^`{{}}]+)`")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
TYPED = re.compile(rf"^(?:\w+=\S+ )*({START} .*?)(?: +#.*)?$", re.MULTILINE)


def promised() -> dict[str, str]:
    """Command line -> a file that names it, in backticks or in a block of what to type."""
    kinds = ("*.md", "*.py", "*.vy", "*.vyi", "*.yaml", "Makefile", ":!tests/docs")
    tracked = subprocess.check_output(["git", "ls-files", *kinds], cwd=ROOT, text=True)
    found = {}
    for file in tracked.split():
        text = (ROOT / file).read_text()
        blocks = [block for language, block in BLOCK.findall(text) if file.endswith(".md") and not language]
        for line in (*QUOTED.findall(text), *TYPED.findall("\n".join(blocks).replace("\\\n", ""))):
            found[" ".join(line.split())] = file
    return found


def broken(line: str) -> str:
    """What is wrong with a command line, or nothing. `executor run | watch` means `executor watch`, too."""
    first, *others = (shlex.split(part) for part in line.split(" | "))
    match first:
        case ["make", *words]:
            return _broken_make(words)
        case ["python", "-m", module, *_]:
            return "" if importlib.util.find_spec(module) else f"no module {module}"
        case ["ape", "run", *words]:
            group: click.Group = click.Group("ape run", commands=_scripts())
        case ["executor", *words]:
            group = executor
    said, group = _walk(group, words)
    return said or next(filter(None, (_walk(group, words)[0] for words in others)), "")


def _broken_make(words: list[str]) -> str:
    for word in words:
        variable, assigned, _ = word.partition("=")
        if assigned and f"$({variable})" not in MAKEFILE:
            return f"make knows no {variable}"
        if not assigned and word not in TARGETS:
            return f"make has no {word}"
    return ""


def _scripts() -> dict[str, click.Command]:
    scripts = (importlib.import_module(f"scripts.{file.stem}") for file in ROOT.glob("scripts/[a-z]*.py"))
    return {script.__name__.split(".")[-1]: script.cli for script in scripts if hasattr(script, "cli")}


def _walk(group: click.Group, words: list[str]) -> tuple[str, click.Group]:
    """What is wrong with these words after a group's name, or nothing; and the last group on their way."""
    command: click.Command = group
    options = _options(command)
    waiting = iter(words)
    for word in waiting:
        if word.startswith("--"):
            if word not in options:
                return f"{command.name} has no {word}", group
            if options[word]:
                next(waiting, None)
        elif isinstance(command, click.Group) and word != "...":
            group = command
            if word not in group.commands:
                return f"{group.name} has no {word}", group
            command = group.commands[word]
            options |= _options(command)
    return "", group


def _options(command: click.Command) -> dict[str, bool]:
    """Option -> whether a value follows it."""
    options = {"--help": False}
    if isinstance(command, ConnectedProviderCommand):
        options["--network"] = True  # which Ape adds when the command is called
    for option in command.params:
        if isinstance(option, click.Option):
            options |= dict.fromkeys((*option.opts, *option.secondary_opts), not option.is_flag)
    return options


PROMISED = promised()


@pytest.mark.parametrize(("line", "file"), PROMISED.items(), ids=PROMISED)
def test_command__that_is_promised__can_be_typed(line: str, file: str) -> None:
    assert broken(line) == "", f"{file} promises `{line}`"


def test_promised__every_kind__is_found() -> None:
    assert {"make mutants", "ape run queue 8423", "executor bond", "python -m scripts.digits"} <= set(
        PROMISED
    )
    assert len(PROMISED) > 60


def test_ape_run__lists_every_script__without_an_error() -> None:
    """Ape imports all scripts to list one; what fails there is told before everything else, each time."""
    listed = subprocess.run(["ape", "run", "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "ERROR" not in listed.stdout + listed.stderr
    assert all(re.search(rf"^  {name} ", listed.stdout, re.MULTILINE) for name in _scripts())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("make tea", "make has no tea"),
        ("make demo CUP=1", "make knows no CUP"),
        ("python -m scripts.tea", "no module scripts.tea"),
        ("ape run tea", "ape run has no tea"),
        ("ape run model show | tea", "cli has no tea"),
        ("ape run model publish --tea", "publish has no --tea"),
        ("executor run | tea", "cli has no tea"),
        ("executor --key run tea", "cli has no tea"),
        ("executor program compile net.onnx --tea", "compile has no --tea"),
    ],
)
def test_broken__promise_that_is_not_kept__is_told(line: str, said: str) -> None:
    assert broken(line) == said


def test_makefile__every_target__is_phony_and_in_its_help() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    shown = re.findall(r"^([a-z]+):.* ## \S", MAKEFILE, re.MULTILINE)
    assert sorted(phony.split()) == sorted(TARGETS) == sorted(shown)
