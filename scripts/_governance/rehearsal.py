"""What would happen: calls made on a node that changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from ape.exceptions import APINotImplementedError, ProviderError

from executor.chain.answers import printable
from scripts._governance.actions import Action
from scripts._governance.refusals import refusal

NOT_THERE = "nothing is there, so it does nothing"
PLENTY = 2**128  # wei


def rehearse(provider: Any, sender: str, actions: Sequence[Action]) -> list[str]:
    """Why each of the calls by `sender`, one after the other, would fail; empty for those that would not.

    A node without eth_simulateV1 tries each call alone, so that one which needs another before it fails.
    """
    unpaid = _unpaid(provider.get_balance(sender), actions)
    calls = [
        {"from": sender, "to": action.target, "value": hex(action.value), "data": "0x" + action.data.hex()}
        for action in actions
    ]
    # A value that the sender lacks would end the whole simulation, not its call alone.
    rich = {"stateOverrides": {sender: {"balance": hex(PLENTY)}}} if any(unpaid) else {}
    try:
        simulation = {"blockStateCalls": [{"calls": calls, **rich}], "validation": False}
        (block,) = provider.make_request("eth_simulateV1", [simulation, "latest"])
        refusals = [_simulated(outcome) for outcome in block["calls"]]
    except (APINotImplementedError, ProviderError):
        refusals = [_alone(provider, call) for call in calls]
    return [
        lacking or said or (NOT_THERE if action.data and not provider.get_code(action.target) else "")
        for lacking, said, action in zip(unpaid, refusals, actions, strict=True)
    ]


def _unpaid(balance: int, actions: Sequence[Action]) -> list[str]:
    """For each action that there is not enough left to pay for: that."""
    spent = accumulate(action.value for action in actions)
    return [
        f"{total} wei are sent by then, and there are {balance}" if action.value and total > balance else ""
        for action, total in zip(actions, spent, strict=True)
    ]


def _simulated(outcome: dict[str, Any]) -> str:
    return (
        "" if int(outcome["status"], 16) else refusal(bytes.fromhex(outcome["returnData"].removeprefix("0x")))
    )


def _alone(provider: Any, call: dict[str, str]) -> str:
    try:
        provider.make_request("eth_call", [call, "latest"])
    except ProviderError as error:
        return printable(str(error))
    return ""
