"""An outbox under test: how patient it is, and what becomes of what it was asked to send."""

from __future__ import annotations

from executor.chain.outbox import Outbox, OutboxSettings
from executor.chain.transactions import Attempt, State
from tests.anvil import Anvil

QUICK = OutboxSettings(confirmations=2, patience=2)


def settle(outbox: Outbox, anvil: Anvil, rounds: int = 12) -> None:
    """Steps and blocks until nothing is on its way."""
    for _ in range(rounds):
        outbox.step()
        if outbox.idle():
            return
        anvil.mine()
    raise AssertionError(f"still on its way after {rounds} rounds")


def states(outbox: Outbox, ids: list[int]) -> list[State]:
    """Where each of them is."""
    return [outbox.get(one).state for one in ids]


def attempts(outbox: Outbox, one: int) -> list[Attempt]:
    """What was signed for it, oldest first."""
    return outbox._transactions.attempts(outbox.get(one))
