"""What strangers put on the chain that tools of ours never would: members can still read, vote and act."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from executor.chain.deployment import Deployment
from scripts._demo.drawings import PROGRAM
from scripts._governance import verbs
from scripts._governance.actions import Action
from scripts._governance.dao import Dao
from scripts._governance.names import GovernanceError
from scripts._governance.phrases import in_words, to_the_letter
from scripts._governance.proposals import Proposal, State
from scripts._governance.refusals import refusal
from scripts._governance.shares import Support, divided
from scripts._governance.show import decoded
from scripts._version import version_of
from tests.governance.oz import compiled
from tests.scripts.conftest import ETHER, NOBODY, VOTING_DELAY, VOTING_PERIOD

GARBLED = b"\xffVersion 2"
OF_PROPOSE = ("address[]", "uint256[]", "bytes[]", "bytes")  # as propose's, whose last is a string


def garbled(town, dao) -> Proposal:
    """A proposal whose description is no UTF-8, made by no tool of ours."""
    action = dao.actions.on_a_line(f"{town.model} accept_ownership")
    words = encode(OF_PROPOSE, [[action.target], [0], [action.data], GARBLED])
    selector = keccak(text="propose(address[],uint256[],bytes[],string)")[:4]
    sent = Action(dao.governor.address, 0, selector + words)
    ecosystem = dao.provider.network.ecosystem
    town.proposer.call(
        ecosystem.create_transaction(
            sender=town.proposer.address, receiver=sent.target, data=sent.data, gas_limit=1_000_000
        )
    )
    return next(dao.proposals())


def test_proposals__a_garbled_one__is_found_shown_and_executed_like_others(town, dao, chain):
    proposal = garbled(town, dao)
    assert dao.state(proposal) is State.PENDING
    assert dao.proposal(str(proposal.id)) == proposal
    assert next(decoded(dao, proposal)) == "  ?Version 2"
    assert proposal.title == "?Version 2"
    chain.mine(deltatime=VOTING_DELAY + 1)
    verbs.vote(dao, town.proposer, proposal, Support.FOR)
    verbs.vote(dao, town.voter, proposal, Support.FOR)
    chain.mine(deltatime=VOTING_PERIOD + 1)
    verbs.queue(dao, town.stranger, proposal)
    assert dao.state(proposal) is State.QUEUED


def test_proposals__a_garbled_one__hides_no_other(town, dao):
    actions = (dao.actions.on_a_line(f"{town.model} accept_ownership"),)
    ours = verbs.propose(dao, town.proposer, Proposal(actions, "Take it over"))
    garbled(town, dao)
    assert dao.proposal(str(ours.id)[:20]).description == "Take it over"


def test_refusal__a_garbled_reason__is_shown_as_it_came():
    data = bytes.fromhex("08c379a0") + encode(["bytes"], [GARBLED])
    assert refusal(data) == f"reverted with 0x{data[:68].hex()}"


def test_in_words__a_garbled_argument__is_shown_to_the_letter(town, dao):
    names = [one for one in dao.names.functions(town.model.address) if one.name == "publish"]
    selector = keccak(text=names[0].selector)[:4]
    arbiter = Deployment.read(town.manifest).arbiters[0]
    version = version_of(PROGRAM, location="@@", arbiter=arbiter, royalty_bps=0, min_bond=1, window=120)
    data = selector + encode([names[0].inputs[0].canonical_type], [version]).replace(b"@@", b"\xff\xff")
    action = Action(town.model.address, 0, data)
    assert in_words(action, dao.names) == "call something of model digits that we do not know"
    assert to_the_letter(action, dao.names) == f"{town.model.address} 0x{data.hex()}"


def test_of__a_model_whose_name_is_garbled__is_called_by_its_address(town, dao):
    arbiter = Deployment.read(town.manifest).arbiters[0]
    version = version_of(PROGRAM, location="", arbiter=arbiter, royalty_bps=0, min_bond=1, window=120)
    receipt = town.registry.create_model("@@", town.stranger, town.stranger, version, sender=town.stranger)
    data = bytes(receipt.data).replace(b"@@", b"\xff\xff")
    town.stranger.call(
        dao.provider.network.ecosystem.create_transaction(
            sender=town.stranger.address, receiver=town.registry.address, data=data, gas_limit=6_000_000
        )
    )
    hostile = town.registry.models(town.registry.count() - 1)
    assert dao.names.of(hostile) == f"model {hostile}, whose name is no text"
    assert dao.names.kind(hostile) == "Model"


def test_vote__in_a_governor_that_counts_no_parts__is_cast_whole_and_once(town, project, chain):
    rules = (VOTING_DELAY, VOTING_PERIOD, 0, 10, 0, NOBODY)
    theirs = compiled()["OzSimpleGovernor"]
    creation = theirs.creation("Others", town.token.address, town.timelock.address, *rules)
    network = chain.provider.network.ecosystem
    sender = town.deployer.address
    sent = town.deployer.call(network.create_transaction(sender=sender, data=creation, gas_limit=8_000_000))
    guild = Dao(project, chain.provider, Deployment.read(town.manifest), sent.contract_address)
    actions = (guild.actions.on_a_line(f"{town.model} accept_ownership"),)
    proposal = verbs.propose(guild, town.proposer, Proposal(actions, "Take it over"))
    chain.mine(deltatime=VOTING_DELAY + 1)
    assert verbs.votes_of(guild, proposal, town.voter) == (400 * ETHER, 400 * ETHER)
    verbs.vote(guild, town.voter, proposal, Support.FOR)
    with pytest.raises(GovernanceError, match=verbs.VOTED_ALREADY):
        verbs.check_vote(guild, proposal, town.voter)
    with pytest.raises(GovernanceError, match="refuses to castVoteWithReasonAndParams"):
        verbs.divide(guild, town.proposer, proposal, divided({Support.FOR: 5_000}, 300 * ETHER))


def test_counted__votes_without_decimals_or_balances__are_counted_one_by_one(town, project, chain):
    votes = town.deployer.deploy(project.MockVotes, 2_000)
    votes.set_clock(100, 0, sender=town.deployer)
    rules = (VOTING_DELAY, VOTING_PERIOD, 3_000, 10, 0, NOBODY)
    governor = town.deployer.deploy(project.Governor, "Guild", votes, town.timelock, *rules)
    guild = Dao(project, chain.provider, Deployment.read(town.manifest), governor.address)
    assert (guild.counted(2_000), guild.held(town.proposer)) == ("2,000", 0)
    proposal = Proposal((guild.actions.on_a_line(f"{town.model} accept_ownership"),), "Take it over")
    with pytest.raises(GovernanceError, match="needs 3,000 votes, you have 2,000; let others delegate"):
        verbs.check_propose(guild, proposal, town.proposer)
