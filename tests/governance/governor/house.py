"""A DAO on both chains: token holders, a Governor, its Timelock, and who acts there, by role.

The verbs are a proposal's life. What they call is called on OpenZeppelin's contracts and on ours, and has to
come out the same; all of it is spoken by the ABI of OpenZeppelin's.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, NamedTuple

from eth_abi import encode
from eth_account import Account
from eth_utils import keccak, to_checksum_address

from tests.contract import Contract, Method, Receipt
from tests.governance.governor.both import Both
from tests.governance.oz import Compiled, compiled
from tests.governance.twins import DEPLOYER

ETHER = 10**18
NOBODY = "0x" + "00" * 20
NO_ID = b"\0" * 32

DELAY = 100  # of the Timelock, in seconds
VOTING_DELAY = 3  # in timepoints, as the next two
VOTING_PERIOD = 30
EXTENSION = 8
THRESHOLD = 100 * ETHER
QUORUM = 10  # percent: 100 of 1,000 votes

SIGNER = Account.from_key(b"\x51" * 32)
ROLES = ("proposer", "voter", "second_voter", "guardian", "stranger", "attacker", "executor", "canceller")
VOTES = {"proposer": 100, "voter": 300, "second_voter": 300, "signer": 60, "wallet": 40}
SUPPLY = 1_000  # ether; what nobody in VOTES has is held by the deployer, and votes for nobody
NAME = "House of tests"


class State(IntEnum):
    """Of a proposal."""

    PENDING = 0
    ACTIVE = 1
    CANCELED = 2
    DEFEATED = 3
    SUCCEEDED = 4
    QUEUED = 5
    EXPIRED = 6
    EXECUTED = 7


class Support(IntEnum):
    """Of a vote."""

    AGAINST = 0
    FOR = 1
    ABSTAIN = 2


class Action(NamedTuple):
    """One call that a proposal makes."""

    target: str
    value: int
    data: bytes


class Proposal(NamedTuple):
    """What every step of a proposal's life has to bring."""

    actions: tuple[Action, ...]
    description: str

    @property
    def calls(self) -> tuple[list[str], list[int], list[bytes]]:
        """Targets, values, payloads."""
        targets = [action.target for action in self.actions]
        return targets, [action.value for action in self.actions], [action.data for action in self.actions]

    @property
    def steps(self) -> tuple[list[str], list[int], list[bytes], bytes]:
        """Arguments of queue, execute, cancel."""
        return *self.calls, keccak(text=self.description)

    @property
    def id(self) -> int:
        return _id(self)


class House:
    """Token, Timelock, Governor and a target on two chains. Build it once a session.

    The votes are those of OpenZeppelin's token on both chains or, with `own_token`, of ours on our chain.
    With `simple`, OpenZeppelin's Governor is the one that counts no parts of votes.
    """

    def __init__(
        self,
        both: Both,
        project: Any,
        *,
        by_timestamp: bool = False,
        own_token: bool = False,
        simple: bool = False,
    ) -> None:
        self.both = both
        self.project = project
        self.simple = simple
        theirs = compiled()
        self.roles = SimpleNamespace(**{role: _address(role) for role in ROLES}, deployer=DEPLOYER)
        self.roles.signer = SIGNER.address

        self.by_timestamp = by_timestamp
        owner_holder_supply = (self.roles.stranger, DEPLOYER, SUPPLY * ETHER)
        token = theirs["OzTimestampToken" if by_timestamp else "OzToken"]
        code = ours = token.creation("Votes", "VOTE", *owner_holder_supply)
        if own_token:
            ours = bytes(project.Token("Votes", "VOTE", by_timestamp, *owner_holder_supply).data)
        self.token = both.existing(token, both.deploy(ours, code))
        self.timelock = self.deploy("Timelock", DELAY, [], [NOBODY], DEPLOYER)
        self.governor = self.create_governor()
        self.target = self.deploy_mock("MockTarget")
        self.wallet = self.deploy_mock("MockWallet", SIGNER.address)
        self.roles.wallet = self.wallet.address

        for role in ("PROPOSER_ROLE", "CANCELLER_ROLE"):
            self.timelock.grantRole(self.role(role), self.governor, sender=DEPLOYER)
        for holder, votes in VOTES.items():
            account = getattr(self.roles, holder)
            self.token.transfer(account, votes * ETHER, sender=DEPLOYER)
            self.token.delegate(account, sender=account)
        both.mine(1)

    # --- making things ---

    def deploy(self, name: str, *arguments: Any) -> Contract:
        """Ours on one chain, OpenZeppelin's on the other, by the ABI of the one that ours has to equal."""
        theirs = compiled()[f"Oz{name}"]
        if self.simple and name == "Governor":
            theirs = Compiled(theirs.type, compiled()["OzSimpleGovernor"].code)
        ours = getattr(self.project, name).contract_type
        code = Compiled(theirs.type, bytes.fromhex(ours.deployment_bytecode.bytecode.removeprefix("0x")))
        return self.both.existing(
            theirs, self.both.deploy(code.creation(*arguments), theirs.creation(*arguments))
        )

    def deploy_mock(self, name: str, *arguments: Any) -> Contract:
        """The same on both."""
        container = getattr(self.project, name)
        code = bytes(container(*arguments).data)
        return Contract(self.both, container.contract_type, self.both.deploy(code, code))  # type: ignore

    def create_governor(
        self,
        *,
        name: str = NAME,
        token: str = "",
        timelock: str = "",
        delay: int = VOTING_DELAY,
        period: int = VOTING_PERIOD,
        threshold: int = THRESHOLD,
        quorum: int = QUORUM,
        extension: int = EXTENSION,
        guardian: str = NOBODY,
    ) -> Contract:
        """A Governor; unless said otherwise the house's own."""
        places = (token or self.token.address, timelock or self.timelock.address)
        return self.deploy("Governor", name, *places, delay, period, threshold, quorum, extension, guardian)

    def role(self, name: str) -> bytes:
        """Of the Timelock, by name."""
        return b"\0" * 32 if name == "DEFAULT_ADMIN_ROLE" else keccak(text=name)

    # --- actions ---

    def call(self, method: Method, *arguments: Any, value: int = 0) -> Action:
        """This call, as an action of a proposal."""
        return Action(method.contract.address, value, method.encode_input(*arguments))

    def poke(self, word: int = 0) -> Action:
        """A call that the target counts; the word tells it from others."""
        return Action(self.target.address, 0, word.to_bytes(32, "big"))

    # --- the life of a proposal ---

    def propose(self, *actions: Action, description: str = "A proposal", proposer: str = "") -> Proposal:
        """A new proposal of these actions, or of a poke."""
        proposal = Proposal(actions or (self.poke(),), description)
        sender = proposer or self.roles.proposer
        self.governor.propose(*proposal.calls, proposal.description, sender=sender)
        return proposal

    def begin(self, proposal: Proposal) -> None:
        """Let time pass until its vote has just begun."""
        self.reach(self.governor.proposalSnapshot(proposal.id) + 1)

    def end(self, proposal: Proposal) -> None:
        """Let time pass until its vote is just over."""
        self.reach(self.governor.proposalDeadline(proposal.id) + 1)

    def reach(self, timepoint: int) -> None:
        """Calls and the next transaction happen at this timepoint."""
        # Whatever comes next is in the block after the newest one.
        ahead = timepoint - self.timepoint() - 1
        assert ahead >= 0, "that is over"
        if ahead:
            self.both.mine(ahead)

    def timepoint(self) -> int:
        """Of the newest block."""
        return self.both.now() if self.by_timestamp else self.both.number()

    def vote(self, proposal: Proposal, support: Support, *voters: str) -> None:
        """Each with all its weight."""
        for voter in voters:
            self.governor.castVote(proposal.id, support, sender=voter)

    def carry(self, proposal: Proposal) -> None:
        """From its proposal until it has succeeded."""
        self.begin(proposal)
        self.vote(proposal, Support.FOR, self.roles.voter, self.roles.second_voter)
        self.end(proposal)

    def queue(self, proposal: Proposal) -> None:
        self.governor.queue(*proposal.steps, sender=self.roles.stranger)

    def wait(self) -> None:
        """Until what is queued is ready."""
        self.both.warp(DELAY)

    def execute(self, proposal: Proposal, value: int = 0) -> Receipt:
        return self.governor.execute(*proposal.steps, sender=self.roles.stranger, value=value)

    def decide(self, *actions: Action, description: str = "A decision") -> Receipt:
        """The whole life of a proposal, until it is executed."""
        proposal = self.propose(*actions, description=description)
        self.carry(proposal)
        self.queue(proposal)
        self.wait()
        return self.execute(proposal)

    def state(self, proposal: Proposal) -> State:
        return State(self.governor.state(proposal.id))

    # --- operations of the Timelock ---

    def operation(self, proposal: Proposal) -> bytes:
        """The id that a queued proposal has in the Timelock."""
        return self.batch_id(proposal.actions, NO_ID, self.salt(proposal))

    def salt(self, proposal: Proposal) -> bytes:
        """The Governor's address over the description's hash."""
        governor = int(self.governor.address, 16) << 96
        return (governor ^ int.from_bytes(proposal.steps[3], "big")).to_bytes(32, "big")

    def batch_id(self, actions: Sequence[Action], predecessor: bytes, salt: bytes) -> bytes:
        """The id of a batch of actions."""
        types = ["address[]", "uint256[]", "bytes[]", "bytes32", "bytes32"]
        calls = Proposal(tuple(actions), "").calls
        return keccak(encode(types, [*calls, predecessor, salt]))


@lru_cache
def _id(proposal: Proposal) -> int:
    types = ["address[]", "uint256[]", "bytes[]", "bytes32"]
    return int.from_bytes(keccak(encode(types, proposal.steps)), "big")


def _address(role: str) -> str:
    return to_checksum_address(keccak(text=role)[12:])
