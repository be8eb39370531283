"""`ape run propose | vote | queue | execute`: what members of a DAO type, from an idea to its deed."""

from __future__ import annotations

import re

import pytest
from ape.cli import ConnectedProviderCommand
from click.testing import CliRunner

from executor.chain.deployment import Deployment
from executor.program import load
from scripts import execute, propose, queue, vote
from scripts._demo.drawings import PROGRAM
from scripts._governance.names import GovernanceError
from scripts._governance.proposals import State
from scripts._governance.shares import Support, divided
from scripts._version import version_of
from tests.scripts.conftest import DELAY, ETHER, NOBODY, QUORUM, VOTING_DELAY, VOTING_PERIOD

STRANGER = "0x" + "11" * 20
OF_CONNECTING = {"ecosystem", "network", "provider", "provider_settings"}  # what Ape adds and keeps to itself


@pytest.fixture
def types(town, chain, monkeypatch):
    """`types(command, *arguments)`: its exit status and everything it says.

    Ape would start another node for every command; here each gets the provider that the test has.
    """

    def connected(command, context):
        for option in OF_CONNECTING & set(context.params):
            del context.params[option]
        return context.invoke(command.callback, provider=chain.provider, **context.params)

    monkeypatch.setattr(ConnectedProviderCommand, "invoke", connected)

    def run(
        command, *arguments: str, by: str = "TEST::1", says: str = "", governor: str | None = ""
    ) -> tuple[int, str]:
        where = ["--deployment", str(town.manifest)]
        if governor is not None:
            where += ["--governor", governor or town.governor.address]
        who = ["--account", by] if by else []
        result = CliRunner().invoke(command.cli, [*where, *who, *arguments], input=says)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    return run


@pytest.fixture
def proposed(types, town) -> str:
    """The id of a proposal that takes the model over and makes its version 2 live."""
    actions = (f"{town.model} accept_ownership", f"{town.model} promote 2")
    options = [option for action in actions for option in ("--action", action)]
    status, said = types(propose, *options, "--description", "Version 2 reads better", "--yes")
    assert status == 0, said
    return re.search(r"^proposal (\d+)$", said, re.MULTILINE)[1]


@pytest.fixture
def decided(proposed, types, chain) -> str:
    """The same, once everybody has voted for it."""
    chain.mine(deltatime=VOTING_DELAY + 1)
    for member in ("TEST::1", "TEST::2"):
        status, said = types(vote, proposed, "for", "--yes", by=member)
        assert status == 0, said
    chain.mine(deltatime=VOTING_PERIOD + 1)
    return proposed


@pytest.fixture
def decide(types, chain):
    """`decide(action)`: the id of a proposal of it that was voted for, queued and waited for."""

    def pass_through(action: str) -> str:
        status, said = types(propose, "--action", action, "--description", "By the book", "--yes")
        assert status == 0, said
        identifier = re.search(r"^proposal (\d+)$", said, re.MULTILINE)[1]
        chain.mine(deltatime=VOTING_DELAY + 1)
        assert types(vote, identifier, "for", "--yes")[0] == 0
        chain.mine(deltatime=VOTING_PERIOD + 1)
        assert types(queue, identifier, "--yes")[0] == 0
        chain.mine(deltatime=DELAY)
        return identifier

    return pass_through


# A proposal's life


def test_execute__proposed_voted_queued_and_waited_for__does_what_was_decided(decided, types, town, chain):
    status, said = types(queue, decided, "--yes", by="TEST::4")
    assert status == 0, said
    assert re.search("queued: anybody can execute it in (2 hours|1 hour 59 minutes)", said)
    chain.mine(deltatime=DELAY)
    status, said = types(execute, decided[:20], "--yes", by="TEST::4")
    assert status == 0, said
    assert "\nexecuted\n" in said
    assert (town.model.owner(), town.model.live()) == (town.timelock, 2)


def test_propose__two_actions_of_which_one_needs_the_other__both_are_shown_and_would_work(types, town):
    newest = town.token.provider.web3.eth.block_number
    actions = ["--action", f"{town.model} accept_ownership", "--action", f"{town.model} promote 2"]
    status, said = types(propose, *actions, "--description", "Version 2\nreads better", "--dry-run")
    assert status == 0, said
    assert said.splitlines() == [
        "  Version 2",
        "  reads better",
        "1. accept model digits",
        f"   {town.model} accept_ownership()",
        "2. promote version 2 of model digits",
        f"   {town.model} promote(version=2)",
        "action 1 would work now",
        "action 2 would work now",
        "dry run: nothing was sent",
    ]
    assert town.token.provider.web3.eth.block_number == newest


def test_propose__an_action_that_would_fail__says_why(types, town):
    actions = ["--action", f"{town.model} promote 2", "--action", f"{STRANGER} poke(uint256) 1"]
    _, said = types(propose, *actions, "--description", "Now", "--dry-run", by="")
    assert "action 1 would fail now: model: not the owner" in said
    assert "action 2 would fail now: nothing is there, so it does nothing" in said


def test_propose__asked_and_refused__sends_nothing(types, town, dao):
    arguments = ("--action", f"{town.model} accept_ownership", "--description", "Take it over")
    status, said = types(propose, *arguments, says="n\n")
    assert (status, "Propose this?" in said) == (1, True)
    assert list(dao.proposals()) == []


def test_propose__by_somebody_without_votes__says_how_to_get_them(types, town):
    arguments = ("--action", f"{town.model} accept_ownership", "--description", "Take it over", "--yes")
    status, said = types(propose, *arguments, by="TEST::3")
    assert status == 1
    assert "a proposer needs 100 votes, you have 0; delegate your 50 first: `ape run vote --delegate`" in said
    status, said = types(propose, *arguments, by="TEST::4")
    assert (status, "you have 0; let others delegate theirs to you" in said) == (1, True)


def test_propose__the_same_again__refused(proposed, types, town):
    actions = (f"{town.model} accept_ownership", f"{town.model} promote 2")
    options = [option for action in actions for option in ("--action", action)]
    status, said = types(propose, *options, "--description", "Version 2 reads better", "--yes")
    assert (status, f"this has been proposed, as {proposed}" in said) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--description", "Nothing"], "a proposal has to do something"),
        (["--action", "timelock updateDelay 1"], "say in a description what it is for"),
        (["--action", "timelock updateDelay 1", "--description", "@absent"], "cannot read absent"),
    ],
)
def test_propose__nothing_to_do_or_nothing_said__refused(types, arguments, says):
    status, said = types(propose, *arguments, "--yes")
    assert (status, says in said) == (1, True)


# Votes


def test_vote__before_it_begins__says_when(proposed, types):
    status, said = types(vote, proposed, "for", "--yes")
    assert status == 1
    assert re.search(r"not yet: voting starts in (1 minute|\d\d seconds)", said)


def test_vote__twice_without_votes_and_too_late__refused(proposed, types, chain):
    chain.mine(deltatime=VOTING_DELAY + 1)
    status, said = types(vote, proposed, "abstain", "--reason", "No opinion", "--yes")
    assert (status, "for 0, against 0, abstaining 300\nquorum 100, reached" in said) == (0, True)
    status, said = types(vote, proposed, "for", "--yes")
    assert (status, "you have voted on this" in said) == (1, True)
    status, said = types(vote, proposed, "for", "--yes", by="TEST::3")
    assert status == 1
    assert "they had to be yours when the vote began. For the next delegate your 50 first" in said
    chain.mine(deltatime=VOTING_PERIOD)
    status, said = types(vote, proposed, "for", "--yes", by="TEST::2")
    assert (status, "too late: it was defeated" in said) == (1, True)


def test_vote__divided__casts_the_shares_and_leaves_the_rest(proposed, types, town, chain):
    chain.mine(deltatime=VOTING_DELAY + 1)
    status, said = types(vote, proposed, "--for", "50.5%", "--against", "20 %", "--reason", "Torn", "--yes")
    assert status == 0, said
    assert "\nyou cast 151.5 for, 60 against and 0 abstaining, of 300 that you have left\n" in said
    assert "for 151.5, against 60, abstaining 0" in said
    status, said = types(vote, proposed, "--abstain", "29.51%", "--yes")
    assert (status, "that is 88.53 votes, and you have 88.5 left" in said) == (1, True)
    status, said = types(vote, proposed, "--abstain", "10%", "--dry-run")
    assert (status, "0 for, 0 against and 30 abstaining, of 88.5 that" in said) == (0, True)
    status, said = types(vote, proposed, "abstain", "--yes")
    assert (status, "for 151.5, against 60, abstaining 88.5" in said) == (0, True)
    status, said = types(vote, proposed, "--for", "1%", "--yes")
    assert (status, "you have voted on this" in said) == (1, True)
    assert town.governor.usedVotes(int(proposed), town.proposer) == 300 * ETHER


@pytest.mark.parametrize(
    ("shares", "code", "says"),
    [
        (["--for", "60%", "--against", "41%"], 1, "these shares are more than the whole"),
        (["--for", "0%"], 1, "these shares are not even one vote"),
        (["--for", "101%"], 2, "is more than the whole"),
        (["--for", "60"], 2, "a share, such as '2.5 %'"),
        (["for", "--against", "40%"], 2, "say on what and how"),
    ],
)
def test_vote__divided_as_nobody_can__is_refused(proposed, types, chain, shares, code, says):
    chain.mine(deltatime=VOTING_DELAY + 1)
    status, said = types(vote, proposed, *shares, "--yes")
    assert (status, says in said) == (code, True), said


def test_vote__divided_by_nobody_in_particular__asks_who(proposed, types, chain):
    chain.mine(deltatime=VOTING_DELAY + 1)
    status, said = types(vote, proposed, "--for", "60%", "--dry-run", by="")
    assert (status, "shares are of its votes" in said) == (2, True)


@pytest.mark.parametrize("votes", [1, 2, 3, 7, 10**18 + 1])
@pytest.mark.parametrize("shares", [(3_333, 3_333, 3_334), (1, 9_998, 1), (5_000, 0, 5_000), (0, 0, 10_000)])
def test_divided__shares_of_the_whole__leave_nothing(votes, shares):
    parts = divided(dict(zip(Support, shares, strict=True)), votes)
    assert sum(parts) == votes
    assert all(abs(part - votes * share / 10_000) <= 1 for part, share in zip(parts, shares, strict=True))
    sizes = [int.from_bytes(parts.params[i : i + 16], "big") for i in (0, 16, 32)]
    assert sizes == [parts.against, parts.favour, parts.abstaining]


def test_divided__more_than_a_ballot_can_say__is_refused():
    assert divided({Support.FOR: 5_000}, 2**129 - 1).favour == 2**128 - 1
    with pytest.raises(GovernanceError, match="do not fit one ballot"):
        divided({Support.FOR: 5_000}, 2**129)


def test_vote__delegated_to_oneself__counts_from_the_next_proposal_on(types, town, proposed):
    status, said = types(vote, "--delegate", "--yes", by="TEST::3")
    assert (status, f"{town.idler} has 50 votes" in said) == (0, True)
    status, said = types(vote, "--delegate", town.voter.address, "--dry-run", by="TEST::3")
    assert (status, town.token.delegates(town.idler)) == (0, town.idler)


def test_vote__neither_id_nor_delegate__asks(types, proposed):
    status, said = types(vote)
    assert (status, "say on what and how" in said) == (2, True)


# Too early


def test_queue__while_it_is_voted_on__says_when(proposed, types, chain):
    chain.mine(deltatime=VOTING_DELAY + 1)
    status, said = types(queue, proposed, "--yes")
    assert status == 1
    assert re.search("not yet: voting ends in (10 minutes|9 minutes \\d\\d seconds)", said)


def test_execute__not_queued_or_not_waited_for__says_what_comes_first(decided, types):
    status, said = types(execute, decided, "--yes")
    assert (status, "not yet: it has to be queued first, with `ape run queue`" in said) == (1, True)
    types(queue, decided, "--yes")
    status, said = types(execute, decided, "--yes")
    assert status == 1
    assert re.search("not yet: the timelock lets it through in (2 hours|1 hour 59 minutes)", said)
    status, said = types(queue, decided, "--yes")
    assert (status, "the next step is `ape run execute`" in said) == (1, True)


def test_execute__a_call_that_fails_by_now__is_not_even_sent(types, town, chain, decide):
    identifier = decide(f"{town.model} promote 2")  # which the timelock has not accepted
    newest = chain.provider.web3.eth.block_number
    status, said = types(execute, identifier, "--yes")
    assert status == 1
    assert "action 1 would fail now: model: not the owner" in said
    assert "the contract refuses to execute: model: not the owner" in said
    assert chain.provider.web3.eth.block_number == newest


# Everything by name


def test_propose__a_version_from_its_artifact_in_a_file__is_published_with_its_root(
    types, town, dao, tmp_path
):
    file = tmp_path / "actions.yaml"
    file.write_text(
        f"""
description: Publish, and let the treasury pay for it
actions:
  - target: "{town.model}"
    call: accept_ownership
  - target: "{town.model}"
    call: publish
    arguments:
      - artifact: {PROGRAM}
        location: ipfs://third
        bond: 0.25 ether
        window: 10 minutes
        royalty: 5 %
  - target: "{STRANGER}"
    value: 0.5 ether
"""
    )
    actions, description = dao.actions.in_a_file(file)
    root = load(PROGRAM).root
    status, said = types(propose, "--file", str(file), "--dry-run")
    assert status == 0, said
    assert f"2. publish a version of model digits, its program 0x{root.hex()}" in said
    assert f"3. send 0.5 ether to {STRANGER}" in said
    lacking = f"{ETHER // 2} wei are sent by then, and there are 0"
    assert f"action 2 would work now\naction 3 would fail now: {lacking}" in said
    town.deployer.transfer(town.timelock, ETHER)
    _, said = types(propose, "--file", str(file), "--dry-run")
    assert "action 3 would work now" in said
    assert description == "Publish, and let the treasury pay for it"
    assert actions[2].value == ETHER // 2
    arbiter = Deployment.read(town.manifest).arbiters[0]
    version = version_of(
        PROGRAM, location="ipfs://third", arbiter=arbiter, royalty_bps=500, min_bond=ETHER // 4, window=600
    )
    assert actions[1].data == town.model.publish.encode_input(version)


def test_propose__an_action_on_the_governor_itself__can_only_be_executed_and_then_works(types, town, decide):
    action = "governor setVotingDelay '2 minutes'"
    _, said = types(propose, "--action", action, "--description", "Think longer", "--dry-run")
    assert "1. let votes begin 120 after the proposal" in said
    assert "action 1 can be tried by executing it alone" in said
    assert types(execute, decide(action), "--yes")[0] == 0
    assert town.governor.votingDelay() == 120


# A DAO of the factory


@pytest.fixture
def founds(town, project, chain):
    """`founds()`: another DAO, made by the network's factory."""
    factory = project.DaoFactory.at(Deployment.read(town.manifest).address("DaoFactory"))

    def create():
        token = ("Seats", "SEAT", town.proposer, 1_000 * ETHER, False)
        rules = (VOTING_DELAY, VOTING_PERIOD, 0, QUORUM, 0, DELAY)
        seats = [(1, town.voter), (2, town.idler)]
        council = (chain.pending_timestamp + 86_400, 2, seats)
        factory.create(("Guild", NOBODY, token, True, rules, council), sender=town.stranger)
        return factory.daos(factory.count() - 1)

    return create


def test_propose__without_a_governor__means_the_only_dao_of_the_network(types, founds):
    arguments = ("--action", "council set_quorum 3", "--description", "Three", "--dry-run")
    status, said = types(propose, *arguments, governor=None)
    assert (status, "name the DAO: --governor" in said) == (1, True)
    founds()
    status, said = types(propose, *arguments, governor=None)
    assert status == 0, said
    assert "1. let the Council act by 3 approvals" in said
    founds()
    assert types(propose, *arguments, governor=None)[0] == 1


def test_propose__on_the_council__is_told_in_words(types, founds, town):
    created = founds()
    lines = [
        f"council seat 2 4 {town.stranger.address}",
        "council renew 2000000000",
        f"{created.token} burn 1",
    ]
    options = [option for line in lines for option in ("--action", line)]
    status, said = types(
        propose, *options, "--description", "More", "--dry-run", governor=created.governor, by=""
    )
    assert status == 0, said
    assert f"1. give seat 2 of the Council, for users, to {town.stranger.address}" in said
    assert "2. let the powers of the Council last until 2033-05-18 03:33 UTC" in said
    assert "3. call burn of the Token" in said
    assert "action 2 would fail now: council: " in said
    assert "action 3 would fail now: ERC20InsufficientBalance(" in said


# In the log


def test_proposals__more_than_a_stride_of_blocks_ago__found(proposed, dao, monkeypatch):
    monkeypatch.setattr("scripts._governance.proposals.STRIDE", 2)
    dao.provider.mine(5)
    found = dao.proposal(proposed)
    assert (str(found.id), dao.state(found), len(found.actions)) == (proposed, State.PENDING, 2)
