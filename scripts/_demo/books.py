"""The books: every wei that came in is found again, in balances read from the chain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from scripts._demo.operator import STAKE
from scripts._demo.record import Job
from scripts._demo.stage import NATIVE, ROYALTY_BPS, Stage

BPS = 10_000
LOW = 2**128 - 1


@dataclass(frozen=True)
class Books:
    """Wei of the native coin. escrowed: paid in. held: what the Market really has. returned: to those who
    asked. The stake is in the bond asset."""

    escrowed: int
    held: int
    executor: int
    royalty: int
    fee: int
    returned: int
    stake: int

    def mistakes(self, jobs: Sequence[Job], fee_bps: int) -> list[str]:
        """Whatever does not add up; nothing if all is well."""
        prices = [job.price or 0 for job in jobs]
        owed = [
            (self.held, self.escrowed, "the Market holds"),
            (self.executor + self.royalty + self.fee + self.returned, self.escrowed, "all shares are"),
            (self.executor + self.royalty + self.fee, sum(prices), "executor, royalty and fee get"),
            (self.royalty, sum(price * ROYALTY_BPS // BPS for price in prices), "the royalty is"),
            (self.fee, sum(price * fee_bps // BPS for price in prices), "the network's fee is"),
            (self.stake, STAKE, "the executor's stake is"),
        ]
        return [f"{what} {found} wei, not {due}" for found, due, what in owed if found != due]


def read_books(provider: Any, stage: Stage, escrowed: int, executor: str, requesters: Iterable[str]) -> Books:
    """What everybody has in the Market now, and what the Market has."""
    balance = stage.market.balance_of
    shares = stage.market.shares_of(NATIVE, stage.model)
    return Books(
        escrowed=escrowed,
        held=provider.get_balance(stage.market.address),
        executor=balance(NATIVE, executor),
        royalty=shares & LOW,
        fee=shares >> 128,
        returned=sum(balance(NATIVE, requester) for requester in set(requesters)),
        stake=stage.vault.free(executor) + stage.vault.locked(executor),
    )
