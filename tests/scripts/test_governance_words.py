"""What people write and read about proposals: actions, addresses, ids, times, what a node makes of it."""

from __future__ import annotations

from string import Formatter

import pytest
from ape.exceptions import APINotImplementedError

from executor.chain.deployment import Deployment
from scripts._demo.drawings import PROGRAM
from scripts._governance.dao import Dao, lasting
from scripts._governance.names import GovernanceError
from scripts._governance.phrases import PHRASES
from scripts._governance.proposals import Proposal, chosen
from scripts._governance.rehearsal import rehearse
from scripts._version import version_of

STRANGER = "0x" + "11" * 20


# Actions


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("timelock", "is no action: write 'TARGET FUNCTION ARGUMENTS...'"),
        ("timelock 'updateDelay", "is no action"),
        ("treasury updateDelay 1", "nothing is called treasury; there are Challenges, DaoFactory, Dispute"),
        ("Model promote 2", "nothing is called Model"),
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


# Words


@pytest.mark.parametrize(("kind", "function"), PHRASES)
def test_phrases__each__speaks_of_a_function_and_of_its_arguments(project, kind, function):
    methods = getattr(project, kind).contract_type.mutable_methods
    known = {"target"} | {item.name for item in methods[function].inputs}
    named = {field for _, field, _, _ in Formatter().parse(PHRASES[kind, function]) if field}
    assert {field.partition(".")[0] for field in named} <= known
