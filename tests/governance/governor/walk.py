"""A random life of a DAO on both chains, steered so that most of it succeeds.

Each step is one transaction of somebody: mostly one whose time has come, sometimes one that has to be
refused. `tried` and `done` count those on Governor and Timelock by function.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from eth_account import Account
from eth_utils import keccak

from tests.contract import Contract, Method
from tests.governance.governor.ballots import PARTS, parts, sign, with_high_s
from tests.governance.governor.failures import error
from tests.governance.governor.house import DELAY, ETHER, NAME, NO_ID, NOBODY, Action, House, Proposal, State
from tests.governance.oz import compiled
from tests.governance.twins import DEPLOYER
from tests.wire import Refused

Thing = TypeVar("Thing")

WALKERS = 6
WEALTH = 30 * ETHER  # of each at the beginning
THRESHOLD = 20 * ETHER


class Operation(NamedTuple):
    """One that was scheduled in the Timelock directly."""

    batch: bool
    actions: tuple[Action, ...]
    predecessor: bytes
    salt: bytes
    id: bytes

    @property
    def arguments(self) -> tuple[Any, ...]:
        """Of execute or executeBatch."""
        calls = Proposal(self.actions, "").calls if self.batch else self.actions[0]
        return *calls, self.predecessor, self.salt


class Walk:
    """One life, determined by its seed; in a house of whole votes nobody divides any."""

    def __init__(self, house: House, seed: int) -> None:
        self.house = house
        self.random = random.Random(seed)
        self.tried: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.divided = 0  # votes
        self.whole = house.simple
        self.proposals: list[Proposal] = []
        self.operations: list[Operation] = []
        self.keys = {
            account.address: account
            for account in (Account.from_key(keccak(text=f"walker {n}")) for n in range(WALKERS))
        }
        self.walkers = list(self.keys)

        self.timelock = house.timelock
        self.governor = house.create_governor(threshold=THRESHOLD, period=12, delay=1)
        for role in ("PROPOSER_ROLE", "CANCELLER_ROLE"):
            for account in (self.governor.address, self.walkers[0]):
                self.timelock.grantRole(house.role(role), account, sender=DEPLOYER)
        for walker in self.walkers:
            house.token.transfer(walker, WEALTH, sender=DEPLOYER)
            house.token.delegate(walker, sender=walker)
        # Steering asks ours alone: it is twice as fast, and what matters is compared anyway.
        self.seen_governor, self.seen_timelock, self.seen_token = [
            Contract(house.both.ours, compiled()[name].type, contract.address)
            for name, contract in (
                ("OzGovernor", self.governor),
                ("OzTimelock", self.timelock),
                ("OzToken", house.token),
            )
        ]
        self.names = {
            (address, keccak(text=abi.selector)[:4]): f"{where}.{abi.name}"
            for where, address in (("Governor", self.governor.address), ("Timelock", self.timelock.address))
            for abi in compiled()[f"Oz{where}"].type.abi
            if abi.type == "function"
        }
        self.failing = house.deploy_mock("MockTarget")
        self.failing.order_failure(error("Ordered(uint256)", seed), sender=DEPLOYER)
        house.both.request("anvil_setBalance", self.timelock.address, hex(10**18))

    # --- steps ---

    def step(self) -> None:
        """Somebody does something, and one thing is looked at."""
        steps: dict[Callable[[], None], int] = {
            self.propose: 12,
            self.vote: 40,
            self.vote_by_signature: 16,
            self.queue: 10,
            self.execute: 12,
            self.cancel: 3,
            self.govern_without_a_vote: 2,
            self.schedule: 8,
            self.execute_directly: 8,
            self.cancel_directly: 2,
            self.change_roles: 4,
            self.send_deposit: 2,
            self.move_votes: 8,
        }
        self.random.choices(list(steps), list(steps.values()))[0]()
        self.look()
        self.pass_time()

    def propose(self) -> None:
        proposal = Proposal(self.actions(), self.description())
        if self.proposals and self.chance(0.06):
            proposal = self.random.choice(self.proposals)
        targets, values, calldatas = proposal.calls
        if self.chance(0.04):
            values = values[1:]
        threshold = self.seen_governor.proposalThreshold()
        rich = self.first(self.walkers, lambda walker: self.seen_token.getVotes(walker) >= threshold)
        sender = self.pick([rich] if rich else self.walkers, self.walkers)
        if self.attempt(
            self.governor.propose, targets, values, calldatas, proposal.description, sender=sender
        ):
            self.proposals.append(proposal)

    def vote(self) -> None:
        proposal = self.proposal_in(State.ACTIVE)
        if proposal is None:
            self.propose()
            return
        voter = self.voter(proposal)
        support, params = self.ballot(proposal, voter)
        reason = self.random.choice(["", "because", "r" * 33])
        kind = 2 if params else self.random.randrange(3)
        if kind == 0:
            self.attempt(self.governor.castVote, proposal.id, support, sender=voter)
        elif kind == 1:
            self.attempt(self.governor.castVoteWithReason, proposal.id, support, reason, sender=voter)
        else:
            method = self.governor.castVoteWithReasonAndParams
            done = self.attempt(method, proposal.id, support, reason, params, sender=voter)
            self.divided += done and support == PARTS

    def vote_by_signature(self) -> None:
        proposal = self.proposal_in(State.ACTIVE)
        if proposal is None:
            self.propose()
            return
        voter = self.voter(proposal)
        support, params = self.ballot(proposal, voter)
        message: dict[str, Any] = {"proposalId": proposal.id, "support": support, "voter": voter}
        message["nonce"] = self.seen_governor.nonces(voter) + (1 if self.chance(0.05) else 0)
        extended = bool(params) or self.chance(0.5)
        if extended:
            message |= {"reason": self.random.choice(["", "why"]), "params": params}
        signature = sign(self.governor, NAME, self.keys[voter], **message)
        if self.chance(0.05):
            signature = with_high_s(signature)
        if self.chance(0.05):
            signature = signature[:-1]
        sender = self.random.choice(self.walkers)
        if not extended:
            self.attempt(self.governor.castVoteBySig, proposal.id, support, voter, signature, sender=sender)
            return
        texts = (message["reason"], params)
        method = self.governor.castVoteWithReasonAndParamsBySig
        done = self.attempt(method, proposal.id, support, voter, *texts, signature, sender=sender)
        self.divided += done and support == PARTS

    def queue(self) -> None:
        proposal = self.proposal_in(State.SUCCEEDED)
        if proposal is None:
            self.vote()
            return
        self.attempt(self.governor.queue, *proposal.steps, sender=self.random.choice(self.walkers))

    def execute(self) -> None:
        proposal = self.proposal_in(State.QUEUED)
        if proposal is None:
            self.queue()
            return
        if self.chance(0.8):
            self.house.both.warp(DELAY)
        self.attempt(self.governor.execute, *proposal.steps, sender=self.random.choice(self.walkers))

    def cancel(self) -> None:
        proposal = self.proposal_in(State.PENDING, State.ACTIVE, State.DEFEATED, State.QUEUED)
        if proposal is None:
            return
        entitled = [
            self.seen_governor.proposalProposer(proposal.id),
            self.seen_governor.proposalGuardian(),
        ]
        able = [account for account in entitled if account != NOBODY] or self.walkers
        self.attempt(self.governor.cancel, *proposal.steps, sender=self.pick(able, self.walkers))

    def govern_without_a_vote(self) -> None:
        method, *arguments = self.setting()
        self.attempt(method, *arguments, sender=self.random.choice([*self.walkers, self.timelock.address]))

    def schedule(self) -> None:
        batch = self.chance(0.5)
        actions = self.actions(governs=False)[: None if batch else 1]
        predecessor = self.random.choice([NO_ID, NO_ID, *(each.id for each in self.operations[-3:])])
        salt = self.random.choice([NO_ID, self.random.randbytes(32)])
        delay = self.seen_timelock.getMinDelay() + self.random.choice([0, 0, 5, -1])
        if self.chance(0.02):
            delay = 2**256 - 1
        calls = Proposal(actions, "").calls
        if batch:
            key = self.house.batch_id(actions, predecessor, salt)
            method, arguments = "scheduleBatch", calls
        else:
            key = self.seen_timelock.hashOperation(*actions[0], predecessor, salt)
            method, arguments = "schedule", actions[0]
        sender = self.pick(self.walkers[:1], self.walkers)
        bounded = max(delay, 0)
        called = getattr(self.timelock, method)
        if self.attempt(called, *arguments, predecessor, salt, bounded, sender=sender):
            self.operations.append(Operation(batch, tuple(actions), predecessor, salt, key))

    def execute_directly(self) -> None:
        operation = self.operation_in(2) or self.operation_in(1)
        if operation is None:
            self.schedule()
            return
        if self.chance(0.8):
            self.house.both.warp(DELAY)
        method = self.timelock.executeBatch if operation.batch else self.timelock.execute
        self.attempt(method, *operation.arguments, sender=self.random.choice(self.walkers))

    def cancel_directly(self) -> None:
        operation = self.operation_in(1, 2)
        if operation is None:
            self.schedule()
            return
        sender = self.pick(self.walkers[:1], self.walkers)
        self.attempt(self.timelock.cancel, operation.id, sender=sender)

    def change_roles(self) -> None:
        # Everybody may execute, and the first walker keeps its roles, or little could go on.
        role = self.random.choice([self.house.role("CANCELLER_ROLE"), self.random.randbytes(32)])
        account = self.random.choice(self.walkers[1:])
        sender = DEPLOYER if self.chance(0.8) else account
        if self.chance(0.2):
            confirmation = account if self.chance(0.8) else DEPLOYER
            self.attempt(self.timelock.renounceRole, role, confirmation, sender=account)
        elif self.chance(0.5):
            self.attempt(self.timelock.grantRole, role, account, sender=sender)
        else:
            self.attempt(self.timelock.revokeRole, role, account, sender=sender)

    def send_deposit(self) -> None:
        to = self.random.choice([self.timelock, self.governor])
        kind = self.random.randrange(3)
        sender = self.random.choice(self.walkers)
        if kind == 0:
            self.attempt(to.onERC721Received, sender, sender, 1, b"", sender=sender)
        elif kind == 1:
            self.attempt(to.onERC1155Received, sender, sender, 1, 2, b"\x01", sender=sender)
        else:
            self.attempt(to.onERC1155BatchReceived, sender, sender, [1], [2], b"", sender=sender)

    def move_votes(self) -> None:
        giver, taker = self.random.sample(self.walkers, 2)
        if self.chance(0.3):
            self.attempt(self.house.token.delegate, taker if self.chance(0.3) else giver, sender=giver)
        else:
            amount = self.random.randrange(8 * ETHER)
            self.attempt(self.house.token.transfer, taker, amount, sender=giver)

    # --- looking, and time ---

    def look(self) -> None:
        """One thing that somebody could ask; the twins compare the answers."""
        proposal = self.random.choice(self.proposals) if self.proposals else Proposal((), "none")
        number, account = proposal.id, self.random.choice(self.walkers)
        operation = self.random.choice(self.operations).id if self.operations else NO_ID
        timepoint = max(0, self.house.timepoint() - self.random.randrange(60))
        governor, timelock = self.governor, self.timelock
        views: list[tuple[Method, Any]] = [
            (governor.state, (number,)),
            (governor.proposalVotes, (number,)),
            (governor.proposalDeadline, (number,)),
            (governor.proposalSnapshot, (number,)),
            (governor.proposalEta, (number,)),
            (governor.proposalProposer, (number,)),
            (governor.hasVoted, (number, account)),
            *([] if self.whole else [(governor.usedVotes, (number, account))]),
            (governor.quorum, (timepoint,)),
            (governor.getVotes, (account, timepoint)),
            (governor.getVotesWithParams, (account, timepoint, b"\x01")),
            (governor.nonces, (account,)),
            (governor.clock, ()),
            (governor.votingDelay, ()),
            (governor.votingPeriod, ()),
            (governor.proposalThreshold, ()),
            (governor.lateQuorumVoteExtension, ()),
            (governor.proposalGuardian, ()),
            (timelock.getOperationState, (operation,)),
            (timelock.getTimestamp, (operation,)),
            (timelock.isOperationPending, (operation,)),
            (timelock.isOperationReady, (operation,)),
            (timelock.isOperationDone, (operation,)),
            (timelock.isOperation, (operation,)),
            (timelock.hasRole, (self.house.role("CANCELLER_ROLE"), account)),
            (timelock.getMinDelay, ()),
        ]
        method, arguments = self.random.choice(views)
        self.attempt(method, *arguments, sender=account, counted=False)

    def pass_time(self) -> None:
        if self.chance(0.12):
            self.house.both.mine(self.random.randrange(1, 5))

    # --- choices ---

    def attempt(self, method: Method, *arguments: Any, sender: str, counted: bool = True) -> bool:
        """Call it on both chains; whether it went through."""
        name = self.names.get((method.contract.address, method.encode_input(*arguments)[:4]), "")
        if counted and name:
            self.tried[name] += 1
        try:
            method(*arguments, sender=sender)
        except Refused:
            return False
        if counted and name:
            self.done[name] += 1
        return True

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def pick(self, able: Sequence[str], all_of_them: Sequence[str]) -> str:
        """Mostly one who may."""
        return self.random.choice(able if self.chance(0.92) else all_of_them)

    def first(self, some: Sequence[Thing], fits: Callable[[Thing], bool]) -> Thing | None:
        """One of those that fit, each as likely; the chain is asked no more often than it takes."""
        return next((each for each in self.random.sample(some, len(some)) if fits(each)), None)

    def support(self) -> int:
        return self.random.choices([0, 1, 2, 3], [12, 70, 15, 2])[0]

    def voter(self, proposal: Proposal) -> str:
        """Of whole votes alone, one who has any: to have none is what OpenZeppelin's two ways differ in."""
        able = self.walkers
        if self.whole:
            able = [each for each in able if self.weight(proposal, each)] or able
        waiting = self.first(able, lambda each: self.left(proposal, each) > 0)
        return self.pick([waiting] if waiting else able, able)

    def left(self, proposal: Proposal, voter: str) -> int:
        """Weight that a voter has not cast."""
        used: int = self.seen_governor.usedVotes(proposal.id, voter)
        return max(0, self.weight(proposal, voter) - used)

    def weight(self, proposal: Proposal, voter: str) -> int:
        """What a vote of the whole would weigh, as far as that is known already."""
        snapshot = min(self.seen_governor.proposalSnapshot(proposal.id), self.house.timepoint())
        weight: int = self.seen_governor.getVotes(voter, snapshot)
        return weight

    def ballot(self, proposal: Proposal, voter: str) -> tuple[int, bytes]:
        """Support and params: a whole vote or a divided one, mostly of no more than there is."""
        if self.whole or self.chance(0.6):
            return self.support(), b"" if self.whole or self.chance(0.95) else self.random.randbytes(3)
        if self.chance(0.05):
            return PARTS, self.random.choice([b"", bytes(40), bytes(64)])
        third = self.left(proposal, voter) * 3 // 7
        return PARTS, parts(*(self.random.randrange(third + 1) for _ in range(3)))

    def proposal_in(self, *states: State) -> Proposal | None:
        """A recent proposal in one of these states, sometimes in any."""
        recent = self.proposals[-6:]
        if recent and self.chance(0.05):
            return self.random.choice(recent)
        return self.first(recent, lambda each: self.seen_governor.state(each.id) in states)

    def operation_in(self, *states: int) -> Operation | None:
        recent = self.operations[-6:]
        if recent and self.chance(0.05):
            return self.random.choice(recent)
        return self.first(recent, lambda each: self.seen_timelock.getOperationState(each.id) in states)

    def description(self) -> str:
        text = "".join(self.random.choices("abc# ", k=self.random.randrange(80)))
        if self.chance(0.2):
            text += "#proposer=" + self.random.choice(self.walkers)
        return text

    def actions(self, governs: bool = True) -> tuple[Action, ...]:
        """What a proposal or an operation does; mostly what can be done."""
        kinds = [self.action_that_governs] if governs else []
        kinds += [self.action_on_the_target, self.action_that_pays, self.action_on_the_timelock]
        chosen = [self.random.choice(kinds)() for _ in range(self.random.choice([1, 1, 2, 3]))]
        if self.chance(0.04):
            chosen.append(Action(self.failing.address, 0, b"\x01"))
        return tuple(chosen)

    def action_on_the_target(self) -> Action:
        return self.house.poke(self.random.getrandbits(64))

    def action_that_pays(self) -> Action:
        return Action(self.random.choice(self.walkers), self.random.randrange(1, 99), b"")

    def action_on_the_timelock(self) -> Action:
        return self.house.call(self.timelock.updateDelay, self.random.randrange(DELAY))

    def action_that_governs(self) -> Action:
        method, *arguments = self.setting()
        return self.house.call(method, *arguments)

    def setting(self) -> tuple[Any, ...]:
        governor, draw = self.governor, self.random
        target: Contract = self.house.target
        return draw.choice(
            [
                (governor.setVotingDelay, draw.randrange(3)),
                (governor.setVotingPeriod, draw.randrange(6, 18)),
                (governor.setProposalThreshold, draw.randrange(25) * ETHER),
                (governor.setLateQuorumVoteExtension, draw.randrange(9)),
                (governor.updateQuorumNumerator, draw.randrange(1, 9)),
                (governor.setProposalGuardian, draw.choice([NOBODY, *self.walkers])),
                (governor.updateTimelock, self.timelock.address),
                (governor.relay, target.address, 0, draw.randbytes(5)),
            ]
        )
