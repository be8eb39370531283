"""The numbers of these tests, and how a stake is read."""

from __future__ import annotations

from typing import Any

UNBONDING = 14 * 86_400
STAKE = 1_000
DEAD = "0x000000000000000000000000000000000000dEaD"


def stake_of(vault: Any, account: Any) -> tuple[int, int]:
    """What is free and what is locked."""
    return vault.free(account), vault.locked(account)
