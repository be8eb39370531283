"""What only a vote may change in the Governor, and what follows: quorum, relay, clocks, deposits."""

from __future__ import annotations

from itertools import pairwise

import pytest
from eth_abi import encode
from eth_utils import keccak

from tests.governance.governor.failures import ARITHMETIC, EMPTY_ARRAY, error, refused
from tests.governance.governor.house import (
    DELAY,
    DEPLOYER,
    ETHER,
    EXTENSION,
    NAME,
    NO_ID,
    NOBODY,
    QUORUM,
    THRESHOLD,
    VOTING_DELAY,
    VOTING_PERIOD,
    Proposal,
    State,
    Support,
)
from tests.wire import Refused

REVERTS, SAYS_NOTHING, SAYS_TOO_MUCH = 1, 2, 4
HALF = 2**48


def settings(house):
    """Every function that only governs, with arguments."""
    governor = house.governor
    return [
        (governor.setVotingDelay, 7),
        (governor.setVotingPeriod, 8),
        (governor.setProposalThreshold, 9),
        (governor.setLateQuorumVoteExtension, 10),
        (governor.setProposalGuardian, house.roles.guardian),
        (governor.updateQuorumNumerator, 11),
        (governor.relay, house.target.address, 0, b""),
        (governor.updateTimelock, house.roles.stranger),
    ]


def test_settings__as_deployed__are_what_was_said(house):
    governor = house.governor
    assert governor.votingDelay() == VOTING_DELAY
    assert governor.votingPeriod() == VOTING_PERIOD
    assert governor.proposalThreshold() == THRESHOLD
    assert governor.lateQuorumVoteExtension() == EXTENSION
    assert governor.proposalGuardian() == NOBODY
    assert governor.quorumDenominator() == 100
    assert governor.timelock() == house.timelock.address
    assert governor.token() == house.token.address
    assert governor.name() == NAME
    assert governor.version() == "1"
    assert governor.COUNTING_MODE() == "support=bravo,fractional&quorum=for,abstain&params=fractional"
    assert governor.CLOCK_MODE() == "mode=blocknumber&from=default"


def test_settings__by_others__are_refused(house):
    for method, *arguments in settings(house):
        for account in (house.roles.attacker, DEPLOYER):
            with refused("GovernorOnlyExecutor(address)", account):
                method(*arguments, sender=account)


def test_settings__by_the_timelock_without_a_proposal__are_refused(house):
    """Who else can use the Timelock does not govern."""
    house.timelock.grantRole(house.role("PROPOSER_ROLE"), house.roles.attacker, sender=DEPLOYER)
    for method, *arguments in settings(house):
        operation = (*house.call(method, *arguments), NO_ID, NO_ID)
        house.timelock.schedule(*operation, DELAY, sender=house.roles.attacker)
        house.wait()
        with refused(*EMPTY_ARRAY):
            house.timelock.execute(*operation, sender=house.roles.attacker)


def test_settings__by_a_vote__change(house):
    house.decide(*(house.call(method, *arguments) for method, *arguments in settings(house)))
    governor = house.governor
    assert (governor.votingDelay(), governor.votingPeriod(), governor.proposalThreshold()) == (7, 8, 9)
    assert governor.lateQuorumVoteExtension() == 10
    assert governor.proposalGuardian() == house.roles.guardian
    assert governor.quorum(house.timepoint()) == 110 * ETHER
    assert governor.timelock() == house.roles.stranger
    assert house.target.count() == 1


def test_settings__one_after_the_other__leave_the_others_alone(house):
    """Several share a word of storage: the largest value of one spills into no other."""
    governor = house.governor
    largest = (
        house.call(governor.setLateQuorumVoteExtension, HALF - 1 - 10**6),
        house.call(governor.setVotingDelay, HALF - 1),
        house.call(governor.setVotingPeriod, 2**32 - 1),
        house.call(governor.updateQuorumNumerator, 100),
        house.call(governor.setProposalThreshold, 2**256 - 1),
    )
    house.decide(*largest)
    assert governor.votingDelay() == HALF - 1
    assert governor.votingPeriod() == 2**32 - 1
    assert governor.proposalThreshold() == 2**256 - 1
    assert governor.lateQuorumVoteExtension() == HALF - 1 - 10**6
    assert governor.quorum(house.timepoint()) == 1_000 * ETHER


@pytest.mark.parametrize("threshold", [0, 1, 2**176 - 2, 2**176 - 1, 2**176, 2**256 - 1])
def test_threshold__of_any_size__holds(house, threshold):
    governor = house.create_governor(threshold=threshold)
    assert governor.proposalThreshold() == threshold
    proposal = Proposal((house.poke(),), "x")
    if threshold <= 1:
        governor.propose(*proposal.calls, "x", sender=house.roles.voter)
        return
    wrong = ("GovernorInsufficientProposerVotes(address,uint256,uint256)", house.roles.voter, 300 * ETHER)
    with refused(*wrong, threshold):
        governor.propose(*proposal.calls, "x", sender=house.roles.voter)


def test_threshold__of_nothing__lets_anybody_propose(house):
    governor = house.create_governor(threshold=0)
    governor.propose(*Proposal((house.poke(),), "x").calls, "x", sender=house.roles.stranger)


@pytest.mark.parametrize(
    ("method", "argument", "wrong"),
    [
        ("setVotingPeriod", 0, ("GovernorInvalidVotingPeriod(uint256)", 0)),
        ("updateQuorumNumerator", 101, ("GovernorInvalidQuorumFraction(uint256,uint256)", 101, 100)),
        (
            "updateQuorumNumerator",
            2**256 - 1,
            ("GovernorInvalidQuorumFraction(uint256,uint256)", 2**256 - 1, 100),
        ),
    ],
)
def test_settings__out_of_bounds__are_refused(house, method, argument, wrong):
    with refused(*wrong):
        house.decide(house.call(getattr(house.governor, method), argument))


def test_settings__in_the_same_proposal__come_in_its_order(house):
    """A call that was authorized for later cannot come before."""
    governor = house.governor
    house.decide(house.call(governor.setVotingDelay, 5), house.call(governor.setVotingDelay, 6))
    assert governor.votingDelay() == 6


# --- quorum ---


def test_quorum__changed_while_a_vote_runs__stays_that_of_the_snapshot(house):
    running = house.propose(description="Runs with ten percent")
    snapshot = house.governor.proposalSnapshot(running.id)
    house.decide(house.call(house.governor.updateQuorumNumerator, 90), description="Ninety percent")
    changed = house.timepoint()
    assert house.governor.quorum(snapshot) == 100 * ETHER
    assert house.governor.quorum(changed - 1) == 100 * ETHER
    house.both.mine(1)
    assert house.governor.quorum(changed) == 900 * ETHER


def test_quorum__through_many_changes__is_remembered(house):
    numerator = numerator_at(house)
    known = {house.timepoint(): QUORUM}
    for number in (20, 0, 60, 33, 33, 50):
        action = house.call(house.governor.updateQuorumNumerator, number)
        house.decide(action, description=f"{number} percent, after {len(known)}")
        known[house.timepoint()] = number
    known_at = list(known)
    for timepoint, expected in known.items():
        assert numerator(timepoint) == expected
    for before, timepoint in pairwise(known_at):
        assert numerator(timepoint - 1) == known[before]
    assert numerator(2**256 - 1) == 50
    assert numerator(0) == 0


def test_quorum__changed_twice_at_once__is_the_second(house):
    update = house.governor.updateQuorumNumerator
    house.decide(house.call(update, 20), house.call(update, 30))
    numerator = numerator_at(house)
    assert numerator(house.timepoint()) == 30
    assert numerator(house.timepoint() - 1) == QUORUM


def numerator_at(house):
    """`quorumNumerator(uint256)`; the name alone means the one without argument, as well."""

    def ask(timepoint: int) -> int:
        data = keccak(text="quorumNumerator(uint256)")[:4] + encode(["uint256"], [timepoint])
        return int.from_bytes(house.both.call(DEPLOYER, house.governor.address, data), "big")

    return ask


def test_quorum__without_a_timepoint__is_the_one_that_holds(house):
    data = keccak(text="quorumNumerator()")[:4]
    assert int.from_bytes(house.both.call(DEPLOYER, house.governor.address, data), "big") == QUORUM


def test_quorum__of_the_future__is_refused_by_the_token(house):
    now = house.timepoint() + 1
    with refused("ERC5805FutureLookup(uint256,uint48)", now, now):
        house.governor.quorum(now)


# --- relay, timelock, deposits ---


@pytest.mark.parametrize("answer", [b"", b"\x01", error("Something()"), bytes(1024)])
def test_relay__of_a_call_that_fails__hands_its_answer_on(house, answer):
    house.target.order_failure(answer, sender=DEPLOYER)
    expected = answer or error("FailedCall()")
    with pytest.raises(Refused) as refusal:
        house.decide(house.call(house.governor.relay, house.target, 0, b"\x01\x02\x03\x04"))
    assert refusal.value.data == expected


def test_relay__sends_what_was_forced_upon_the_governor(house):
    house.both.request("anvil_setBalance", house.governor.address, hex(7))
    payee = house.roles.canceller
    house.decide(house.call(house.governor.relay, payee, 7, b""))
    assert house.both.balance(payee) == 7


def test_update_timelock__queued_proposals__count_as_cancelled(house):
    other = house.deploy("Timelock", 1, [house.governor.address], [NOBODY], NOBODY)
    stale = house.propose(description="Queued in the old one")
    house.carry(stale)
    house.queue(stale)
    house.decide(house.call(house.governor.updateTimelock, other), description="Another timelock")
    assert house.state(stale) == State.CANCELED
    proposal = house.propose(house.call(house.governor.setVotingDelay, 1), description="In the new one")
    house.carry(proposal)
    house.queue(proposal)
    house.wait()
    house.execute(proposal)
    assert house.governor.votingDelay() == 1


def test_receiving__ether_and_tokens__is_refused(house):
    stranger, governor = house.roles.stranger, house.governor
    house.both.request("anvil_setBalance", stranger, hex(10))
    with refused("GovernorDisabledDeposit()"):
        house.both.transact(stranger, governor.address, b"", 3)
    with refused(""):
        house.both.transact(stranger, governor.address, b"\x01\x02\x03\x04\x05")
    accounts = (stranger, stranger)
    for method, arguments in (
        (governor.onERC721Received, (1, b"x")),
        (governor.onERC1155Received, (1, 2, b"")),
        (governor.onERC1155BatchReceived, ([1], [2], b"")),
    ):
        with refused("GovernorDisabledDeposit()"):
            method(*accounts, *arguments, sender=stranger)


@pytest.mark.parametrize("code", ["01ffc9a7", "4e2312e0", "cdbdfcee", "65455a86", "ffffffff", "00000000"])
def test_supports_interface__for_each__as_openzeppelin_says(house, code):
    expected = code in ("01ffc9a7", "4e2312e0", "cdbdfcee", "65455a86")
    assert house.governor.supportsInterface(bytes.fromhex(code)) is expected


# --- clocks ---


def test_clock__of_a_token_without_one__counts_blocks(house):
    votes = house.deploy_mock("MockVotes", 10 * ETHER)
    governor = house.create_governor(token=votes.address)
    votes.set_clock(5, REVERTS, sender=DEPLOYER)
    assert governor.clock() == house.timepoint() + 1
    assert governor.CLOCK_MODE() == "mode=blocknumber&from=default"
    votes.set_clock(5, 0, sender=DEPLOYER)
    assert governor.clock() == 5
    assert governor.CLOCK_MODE() == "mode=mock"
    votes.set_clock(6, SAYS_TOO_MUCH, sender=DEPLOYER)
    assert governor.clock() == 6
    votes.set_clock(5, SAYS_NOTHING, sender=DEPLOYER)
    with refused(""):
        governor.clock()
    votes.set_clock(HALF, 0, sender=DEPLOYER)
    with refused(""):
        governor.clock()


def test_clock__beyond_its_end__is_no_time_for_anything(house):
    votes = house.deploy_mock("MockVotes", 10 * ETHER)
    governor = house.create_governor(token=votes.address, threshold=0)
    votes.set_clock(5, 0, sender=DEPLOYER)
    proposal, voter = Proposal((house.poke(),), "soon"), house.roles.voter
    governor.propose(*proposal.calls, "soon", sender=voter)
    for now in (HALF, HALF + 5 + VOTING_DELAY + 1, 2**256 - 1):
        votes.set_clock(now, 0, sender=DEPLOYER)
        for ask in (lambda: governor.clock(), lambda: governor.state(proposal.id)):
            with refused(""):
                ask()
        with refused(""):
            governor.castVote(proposal.id, Support.FOR, sender=voter)


def test_clock__at_its_end__overflows_as_openzeppelins(house):
    votes = house.deploy_mock("MockVotes", 10 * ETHER)
    governor = house.create_governor(token=votes.address, threshold=0)
    proposal = Proposal((house.poke(),), "late")
    votes.set_clock(HALF - VOTING_DELAY, 0, sender=DEPLOYER)
    with refused("SafeCastOverflowedUintDowncast(uint8,uint256)", 48, HALF):
        governor.propose(*proposal.calls, "late", sender=DEPLOYER)
    votes.set_clock(HALF - VOTING_DELAY - 1, 0, sender=DEPLOYER)
    governor.propose(*proposal.calls, "late", sender=DEPLOYER)
    with refused(*ARITHMETIC):
        governor.proposalDeadline(proposal.id)


def test_late_quorum__at_the_end_of_the_clock__overflows_as_openzeppelins(house):
    votes = house.deploy_mock("MockVotes", 10 * ETHER)
    governor = house.create_governor(token=votes.address, threshold=0)
    proposal = Proposal((house.poke(),), "late")
    votes.set_clock(HALF - 40, 0, sender=DEPLOYER)
    governor.propose(*proposal.calls, "late", sender=DEPLOYER)
    votes.set_clock(HALF - EXTENSION, 0, sender=DEPLOYER)
    with refused(*ARITHMETIC):
        governor.castVote(proposal.id, Support.FOR, sender=house.roles.voter)
    votes.set_clock(HALF - EXTENSION - 1, 0, sender=DEPLOYER)
    governor.castVote(proposal.id, Support.FOR, sender=house.roles.voter)
    assert governor.proposalDeadline(proposal.id) == HALF - 1


@pytest.mark.parametrize("supply", [2**256 - 1, 2**255 + 99, 99, 0])
def test_quorum__of_any_supply__is_exact(house, supply):
    votes = house.deploy_mock("MockVotes", supply)
    governor = house.create_governor(token=votes.address, quorum=33)
    votes.set_clock(10, 0, sender=DEPLOYER)
    assert governor.quorum(2**255) == supply * 33 // 100


def test_clock__that_goes_back__keeps_the_quorum_from_changing(house):
    votes = house.deploy_mock("MockVotes", 10 * ETHER)
    votes.set_clock(1_000, 0, sender=DEPLOYER)
    governor = house.create_governor(token=votes.address, threshold=0)
    house.timelock.grantRole(house.role("PROPOSER_ROLE"), governor, sender=DEPLOYER)
    first, second = proposals = [
        Proposal((house.call(governor.updateQuorumNumerator, number),), "back") for number in (3, 4)
    ]
    for proposal in proposals:
        governor.propose(*proposal.calls, "back", sender=DEPLOYER)
    votes.set_clock(1_010, 0, sender=DEPLOYER)
    for proposal in proposals:
        governor.castVote(proposal.id, Support.FOR, sender=house.roles.voter)
    votes.set_clock(2_000, 0, sender=DEPLOYER)
    for proposal in proposals:
        governor.queue(*proposal.steps, sender=DEPLOYER)
    house.wait()
    governor.execute(*first.steps, sender=DEPLOYER)
    votes.set_clock(1_999, 0, sender=DEPLOYER)
    with refused("CheckpointUnorderedInsertion()"):
        governor.execute(*second.steps, sender=DEPLOYER)
