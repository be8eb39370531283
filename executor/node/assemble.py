"""From settings to a node: everything that is checked before the first step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from executor.backends.base import Backend
from executor.backends.catalogue import Catalogue
from executor.backends.exact import ExactBackend
from executor.backends.golden import goldens, prove
from executor.chain import follower as follower_module
from executor.chain import inputs as inputs_module
from executor.chain import outbox as outbox_module
from executor.chain.contracts import Contracts, ask
from executor.chain.deployment import Deployment, DeploymentError
from executor.chain.disputes import Disputes
from executor.chain.fees import FeePolicy
from executor.chain.follower import Follower
from executor.chain.inputs import Inputs
from executor.chain.keys import Key
from executor.chain.outbox import Outbox, OutboxSettings
from executor.chain.requests import NATIVE, NOBODY
from executor.chain.rpc import Endpoint, Rpc, octets
from executor.disputes import games as games_module
from executor.disputes import turns as turns_module
from executor.disputes import watcher as watcher_module
from executor.disputes.traces import MakeTrace, honest, measure
from executor.journal import Identity, Journal
from executor.node import jobs as jobs_module
from executor.node import orders as orders_module
from executor.node.breakers import Breakers
from executor.node.desk import Desk
from executor.node.docket import Docket
from executor.node.intake import Intake
from executor.node.node import Node, NodeSettings
from executor.node.policy import Defence, Policy
from executor.settings import Settings, SettingsError

SCHEMAS = (
    follower_module.SCHEMA,
    outbox_module.SCHEMA,
    inputs_module.SCHEMA,
    jobs_module.SCHEMA,
    orders_module.SCHEMA,
    games_module.SCHEMA,
    turns_module.SCHEMA,
    watcher_module.SCHEMA,
)


def connect(settings: Settings) -> tuple[Rpc, Contracts]:
    """The endpoint and the contracts of the manifest, which have to be on the endpoint's chain.

    Raises DeploymentError, WrongChainError and UnreachableError.
    """
    deployment = Deployment.read(settings.deployment)
    rpc = Rpc.connect(settings.rpc, deployment.chain_id)
    contracts = Contracts(deployment)
    market = contracts.market.address
    if not octets(rpc.read("eth_getCode", market, "latest")):
        raise DeploymentError(
            f"deployment: there is no contract at {market}: {settings.deployment} is of another chain with "
            f"id {deployment.chain_id}, or of a local one that was started anew"
        )
    (asset,) = ask(rpc, [contracts.vault.query("asset")])
    if asset != deployment.bond_asset:
        raise DeploymentError(
            f"deployment: the vault's asset is {asset}, the manifest's {deployment.bond_asset}"
        )
    return rpc, contracts


def journal_path(settings: Settings, account: str) -> Path:
    """Where an account's journal lies."""
    if settings.journal is not None:
        return settings.journal.expanduser()
    name = f"{Deployment.read(settings.deployment).network}-{account}.sqlite"
    return settings.state.expanduser() / name


@contextmanager
def opened_journal(
    settings: Settings, rpc: Endpoint, contracts: Contracts, account: str
) -> Iterator[Journal]:
    """The journal of an account on this chain, owned until the end."""
    genesis = octets(rpc.read("eth_getBlockByNumber", "0x0", False)["hash"])
    identity = Identity(contracts.chain_id, genesis, contracts.market.address, account)
    with Journal.open(journal_path(settings, account), identity, SCHEMAS) as journal:
        yield journal


def outbox_of(
    settings: Settings, rpc: Endpoint, contracts: Contracts, journal: Journal, key: Key | None, account: str
) -> Outbox:
    """The one sender of this account."""
    fees = FeePolicy(cap=settings.gas_cap, tip=settings.gas_tip)
    options = OutboxSettings(confirmations=settings.confirmations, patience=settings.patience, fees=fees)
    return Outbox(rpc, journal, key, account, contracts.chain_id, options)


def policy_of(settings: Settings, deployment: Deployment) -> Policy:
    """What the operator accepts."""
    arbiters = deployment.arbiters if settings.arbiters is None else settings.arbiters
    return Policy(
        floors={NATIVE: settings.min_price, **settings.assets},
        arbiters=frozenset(arbiters),
        max_window=settings.max_window,
        margin=settings.margin,
    )


@contextmanager
def opened_node(
    settings: Settings,
    key: Key | None,
    *,
    backend: Backend | None = None,
    policy: Policy | None = None,
    traces: MakeTrace | None = None,
) -> Iterator[Node]:
    """A node that is ready to start; its journal and its backend are closed at the end.

    backend: instead of the built-in one, for the programs in `settings.artifacts` and the golden ones.
    policy: instead of the settings'. traces: what disputes are played from, instead of true traces.
    """
    rpc, contracts = connect(settings)
    account = key.address if key else settings.account or NOBODY
    catalogue = Catalogue.load(settings.artifacts)
    if backend is None:
        golden = {golden.program.root: golden.program for golden in goldens()}
        backend = ExactBackend({**golden, **catalogue}, settings.threads, settings.device)
    prove(backend, catalogue)
    with opened_journal(settings, rpc, contracts, account) as journal:
        watched = [contracts.market.address, contracts.orders.address, contracts.challenges.address]
        has_disputes = Disputes.exists(contracts.deployment)
        if has_disputes:
            watched.append(Disputes(contracts).address)
        desk = Desk(
            contracts=contracts,
            endpoint=rpc,
            journal=journal,
            follower=Follower(rpc, journal, watched, contracts.deployment.start),
            outbox=outbox_of(settings, rpc, contracts, journal, key, account),
            inputs=Inputs(rpc, contracts, journal),
            catalogue=catalogue,
            account=account,
        )
        make = traces or honest(settings.traces)
        policy = policy or policy_of(settings, contracts.deployment)
        policy = replace(policy, defences=_defences(catalogue, make) if settings.claim else {})
        paces = settings.poll, settings.latency, settings.most_jobs
        node = Node(desk, backend, NodeSettings(*paces, settings.claim, policy))
        desk.inputs.done = node.wake
        if has_disputes:
            share = settings.watch_share if settings.watch else None
            node.take_part(Docket(desk, backend, make, share=share, latency=settings.latency, done=node.wake))
        if settings.trip:
            node.take_down(Breakers(desk, node.wake))
        intake = _intake(settings, contracts, journal) if settings.intake and key is not None else None
        if intake is not None:
            node.take_from(intake)
        try:
            yield node
        finally:
            if intake is not None:
                intake.close()
            node.close()


def _defences(catalogue: Catalogue, make: MakeTrace) -> dict[bytes, Defence]:
    """What a dispute about each program would take, measured."""
    return {root: Defence(measure(program, make), program.input_size) for root, program in catalogue.items()}


def _intake(settings: Settings, contracts: Contracts, journal: Journal) -> Intake:
    """Where signed orders come in, with a connection of its own to the chain."""
    host, port = settings.intake_host, settings.intake_port
    try:
        return Intake(
            *(Rpc(settings.rpc), contracts.chain_id, contracts.orders.address, journal.path),
            *(host, port, settings.most_orders),
        )
    except OSError as error:
        raise SettingsError(
            f"settings: cannot take orders at {host}:{port}: {error.strerror} (set intake_port, or no intake)"
        ) from None
