"""A proposal's life in the Governor beside OpenZeppelin's: who may do what, and when."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from tests.governance.governor.failures import EMPTY_ARRAY, refused
from tests.governance.governor.house import (
    DELAY,
    DEPLOYER,
    ETHER,
    NO_ID,
    NOBODY,
    THRESHOLD,
    VOTING_DELAY,
    VOTING_PERIOD,
    Action,
    Proposal,
    State,
    Support,
)
from tests.wire import Refused

WRONG_STATE = "GovernorUnexpectedProposalState(uint256,uint8,bytes32)"
TOO_FEW = "GovernorInsufficientProposerVotes(address,uint256,uint256)"
UNABLE = "GovernorUnableToCancel(uint256,address)"
RESTRICTED = "GovernorRestrictedProposer(address)"


def bitmap(*states: State) -> bytes:
    return sum(1 << state for state in states).to_bytes(32, "big")


CANCELLABLE = bitmap(State.PENDING, State.ACTIVE, State.DEFEATED, State.SUCCEEDED, State.QUEUED)


def test_life__from_proposal_to_execution__passes_every_state(house):
    proposal = house.propose(house.poke(1), house.poke(2))
    assert house.governor.hashProposal(*proposal.steps) == proposal.id
    assert house.governor.getProposalId(*proposal.steps) == proposal.id
    assert house.governor.proposalSnapshot(proposal.id) == house.timepoint() + VOTING_DELAY
    assert house.governor.proposalDeadline(proposal.id) == house.timepoint() + VOTING_DELAY + VOTING_PERIOD
    assert house.governor.proposalProposer(proposal.id) == house.roles.proposer
    assert house.governor.proposalNeedsQueuing(proposal.id)
    assert house.state(proposal) == State.PENDING
    house.reach(house.governor.proposalSnapshot(proposal.id))
    assert house.state(proposal) == State.PENDING
    house.begin(proposal)
    assert house.state(proposal) == State.ACTIVE
    house.vote(proposal, Support.FOR, house.roles.voter)
    house.reach(house.governor.proposalDeadline(proposal.id))
    assert house.state(proposal) == State.ACTIVE
    house.end(proposal)
    assert house.state(proposal) == State.SUCCEEDED
    assert house.governor.proposalEta(proposal.id) == 0
    house.queue(proposal)
    assert house.state(proposal) == State.QUEUED
    assert house.governor.proposalEta(proposal.id) == house.both.now() + DELAY
    assert house.timelock.isOperationPending(house.operation(proposal))
    house.wait()
    assert house.state(proposal) == State.QUEUED
    house.execute(proposal)
    assert house.state(proposal) == State.EXECUTED
    assert house.target.count() == 2


def test_life__of_a_proposal_that_is_unknown__is_refused(house):
    proposal = Proposal((house.poke(),), "never proposed")
    with refused("GovernorNonexistentProposal(uint256)", proposal.id):
        house.governor.state(proposal.id)
    for step in (house.governor.queue, house.governor.execute, house.governor.cancel):
        with refused("GovernorNonexistentProposal(uint256)", proposal.id):
            step(*proposal.steps, sender=house.roles.stranger)


# --- propose ---


def test_propose__below_the_threshold__is_refused(house):
    signer = house.roles.signer
    with refused(TOO_FEW, signer, 60 * ETHER, THRESHOLD):
        house.propose(proposer=signer)


def test_propose__threshold__is_read_one_timepoint_ago(house):
    signer, voter = house.roles.signer, house.roles.voter
    # In the block of the transfer the votes of one block ago are the old ones.
    house.token.transfer(signer, 40 * ETHER, sender=voter)
    house.propose(description="with the votes of the last block", proposer=signer)
    house.token.transfer(voter, 1, sender=signer)
    with refused(TOO_FEW, signer, THRESHOLD - 1, THRESHOLD):
        house.propose(description="after the votes have left", proposer=signer)


def test_propose__in_the_block_that_brought_the_votes__is_refused(house):
    signer, voter = house.roles.signer, house.roles.voter
    proposal = Proposal((house.poke(),), "too early")
    transfer = house.token.transfer.encode_input(signer, 40 * ETHER)
    house.both.request("evm_setAutomine", False)
    for sender, contract, data in (
        (voter, house.token, transfer),
        (signer, house.governor, house.governor.propose.encode_input(*proposal.calls, "too early")),
    ):
        transaction = {"from": sender, "to": contract.address, "data": "0x" + data.hex()}
        house.both.request("eth_sendTransaction", transaction | {"gas": hex(2_000_000), "gasPrice": "0x0"})
    house.both.mine(1)
    house.both.request("evm_setAutomine", True)
    assert house.token.getVotes(signer) == THRESHOLD
    with refused("GovernorNonexistentProposal(uint256)", proposal.id):
        house.governor.state(proposal.id)


def test_propose__twice__is_refused(house):
    proposal = house.propose()
    with refused(WRONG_STATE, proposal.id, State.PENDING, NO_ID):
        house.propose()
    house.begin(proposal)
    with refused(WRONG_STATE, proposal.id, State.ACTIVE, NO_ID):
        house.propose()
    house.propose(description="The same, said otherwise")


@pytest.mark.parametrize(
    ("targets", "values", "payloads"), [(0, 0, 0), (1, 0, 1), (1, 1, 0), (0, 1, 1), (1, 2, 1)]
)
def test_propose__of_unequal_or_empty_lists__is_refused(house, targets, values, payloads):
    calls = ([house.target.address] * targets, [0] * values, [b""] * payloads)
    with refused("GovernorInvalidProposalLength(uint256,uint256,uint256)", targets, payloads, values):
        house.governor.propose(*calls, "uneven", sender=house.roles.proposer)


def test_propose__of_all_it_can_hold__is_executed(house):
    actions = [Action(house.target.address, 0, bytes([word]) * 2048) for word in range(10)]
    house.decide(*actions, description="long " * 2048)
    assert house.target.count() == 10


def test_propose__beyond_what_it_can_hold__is_refused(house):
    """The limits of ours alone: OpenZeppelin's has none."""
    ours = house.both.ours
    for too_much in (
        ([house.target.address] * 11, [0] * 11, [b""] * 11, ""),
        ([house.target.address], [0], [bytes(2049)], ""),
        ([house.target.address], [0], [b""], "x" * 10_241),
    ):
        data = house.governor.propose.encode_input(*too_much)
        with pytest.raises(Refused) as refusal:
            ours.call(house.roles.proposer, house.governor.address, data)
        assert refusal.value.data == b""
    within = ([house.target.address] * 10, [0] * 10, [bytes(2048)] * 10, "x" * 10_240)
    ours.call(house.roles.proposer, house.governor.address, house.governor.propose.encode_input(*within))


SUFFIX = "#proposer="


@pytest.mark.parametrize("length", [0, 1, 41, 42, 51, 52])
def test_propose__with_any_end__goes_through(house, length):
    house.propose(description="x" * length)


def test_propose__with_a_suffix__is_for_that_proposer_alone(house):
    named = house.roles.proposer
    for number, suffix in enumerate((named, named.lower(), "0x" + named[2:].upper())):
        description = f"Mine {number} {SUFFIX}{suffix}"
        with refused(RESTRICTED, house.roles.voter):
            house.propose(description=description, proposer=house.roles.voter)
        house.propose(description=description, proposer=named)
    with refused(RESTRICTED, house.roles.voter):
        house.propose(description=SUFFIX + named, proposer=house.roles.voter)
    with refused(RESTRICTED, house.roles.voter):
        house.propose(description=SUFFIX + NOBODY, proposer=house.roles.voter)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda suffix: suffix + " ",
        lambda suffix: suffix[:-1],
        lambda suffix: suffix.replace("#", "!"),
        lambda suffix: suffix.replace("=", "-"),
        lambda suffix: suffix.replace("0x", "0X"),
        lambda suffix: suffix.replace("0x", "11"),
        lambda suffix: suffix[:-1] + "g",
        lambda suffix: suffix[:-1] + "G",
        lambda suffix: suffix[:-1] + "/",
        lambda suffix: suffix[:-1] + ":",
        lambda suffix: suffix[:-1] + "@",
        lambda suffix: suffix[:-1] + "`",
        lambda suffix: suffix[:12] + "x" + suffix[13:],
        lambda suffix: suffix[:31] + "é" + suffix[33:],
        lambda suffix: suffix[:32] + "z" + suffix[33:],
    ],
)
def test_propose__with_a_spoiled_suffix__is_for_everybody(house, spoil):
    suffix = SUFFIX + house.roles.proposer
    house.propose(description="Anybody's " + spoil(suffix), proposer=house.roles.voter)


# --- queue and execute ---


def test_queue__of_what_has_not_succeeded__is_refused(house):
    proposal = house.propose()
    steps, expected = proposal.steps, bitmap(State.SUCCEEDED)
    with refused(WRONG_STATE, proposal.id, State.PENDING, expected):
        house.governor.queue(*steps, sender=DEPLOYER)
    house.begin(proposal)
    with refused(WRONG_STATE, proposal.id, State.ACTIVE, expected):
        house.governor.queue(*steps, sender=DEPLOYER)
    house.end(proposal)
    with refused(WRONG_STATE, proposal.id, State.DEFEATED, expected):
        house.governor.queue(*steps, sender=DEPLOYER)


def test_queue__twice__is_refused(house):
    proposal = house.propose()
    house.carry(proposal)
    house.queue(proposal)
    with refused(WRONG_STATE, proposal.id, State.QUEUED, bitmap(State.SUCCEEDED)):
        house.queue(proposal)


def test_queue__for_later_than_the_clock_knows__overflows(house):
    delay = 2**48 - house.both.now() - 40  # the vote itself takes 33 blocks, a second each
    timelock = house.deploy("Timelock", delay, [], [NOBODY], DEPLOYER)
    governor = house.create_governor(timelock=timelock.address)
    timelock.grantRole(house.role("PROPOSER_ROLE"), governor, sender=DEPLOYER)
    proposal = Proposal((house.poke(),), "For the end of time")
    governor.propose(*proposal.calls, proposal.description, sender=house.roles.proposer)
    house.reach(governor.proposalSnapshot(proposal.id) + 1)
    governor.castVote(proposal.id, Support.FOR, sender=house.roles.voter)
    house.reach(governor.proposalDeadline(proposal.id) + 1)
    house.both.warp(2**48 - delay - house.both.now() - 2)
    governor.queue.asked(*proposal.steps, sender=DEPLOYER)
    house.both.warp(1)
    with refused("SafeCastOverflowedUintDowncast(uint8,uint256)", 48, 2**48):
        governor.queue(*proposal.steps, sender=DEPLOYER)


def test_execute__without_queue__is_refused_by_the_timelock(house):
    proposal = house.propose()
    house.carry(proposal)
    operation = house.operation(proposal)
    with refused("TimelockUnexpectedOperationState(bytes32,bytes32)", operation, bitmap(State.CANCELED)):
        house.execute(proposal)


def test_execute__before_the_delay__is_refused_by_the_timelock(house):
    proposal = house.propose()
    house.carry(proposal)
    house.queue(proposal)
    operation = house.operation(proposal)
    with refused("TimelockUnexpectedOperationState(bytes32,bytes32)", operation, bitmap(State.CANCELED)):
        house.execute(proposal)


def test_execute__twice__is_refused(house):
    proposal = house.propose()
    house.carry(proposal)
    house.queue(proposal)
    house.wait()
    house.execute(proposal)
    with refused(WRONG_STATE, proposal.id, State.EXECUTED, bitmap(State.SUCCEEDED, State.QUEUED)):
        house.execute(proposal)


def test_execute__with_value__reaches_the_action(house):
    payee = house.roles.canceller
    house.both.request("anvil_setBalance", house.roles.stranger, hex(9))
    proposal = house.propose(Action(payee, 9, b""))
    house.carry(proposal)
    house.queue(proposal)
    house.wait()
    with refused("FailedCall()"):
        house.execute(proposal)
    house.execute(proposal, value=9)
    assert house.both.balance(payee) == 9


def test_execute__whose_action_executes_it_again__is_refused_as_a_whole(house):
    proposal = house.propose()
    again = house.governor.execute.encode_input(*proposal.steps)
    house.target.order_call(house.governor, again, sender=DEPLOYER)
    house.carry(proposal)
    house.queue(proposal)
    house.wait()
    with refused(WRONG_STATE, proposal.id, State.EXECUTED, bitmap(State.SUCCEEDED, State.QUEUED)):
        house.execute(proposal)
    assert house.state(proposal) == State.QUEUED
    assert house.target.count() == 0


def test_execute__whose_action_executes_another__does_both(house):
    other = house.propose(description="The inner one")
    house.carry(other)
    house.queue(other)
    outer = house.propose(house.call(house.governor.execute, *other.steps), description="The outer one")
    house.carry(outer)
    house.queue(outer)
    house.wait()
    house.execute(outer)
    assert house.state(other) == house.state(outer) == State.EXECUTED


def test_execute__inside_of_which_another_governs__forgets_what_was_still_authorized(house):
    change = house.governor.setVotingDelay
    inner = house.propose(house.call(change, 5), description="The inner one")
    house.carry(inner)
    house.queue(inner)
    actions = (house.call(house.governor.execute, *inner.steps), house.call(change, 6))
    outer = house.propose(*actions, description="The outer one")
    house.carry(outer)
    house.queue(outer)
    house.wait()
    with refused(*EMPTY_ARRAY):
        house.execute(outer)


def test_execute__directly_in_the_timelock__counts_as_executed(house):
    proposal = house.propose()
    house.carry(proposal)
    house.queue(proposal)
    house.wait()
    salt = house.salt(proposal)
    house.timelock.executeBatch(*proposal.calls, NO_ID, salt, sender=house.roles.stranger)
    assert house.state(proposal) == State.EXECUTED


def test_execute__directly_in_the_timelock__of_what_governs__is_refused(house):
    proposal = house.propose(house.call(house.governor.setVotingDelay, 9))
    house.carry(proposal)
    house.queue(proposal)
    house.wait()
    with refused(*EMPTY_ARRAY):
        house.timelock.executeBatch(*proposal.calls, NO_ID, house.salt(proposal), sender=DEPLOYER)
    house.execute(proposal)
    assert house.governor.votingDelay() == 9


# --- cancel ---


def test_cancel__by_its_proposer__until_it_is_executed(house):
    """Without a guardian the proposer may, in every state."""
    proposer = house.roles.proposer
    pending, active, defeated, succeeded, queued = proposals = [
        house.propose(description=f"To be cancelled {number}") for number in range(5)
    ]
    house.governor.cancel(*pending.steps, sender=proposer)
    house.begin(queued)
    house.governor.cancel(*active.steps, sender=proposer)
    for proposal in (succeeded, queued):
        house.vote(proposal, Support.FOR, house.roles.voter)
    house.end(queued)
    house.governor.cancel(*defeated.steps, sender=proposer)
    house.governor.cancel(*succeeded.steps, sender=proposer)
    house.queue(queued)
    operation = house.operation(queued)
    house.governor.cancel(*queued.steps, sender=proposer)
    assert not house.timelock.isOperation(operation)
    for proposal in proposals:
        assert house.state(proposal) == State.CANCELED
        with refused(WRONG_STATE, proposal.id, State.CANCELED, CANCELLABLE):
            house.governor.cancel(*proposal.steps, sender=proposer)


def test_cancel__of_what_was_executed__is_refused(house):
    proposal = house.propose()
    house.carry(proposal)
    house.queue(proposal)
    house.wait()
    house.execute(proposal)
    with refused(WRONG_STATE, proposal.id, State.EXECUTED, CANCELLABLE):
        house.governor.cancel(*proposal.steps, sender=house.roles.proposer)


def test_cancel__by_others__is_refused(house):
    proposal = house.propose()
    for account in (house.roles.stranger, house.roles.guardian):
        with refused(UNABLE, proposal.id, account):
            house.governor.cancel(*proposal.steps, sender=account)


def test_cancel__with_a_guardian__is_the_guardians(house):
    guardian, proposer = house.roles.guardian, house.roles.proposer
    house.decide(house.call(house.governor.setProposalGuardian, guardian))
    assert house.governor.proposalGuardian() == guardian
    pending = house.propose(description="cancelled by its proposer, before its vote")
    house.governor.cancel(*pending.steps, sender=proposer)
    proposal = house.propose(description="cancelled by the guardian, when it is queued")
    house.carry(proposal)
    house.queue(proposal)
    with refused(UNABLE, proposal.id, proposer):
        house.governor.cancel(*proposal.steps, sender=proposer)
    house.governor.cancel(*proposal.steps, sender=guardian)
    assert house.state(proposal) == State.CANCELED
    unknown = Proposal((house.poke(9),), "unknown")
    with refused("GovernorNonexistentProposal(uint256)", unknown.id):
        house.governor.cancel(*unknown.steps, sender=guardian)


def test_cancel__in_the_timelock__counts_as_cancelled(house):
    proposal = house.propose()
    house.carry(proposal)
    house.queue(proposal)
    house.timelock.grantRole(house.role("CANCELLER_ROLE"), house.roles.canceller, sender=DEPLOYER)
    house.timelock.cancel(house.operation(proposal), sender=house.roles.canceller)
    assert house.state(proposal) == State.CANCELED
    with refused(WRONG_STATE, proposal.id, State.CANCELED, bitmap(State.SUCCEEDED, State.QUEUED)):
        house.execute(proposal)


def test_cancel__where_the_governor_is_no_canceller__is_refused(house):
    proposal = house.propose()
    house.carry(proposal)
    house.queue(proposal)
    role = house.role("CANCELLER_ROLE")
    house.timelock.revokeRole(role, house.governor, sender=DEPLOYER)
    with refused("AccessControlUnauthorizedAccount(address,bytes32)", house.governor.address, role):
        house.governor.cancel(*proposal.steps, sender=house.roles.proposer)
    assert keccak(text="CANCELLER_ROLE") == role
