"""The calls that a proposal makes, as people write them: on a command line, or in a file.

description: Let version 2 answer a tenth of all requests
actions:
  - target: "0x..."
    call: canary
    arguments: [2, 10 %]
  - target: timelock
    call: updateDelay(uint256)
    arguments: [2 days]
  - target: "0x..."
    value: 1 ether
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]
from eth_abi.abi import is_encodable_type
from ethpm_types.abi import MethodABI
from pydantic import BaseModel, ConfigDict, ValidationError

from scripts._governance.names import GovernanceError, Names
from scripts._governance.values import Values
from scripts._parameters import wei


@dataclass(frozen=True)
class Action:
    """One call by the DAO's timelock. value: wei of the native coin."""

    target: str
    value: int
    data: bytes


class Actions:
    """Reads actions. Everything raises GovernanceError that says what is wrong, and where."""

    def __init__(self, names: Names, values: Values) -> None:
        self._names = names
        self._values = values

    def call(self, target: str, function: str, arguments: Sequence[Any], value: int = 0) -> Action:
        """The call of a function, which may be a name alone where the target is ours."""
        where = self._names.address(target)
        try:
            return Action(
                where, value, self._values.calldata(self._function(where, function, arguments), arguments)
            )
        except GovernanceError as error:
            raise GovernanceError(f"{function} of {target}: {error}") from None

    def on_a_line(self, text: str) -> Action:
        """The action in "TARGET FUNCTION ARGUMENTS...", quoted as in a shell."""
        try:
            target, function, *arguments = shlex.split(text)
        except ValueError:
            raise GovernanceError(f"{text!r} is no action: write 'TARGET FUNCTION ARGUMENTS...'") from None
        return self.call(target, function, arguments)

    def in_a_file(self, path: Path) -> tuple[list[Action], str]:
        """The actions in a YAML file, and the description, empty if there is none."""
        try:
            written = _File.model_validate(yaml.safe_load(path.read_text()))
            return [self._written(action) for action in written.actions], written.description
        except (OSError, yaml.YAMLError, GovernanceError, ValueError) as error:
            said = _first(error) if isinstance(error, ValidationError) else str(error)
            raise GovernanceError(f"{path}: {said}") from None

    def _written(self, action: _Written) -> Action:
        value = wei(action.value)
        if action.call:
            return self.call(action.target, action.call, action.arguments, value)
        if not value or action.arguments:
            raise GovernanceError(f"the action on {action.target} neither calls a function nor sends value")
        return Action(self._names.address(action.target), value, b"")

    def _function(self, where: str, function: str, arguments: Sequence[Any]) -> MethodABI:
        known = self._names.functions(where)
        if "(" in function:
            matching = [one for one in known if one.selector == function]
            return matching[0] if matching else _signature(function)
        if not known:
            raise GovernanceError("we do not know this contract: write the types, such as promote(uint256)")
        named = [one for one in known if one.name == function]
        if not named:
            raise GovernanceError(
                f"there is none; there are {', '.join(sorted({one.name for one in known}))}"
            )
        return next((one for one in named if len(one.inputs) == len(arguments)), named[0])


def _signature(text: str) -> MethodABI:
    try:
        function = MethodABI.from_signature(text)
    except ValueError:
        function = None
    if function is None or not all(is_encodable_type(item.canonical_type) for item in function.inputs):
        raise GovernanceError("it is no signature, such as promote(uint256)")
    return function


class _Written(BaseModel):
    """An action in a file."""

    model_config = ConfigDict(extra="forbid")

    target: str
    call: str = ""
    arguments: list[Any] = []
    value: str = "0 wei"


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    actions: list[_Written]
    description: str = ""


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']}"
