"""What contracts are called, and which functions they have: a network's, a DAO's, and all models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ethpm_types.abi import MethodABI

from executor.chain.answers import printable
from executor.chain.creation import BLUEPRINTS
from executor.chain.deployment import Deployment
from scripts._parameters import ZERO_ADDRESS, address


class GovernanceError(Exception):
    """What was asked for cannot be done; the message says why, and what to do instead."""


class Names:
    """Addresses by name, names and functions by address.

    dao: where the DAO's own contracts are, by their kind, such as Governor; people write it in small letters.
    A model's name cannot be written for its address: anybody can register another "digits".
    """

    def __init__(self, project: Any, deployment: Deployment, dao: Mapping[str, str]) -> None:
        self._project = project
        there = {
            name: contract.address
            for name, contract in deployment.contracts.items()
            if name not in BLUEPRINTS  # which are there to be copied, not to be called
        }
        self._kinds = {where: kind for kind, where in (there | dict(dao)).items()}
        self._places = there | {kind.lower(): where for kind, where in dao.items()}
        self._registry = project.Registry.at(deployment.address("Registry"))
        self._models: dict[str, str | None] = {}

    def address(self, word: str) -> str:
        """The address that a person means. Raises GovernanceError."""
        if word.startswith("0x"):
            try:
                return ZERO_ADDRESS if word == ZERO_ADDRESS else address(word)
            except ValueError as error:
                raise GovernanceError(str(error)) from None
        if word not in self._places:
            raise GovernanceError(f"nothing is called {word}; there are {', '.join(sorted(self._places))}")
        return self._places[word]

    def of(self, where: str) -> str:
        """What to call an address: a model by its own name, a stranger by its address."""
        if kind := self._kinds.get(where):
            return f"the {kind}"
        return f"model {name}" if (name := self._model(where)) is not None else where

    def kind(self, where: str) -> str | None:
        """The kind of contract that is there, which is the name of its file; None if it is not ours."""
        if kind := self._kinds.get(where):
            return kind
        return None if self._model(where) is None else "Model"

    def functions(self, where: str) -> list[MethodABI]:
        """What can be called there, as far as we know: nothing of strangers."""
        kind = self.kind(where)
        return [] if kind is None else list(getattr(self._project, kind).contract_type.mutable_methods)

    def _model(self, where: str) -> str | None:
        if where not in self._models:
            registered = self._registry.number_of(where)
            self._models[where] = self._own_name(where) if registered else None
        return self._models[where]

    def _own_name(self, model: str) -> str:
        try:
            return printable(self._project.Model.at(model).name())
        except UnicodeDecodeError:
            return f"{model}, whose name is no text"
