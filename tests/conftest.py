"""What every test may ask for: the node, a fast wire to it, and the committed numbers.

Ape's pytest plugin gives `project`, `accounts`, `chain` and `networks`, starts one anvil (osaka) on a free
port for the session, and rewinds the chain after every test to where its fixtures left it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ape
import pytest
from hypothesis import HealthCheck, settings

from tests.contract import Method
from tests.judge.dispute.court import Court
from tests.wire import Refused, Wire
from tests.world import World

ROOT = Path(__file__).parent.parent
SNAPSHOTS = ROOT / "tests" / "snapshots"

# anvil and vyper lie beside the interpreter, also for those who did not activate the environment.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.prefix) / "bin"), os.environ["PATH"]])

# No deadlines: a first call may compile. `ci` tries the same examples each time, so that red means changed;
# `soak` looks for new ones, longer. A failure prints the line that replays it.
SLOW = [HealthCheck.too_slow]
settings.register_profile("base", deadline=None, print_blob=True, suppress_health_check=SLOW)
settings.register_profile("ci", settings.get_profile("base"), derandomize=True)
settings.register_profile("soak", settings.get_profile("base"), max_examples=2_000)
settings.load_profile("base")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--rewrite-snapshots`, for `make snapshots`."""
    parser.addoption("--rewrite-snapshots", action="store_true", help="write tests/snapshots anew")


def pytest_configure() -> None:
    """Forget compiled contracts when something they import is newer.

    Ape recompiles a contract when its own file changed, but not when a module or an interface did: tests
    would pass on yesterday's bytecode. (The Makefile has the same rule for scripts.)
    """
    compiled = ROOT / ".build" / "__local__.json"
    imported = [*ROOT.glob("contracts/modules/**/*.vy"), *ROOT.glob("contracts/**/*.vyi")]
    imported += [ROOT / "ape-config.yaml", ROOT / "requirements.lock"]
    if compiled.exists() and any(file.stat().st_mtime > compiled.stat().st_mtime for file in imported):
        ape.project.clean()  # what Ape has read by now, too


@pytest.fixture
def wire(chain) -> Iterator[Wire]:
    """A connection to the session's node that costs 1.2 ms a transaction."""
    opened = Wire(chain.provider.http_uri)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def built_world(project, accounts, chain) -> World:
    """The world as it was made, once a session."""
    return World(project, accounts, chain.provider.http_uri)


@pytest.fixture
def world(built_world: World) -> Iterator[World]:
    """A whole network to act in, rewound at the end of the test."""
    with built_world.wire.rewound():
        yield built_world


@pytest.fixture(scope="session")
def built_court(built_world: World) -> Court:
    """The court as it was made, once a session."""
    return Court(built_world)


@pytest.fixture
def court(built_court: Court, world: World) -> Court:  # the world rewinds it
    """A court to go before."""
    return built_court


@pytest.fixture
def roles(world: World) -> SimpleNamespace:
    """Addresses of who lives in the world, by role."""
    return world.roles


@pytest.fixture
def refuses() -> Callable[..., None]:
    """`refuses(reason, contract.method, *arguments, sender=...)`: the call reverts with exactly that reason.

    Nothing is sent, so nothing changes.
    """

    def check(reason: str, method: Method, *arguments: Any, sender: Any, value: int = 0) -> None:
        with pytest.raises(Refused) as refusal:
            method.asked(*arguments, sender=sender, value=value)
        assert refusal.value.reason == reason

    return check


@pytest.fixture(scope="session")
def snapshot(request: pytest.FixtureRequest) -> Iterator[Callable[[str, str, int], None]]:
    """`snapshot(file, name, number)`: the number must be the committed one of tests/snapshots/<file>.json.

    Under `make snapshots` the files are written anew instead, with exactly the names this run has seen.
    """
    rewrite: bool = request.config.getoption("--rewrite-snapshots")
    seen: dict[str, dict[str, int]] = {}

    def compare(file: str, name: str, number: int) -> None:
        numbers = seen.setdefault(file, {})
        assert numbers.setdefault(name, number) == number, f"{file}: {name} measured twice, differently"
        if not rewrite:
            committed = json.loads((SNAPSHOTS / f"{file}.json").read_text())
            assert name in committed, f"{file}.json has no {name}: run `make snapshots`"
            changed = f"{name} was {committed[name]}, is {number}: `make snapshots` if that is meant"
            assert number == committed[name], changed

    yield compare

    if rewrite:
        SNAPSHOTS.mkdir(exist_ok=True)
        for file, numbers in seen.items():
            text = json.dumps(dict(sorted(numbers.items())), indent=2)
            (SNAPSHOTS / f"{file}.json").write_text(text + "\n")
