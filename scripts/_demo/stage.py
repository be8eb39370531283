"""What has to be there before the first visitor: a network, a model, and a contract that asks it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from executor.chain.deployment import Deployment
from executor.chain.requests import NOBODY
from scripts._demo.drawings import HELD_OUT, PROGRAM, margin
from scripts._deployment import deploy_network
from scripts._network import DEPLOYMENTS
from scripts._parameters import Parameters
from scripts._version import version_of

NATIVE = "0x" + "00" * 20
ETHER = 10**18
ROOT = Path(__file__).parent.parent.parent

ROYALTY_BPS = 500
BOND = ETHER // 10
WINDOW = 120  # seconds


@dataclass(frozen=True)
class Stage:
    """Who is who, and the contracts as Ape instances."""

    deployment: Deployment
    manifest: Path
    market: Any
    vault: Any
    network: Any
    model: Any
    guestbook: Any
    owner: Any  # of the model
    keeper: Any  # of the guestbook
    visitors: list[Any]


def digits_version(deployment: Deployment, hook: str = NOBODY) -> tuple[Any, ...]:
    """The good version of the digits model. hook: what checks its outputs."""
    return version_of(
        PROGRAM,
        location=PROGRAM.relative_to(ROOT).as_posix(),
        arbiter=deployment.arbiters[0],
        royalty_bps=ROYALTY_BPS,
        min_bond=BOND,
        window=WINDOW,
        hook=hook,
        report=HELD_OUT.read_bytes(),
    )


def build_stage(project: Any, accounts: Any, manifest: Path) -> Stage:
    """Deploy a network as any network is deployed, create the digits model, and open a guestbook."""
    deployer, owner, keeper, *visitors = list(accounts[:8])
    parameters = Parameters.read(DEPLOYMENTS / "params" / "local.yaml")
    deployment = deploy_network(project, deployer, parameters, manifest, replace=True)
    registry = project.Registry.at(deployment.address("Registry"))
    registry.create_model("digits", owner, owner, digits_version(deployment), sender=owner)
    model = project.Model.at(registry.models(registry.count() - 1))
    market = project.Market.at(deployment.address("Market"))
    market.freeze(model, 1, sender=owner)
    return Stage(
        deployment=deployment,
        manifest=manifest,
        market=market,
        vault=project.StakeVault.at(deployment.address("StakeVault")),
        network=project.Network.at(deployment.address("Network")),
        model=model,
        guestbook=keeper.deploy(project.Guestbook, model, BOND, margin(), keeper),
        owner=owner,
        keeper=keeper,
        visitors=visitors,
    )
