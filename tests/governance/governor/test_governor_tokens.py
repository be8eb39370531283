"""The Governor over either token, by either clock: over ours, a whole DAO of ours beside OpenZeppelin's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.governance.governor.ballots import sign
from tests.governance.governor.failures import refused
from tests.governance.governor.house import (
    ETHER,
    EXTENSION,
    NAME,
    SIGNER,
    THRESHOLD,
    VOTING_DELAY,
    VOTING_PERIOD,
    House,
    State,
    Support,
)


@pytest.fixture(params=[False, True], ids=["blocks", "timestamps"])
def by_timestamp(request) -> bool:
    return request.param


@pytest.fixture(params=[False, True], ids=["openzeppelins", "ours"])
def house(request, by_timestamp, built_house) -> Iterator[House]:
    """A DAO over one of the tokens."""
    with built_house.both.twins.rewound():
        token = {"by_timestamp": by_timestamp, "own_token": request.param}
        yield House(built_house.both, built_house.project, **token)


def test_clock__of_the_token__is_the_governors(house, by_timestamp):
    mode = "mode=timestamp" if by_timestamp else "mode=blocknumber&from=default"
    assert house.governor.CLOCK_MODE() == mode
    assert house.governor.clock() == house.timepoint() + 1
    proposal = house.propose()
    now = house.both.now() if by_timestamp else house.both.number()
    assert house.governor.proposalSnapshot(proposal.id) == now + VOTING_DELAY
    assert house.governor.proposalDeadline(proposal.id) == now + VOTING_DELAY + VOTING_PERIOD


def test_life__over_any_token__ends_in_what_was_decided(house):
    house.decide(house.poke(), house.call(house.governor.setVotingDelay, 7))
    assert house.target.count() == 1
    assert house.governor.votingDelay() == 7


def test_propose__over_any_token__takes_the_threshold_one_timepoint_ago(house):
    signer, voter = house.roles.signer, house.roles.voter
    wrong = ("GovernorInsufficientProposerVotes(address,uint256,uint256)", signer, THRESHOLD - 1, THRESHOLD)
    house.token.transfer(signer, 40 * ETHER - 1, sender=voter)
    with refused(*wrong):
        house.propose(proposer=signer)
    house.token.transfer(signer, 1, sender=voter)
    house.propose(proposer=signer)


def test_cast_vote__over_any_token__weighs_and_reaches_the_quorum_as_at_the_snapshot(house):
    stranger, voter = house.roles.stranger, house.roles.voter
    proposal = house.propose()
    house.begin(proposal)
    house.token.mint(stranger, 9_000 * ETHER, sender=stranger)
    house.token.transfer(stranger, 300 * ETHER, sender=voter)
    house.token.delegate(stranger, sender=stranger)
    house.vote(proposal, Support.FOR, voter)
    with refused("GovernorAlreadyCastVote(address)", stranger):
        house.vote(proposal, Support.FOR, stranger)
    assert house.governor.proposalVotes(proposal.id) == (0, 300 * ETHER, 0)
    assert house.governor.quorum(house.governor.proposalSnapshot(proposal.id)) == 100 * ETHER
    house.end(proposal)
    assert house.state(proposal) == State.SUCCEEDED


def test_cast_vote_by_sig__over_any_token__counts_and_extends_a_late_vote(house):
    signer, voter = house.roles.signer, house.roles.voter
    house.token.transfer(signer, 40 * ETHER, sender=voter)
    proposal = house.propose()
    deadline = house.governor.proposalDeadline(proposal.id)
    house.reach(deadline)
    ballot = {"proposalId": proposal.id, "support": 1, "voter": signer, "nonce": 0}
    signature = sign(house.governor, NAME, SIGNER, **ballot)
    house.governor.castVoteBySig(proposal.id, 1, signer, signature, sender=house.roles.stranger)
    assert house.governor.proposalDeadline(proposal.id) == deadline + EXTENSION
    house.end(proposal)
    assert house.state(proposal) == State.SUCCEEDED
