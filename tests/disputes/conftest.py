"""A city for each test, and nodes that live in it, honest or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from executor.node.node import Node
from tests.anvil import running_anvil
from tests.disputes.city import at_work, build_city
from tests.node.network import Town


@pytest.fixture
def city(project: Any) -> Iterator[Town]:
    with running_anvil() as anvil:
        yield build_city(project, anvil)


@pytest.fixture
def node_of(city: Town, tmp_path: Path) -> Iterator[Callable[..., Node]]:
    """`node_of(role, lie=None, **settings)`: a started node of this role. lie: an interpreter that lies."""
    with ExitStack() as stack:

        def start(role: str = "executor", lie: Any = None, **changes: Any) -> Node:
            return stack.enter_context(at_work(city, tmp_path, role, lie, **changes))

        yield start
