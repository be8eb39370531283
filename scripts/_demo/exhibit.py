"""What a real network shows in the demonstration: what it is asked, and what its answers mean."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from rich.table import Table

from executor.backends.exact import ExactBackend
from executor.program import Program, load
from executor.schema import Schema, schema_path
from scripts._demo.processes import StoppedError
from scripts._models.programs import Recipe

PATIENCE = 120.0  # seconds for everything that is computed at home


class Exhibit(ABC):
    """One network with its program and schema; StoppedError where `make models` has not made them."""

    recipe: ClassVar[Recipe]

    def __init__(self) -> None:
        if not self.recipe.program.is_file():
            raise StoppedError(f"{self.recipe.program.name} is not there: run `make models` first")
        self.program: Program = load(self.recipe.program)
        self.schema = Schema.load(schema_path(self.recipe.program))
        self.schema.check(self.program)

    @abstractmethod
    def inputs(self) -> list[bytes]:
        """What is asked, as the program's input bytes."""

    @abstractmethod
    def tell(self, outputs: Sequence[bytes]) -> tuple[Table, int, list[str]]:
        """What the answers mean, how many are right, and what is not as it has to be."""


def own_answers(program: Program, inputs: Sequence[bytes]) -> list[bytes]:
    """What the program says on this machine, with no chain between."""
    backend = ExactBackend({program.root: program})
    try:
        return backend.submit(program.root, inputs).result(PATIENCE)
    finally:
        backend.close()
