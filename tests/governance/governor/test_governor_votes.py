"""Votes in the Governor beside OpenZeppelin's: who weighs what, when it is enough, whose signature counts."""

from __future__ import annotations

import pytest
from eth_account import Account
from eth_utils import keccak

from tests.governance.governor.ballots import ORDER, PARTS, parts, sign, with_high_s
from tests.governance.governor.failures import refused
from tests.governance.governor.house import (
    DEPLOYER,
    ETHER,
    EXTENSION,
    NAME,
    SIGNER,
    VOTING_PERIOD,
    State,
    Support,
)

WRONG_STATE = "GovernorUnexpectedProposalState(uint256,uint8,bytes32)"
WRONG_SIGNATURE = "GovernorInvalidSignature(address)"
ONLY_ACTIVE = (1 << State.ACTIVE).to_bytes(32, "big")
REASON, PARAMS = "because", parts(1, 2, 3)


@pytest.fixture
def proposal(house):
    """One whose vote has begun."""
    proposal = house.propose()
    house.begin(proposal)
    return proposal


# --- weight and outcome ---


@pytest.mark.parametrize("support", Support)
def test_cast_vote__with_each_support__counts_the_weight(house, proposal, support):
    receipt = house.governor.castVote(proposal.id, support, sender=house.roles.voter)
    (event,) = house.governor.events(receipt, "VoteCast")
    assert (event.voter, event.weight, event.reason) == (house.roles.voter, 300 * ETHER, "")
    assert house.governor.proposalVotes(proposal.id)[support] == 300 * ETHER
    assert house.governor.hasVoted(proposal.id, house.roles.voter)


def test_cast_vote__of_no_kind__is_refused(house, proposal):
    vote = house.governor.castVoteWithReasonAndParams
    for support in (3, 254):
        with refused("GovernorInvalidVoteType()"):
            house.governor.castVote(proposal.id, support, sender=house.roles.voter)
        with refused("GovernorInvalidVoteType()"):
            vote(proposal.id, support, "", bytes(48), sender=house.roles.voter)


def test_cast_vote__twice__is_refused(house, proposal):
    house.vote(proposal, Support.FOR, house.roles.voter)
    with refused("GovernorAlreadyCastVote(address)", house.roles.voter):
        house.vote(proposal, Support.AGAINST, house.roles.voter)


def test_cast_vote__before_and_after__is_refused(house):
    proposal = house.propose()
    house.reach(house.governor.proposalSnapshot(proposal.id))
    with refused(WRONG_STATE, proposal.id, State.PENDING, ONLY_ACTIVE):
        house.vote(proposal, Support.FOR, house.roles.voter)
    house.begin(proposal)
    house.vote(proposal, Support.FOR, house.roles.voter)
    house.end(proposal)
    with refused(WRONG_STATE, proposal.id, State.SUCCEEDED, ONLY_ACTIVE):
        house.vote(proposal, Support.FOR, house.roles.second_voter)


def test_cast_vote__without_weight__is_refused(house, proposal):
    with refused("GovernorAlreadyCastVote(address)", house.roles.stranger):
        house.vote(proposal, Support.FOR, house.roles.stranger)
    assert not house.governor.hasVoted(proposal.id, house.roles.stranger)


def test_cast_vote__weight__is_that_at_the_snapshot_and_not_now(house):
    proposal = house.propose()
    house.begin(proposal)
    house.token.transfer(house.roles.stranger, 300 * ETHER, sender=house.roles.voter)
    house.token.delegate(house.roles.stranger, sender=house.roles.stranger)
    house.vote(proposal, Support.FOR, house.roles.voter)
    with refused("GovernorAlreadyCastVote(address)", house.roles.stranger):
        house.vote(proposal, Support.FOR, house.roles.stranger)
    assert house.governor.proposalVotes(proposal.id) == (0, 300 * ETHER, 0)
    snapshot = house.governor.proposalSnapshot(proposal.id)
    assert house.governor.getVotes(house.roles.voter, snapshot) == 300 * ETHER
    assert house.governor.getVotesWithParams(house.roles.stranger, snapshot, b"x") == 0


def test_outcome__of_a_tie__is_defeat(house, proposal):
    house.vote(proposal, Support.FOR, house.roles.voter)
    house.vote(proposal, Support.AGAINST, house.roles.second_voter)
    house.end(proposal)
    assert house.state(proposal) == State.DEFEATED


def test_outcome__by_one_vote_more__is_success(house, proposal):
    house.vote(proposal, Support.FOR, house.roles.voter, house.roles.signer)
    house.vote(proposal, Support.AGAINST, house.roles.second_voter)
    house.end(proposal)
    assert house.state(proposal) == State.SUCCEEDED


def test_outcome__abstentions__count_to_the_quorum_and_not_to_the_majority(house, proposal):
    house.vote(proposal, Support.FOR, house.roles.signer)  # 60 of the 100 that the quorum is
    house.vote(proposal, Support.ABSTAIN, house.roles.wallet)  # 40
    house.end(proposal)
    assert house.governor.quorum(house.governor.proposalSnapshot(proposal.id)) == 100 * ETHER
    assert house.state(proposal) == State.SUCCEEDED


def test_outcome__votes_against__do_not_count_to_the_quorum(house, proposal):
    house.vote(proposal, Support.FOR, house.roles.signer)
    house.vote(proposal, Support.AGAINST, house.roles.wallet)
    house.end(proposal)
    assert house.state(proposal) == State.DEFEATED


def test_outcome__quorum__is_of_the_supply_at_the_snapshot(house):
    proposal = house.propose()
    house.begin(proposal)
    house.token.mint(house.roles.stranger, 9_000 * ETHER, sender=house.roles.stranger)
    house.vote(proposal, Support.FOR, house.roles.proposer)  # 100 of then 1,000; now it would take 1,000
    house.end(proposal)
    assert house.state(proposal) == State.SUCCEEDED


# --- late quorum ---


def test_late_quorum__in_the_last_block__extends_the_vote(house, proposal):
    deadline = house.governor.proposalDeadline(proposal.id)
    house.vote(proposal, Support.FOR, house.roles.signer)
    house.reach(deadline)
    receipt = house.governor.castVote(proposal.id, Support.FOR, sender=house.roles.voter)
    (event,) = house.governor.events(receipt, "ProposalExtended")
    assert event.extendedDeadline == house.governor.proposalDeadline(proposal.id) == deadline + EXTENSION
    house.vote(proposal, Support.AGAINST, house.roles.second_voter)
    assert house.governor.proposalDeadline(proposal.id) == deadline + EXTENSION
    house.reach(deadline + EXTENSION)
    house.vote(proposal, Support.AGAINST, house.roles.proposer)
    house.end(proposal)
    assert house.state(proposal) == State.DEFEATED


def test_late_quorum__early__extends_nothing(house, proposal):
    receipt = house.governor.castVote(proposal.id, Support.FOR, sender=house.roles.voter)
    assert not list(house.governor.events(receipt, "ProposalExtended"))
    snapshot = house.governor.proposalSnapshot(proposal.id)
    assert house.governor.proposalDeadline(proposal.id) == snapshot + VOTING_PERIOD
    # Nor does a late vote, once the quorum was reached early.
    house.reach(snapshot + VOTING_PERIOD)
    house.vote(proposal, Support.FOR, house.roles.second_voter)
    assert house.governor.proposalDeadline(proposal.id) == snapshot + VOTING_PERIOD


def test_late_quorum__that_ends_with_the_vote__is_not_announced(house, proposal):
    deadline = house.governor.proposalDeadline(proposal.id)
    house.reach(deadline - EXTENSION)
    receipt = house.governor.castVote(proposal.id, Support.FOR, sender=house.roles.voter)
    assert not list(house.governor.events(receipt, "ProposalExtended"))
    assert house.governor.proposalDeadline(proposal.id) == deadline


# --- reasons and params ---


def test_cast_vote__with_reason_and_params__stand_in_the_event(house, proposal):
    governor, roles, vote = house.governor, house.roles, house.governor.castVoteWithReasonAndParams
    receipt = governor.castVoteWithReason(proposal.id, 1, REASON, sender=roles.voter)
    assert next(governor.events(receipt, "VoteCast")).reason == REASON
    receipt = vote(proposal.id, PARTS, "", PARAMS, sender=roles.second_voter)
    assert next(governor.events(receipt, "VoteCastWithParams")).params == PARAMS
    receipt = vote(proposal.id, 2, REASON, b"", sender=roles.wallet)
    assert next(governor.events(receipt, "VoteCast")).reason == REASON
    receipt = vote(proposal.id, PARTS, "r" * 4096, PARAMS, sender=roles.proposer)
    assert next(governor.events(receipt, "VoteCastWithParams")).reason == "r" * 4096


# --- signatures ---


def ballot(house, proposal, *, voter: str = "", key=SIGNER, governor=None, **changes) -> bytes:
    """The signer's ballot for the proposal, or one that says otherwise."""
    voter = voter or house.roles.signer
    message = {"proposalId": proposal.id, "support": 1, "voter": voter}
    message |= {"nonce": house.governor.nonces(voter)} | changes
    return sign(governor or house.governor, NAME, key, **message)


def test_cast_vote_by_sig__of_a_key__counts_and_spends_a_nonce(house, proposal):
    governor, signer = house.governor, house.roles.signer
    signature = ballot(house, proposal)
    governor.castVoteBySig(proposal.id, 1, signer, signature, sender=house.roles.stranger)
    assert governor.proposalVotes(proposal.id) == (0, 60 * ETHER, 0)
    assert governor.nonces(signer) == 1
    with refused(WRONG_SIGNATURE, signer):
        governor.castVoteBySig(proposal.id, 1, signer, signature, sender=house.roles.stranger)


def test_cast_vote_by_sig__replayed_on_another_proposal__is_refused(house, proposal):
    governor, signer = house.governor, house.roles.signer
    second = house.propose(description="Another")
    house.begin(second)
    signature = ballot(house, proposal)
    with refused(WRONG_SIGNATURE, signer):
        governor.castVoteBySig(second.id, 1, signer, signature, sender=house.roles.attacker)
    with refused(WRONG_SIGNATURE, signer):
        governor.castVoteBySig(proposal.id, 0, signer, signature, sender=house.roles.attacker)
    with refused(WRONG_SIGNATURE, house.roles.voter):
        governor.castVoteBySig(proposal.id, 1, house.roles.voter, signature, sender=house.roles.attacker)


def test_cast_vote_by_sig__replayed_in_another_governor__is_refused(house, proposal):
    other = house.create_governor()
    other.propose(*proposal.calls, proposal.description, sender=house.roles.proposer)
    house.reach(other.proposalSnapshot(proposal.id) + 1)
    signature = ballot(house, proposal)
    with refused(WRONG_SIGNATURE, house.roles.signer):
        other.castVoteBySig(proposal.id, 1, house.roles.signer, signature, sender=house.roles.attacker)


def test_cast_vote_by_sig__with_high_s__is_refused(house, proposal):
    signature = with_high_s(ballot(house, proposal))
    with refused(WRONG_SIGNATURE, house.roles.signer):
        house.governor.castVoteBySig(proposal.id, 1, house.roles.signer, signature, sender=DEPLOYER)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda signature: signature[:0],
        lambda signature: signature[:64],
        lambda signature: signature + b"\0",
        lambda signature: signature[:64] + b"\x1d",
        lambda signature: signature[:64] + bytes([signature[64] - 27]),
        lambda signature: bytes(len(signature)),
        lambda signature: signature[:32] + ORDER.to_bytes(32, "big") + signature[64:],
        lambda signature: bytes(32) + signature[32:],
    ],
)
def test_cast_vote_by_sig__malformed__is_refused(house, proposal, spoil):
    signature = spoil(ballot(house, proposal))
    for voter in (house.roles.signer, "0x" + "00" * 20):
        with refused(WRONG_SIGNATURE, voter):
            house.governor.castVoteBySig(proposal.id, 1, voter, signature, sender=DEPLOYER)


def test_cast_vote_by_sig__with_a_wrong_nonce__is_refused(house, proposal):
    signature = ballot(house, proposal, nonce=1)
    with refused(WRONG_SIGNATURE, house.roles.signer):
        house.governor.castVoteBySig(proposal.id, 1, house.roles.signer, signature, sender=DEPLOYER)


def test_cast_vote_by_sig__when_it_is_over__keeps_the_nonce(house, proposal):
    signature = ballot(house, proposal)
    house.end(proposal)
    with refused(WRONG_STATE, proposal.id, State.DEFEATED, ONLY_ACTIVE):
        house.governor.castVoteBySig(proposal.id, 1, house.roles.signer, signature, sender=DEPLOYER)
    assert house.governor.nonces(house.roles.signer) == 0


def test_cast_vote_by_sig__of_a_wallet_contract__is_asked_for(house, proposal):
    wallet = house.roles.wallet
    stranger = Account.from_key(b"\x99" * 32)
    with refused(WRONG_SIGNATURE, wallet):
        wrong = ballot(house, proposal, voter=wallet, key=stranger)
        house.governor.castVoteBySig(proposal.id, 1, wallet, wrong, sender=DEPLOYER)
    signature = ballot(house, proposal, voter=wallet)
    house.governor.castVoteBySig(proposal.id, 1, wallet, signature, sender=DEPLOYER)
    assert house.governor.proposalVotes(proposal.id) == (0, 40 * ETHER, 0)


@pytest.mark.parametrize("conduct", [1, 4, 8])
def test_cast_vote_by_sig__of_a_wallet_that_misbehaves__as_openzeppelin(house, proposal, conduct):
    house.wallet.misbehave(conduct, sender=DEPLOYER)
    wallet = house.roles.wallet
    signature = ballot(house, proposal, voter=wallet)
    if conduct == 8:  # calls every signature valid
        house.governor.castVoteBySig(proposal.id, 1, wallet, b"", sender=DEPLOYER)
    else:
        with refused(WRONG_SIGNATURE, wallet):
            house.governor.castVoteBySig(proposal.id, 1, wallet, signature, sender=DEPLOYER)


@pytest.mark.parametrize(("length", "valid"), [(0, False), (4, False), (31, False), (32, True), (64, True)])
def test_cast_vote_by_sig__of_a_wallet_that_answers_in_short__is_refused(house, proposal, length, valid):
    # PUSH4 magic, PUSH1 224, SHL, PUSH1 0, MSTORE, PUSH1 length, PUSH1 0, RETURN
    code = f"0x631626ba7e60e01b60005260{length:02x}6000f3"
    house.both.request("anvil_setCode", house.roles.wallet, code)
    if valid:
        house.governor.castVoteBySig(proposal.id, 1, house.roles.wallet, b"", sender=DEPLOYER)
    else:
        with refused(WRONG_SIGNATURE, house.roles.wallet):
            house.governor.castVoteBySig(proposal.id, 1, house.roles.wallet, b"", sender=DEPLOYER)


def test_cast_vote_by_sig__for_a_contract_without_signatures__is_refused(house, proposal):
    for contract in (house.target, house.timelock):
        with refused(WRONG_SIGNATURE, contract.address):
            house.governor.castVoteBySig(proposal.id, 1, contract, b"", sender=DEPLOYER)


@pytest.mark.parametrize(("support", "params"), [(Support.FOR, b""), (PARTS, PARAMS)])
def test_cast_vote_with_params_by_sig__signs_all_of_it(house, proposal, support, params):
    governor, signer = house.governor, house.roles.signer
    vote = governor.castVoteWithReasonAndParamsBySig
    signature = ballot(house, proposal, support=support, reason=REASON, params=params)
    for reason, other in (("because.", params), (REASON, params + b"\0"), ("", b"")):
        with refused(WRONG_SIGNATURE, signer):
            vote(proposal.id, support, signer, reason, other, signature, sender=house.roles.attacker)
    with refused(WRONG_SIGNATURE, signer):
        governor.castVoteBySig(proposal.id, support, signer, signature, sender=house.roles.attacker)
    vote(proposal.id, support, signer, REASON, params, signature, sender=house.roles.stranger)
    assert governor.nonces(signer) == 1
    with refused(WRONG_SIGNATURE, signer):
        vote(proposal.id, support, signer, REASON, params, signature, sender=house.roles.attacker)


def test_domain__type_hashes_and_fields__are_those_of_openzeppelin(house):
    ballots = "Ballot(uint256 proposalId,uint8 support,address voter,uint256 nonce"
    assert house.governor.BALLOT_TYPEHASH() == keccak(text=f"{ballots})")
    extended = keccak(text=f"Extended{ballots},string reason,bytes params)")
    assert house.governor.EXTENDED_BALLOT_TYPEHASH() == extended
    assert house.governor.eip712Domain()[1:3] == (NAME, "1")
