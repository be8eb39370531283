"""Who holds which asset, and what of it stands behind whose work."""

from __future__ import annotations

from collections import defaultdict

from tests.reference.refusal import require
from tests.words import DEAD


class Purses:
    """Who holds how much of which asset, contracts included."""

    def __init__(self) -> None:
        self.holdings: dict[tuple[str, str], int] = defaultdict(int)

    def move(self, asset: str, sender: str, to: str, amount: int) -> None:
        self.holdings[asset, sender] -= amount
        self.holdings[asset, to] += amount


class Vault:
    """Stake: free, locked, unbonding, and rewards, which are none."""

    def __init__(self, address: str, asset: str, unbonding_seconds: int, purses: Purses) -> None:
        self.address, self.asset, self.unbonding_seconds = address, asset, unbonding_seconds
        self.purses = purses
        self.free: dict[str, int] = defaultdict(int)
        self.locked: dict[str, int] = defaultdict(int)
        self.rewards: dict[str, int] = defaultdict(int)
        self.unbonding: dict[str, tuple[int, int]] = {}
        self.account_of: dict[str, str] = {}
        self.active: set[str] = set()
        self.proposed: set[tuple[str, str]] = set()

    def deposit(self, caller: str, account: str, amount: int) -> None:
        require(amount > 0, "vault: nothing deposited")
        self.purses.move(self.asset, caller, self.address, amount)
        self.free[account] += amount
        if caller == account and account not in self.account_of:
            self.account_of[account] = account
            self.active.add(account)

    def propose_operator(self, account: str, operator: str) -> None:
        require(self.account_of.get(operator, account) == account, "vault: operator of another account")
        require(operator not in self.active, "vault: already an operator")
        self.proposed.add((account, operator))

    def accept_operator(self, operator: str, account: str) -> None:
        require(self.account_of.get(operator, account) == account, "vault: operator of another account")
        require((account, operator) in self.proposed, "vault: not proposed")
        self.proposed.remove((account, operator))
        self.account_of[operator] = account
        self.active.add(operator)

    def revoke_operator(self, account: str, operator: str) -> None:
        known = operator in self.active and self.account_of[operator] == account
        require(known or (account, operator) in self.proposed, "vault: not your operator")
        self.proposed.discard((account, operator))
        if known:
            self.active.remove(operator)

    def begin_unbonding(self, account: str, amount: int, now: int) -> None:
        require(amount > 0, "vault: nothing to unbond")
        require(amount <= self.free[account], "vault: not enough free stake")
        self.free[account] -= amount
        before, _ = self.unbonding.get(account, (0, 0))
        self.unbonding[account] = (before + amount, now + self.unbonding_seconds)

    def withdraw(self, account: str, now: int) -> None:
        amount, release_at = self.unbonding.get(account, (0, 0))
        require(amount > 0, "vault: nothing unbonds")
        require(now >= release_at, "vault: still unbonding")
        del self.unbonding[account]
        self.purses.move(self.asset, self.address, account, amount)

    def withdraw_rewards(self, account: str) -> None:
        amount = self.rewards[account]
        require(amount > 0, "vault: no rewards")
        self.rewards[account] = 0
        self.purses.move(self.asset, self.address, account, amount)

    def capacity(self, operator: str) -> int:
        return self.free[self.account_of[operator]] if operator in self.active else 0

    def require_free(self, operator: str, amount: int) -> None:
        require(operator in self.active, "vault: not an operator")
        require(amount <= self.capacity(operator), "vault: not enough free stake")

    def lock(self, operator: str, amount: int) -> None:
        self.require_free(operator, amount)
        self.free[self.account_of[operator]] -= amount
        self.locked[self.account_of[operator]] += amount

    def release(self, operator: str, amount: int) -> None:
        account = self.account_of[operator]
        assert self.locked[account] >= amount
        self.locked[account] -= amount
        self.free[account] += amount

    def slash(self, operator: str, paid: dict[str, int], burned: int) -> None:
        account = self.account_of[operator]
        assert self.locked[account] >= sum(paid.values()) + burned
        self.locked[account] -= sum(paid.values()) + burned
        for winner, amount in paid.items():
            self.rewards[self.account_of.get(winner, winner)] += amount
        self.purses.move(self.asset, self.address, DEAD, burned)
