"""What an action does, in words, for who has to decide about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from ethpm_types.abi import ABIType, MethodABI

from executor.chain.answers import printable
from scripts._governance.actions import Action
from scripts._governance.names import Names

ETHER = 10**18
LATEST = 253_402_300_799  # the last second of the year 9999

PHRASES = {
    ("Model", "publish"): "publish a version of {target}, its program {version.terms.program_root}",
    ("Model", "promote"): "promote version {version} of {target}",
    ("Model", "canary"): "let version {version} of {target} answer {share_bps} of the requests",
    ("Model", "set_breaker"): "let {target} trip at {rejections} rejected answers that paid {volume} wei",
    ("Model", "declare_probe"): "state what version {version} of {target} answers to input {input}",
    ("Model", "withdraw"): "withdraw the candidate of {target}",
    ("Model", "rollback"): "roll {target} back to version {version}",
    ("Model", "revoke"): "revoke version {version} of {target} for good",
    ("Model", "pause"): "pause {target}",
    ("Model", "unpause"): "let {target} take requests again",
    ("Model", "set_guardian"): "make {guardian} the guardian of {target}",
    ("Model", "transfer_ownership"): "give {target} to {new_owner}, if they accept",
    ("Model", "accept_ownership"): "accept {target}",
    ("Model", "collect"): "collect the royalties of {target} for {to}",
    ("Governor", "setVotingDelay"): "let votes begin {newVotingDelay} after the proposal",
    ("Governor", "setVotingPeriod"): "let votes last {newVotingPeriod}",
    ("Governor", "setProposalThreshold"): "ask {newProposalThreshold} votes of a proposer",
    ("Governor", "updateQuorumNumerator"): "ask for a quorum of {newQuorumNumerator} percent",
    ("Governor", "updateTimelock"): "hand everything over to another timelock, {newTimelock}",
    ("Governor", "setProposalGuardian"): "make {newProposalGuardian} the guardian of proposals",
    ("Timelock", "updateDelay"): "let operations wait {newDelay} seconds",
    ("Timelock", "grantRole"): "grant role {role} of {target} to {account}",
    ("Timelock", "revokeRole"): "revoke role {role} of {target} from {account}",
    ("Token", "mint"): "mint {amount} units of {target} for {to}",
    ("Council", "seat"): "give seat {number} of {target}, for {constituency}, to {member}",
    ("Council", "set_quorum"): "let {target} act by {quorum} approvals",
    ("Council", "renew"): "let the powers of {target} last until {term_ends}",
}
ROLES = {keccak(text=f"{name}_ROLE"): name.lower() for name in ("PROPOSER", "EXECUTOR", "CANCELLER")}
ROLES[b"\0" * 32] = "admin"
CONSTITUENCIES = {1: "executors", 2: "contributors", 4: "users"}


def in_words(action: Action, names: Names) -> str:
    """One line for people."""
    target = names.of(action.target)
    paid = f", with {_ether(action.value)}" if action.value else ""
    if not action.data:
        return f"send {_ether(action.value)} to {target}"
    called = _called(action, names)
    if called is None:
        return f"call something of {target} that we do not know{paid}"
    function, values = called
    named = _Fields(names)
    named.add(function.inputs, values)
    named["target"] = target
    phrase = PHRASES.get((names.kind(action.target) or "", function.name))
    try:
        return (phrase.format_map(named) if phrase else f"call {function.name} of {target}") + paid
    except (KeyError, AttributeError):  # a contract of another make, whose arguments have other names
        return f"call {function.name} of {target}{paid}"


def to_the_letter(action: Action, names: Names) -> str:
    """One line that hides nothing: address, function, every argument."""
    called = _called(action, names)
    if called is None:
        return f"{action.target} 0x{action.data.hex()}"
    function, values = called
    shown = ", ".join(
        f"{item.name}={_plain(value)}" for item, value in zip(function.inputs, values, strict=True)
    )
    return f"{action.target} {function.name}({shown})"


def _called(action: Action, names: Names) -> tuple[MethodABI, tuple[Any, ...]] | None:
    """The function and its arguments, if both are known."""
    for function in names.functions(action.target):
        if keccak(text=function.selector)[:4] == action.data[:4]:
            try:
                return function, decode([item.canonical_type for item in function.inputs], action.data[4:])
            except (DecodingError, UnicodeDecodeError):
                return None
    return None


class _Fields(dict[str, Any]):
    """Arguments by name, as people read them; of a struct, its fields."""

    def __init__(self, names: Names) -> None:
        super().__init__()
        self._names = names

    def add(self, items: Sequence[ABIType], values: Sequence[Any]) -> None:
        for item, value in zip(items, values, strict=True):
            self[item.name or ""] = self._read(item, value)

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def _read(self, item: ABIType, value: Any) -> Any:
        if item.components and item.type == "tuple":
            fields = _Fields(self._names)
            fields.add(item.components, value)
            return fields
        if item.type == "address":
            return self._names.of(to_checksum_address(value))
        if (item.name or "").endswith("_bps"):
            return f"{Decimal(value) / 100:f} %"
        if item.name == "role":
            return ROLES.get(value, _plain(value))
        if item.name == "constituency":
            return CONSTITUENCIES.get(value, _plain(value))
        if item.name == "term_ends":
            return f"{datetime.fromtimestamp(min(value, LATEST), UTC):%Y-%m-%d %H:%M} UTC"
        return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, tuple | list):
        return "(" + ", ".join(map(_plain, value)) + ")"
    return f"{value:,}".replace(",", "_") if type(value) is int and value >= 10**6 else printable(str(value))


def _ether(amount: int) -> str:
    return f"{Decimal(amount) / ETHER:f} ether"
