"""A DAO as a person meets it: a governor, its timelock, its votes, and whoever acts there."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property
from typing import Any

from ape.exceptions import ContractLogicError
from eth_utils.crypto import keccak

from executor.chain.deployment import Deployment
from scripts._governance.actions import Action, Actions
from scripts._governance.names import GovernanceError, Names
from scripts._governance.proposals import Proposal, State, chosen, proposals_of
from scripts._governance.rehearsal import rehearse
from scripts._governance.values import Values

UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


class Dao:
    """Everything is read as of the next block, where the network has one to look into: a chain of our own
    mines none while nobody sends anything, and its newest block is as old as the last transaction."""

    def __init__(self, project: Any, provider: Any, deployment: Deployment, governor: str) -> None:
        self.provider = provider
        self._deployment = deployment
        self._block = "pending" if provider.network.is_dev else "latest"
        if not provider.get_code(governor):
            raise GovernanceError(f"there is no governor at {governor}")
        self.governor = project.Governor.at(governor)
        self.timelock = project.Timelock.at(self.read(self.governor, "timelock"))
        self.votes = project.Token.at(self.read(self.governor, "token"))
        own = {"Governor": governor, "Timelock": self.timelock.address, "Token": self.votes.address}
        if council := council_of(project, deployment, governor):
            own["Council"] = council
        self.names = Names(project, deployment, own)
        self.actions = Actions(self.names, Values(self.names, next(iter(deployment.arbiters), None)))

    # Reading

    def read(self, contract: Any, function: str, *arguments: Any) -> Any:
        """What a contract says now."""
        return contract.call_view_method(function, *arguments, block_id=self._block)

    def proposals(self) -> Iterator[Proposal]:
        """All of them, the newest first."""
        return proposals_of(self.provider, self.governor.address, self._deployment.start)

    def proposal(self, text: str) -> Proposal:
        """The one with this id, or the only one whose id begins so. Raises GovernanceError."""
        return chosen(self.proposals(), text)

    def state(self, proposal: Proposal) -> State:
        """Where it stands. Raises GovernanceError for what was never proposed."""
        return State(self.read(self.governor, "state", proposal.id))

    def exists(self, proposal: Proposal) -> bool:
        """Whether it was proposed."""
        return bool(self.read(self.governor, "proposalSnapshot", proposal.id))

    @property
    def now(self) -> int:
        """Unix seconds."""
        return int(self.provider.web3.eth.get_block(self._block)["timestamp"])

    @property
    def timepoint(self) -> int:
        """Now, by the Governor's clock."""
        return int(self.read(self.governor, "clock"))

    def until(self, timepoint: int) -> str:
        """How long it is until a timepoint of the Governor's clock, in words."""
        ahead = max(0, timepoint - self.timepoint)
        if "timestamp" in self.read(self.governor, "CLOCK_MODE"):
            return lasting(ahead)
        return "1 block" if ahead == 1 else f"{ahead:,} blocks"

    def counted(self, votes: int) -> str:
        """Votes as people count them."""
        whole = Decimal(votes) / 10**self._decimals
        return f"{whole.normalize():,f}"

    def held(self, account: Any) -> int:
        """How many units an account holds, whoever votes with them."""
        return self._asked_of_votes("balanceOf", str(account))

    @cached_property
    def _decimals(self) -> int:
        return self._asked_of_votes("decimals")

    def _asked_of_votes(self, function: str, *arguments: Any) -> int:
        # Not all that can count votes is a token with decimals, or a token at all.
        try:
            return int(self.read(self.votes, function, *arguments))
        except ContractLogicError:
            return 0

    # Acting

    def call_of(self, contract: Any, function: str, *arguments: Any) -> Action:
        """A transaction to one of the DAO's own contracts, not sent yet."""
        abi = contract.contract_type.mutable_methods[function]
        encoded = self.provider.network.ecosystem.encode_calldata(abi, *arguments)
        return Action(contract.address, 0, keccak(text=abi.selector)[:4] + bytes(encoded))

    def refusal(self, account: Any, action: Action) -> str:
        """Why a transaction would fail; empty if it would not."""
        return rehearse(self.provider, str(account), [action])[0]

    def send(self, account: Any, contract: Any, function: str, *arguments: Any) -> Any:
        """Send a transaction that would not fail, wait for it, and return its receipt."""
        action = self.call_of(contract, function, *arguments)
        if said := self.refusal(account, action):
            raise GovernanceError(f"the contract refuses to {function}: {said}")
        sent = account.call(
            self.provider.network.ecosystem.create_transaction(
                sender=account.address, receiver=action.target, data=action.data
            )
        )
        # Ape does not wait for the block on a chain of our own.
        receipt = self.provider.web3.eth.wait_for_transaction_receipt(sent.txn_hash)
        if not receipt["status"]:
            raise GovernanceError(f"it failed in the block, though it would not have before: {sent.txn_hash}")
        return receipt


def council_of(project: Any, deployment: Deployment, governor: str) -> str | None:
    """The council that the network's DaoFactory made together with a governor; None for other governors."""
    factory = project.DaoFactory.at(deployment.address("DaoFactory"))
    number = factory.number_of(governor)
    return str(factory.daos(number - 1).council) if number else None


def only_governor(project: Any, deployment: Deployment) -> str:
    """The governor of the network's DAO, if its DaoFactory has made one only. Raises GovernanceError."""
    factory = project.DaoFactory.at(deployment.address("DaoFactory"))
    if factory.count() != 1:
        raise GovernanceError("name the DAO: --governor with the address of its governor")
    return str(factory.daos(0).governor)


def lasting(seconds: int) -> str:
    """A time in words, by its two largest units."""
    words = []
    for unit, name in UNITS:
        count, seconds = divmod(seconds, unit)
        if count:
            words.append(f"{count} {name}{'s'[: count != 1]}")
    return " ".join(words[:2]) or "no time"
