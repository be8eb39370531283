"""A whole network, from its parameters to its manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ape.exceptions import ApeException

from executor.chain.creation import BLUEPRINTS, Creation, arbiters, plan
from executor.chain.deployment import Deployment as Manifest
from executor.chain.requests import NOBODY
from scripts._creation import DeploymentStoppedError, create_all, creating_transaction
from scripts._manifest import Unfinished, commit, compiler, contract_entry, unfinished_path
from scripts._network import network_name
from scripts._parameters import Parameters, ParametersError


def deploy_network(
    project: Any,
    deployer: Any,
    parameters: Parameters,
    path: Path,
    *,
    resume: bool = False,
    replace: bool = False,
) -> Manifest:
    """Deploy a network and write its manifest to `path`.

    resume: go on with the deployment that stopped in the middle. replace: start anew and overwrite `path`,
    which otherwise has to be free. Raises ParametersError and DeploymentStoppedError.
    """
    provider = deployer.provider
    local = provider.network.is_dev
    source = commit()
    if not local:
        parameters.require_public()
        if not source or "+" in source:
            raise DeploymentStoppedError("the contracts differ from the last commit: commit them first")
    for key in ("bond_asset", "uptime_feed"):
        named = getattr(parameters, key)
        if named.startswith("0x") and not provider.get_code(named):
            raise ParametersError(f"parameters: {key}: there is no contract at {named}")

    note = _begin(deployer, parameters, path, resume=resume, replace=replace)
    creations = plan(note.deployer, note.first_nonce, stand_in=local, **note.arguments)
    _ask_network(project, deployer, creations)

    def sent(name: str, transaction: str) -> None:
        note.transactions.setdefault(name, []).append(transaction)
        note.write(unfinished_path(path))

    create_all(project, deployer, creations, sent)
    manifest = _manifest(project, deployer, parameters, note, creations, source)
    manifest.write(path)
    unfinished_path(path).unlink()
    return manifest


def _begin(deployer: Any, parameters: Parameters, path: Path, *, resume: bool, replace: bool) -> Unfinished:
    """The note of the deployment that is to go on, or of a new one."""
    beginning = Unfinished(
        chain_id=deployer.provider.chain_id,
        deployer=str(deployer),
        first_nonce=deployer.nonce,
        arguments={
            "owner": str(deployer) if parameters.owner == "deployer" else parameters.owner,
            "bond_asset": None if parameters.bond_asset == "new" else parameters.bond_asset,
            "parameters": parameters.network.encoded(),
            "unbonding_seconds": parameters.unbonding,
            "uptime_feed": NOBODY if parameters.uptime_feed == "none" else parameters.uptime_feed,
        },
    )
    unfinished = unfinished_path(path)
    if resume:
        if not unfinished.exists():
            raise DeploymentStoppedError(f"there is nothing to resume: no {unfinished}")
        begun = Unfinished.model_validate_json(unfinished.read_text())
        begun.arguments["parameters"] = tuple(begun.arguments["parameters"])
        same = ("chain_id", "deployer", "arguments")
        if differing := [key for key in same if getattr(begun, key) != getattr(beginning, key)]:
            raise DeploymentStoppedError(f"{unfinished} began with other {' and '.join(differing)}")
        return begun
    if unfinished.exists() and not replace:
        raise DeploymentStoppedError(
            f"{unfinished} is unfinished: go on with --resume, or start anew with --replace"
        )
    if path.exists() and not replace:
        raise DeploymentStoppedError(f"{path} is another deployment's: overwrite it with --replace")
    return beginning


def _ask_network(project: Any, deployer: Any, creations: list[Creation]) -> None:
    """Let the constructor that checks the parameters' bounds refuse them before anything is paid for."""
    creation = next(creation for creation in creations if creation.name == "Network")
    try:
        deployer.provider.estimate_gas_cost(creating_transaction(project, deployer, creation))
    except ApeException as error:
        raise ParametersError(f"parameters: the contract refuses them: {error}") from None


def _manifest(
    project: Any,
    deployer: Any,
    parameters: Parameters,
    note: Unfinished,
    creations: list[Creation],
    source: str,
) -> Manifest:
    provider = deployer.provider
    types = {creation.name: getattr(project, creation.name).contract_type for creation in creations}
    at = {creation.name: creation.address for creation in creations}
    return Manifest(
        network=network_name(provider),
        chain_id=note.chain_id,
        contracts={
            creation.name: contract_entry(
                provider,
                creation.address,
                note.transactions[creation.name],
                # A blueprint is not constructed yet: its parameters are each copy's own.
                None if creation.name in BLUEPRINTS else types[creation.name].constructor,
                creation.arguments,
            )
            for creation in creations
        },
        bond_asset=note.arguments["bond_asset"] or at["WrappedNative"],
        wraps_native=parameters.wraps_native,
        arbiters=arbiters(creations),
        compiler=compiler(project),
        commit=source,
    )
