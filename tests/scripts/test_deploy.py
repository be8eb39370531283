"""The deployment script: what it writes is what the chain says, and whatever goes wrong, nothing is lost."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from eth_utils import keccak

from executor.chain.creation import arbiters, plan
from executor.chain.deployment import Deployment as Manifest
from scripts import _creation, deploy
from scripts._creation import DeploymentStoppedError
from scripts._manifest import Unfinished, unfinished_path
from scripts._network import DEPLOYMENTS
from scripts._parameters import Parameters, ParametersError

ROOT = DEPLOYMENTS.parent
LOCAL = DEPLOYMENTS / "params" / "local.yaml"
FEED, OWNER = "0x" + "11" * 20, "0x" + "22" * 20


@pytest.fixture(scope="module")
def deployer(accounts):
    return accounts[0]


@pytest.fixture
def parameters() -> Parameters:
    return Parameters.read(LOCAL)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "local.json"


@pytest.fixture
def deployed(project, deployer, parameters, path) -> Manifest:
    deploy.deploy_network(project, deployer, parameters, path)
    return Manifest.read(path)


def changed(tmp_path: Path, **changes: object) -> Path:
    """A copy of the local parameters with other values; `network__fee` is a key of the network's."""
    content = yaml.safe_load(LOCAL.read_text())
    for key, value in changes.items():
        section, _, inner = key.partition("__")
        if inner:
            content[section][inner] = value
        elif value is None:
            del content[key]
        else:
            content[key] = value
    file = tmp_path / "changed.yaml"
    file.write_text(yaml.safe_dump(content))
    return file


# The manifest


def test_deploy_network__fresh_chain__manifest_names_the_code_that_is_there(chain, deployed):
    for name, contract in deployed.contracts.items():
        receipt = chain.provider.web3.eth.get_transaction_receipt(contract.transaction)
        assert receipt["contractAddress"] == contract.address, name
        assert receipt["blockNumber"] == contract.block, name
        assert "0x" + keccak(bytes(chain.provider.get_code(contract.address))).hex() == contract.code_hash
    assert deployed.chain_id == chain.chain_id
    assert deployed.network == "local"
    assert deployed.compiler.version == "0.4.3"
    assert deployed.start == deployed.contracts["Inputs"].block


def test_deploy_network__fresh_chain__contracts_name_each_other(project, deployed):
    def at(name: str):
        return getattr(project, name).at(deployed.address(name))

    market, vault, challenges = at("Market"), at("StakeVault"), at("Challenges")
    references = [
        (market.network(), "Network"),
        (market.vault(), "StakeVault"),
        (market.inputs(), "Inputs"),
        (market.orders(), "Orders"),
        (market.challenges(), "Challenges"),
        (at("Network").market(), "Market"),
        (at("Orders").market(), "Market"),
        (vault.market(), "Market"),
        (vault.challenges(), "Challenges"),
        (vault.asset(), "WrappedNative"),
        (challenges.market(), "Market"),
        (at("Registry").market(), "Market"),
        (at("Registry").blueprint(), "Model"),
        (at("Dispute").challenges(), "Challenges"),
        (at("Dispute").referee(), "Referee"),
        (at("DaoFactory").registry(), "Registry"),
        *zip(at("DaoFactory").blueprints(), ("Token", "Timelock", "Governor", "Council"), strict=True),
    ]
    assert [(found, name) for found, name in references if found != deployed.address(name)] == []
    assert deployed.bond_asset == vault.asset()
    assert deployed.arbiters == (deployed.address("Dispute"), deployed.address("MockArbiter"))


def test_plan__of_a_public_network__has_the_judge_and_no_stand_in(deployer, parameters):
    arguments = {"owner": OWNER, "bond_asset": FEED, "unbonding_seconds": 1, "parameters": ()}
    creations = plan(str(deployer), 5, **arguments)
    at = {creation.name: creation for creation in creations}
    assert len(at) == len(creations) == 15
    assert arbiters(creations) == (at["Dispute"].address,)
    assert at["Dispute"].arguments == (at["Challenges"].address, at["Referee"].address)
    assert "MockArbiter" not in at


def test_deploy_network__fresh_chain__parameters_are_those_of_the_file(
    project, deployer, deployed, parameters
):
    network = project.Network.at(deployed.address("Network"))
    vault = project.StakeVault.at(deployed.address("StakeVault"))
    assert network.owner() == deployer
    assert tuple(network.parameters()) == parameters.network.encoded()
    assert vault.unbonding_seconds() == parameters.unbonding

    stated = deployed.contracts["Network"].parameters
    assert stated["owner"] == deployer
    assert {key: int(value) for key, value in stated["parameters"].items()} == dict(
        zip(stated["parameters"], parameters.network.encoded(), strict=True)
    )
    assert stated["parameters"]["penalty"] == "2000000000000000"
    assert deployed.contracts["StakeVault"].parameters["unbonding_seconds"] == parameters.unbonding


def test_deploy_network__fresh_chain__registry_creates_models(project, accounts, deployed):
    registry = project.Registry.at(deployed.address("Registry"))
    terms = (b"\x01" * 32, deployed.arbiters[0], _creation.NOBODY, 0, 10**17, 60, 64, 32, False)
    version = (terms, "ipfs://program", b"\x02" * 32, b"\x03" * 32)
    registry.create_model("digits", accounts[1], accounts[1], version, sender=accounts[1])
    model = project.Model.at(registry.models(0))
    assert model.market() == deployed.address("Market")
    assert model.owner() == accounts[1]


def test_cli__a_running_node__writes_the_manifest_and_then_refuses(chain, path, monkeypatch):
    monkeypatch.setenv("APE_FOUNDRY_HOST", chain.provider.http_uri)
    command = ["ape", "run", "deploy", "--network", "ethereum:local:foundry"]
    command += ["--params", str(LOCAL), "--manifest", str(path)]

    first = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert first.returncode == 0, first.stderr
    market = Manifest.read(path).address("Market")
    assert market in first.stdout
    assert chain.provider.get_code(market)

    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert second.returncode == 1
    assert "another deployment's: overwrite it with --replace" in second.stderr


# Other people's deployments


def test_deploy_network__manifest_is_there__refuses_and_sends_nothing(
    project, deployer, parameters, path, deployed
):
    before, nonce = path.read_text(), deployer.nonce
    with pytest.raises(DeploymentStoppedError, match="another deployment's: overwrite it with --replace"):
        deploy.deploy_network(project, deployer, parameters, path)
    assert (path.read_text(), deployer.nonce) == (before, nonce)


def test_deploy_network__replace__writes_the_new_one(project, deployer, parameters, path, deployed):
    again = deploy.deploy_network(project, deployer, parameters, path, replace=True)
    assert Manifest.read(path) == again
    assert again.address("Market") != deployed.address("Market")


# Stopped in the middle


@pytest.fixture
def stopped(project, deployer, parameters, path, monkeypatch) -> Path:
    """A deployment whose connection broke before Orders was sent."""

    def broken(project, deployer, creation, sent):
        if creation.name == "Orders":
            raise ConnectionError("the node is gone")
        create(project, deployer, creation, sent)

    create = _creation.create
    with monkeypatch.context() as patched:
        patched.setattr(_creation, "create", broken)
        with pytest.raises(ConnectionError):
            deploy.deploy_network(project, deployer, parameters, path)
    return path


def test_deploy_network__stopped__resumes_where_it_was(project, deployer, parameters, stopped):
    nonce = deployer.nonce
    manifest = deploy.deploy_network(project, deployer, parameters, stopped, resume=True)
    # Orders to Registry, Referee, Dispute, four more blueprints, DaoFactory, MockArbiter
    assert deployer.nonce == nonce + 13
    market = project.Market.at(manifest.address("Market"))
    assert market.network() == manifest.address("Network")
    assert market.orders() == manifest.address("Orders")
    assert not unfinished_path(stopped).exists()


def test_deploy_network__stopped_after_a_lost_transaction__names_the_mined_one(
    project, deployer, parameters, stopped
):
    note = Unfinished.model_validate_json(unfinished_path(stopped).read_text())
    (mined,) = note.transactions["Network"]
    note.transactions["Network"] = ["0x" + "ab" * 32, mined]
    note.write(unfinished_path(stopped))
    manifest = deploy.deploy_network(project, deployer, parameters, stopped, resume=True)
    assert manifest.contracts["Network"].transaction == mined


def test_deploy_network__stopped__says_what_was_sent(stopped):
    said = deploy._progress(stopped)
    assert "Network 0x" in said
    assert "Orders" not in said
    assert "--resume" in said
    assert not stopped.exists()


def test_deploy_network__stopped__does_not_silently_start_anew(project, deployer, parameters, stopped):
    with pytest.raises(DeploymentStoppedError, match="unfinished: go on with --resume"):
        deploy.deploy_network(project, deployer, parameters, stopped)


def test_deploy_network__stopped_then_nonce_used__refuses_to_resume(project, deployer, parameters, stopped):
    deployer.transfer(deployer, 0)
    with pytest.raises(DeploymentStoppedError, match="it sent other transactions meanwhile"):
        deploy.deploy_network(project, deployer, parameters, stopped, resume=True)


def test_deploy_network__stopped_then_other_parameters__refuses_to_resume(
    project, deployer, tmp_path, stopped
):
    other = Parameters.read(changed(tmp_path, unbonding="3 days"))
    with pytest.raises(DeploymentStoppedError, match="began with other arguments"):
        deploy.deploy_network(project, deployer, other, stopped, resume=True)


def test_deploy_network__nothing_stopped__refuses_to_resume(project, deployer, parameters, path):
    with pytest.raises(DeploymentStoppedError, match="nothing to resume"):
        deploy.deploy_network(project, deployer, parameters, path, resume=True)


# Parameters that must not reach a chain


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"network__fee": 2.5}, "network.fee: 2.5 is not a share, such as '2.5 %'"),
        ({"network__fee": "0.001 %"}, "network.fee: '0.001 %' is no whole number of hundredths of a percent"),
        ({"network__fee": "101 %"}, "network.fee: '101 %' is more than the whole"),
        ({"network__bounty": "0.01"}, "network.bounty: '0.01' is not an amount, such as '0.05 ether'"),
        ({"network__bounty": "0.5 wei"}, "network.bounty: '0.5 wei' is no whole number of wei"),
        ({"network__min_window": "1m"}, "network.min_window: '1m' is not a time, such as '10 minutes'"),
        ({"network__max_attempts": "5"}, "network.max_attempts: Input should be a valid integer"),
        ({"network__fees": "1 %"}, "network.fees: Extra inputs are not permitted"),
        ({"owner": None}, "owner: Field required"),
        ({"owner": 0x1111}, "owner: 4369 is no address: write '0x...' in quotes"),
        ({"owner": "0x" + "00" * 20}, "owner: is the zero address"),
        ({"owner": "0x" + "aB" * 20}, "has a wrong checksum"),
        ({"bond_asset": "weth"}, "bond_asset: 'weth' is no address"),
        ({"unbonding": "1 hour"}, "unbonding is 3600 seconds; a window and its dispute last 3660"),
        ({"force_inclusion": "1 minute"}, "network.min_window is 60 seconds; twice the force-inclusion"),
        ({"force_inclusion": "16 seconds"}, "network.min_result_time is 30 seconds"),
        (
            {"force_inclusion": "15 seconds", "network__ruling_time": "99 seconds"},
            "network.ruling_time leaves each side of a dispute 29 seconds for its moves; twice the",
        ),
    ],
)
def test_read__a_mistake__names_the_key_and_what_to_write(tmp_path, changes, says):
    with pytest.raises(ParametersError) as refusal:
        Parameters.read(changed(tmp_path, **changes))
    assert says in str(refusal.value)


def test_read__a_side_s_clock_of_twice_the_force_inclusion_delay__is_enough(tmp_path):
    just = changed(tmp_path, force_inclusion="15 seconds", network__ruling_time="100 seconds")
    assert Parameters.read(just).network.ruling_time == 100


def test_read__no_such_file__says_so(tmp_path):
    with pytest.raises(ParametersError, match="cannot read"):
        Parameters.read(tmp_path / "absent.yaml")


def test_require_public__stand_ins__refused(parameters):
    with pytest.raises(ParametersError, match="owner: 'deployer' is for local networks"):
        parameters.require_public()


def test_deploy_network__contract_refuses_parameters__nothing_is_sent(project, deployer, tmp_path, path):
    nonce = deployer.nonce
    dear = Parameters.read(changed(tmp_path, network__fee="11 %"))
    with pytest.raises(ParametersError, match="network: fee too high"):
        deploy.deploy_network(project, deployer, dear, path)
    assert deployer.nonce == nonce
    assert not unfinished_path(path).exists()


def test_deploy_network__no_contract_at_the_feed__nothing_is_sent(project, deployer, tmp_path, path):
    nonce = deployer.nonce
    blind = Parameters.read(changed(tmp_path, uptime_feed=FEED))
    with pytest.raises(ParametersError, match="uptime_feed: there is no contract at"):
        deploy.deploy_network(project, deployer, blind, path)
    assert deployer.nonce == nonce
    assert not unfinished_path(path).exists()
