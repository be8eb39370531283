"""`ape run model` and `ape run stake`: what an owner and a staker type, on a network that was deployed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ape.cli import ConnectedProviderCommand
from click.testing import CliRunner
from eth_utils import keccak

from executor.chain.deployment import Deployment
from executor.program import load
from scripts import deploy, model, stake
from scripts._demo.drawings import HELD_OUT, PROGRAM
from scripts._network import DEPLOYMENTS
from scripts._parameters import Parameters

VERSION = [str(PROGRAM), "--location", "ipfs://digits", "--bond", "0.1 ether", "--window", "2 minutes"]
OF_CONNECTING = {"ecosystem", "network", "provider", "provider_settings"}  # what Ape adds and keeps to itself
ETHER = 10**18


@pytest.fixture
def manifest(project, accounts, tmp_path) -> Path:
    path = tmp_path / "local.json"
    parameters = Parameters.read(DEPLOYMENTS / "params" / "local.yaml")
    deploy.deploy_network(project, accounts[0], parameters, path)
    return path


@pytest.fixture
def types(manifest, chain, monkeypatch):
    """`types(command, name, *arguments)`: its exit status and everything it says.

    Ape would start another node for every command; here each gets the provider that the test has.
    """

    def connected(command, context):
        for option in OF_CONNECTING & set(context.params):
            del context.params[option]
        return context.invoke(command.callback, provider=chain.provider, **context.params)

    monkeypatch.setattr(ConnectedProviderCommand, "invoke", connected)

    def run(command, name: str, *arguments: str, account: str = "TEST::0") -> tuple[int, str]:
        options = ["--deployment", str(manifest), "--account", account]
        result = CliRunner().invoke(command.cli, [name, *options, *arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    return run


@pytest.fixture
def digits(types, project):
    """A model that was created by the command."""
    status, said = types(model, "create", "digits", *VERSION, "--royalty", "5 %", "--report", str(HELD_OUT))
    assert status == 0, said
    return project.Model.at(re.search(r"model (0x\w{40})", said)[1])


def test_create__an_artifact__its_root_and_sizes_are_the_terms(digits, accounts):
    program, version = load(PROGRAM), digits.version(1)
    assert digits.live() == 1
    assert digits.owner() == digits.guardian() == accounts[0]
    assert bytes(version.terms.program_root) == program.root
    assert (version.terms.input_size, version.terms.output_size) == (64, 32)
    assert (version.terms.royalty_bps, version.terms.min_bond, version.terms.window) == (
        500,
        ETHER // 10,
        120,
    )
    assert bytes(version.schema) == keccak(b"int8[8,8] -> int32[8]")
    assert bytes(version.report) == keccak(HELD_OUT.read_bytes())


def test_create__no_arbiter_named__the_network_s_judge_decides(digits, types, manifest, project):
    deployment = Deployment.read(manifest)
    assert digits.version(1).terms.arbiter == deployment.address("Dispute")
    stand_in = deployment.address("MockArbiter")
    assert types(model, "publish", digits.address, *VERSION, "--arbiter", stand_in)[0] == 0
    assert digits.version(2).terms.arbiter == stand_in


def test_create__a_network_without_an_arbiter__asks_for_one(types, manifest):
    without = Deployment.read(manifest).model_copy(update={"arbiters": ()})
    without.write(manifest)
    status, said = types(model, "create", "digits", *VERSION)
    assert status == 2
    assert "name the arbiter with --arbiter: the deployment has none" in said


def test_versions__published_promoted_rolled_back_revoked_paused__the_model_says_so(digits, types):
    at = digits.address
    assert types(model, "publish", at, *VERSION)[0] == 0
    assert (digits.versions(), digits.live()) == (2, 1)
    assert types(model, "promote", at, "2")[0] == 0
    assert digits.live() == 2
    assert types(model, "rollback", at, "1")[0] == 0
    assert digits.live() == 1
    assert types(model, "revoke", at, "2", "--yes")[0] == 0
    assert types(model, "pause", at)[0] == 0
    assert digits.paused()
    status, said = types(model, "show", at)
    assert status == 0
    assert "paused" in said
    assert re.search(r"1  live .* ipfs://digits", said)
    assert re.search(r"2  revoked", said)
    assert types(model, "unpause", at)[0] == 0
    assert not digits.paused()


def test_canary__shown_changed_and_withdrawn__the_model_says_so(digits, types):
    at = digits.address
    assert types(model, "publish", at, *VERSION)[0] == 0
    status, said = types(model, "canary", at, "2", "5 %")
    assert (status, "version 2 answers 5 % of requests that pin none" in said) == (0, True)
    assert (digits.candidate(), digits.share()) == (2, 500)
    status, said = types(model, "show", at)
    assert (status, "canary: version 2 answers 5 % of requests" in said) == (0, True)
    assert re.search(r"2  candidate", said)
    status, said = types(model, "withdraw", at)
    assert (status, "version 2 is published only" in said, digits.candidate()) == (0, True, 0)
    status, said = types(model, "withdraw", at)
    assert (status, "model: no candidate" in said) == (1, True)


def test_probe__files__are_declared_by_their_hashes(digits, types, tmp_path):
    assert types(model, "publish", digits.address, *VERSION)[0] == 0
    question, answer = tmp_path / "question", tmp_path / "answer"
    question.write_bytes(b"\x07")
    answer.write_bytes(bytes(32))
    words = digits.address, "2", str(question), str(answer)
    status, said = types(model, "probe", *words)
    assert status == 0, said
    assert bytes(digits.probe(2, keccak(b"\x07"))) == keccak(bytes(32))
    answer.write_bytes(bytes(31))
    status, said = types(model, "probe", *words)
    assert status == 1
    assert "gives 32 bytes of output, not 1 and 31" in said


def final_answer(digits, project, manifest, accounts, chain, types):
    """A request to the model, answered by accounts[3] and final."""
    deployment = Deployment.read(manifest)
    market = project.Market.at(deployment.address("Market"))
    assert types(stake, "deposit", "2 ether", account="TEST::3")[0] == 0
    live, seconds, nobody, price = 2**32 - 1, 600, "0x" + "00" * 20, 10**15
    offer = (live, seconds, nobody, 0, 0, nobody, price, price, 0, seconds, seconds, ETHER)
    receipt = digits.request(offer, bytes(64), value=price, sender=accounts[6])
    (opened,) = receipt.decode_logs(market.Opened)
    request = tuple(opened.request)
    market.claim([request], sender=accounts[3])
    (posted,) = market.post([request], bytes(32), sender=accounts[3]).decode_logs(market.Posted)
    chain.mine(deltatime=seconds)
    market.finalize([(request, posted.work, keccak(bytes(32)))], b"", sender=accounts[3])


def test_trip__answers_that_the_hook_rejects__by_anybody(types, project, manifest, accounts, chain):
    hook = project.MockHook.deploy(sender=accounts[0])
    status, said = types(model, "create", "digits", *VERSION, "--hook", hook.address)
    digits = project.Model.at(re.search(r"model (0x\w{40})", said)[1])
    at = digits.address
    status, said = types(model, "trip", at, "--yes", account="TEST::5")
    assert (status, "the model has no breaker" in said) == (1, True)
    status, said = types(model, "breaker", at, "1", "--volume", "1 wei")
    assert "breaker: 1 rejected answer, or one failed probe, for 1 wei; then the model pauses" in said
    status, said = types(model, "trip", at, "--yes", account="TEST::5")
    assert (status, "are not enough to trip a version" in said) == (1, True)

    hook.misbehave(0, 1, sender=accounts[0])  # it refuses every output
    final_answer(digits, project, manifest, accounts, chain, types)
    status, said = types(model, "trip", at, account="TEST::5")
    assert (status, digits.live()) == (1, 1)  # asked, and nobody said yes
    status, said = types(model, "trip", at, "--yes", account="TEST::5")
    assert status == 0, said
    assert "1 final answer against version 1" in said
    assert "version 1 tripped; the model is paused" in said
    assert (digits.live(), digits.paused()) == (0, True)
    assert "paused until its owner unpauses" in types(model, "show", at)[1]


def test_pause__by_a_guardian__says_until_when(digits, types, accounts):
    digits.set_guardian(accounts[2], sender=accounts[0])
    status, said = types(model, "pause", digits.address, account="TEST::2")
    assert status == 0
    assert re.search(r"paused until 20\d\d-\d\d-\d\d \d\d:\d\d UTC\n", said)


def test_promote__by_a_stranger__the_contract_s_reason_is_told(digits, types):
    status, said = types(model, "promote", digits.address, "1", account="TEST::1")
    assert status == 1
    assert "model: not the owner" in said


def test_show__no_contract_there__says_so(types):
    status, said = types(model, "show", "0x" + "11" * 20)
    assert (status, "there is no contract at 0x1111" in said) == (1, True)


def test_create__a_file_that_is_no_artifact__refused(types):
    status, said = types(model, "create", "digits", str(HELD_OUT), *VERSION[1:])
    assert status == 1
    assert "version: " in said


def test_deposit_unbond_withdraw__stake__moves(types, project, manifest, accounts, chain):
    status, said = types(stake, "deposit", "2 ether", account="TEST::3")
    assert status == 0, said
    assert "free 2.000000 ether, locked 0.000000 ether" in said
    status, said = types(stake, "unbond", "0.5 ether", account="TEST::3")
    assert "free 1.500000 ether, locked 0.000000 ether, unbonding 0.500000 ether" in said
    chain.mine(deltatime=3 * 86_400)
    status, said = types(stake, "withdraw", account="TEST::3")
    assert (status, "unbonding" in said) == (0, False)


def test_operator__proposed__may_accept(types, project, manifest, accounts):
    vault = project.StakeVault.at(Deployment.read(manifest).address("StakeVault"))
    assert types(stake, "deposit", "1 ether", account="TEST::4")[0] == 0
    assert types(stake, "operator", accounts[5].address, account="TEST::4")[0] == 0
    vault.accept_operator(accounts[4], sender=accounts[5])
    assert vault.capacity(accounts[5]) == ETHER
    assert types(stake, "operator", accounts[5].address, "--revoke", account="TEST::4")[0] == 0
    assert vault.capacity(accounts[5]) == 0


@pytest.mark.parametrize("amount", ["2", "0.1 eth", "1.5 wei"])
def test_deposit__an_amount_without_a_unit__refused(types, amount):
    status, said = types(stake, "deposit", amount)
    assert status == 2
    assert "Invalid value for 'AMOUNT'" in said
