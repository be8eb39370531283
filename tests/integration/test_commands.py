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
