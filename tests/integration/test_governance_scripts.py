"""`ape run propose | vote | queue | execute`: what members of a DAO type, from an idea to its deed."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from ape.cli import ConnectedProviderCommand
from ape.exceptions import APINotImplementedError
from click.testing import CliRunner

from executor.chain.deployment import Deployment
from executor.program import load
from scripts import deploy, execute, propose, queue, vote
from scripts._demo.drawings import PROGRAM
from scripts._governance.dao import Dao, lasting
from scripts._governance.names import GovernanceError
from scripts._governance.proposals import Proposal, State, chosen
from scripts._governance.rehearsal import rehearse
from scripts._network import DEPLOYMENTS
from scripts._parameters import Parameters
from scripts._version import version_of

ETHER = 10**18
NOBODY = "0x" + "00" * 20
STRANGER = "0x" + "11" * 20
VOTING_DELAY, VOTING_PERIOD, DELAY, QUORUM, THRESHOLD = 60, 600, 7_200, 10, 100 * ETHER
OF_CONNECTING = {"ecosystem", "network", "provider", "provider_settings"}  # what Ape adds and keeps to itself


@pytest.fixture(scope="module")
def town(project, accounts, tmp_path_factory) -> SimpleNamespace:
    """A network, a DAO of two members and a friend, and its model with a second version published."""
    deployer, proposer, voter, idler, stranger = accounts[:5]
    path = tmp_path_factory.mktemp("town") / "local.json"
    parameters = Parameters.read(DEPLOYMENTS / "params" / "local.yaml")
    manifest = deploy.deploy_network(project, deployer, parameters, path)

    token = deployer.deploy(project.Token, "Votes", "VOTE", True, deployer, deployer, 1_000 * ETHER)
    timelock = deployer.deploy(project.Timelock, DELAY, [], [NOBODY], deployer)
    governor = deployer.deploy(
        project.Governor, "House", token, timelock, VOTING_DELAY, VOTING_PERIOD, THRESHOLD, QUORUM, 0, NOBODY
    )
    for role in (timelock.PROPOSER_ROLE(), timelock.CANCELLER_ROLE()):
        timelock.grantRole(role, governor, sender=deployer)
    for member, votes in ((proposer, 300), (voter, 400), (idler, 50)):
        token.transfer(member, votes * ETHER, sender=deployer)
        if member != idler:
            token.invoke_transaction("delegate", member, sender=member)

    version = version_of(
        PROGRAM, location="ipfs://digits", arbiter=manifest.arbiters[0], royalty_bps=0, min_bond=1, window=120
    )
    registry = project.Registry.at(manifest.address("Registry"))
    registry.create_model("digits", deployer, deployer, version, sender=deployer)
    model = project.Model.at(registry.models(registry.count() - 1))
    model.publish(version, sender=deployer)
    model.transfer_ownership(timelock, sender=deployer)
    deployer.provider.mine(1)
    deployer.provider.set_timestamp(deployer.provider.get_block("latest").timestamp + 1)
    deployer.provider.mine(1)  # votes count from the second after
    return SimpleNamespace(
        manifest=path, token=token, timelock=timelock, governor=governor, model=model, registry=registry,
        deployer=deployer, proposer=proposer, voter=voter, idler=idler, stranger=stranger,
    )  # fmt: skip


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

    def run(command, *arguments: str, by: str = "TEST::1", says: str = "") -> tuple[int, str]:
        where = ["--deployment", str(town.manifest), "--governor", town.governor.address]
        who = ["--account", by] if by else []
        result = CliRunner().invoke(command.cli, [*where, *who, *arguments], input=says)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    return run


@pytest.fixture
def dao(town, chain, project) -> Dao:
    return Dao(project, chain.provider, Deployment.read(town.manifest), town.governor.address)


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


def test_propose__an_action_on_the_governor_itself__can_only_be_executed_and_then_works(types, town, chain):
    options = ("--action", "governor setVotingDelay '2 minutes'", "--description", "Think longer", "--yes")
    status, said = types(propose, *options)
    assert status == 0, said
    assert "1. let votes begin 120 after the proposal" in said
    assert "action 1 can be tried by executing it alone" in said
    identifier = re.search(r"^proposal (\d+)$", said, re.MULTILINE)[1]
    chain.mine(deltatime=VOTING_DELAY + 1)
    assert types(vote, identifier, "for", "--yes")[0] == 0
    chain.mine(deltatime=VOTING_PERIOD + 1)
    assert types(queue, identifier, "--yes")[0] == 0
    chain.mine(deltatime=DELAY)
    assert types(execute, identifier, "--yes")[0] == 0
    assert town.governor.votingDelay() == 120


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("timelock", "is no action: write 'TARGET FUNCTION ARGUMENTS...'"),
        ("timelock 'updateDelay", "is no action"),
        ("treasury updateDelay 1", "nothing is called treasury; there are Challenges, Dispute"),
        ("Model promote 2", "Model is a blueprint, which others are copied from: write an address"),
        ("timelock update 1", "update of timelock: there is none; there are cancel, execute"),
        ("timelock updateDelay", "updateDelay(uint256) takes 1, not 0 arguments"),
        ("timelock updateDelay soon", "'soon' is no uint256; units are"),
        ("timelock updateDelay '1.5 wei'", "is no uint256"),
        ("timelock updateDelay -1", "updateDelay(uint256): "),
        ("timelock grantRole 0x12 governor", "0x12 has 1 bytes, not those of bytes32"),
        ("timelock grantRole twelve governor", "'twelve' is no bytes32: write '0x...' in quotes"),
        (f"{STRANGER} promote 2", "we do not know this contract: write the types, such as promote(uint256)"),
        (f"{STRANGER} promote(uint 2", "it is no signature"),
        ("0x" + "aB" * 20 + " promote 2", "has a wrong checksum"),
        ("timelock scheduleBatch [] [] '{' 0x00 0x00 1", "'{' is no YAML"),
        ("timelock scheduleBatch [] [] 5 0x00 0x00 1", "5 is no bytes[]"),
    ],
)
def test_on_a_line__a_mistake__says_what_to_write(dao, line, says):
    with pytest.raises(GovernanceError) as refusal:
        dao.actions.on_a_line(line)
    assert says in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("actions: 1", "actions: "),
        ("actions: []\nauthor: me", "author: "),
        ("actions: [{target: timelock}]", "the action on timelock neither calls a function nor sends value"),
        ("actions: [{target: timelock, value: 1}]", "value: "),
        ("actions: [{target: timelock, call: updateDelay, arguments: [x]}]", "'x' is no uint256"),
        ("{", "while parsing"),
    ],
)
def test_in_a_file__a_mistake__names_the_file_and_says_what(dao, tmp_path, text, says):
    file = tmp_path / "actions.yaml"
    file.write_text(text)
    with pytest.raises(GovernanceError) as refusal:
        dao.actions.in_a_file(file)
    assert str(refusal.value).startswith(f"{file}: ")
    assert says in str(refusal.value)


def test_on_a_line__a_struct_of_a_stranger__is_encoded_by_its_signature(dao):
    action = dao.actions.on_a_line(
        f"{STRANGER} poke((uint256,bool)[],bytes2) '[[1, true], [2, false]]' 0x0102"
    )
    words = [action.data[4:][index : index + 32] for index in range(0, len(action.data) - 4, 32)]
    assert [int.from_bytes(word, "big") for word in words[2:]] == [2, 1, 1, 2, 0]
    assert words[1][:2] == b"\x01\x02"


def test_of__a_model_whose_name_commands_terminals__is_shown_without(town, dao):
    arbiter = Deployment.read(town.manifest).arbiters[0]
    version = version_of(PROGRAM, location="", arbiter=arbiter, royalty_bps=0, min_bond=1, window=120)
    town.registry.create_model(
        "digits\x1b[2J\n2", town.stranger, town.stranger, version, sender=town.stranger
    )
    hostile = town.registry.models(town.registry.count() - 1)
    assert dao.names.of(hostile) == "model digits?[2J?2"


# Ids


def test_chosen__beginnings_of_ids__only_if_one_is_meant():
    proposals = [Proposal((), f"number {number}") for number in range(400)]
    one = proposals[7]
    assert chosen(iter(proposals), str(one.id)) == one
    assert chosen(iter(proposals), hex(one.id)) == one
    assert chosen(iter(proposals), str(one.id)[:12]) == one
    assert chosen(iter(proposals), hex(one.id)[:12].upper().replace("X", "x")) == one
    with pytest.raises(GovernanceError, match="123 is too short for an id"):
        chosen(iter(proposals), "123")
    with pytest.raises(GovernanceError, match="the governor has no proposal 0x0000"):
        chosen(iter(proposals), "0x0000")
    twin = Proposal((), "number 7", proposer=STRANGER)
    with pytest.raises(GovernanceError, match=r"can be any of these:\n.*number 7\n.*number 7"):
        chosen(iter([twin, *proposals]), str(one.id)[:12])


def test_proposals__more_than_a_stride_of_blocks_ago__found(proposed, dao, monkeypatch):
    monkeypatch.setattr("scripts._governance.proposals.STRIDE", 2)
    dao.provider.mine(5)
    found = dao.proposal(proposed)
    assert (str(found.id), dao.state(found), len(found.actions)) == (proposed, State.PENDING, 2)


# The node


def test_rehearse__a_node_that_cannot_simulate__tries_each_call_alone(town, dao, monkeypatch):
    lines = (f"{town.model} accept_ownership", f"{town.model} promote 2")
    actions = [dao.actions.on_a_line(line) for line in lines]
    assert rehearse(dao.provider, town.timelock.address, actions) == ["", ""]
    asked = dao.provider.make_request

    def old(method, parameters):
        if method == "eth_simulateV1":
            raise APINotImplementedError(method)
        return asked(method, parameters)

    monkeypatch.setattr(type(dao.provider), "make_request", lambda _, *arguments: old(*arguments))
    first, second = rehearse(dao.provider, town.timelock.address, actions)
    assert (first, "model: not the owner" in second) == ("", True)


def test_dao__no_contract_there__says_so(town, chain, project):
    with pytest.raises(GovernanceError, match="there is no governor at 0x1111"):
        Dao(project, chain.provider, Deployment.read(town.manifest), STRANGER)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "no time"),
        (1, "1 second"),
        (61, "1 minute 1 second"),
        (7_200, "2 hours"),
        (93_784, "1 day 2 hours"),
    ],
)
def test_lasting__seconds__are_said_by_their_two_largest_units(seconds, words):
    assert lasting(seconds) == words
