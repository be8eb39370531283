"""A town for each test, and nodes that live in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from executor.node.assemble import opened_node
from executor.node.node import Node
from executor.testing import elenchus, elenchus_contracts
from tests.anvil import running_anvil
from tests.node.network import Town, build, key

__all__ = ["elenchus", "elenchus_contracts"]  # a dApp names the module in `pytest_plugins` instead


@pytest.fixture
def town(project) -> Iterator[Town]:
    with running_anvil() as anvil:
        yield build(project, anvil)


@pytest.fixture
def node_of(town: Town, tmp_path: Path) -> Iterator[Callable[..., Node]]:
    """`node_of(role, **settings)`: a started node of this role."""
    with ExitStack() as stack:

        def start(role: str = "executor", **changes: Any) -> Node:
            changes = {"journal": tmp_path / f"{role}.sqlite", **changes}
            node = stack.enter_context(opened_node(town.settings(tmp_path, **changes), key(role)))
            node.start(adopt=True)
            return node

        yield start
