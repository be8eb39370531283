"""The deployed scene, once for all runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.invariant.machine import Machine
from tests.invariant.scene import Scene


@pytest.fixture(scope="module")
def scene(project: Any, accounts: Any, networks: Any) -> Iterator[Scene]:
    """Deployed contracts on a chain whose blocks are one second apart."""
    built = Scene(project, accounts, networks.active_provider.http_uri)
    yield built
    built.wire.close()


@pytest.fixture
def pair(scene: Scene) -> Iterator[Machine]:
    """Contracts and model side by side, for moves written out; it ends as every run of the machine does."""
    Machine.prepare(scene)
    machine = Machine()
    yield machine
    machine.books_are_right()
    machine.teardown()
