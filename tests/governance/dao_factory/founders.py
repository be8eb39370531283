"""Charters of DAOs, and a DAO as a test acts in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from eth_utils import keccak

from tests.contract import Contract, Receipt
from tests.governance.council.chamber import DAY, Action, Constituency
from tests.words import NOBODY
from tests.world import World

ETHER = 10**18
SUPPLY = 1_000 * ETHER
NAME = "House of digits"
ROLES = ("DEFAULT_ADMIN_ROLE", "PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE")
FOR = 1


class NewToken(NamedTuple):
    """`IDaoFactory.NewToken`."""

    name: str = ""
    symbol: str = ""
    holder: str = NOBODY
    supply: int = 0
    mintable: bool = False


class Rules(NamedTuple):
    """`IDaoFactory.Rules`."""

    voting_delay: int = 3
    voting_period: int = 30
    proposal_threshold: int = 100 * ETHER
    quorum_percent: int = 10
    vote_extension: int = 8
    timelock_delay: int = 2 * DAY


class House(NamedTuple):
    """`IDaoFactory.House`."""

    term_ends: int
    quorum: int
    seats: Sequence[tuple[int, str]]


class Charter(NamedTuple):
    """`IDaoFactory.Charter`."""

    name: str
    votes: Any
    token: NewToken
    by_timestamp: bool
    rules: Rules
    council: House


def charter(world: World, **changes: Any) -> Charter:
    """Of a DAO over a new token that the owner holds, by blocks, with a Council of two; or changed."""
    seats = [
        (Constituency.EXECUTORS, world.roles.executor),
        (Constituency.USERS, world.roles.requester),
    ]
    usual = Charter(
        name=NAME,
        votes=NOBODY,
        token=NewToken("Votes of digits", "DIGIT", world.roles.owner, SUPPLY),
        by_timestamp=False,
        rules=Rules(),
        council=House(world.now() + 300 * DAY, 2, seats),
    )
    return usual._replace(**changes)


class Dao:
    """A DAO that the factory created."""

    def __init__(self, world: World, receipt: Receipt) -> None:
        (self.created,) = world.dao_factory.events(receipt, "DaoCreated")
        self.world = world
        self.receipt = receipt
        self.token = world.existing("Token", self.created.token)
        self.timelock = world.existing("Timelock", self.created.timelock)
        self.governor = world.existing("Governor", self.created.governor)
        self.council = world.existing("Council", self.created.council)

    @property
    def addresses(self) -> tuple[str, str, str, str]:
        """`IDaoFactory.Dao`."""
        return self.token.address, self.timelock.address, self.governor.address, self.council.address

    def holders(self, role: str) -> set[str]:
        """Whom the events of its creation leave with a role."""
        holders: set[str] = set()
        for event in self.timelock.events(self.receipt, "RoleGranted", "RoleRevoked"):
            if event.role == role_id(role):
                (holders.add if event.name == "RoleGranted" else holders.remove)(event.account)
        return holders

    def carry(self, *actions: Action) -> tuple[Any, ...]:
        """A proposal of the owner's, who has all votes, until it is queued; the arguments of `execute`."""
        owner, text = self.world.roles.owner, "A decision"
        calls = [list(part) for part in zip(*actions, strict=True)]
        self.governor.propose(*calls, text, sender=owner)
        steps = (*calls, keccak(text=text))
        proposal = self.governor.getProposalId(*steps)
        self.pass_timepoint(self.governor.proposalSnapshot(proposal))
        self.governor.castVote(proposal, FOR, sender=owner)
        self.pass_timepoint(self.governor.proposalDeadline(proposal))
        self.governor.queue(*steps, sender=self.world.roles.stranger)
        return steps

    def decide(self, *actions: Action) -> Receipt:
        """From proposal to deed."""
        steps = self.carry(*actions)
        self.world.warp(self.timelock.getMinDelay())
        return self.governor.execute(*steps, sender=self.world.roles.stranger)

    def operation(self, steps: tuple[Any, ...]) -> tuple[Any, ...]:
        """What a queued proposal is in the Timelock; the arguments of `veto`."""
        salt = int(self.governor.address, 16) << 96 ^ int.from_bytes(steps[3], "big")
        return *steps[:3], bytes(32), salt.to_bytes(32, "big")

    def pass_timepoint(self, timepoint: int) -> None:
        """Until the Governor's clock is beyond it."""
        if missing := timepoint + 1 - self.governor.clock():
            seconds = self.governor.CLOCK_MODE() == "mode=timestamp"
            if seconds:
                self.world.warp(missing)
            else:
                self.world.wire.request("anvil_mine", hex(missing))


def call(contract: Contract, function: str, *arguments: Any) -> Action:
    """A call, as an action of a proposal."""
    return Action(contract.address, 0, getattr(contract, function).encode_input(*arguments))


def role_id(name: str) -> bytes:
    """A role of the Timelock."""
    return bytes(32) if name == "DEFAULT_ADMIN_ROLE" else keccak(text=name)
