"""A town in which a DAO owns a model, for the tests of what its members type."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from executor.chain.deployment import Deployment
from scripts import deploy
from scripts._demo.drawings import PROGRAM
from scripts._governance.dao import Dao
from scripts._network import DEPLOYMENTS
from scripts._parameters import Parameters
from scripts._version import version_of

ETHER = 10**18
NOBODY = "0x" + "00" * 20
VOTING_DELAY, VOTING_PERIOD, DELAY, QUORUM, THRESHOLD = 60, 600, 7_200, 10, 100 * ETHER


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
def dao(town, chain, project) -> Dao:
    return Dao(project, chain.provider, Deployment.read(town.manifest), town.governor.address)
