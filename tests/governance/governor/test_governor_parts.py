"""Votes that are divided, in the Governor beside OpenZeppelin's: parts, and what is left for more of them."""

from __future__ import annotations

import pytest

from tests.governance.governor.ballots import PARTS, parts, sign
from tests.governance.governor.failures import refused
from tests.governance.governor.house import (
    DEPLOYER,
    ETHER,
    EXTENSION,
    NAME,
    SIGNER,
    House,
    State,
    Support,
)

EXCEEDED = "GovernorExceedRemainingWeight(address,uint256,uint256)"
SPENT = "GovernorAlreadyCastVote(address)"
WRONG_PARAMS = "GovernorInvalidVoteParams()"
LARGEST = 2**128 - 1  # of a part
MOCK_SUPPLY = hex(2)  # slot of MockVotes that says what everybody has


@pytest.fixture
def proposal(house):
    """One whose vote has begun."""
    proposal = house.propose()
    house.begin(proposal)
    return proposal


@pytest.fixture
def divide(house, proposal):
    """`divide(voter, against, in_favour, abstaining)`: cast these parts."""

    def cast(voter: str, *divided: int):
        vote = house.governor.castVoteWithReasonAndParams
        return vote(proposal.id, PARTS, "", parts(*divided), sender=voter)

    return cast


# --- parts and what is left ---


def test_parts__of_one_ballot__go_where_they_are_said_to(house, proposal, divide):
    voter, governor = house.roles.voter, house.governor
    receipt = divide(voter, 100 * ETHER, 150 * ETHER, 50 * ETHER)
    (event,) = governor.events(receipt, "VoteCastWithParams")
    assert (event.voter, event.support, event.weight) == (voter, PARTS, 300 * ETHER)
    assert governor.proposalVotes(proposal.id) == (100 * ETHER, 150 * ETHER, 50 * ETHER)
    assert governor.usedVotes(proposal.id, voter) == 300 * ETHER
    assert governor.hasVoted(proposal.id, voter)
    with refused(SPENT, voter):
        divide(voter, 0, 1, 0)


def test_parts__over_several_calls__add_up_until_nothing_is_left(house, proposal, divide):
    voter, governor = house.roles.voter, house.governor
    for already in range(3):
        assert governor.usedVotes(proposal.id, voter) == already * 60 * ETHER
        divide(voter, 10 * ETHER, 20 * ETHER, 30 * ETHER)
    with refused(EXCEEDED, voter, 120 * ETHER + 1, 120 * ETHER):
        divide(voter, 0, 120 * ETHER, 1)
    divide(voter, 0, 120 * ETHER, 0)
    assert governor.proposalVotes(proposal.id) == (30 * ETHER, 180 * ETHER, 90 * ETHER)
    with refused(SPENT, voter):
        divide(voter, 0, 0, 0)
    with refused(SPENT, voter):
        house.vote(proposal, Support.FOR, voter)


def test_parts__then_a_whole_vote__casts_what_is_left(house, proposal, divide):
    voter, governor = house.roles.voter, house.governor
    divide(voter, 100 * ETHER, 0, 0)
    receipt = governor.castVote(proposal.id, Support.FOR, sender=voter)
    (event,) = governor.events(receipt, "VoteCast")
    assert event.weight == 200 * ETHER
    assert governor.proposalVotes(proposal.id) == (100 * ETHER, 200 * ETHER, 0)
    assert governor.usedVotes(proposal.id, voter) == 300 * ETHER


def test_parts__of_more_than_there_is__are_refused(house, proposal, divide):
    voter = house.roles.voter
    for divided in (
        (300 * ETHER + 1, 0, 0),
        (0, 300 * ETHER + 1, 0),
        (0, 0, 300 * ETHER + 1),
        (150 * ETHER, 150 * ETHER, 1),
        (LARGEST, LARGEST, LARGEST),
    ):
        with refused(EXCEEDED, voter, sum(divided), 300 * ETHER):
            divide(voter, *divided)
    assert house.governor.usedVotes(proposal.id, voter) == 0


def test_parts__of_nothing__are_a_ballot_and_no_vote(house, proposal, divide):
    voter, governor = house.roles.voter, house.governor
    for _ in range(2):
        (event,) = governor.events(divide(voter, 0, 0, 0), "VoteCastWithParams")
        assert event.weight == 0
    assert not governor.hasVoted(proposal.id, voter)
    with refused(SPENT, house.roles.stranger):
        divide(house.roles.stranger, 0, 0, 0)


@pytest.mark.parametrize("length", [0, 1, 47, 49, 64, 96])
def test_parts__of_another_length__are_refused(house, proposal, length):
    vote = house.governor.castVoteWithReasonAndParams
    with refused(WRONG_PARAMS):
        vote(proposal.id, PARTS, "", bytes(length), sender=house.roles.voter)


def test_parts__without_params__are_refused(house, proposal):
    governor, voter = house.governor, house.roles.voter
    with refused(WRONG_PARAMS):
        governor.castVote(proposal.id, PARTS, sender=voter)
    with refused(WRONG_PARAMS):
        governor.castVoteWithReason(proposal.id, PARTS, "why", sender=voter)


@pytest.mark.parametrize("support", Support)
def test_parts__beside_a_whole_vote__are_refused(house, proposal, support):
    vote = house.governor.castVoteWithReasonAndParams
    for params in (b"\0", parts(1, 1, 1)):
        with refused(WRONG_PARAMS):
            vote(proposal.id, support, "", params, sender=house.roles.voter)


def test_parts__of_two_proposals__are_of_a_whole_each(house, proposal, divide):
    voter, governor = house.roles.voter, house.governor
    second = house.propose(description="Another")
    house.begin(second)
    divide(voter, 0, 300 * ETHER, 0)
    assert governor.usedVotes(second.id, voter) == 0
    vote = governor.castVoteWithReasonAndParams
    vote(second.id, PARTS, "", parts(300 * ETHER), sender=voter)
    assert governor.proposalVotes(second.id) == (300 * ETHER, 0, 0)


def test_parts__of_more_weight_than_a_part_can_say__leave_the_rest(house):
    supply = 2**130
    votes = house.deploy_mock("MockVotes", supply)
    votes.set_clock(10, 0, sender=DEPLOYER)
    governor = house.create_governor(token=votes.address, threshold=0)
    proposal, voter = house.propose(), house.roles.voter
    governor.propose(*proposal.calls, proposal.description, sender=voter)
    votes.set_clock(20, 0, sender=DEPLOYER)
    largest = parts(LARGEST, LARGEST, LARGEST)
    governor.castVoteWithReasonAndParams(proposal.id, PARTS, "", largest, sender=voter)
    assert governor.proposalVotes(proposal.id) == (LARGEST,) * 3
    governor.castVote(proposal.id, Support.FOR, sender=voter)
    assert governor.proposalVotes(proposal.id) == (LARGEST, supply - 2 * LARGEST, LARGEST)


def test_parts__of_votes_that_shrink_afterwards__leave_nothing(house):
    votes = house.deploy_mock("MockVotes", 100)
    votes.set_clock(10, 0, sender=DEPLOYER)
    governor = house.create_governor(token=votes.address, threshold=0)
    proposal, voter = house.propose(), house.roles.voter
    governor.propose(*proposal.calls, proposal.description, sender=voter)
    votes.set_clock(20, 0, sender=DEPLOYER)
    governor.castVoteWithReasonAndParams(proposal.id, PARTS, "", parts(0, 60, 0), sender=voter)
    house.both.request("anvil_setStorageAt", votes.address, MOCK_SUPPLY, f"0x{59:064x}")
    with refused(SPENT, voter):
        governor.castVote(proposal.id, Support.FOR, sender=voter)


# --- outcome ---


def test_outcome__of_parts_that_abstain__counts_to_the_quorum(house, proposal, divide):
    divide(house.roles.signer, 0, 1, 59 * ETHER)
    divide(house.roles.wallet, 0, 0, 40 * ETHER)
    assert house.state(proposal) == State.ACTIVE
    divide(house.roles.signer, 0, 0, ETHER - 1)
    house.end(proposal)
    assert house.governor.quorum(house.governor.proposalSnapshot(proposal.id)) == 100 * ETHER
    assert house.state(proposal) == State.SUCCEEDED


def test_outcome__of_parts_one_below_the_quorum__is_defeat(house, proposal, divide):
    divide(house.roles.proposer, 1, 50 * ETHER, 50 * ETHER - 1)
    house.end(proposal)
    assert house.state(proposal) == State.DEFEATED


def test_outcome__of_a_vote_divided_in_two__is_a_tie(house, proposal, divide):
    divide(house.roles.voter, 150 * ETHER, 150 * ETHER, 0)
    house.end(proposal)
    assert house.state(proposal) == State.DEFEATED


def test_late_quorum__reached_by_a_part__extends_the_vote(house, proposal, divide):
    voter, deadline = house.roles.voter, house.governor.proposalDeadline(proposal.id)
    divide(voter, 0, 99 * ETHER, 0)
    house.reach(deadline)
    (event,) = house.governor.events(divide(voter, 0, 0, ETHER), "ProposalExtended")
    assert event.extendedDeadline == deadline + EXTENSION
    assert not list(house.governor.events(divide(voter, 0, ETHER, 0), "ProposalExtended"))


# --- by signature ---


def signed(house: House, proposal, params: bytes, nonce: int, voter: str = "") -> tuple:
    """Arguments of castVoteWithReasonAndParamsBySig."""
    voter = voter or house.roles.signer
    message = {"proposalId": proposal.id, "support": PARTS, "voter": voter, "nonce": nonce}
    signature = sign(house.governor, NAME, SIGNER, **message, reason="", params=params)
    return proposal.id, PARTS, voter, "", params, signature


def test_parts_by_sig__several__spend_a_nonce_each(house, proposal):
    governor, roles = house.governor, house.roles
    vote = governor.castVoteWithReasonAndParamsBySig
    ballots = [signed(house, proposal, parts(0, 20 * ETHER, ETHER), nonce) for nonce in range(3)]
    vote(*ballots[0], sender=roles.stranger)
    for out_of_turn in (ballots[0], ballots[2]):
        with refused("GovernorInvalidSignature(address)", roles.signer):
            vote(*out_of_turn, sender=roles.attacker)
    vote(*ballots[1], sender=roles.stranger)
    with refused(EXCEEDED, roles.signer, 21 * ETHER, 18 * ETHER):
        vote(*ballots[2], sender=roles.stranger)
    assert governor.nonces(roles.signer) == 2
    assert governor.proposalVotes(proposal.id) == (0, 40 * ETHER, 2 * ETHER)


def test_parts_by_sig__of_a_wallet_contract__are_asked_for(house, proposal):
    governor, wallet = house.governor, house.roles.wallet
    ballot = signed(house, proposal, parts(ETHER, 2 * ETHER, 3 * ETHER), 0, voter=wallet)
    governor.castVoteWithReasonAndParamsBySig(*ballot, sender=house.roles.stranger)
    assert governor.proposalVotes(proposal.id) == (ETHER, 2 * ETHER, 3 * ETHER)
    assert governor.usedVotes(proposal.id, wallet) == 6 * ETHER


def test_parts_by_sig__without_params__are_refused_and_keep_the_nonce(house, proposal):
    governor, signer = house.governor, house.roles.signer
    message = {"proposalId": proposal.id, "support": PARTS, "voter": signer, "nonce": 0}
    signature = sign(governor, NAME, SIGNER, **message)
    with refused(WRONG_PARAMS):
        governor.castVoteBySig(proposal.id, PARTS, signer, signature, sender=house.roles.stranger)
    assert governor.nonces(signer) == 0
