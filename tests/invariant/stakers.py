"""Moves of those who own stake, and of the operators they trust."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.invariant.pair import Pair
from tests.invariant.requesters import PICK
from tests.world import ETHER


class Stakers(Pair):
    """Deposit, unbond, withdraw, rewards, operators."""

    @rule(
        which=st.integers(0, 2),
        verb=st.sampled_from(("deposit", "deposit", "begin", "withdraw", "rewards")),
        amount=st.sampled_from((0, 1, ETHER, 70 * ETHER)),
        pick=PICK,
    )
    def move_stake(self, which: int, verb: str, amount: int, pick: int) -> None:
        roles = self.scene.roles
        account = (roles.staker, roles.rival_executor, roles.challenger)[which]
        match verb:
            case "deposit":
                self.stake(roles.stranger if pick % 2 else account, account, amount)
            case "begin":
                self.unbond(account, self.vault.free[account] * (pick % 5) // 8 if pick % 5 else amount)
            case "withdraw":
                self.take_stake(account)
            case "rewards":
                everybody = self.scene.everybody
                rich = [account for account in everybody if self.vault.rewards[account]] or everybody
                self.take_rewards(rich[pick % len(rich)])

    @rule(which=st.integers(0, 3), verb=st.sampled_from(("", "", "propose", "accept", "revoke")), pick=PICK)
    def change_operator(self, which: int, verb: str, pick: int) -> None:
        """Mostly what fits; now and then anything, by an account that has nothing to do with the operator."""
        roles = self.scene.roles
        operator = (roles.executor, roles.second_executor, roles.rival_executor, roles.challenger)[which]
        account = roles.staker if which < 2 else operator
        if verb and pick < 30:
            account = roles.rival_executor
        if not verb and operator in self.vault.active:
            verb = "revoke"
        elif not verb:
            verb = "accept" if (account, operator) in self.vault.proposed else "propose"
        match verb:
            case "propose":
                self.propose(account, operator)
            case "accept":
                self.accept(operator, account)
            case "revoke":
                self.revoke(account, operator)

    def stake(self, sender: str, account: str, amount: int) -> None:
        self.play(
            "deposit stake",
            lambda: self.vault.deposit(sender, account, amount),
            sender,
            self.scene.vault.deposit,
            account,
            amount,
        )

    def unbond(self, account: str, amount: int) -> None:
        self.play(
            "begin unbonding",
            lambda: self.vault.begin_unbonding(account, amount, self.market.now),
            account,
            self.scene.vault.begin_unbonding,
            amount,
        )

    def take_stake(self, account: str) -> None:
        self.play(
            "withdraw stake",
            lambda: self.vault.withdraw(account, self.market.now),
            account,
            self.scene.vault.withdraw,
            account,
        )

    def take_rewards(self, account: str) -> None:
        self.play(
            "withdraw rewards",
            lambda: self.vault.withdraw_rewards(account),
            account,
            self.scene.vault.withdraw_rewards,
            account,
        )

    def propose(self, account: str, operator: str) -> None:
        self.play(
            "propose operator",
            lambda: self.vault.propose_operator(account, operator),
            account,
            self.scene.vault.propose_operator,
            operator,
        )

    def accept(self, operator: str, account: str) -> None:
        self.play(
            "accept operator",
            lambda: self.vault.accept_operator(operator, account),
            operator,
            self.scene.vault.accept_operator,
            account,
        )

    def revoke(self, account: str, operator: str) -> None:
        self.play(
            "revoke operator",
            lambda: self.vault.revoke_operator(account, operator),
            account,
            self.scene.vault.revoke_operator,
            operator,
        )
