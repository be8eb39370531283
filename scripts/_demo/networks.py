"""The demonstration with a real network: `make demo MODEL=minilm` or `MODEL=magika`, after `make models`.

The network's program becomes a model, a staked executor in a process of its own answers what visitors ask,
the challenge window passes, and every answer is compared with what the program says at home.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ape import accounts, project
from rich.console import Console

from executor.chain.deployment import Deployment
from executor.client import Client
from executor.schema import schema_path
from scripts._demo.exhibit import Exhibit, own_answers
from scripts._demo.operator import STAKE, Operator
from scripts._demo.processes import Processes
from scripts._demo.record import Job, Record
from scripts._demo.searching import Searching
from scripts._demo.show import Shown
from scripts._demo.sorting import Sorting
from scripts._demo.stage import BOND, ROYALTY_BPS, WINDOW
from scripts._demo.visitors import PRICE
from scripts._deployment import deploy_network
from scripts._network import DEPLOYMENTS
from scripts._parameters import Parameters
from scripts._version import version_of

EXHIBITS: dict[str, type[Exhibit]] = {"minilm": Searching, "magika": Sorting}
ASKING_GAS = 4_000_000  # limit of a request that brings 4 KiB of input
PATIENCE = 120.0  # seconds for the executor; a large program is compiled before the first answer
BLOCK_SECONDS = 1


@dataclass(frozen=True)
class Hall:
    """A network with the one model, and who is who."""

    deployment: Deployment
    manifest: Path
    market: Any
    model: Any
    owner: Any
    visitors: list[Any]


def play_network(
    name: str, console: Console, provider: Any, processes: Processes, folder: Path, url: str, manifest: Path
) -> list[str]:
    """The whole act with the network of that name; returns what is not as it has to be."""
    began = time.monotonic()
    exhibit = EXHIBITS[name]()
    inputs = exhibit.inputs()
    hall = build_hall(exhibit, name, manifest)
    root = exhibit.program.root.hex()
    console.print(f"model {name} at {hall.model.address}: program 0x{root}")

    operator = Operator(folder / "executor", url, hall)
    operator.hold(exhibit.recipe.program)
    operator.fund(STAKE)
    operator.stake(STAKE, pledge=True)
    provider.make_request("evm_setIntervalMining", [BLOCK_SECONDS])
    executor = operator.start(processes)
    operator.wait_until_ready(executor, PATIENCE)
    console.print(f"executor {operator.address} staked and running as a process of its own")

    record = Record(provider, hall.market, hall.deployment.start)
    with Shown(console, len(inputs)) as shown:

        def reached(state: str) -> bool:
            record.read()
            shown.update(record)
            return int(getattr(record, state)) == len(inputs)

        ask(provider, hall, url, inputs)
        executor.until(lambda: reached("posted"), "left requests without an answer", PATIENCE)
        shown.say(f"all answered, bonds locked; {WINDOW} seconds of challenge window pass")
        provider.make_request("evm_increaseTime", [WINDOW])
        executor.until(lambda: reached("final"), "left requests that are not final", PATIENCE)

    jobs = list(record.jobs.values())
    mistakes, numbers = tell(console, exhibit, inputs, jobs)
    for mistake in mistakes:
        console.print(f"WRONG: {mistake}", style="bold red")
    seconds = round(time.monotonic() - began, 1)
    print(json.dumps({"model": name, "root": "0x" + root, **numbers, "seconds": seconds}), flush=True)
    return mistakes


def build_hall(exhibit: Exhibit, name: str, manifest: Path) -> Hall:
    """Deploy a network as any network is deployed, and create the model: program, schema and scales."""
    deployer, owner, *visitors = list(accounts.test_accounts[:7])
    parameters = Parameters.read(DEPLOYMENTS / "params" / "local.yaml")
    deployment = deploy_network(project, deployer, parameters, manifest, replace=True)
    version = version_of(
        exhibit.recipe.program,
        location=exhibit.recipe.program.name,
        arbiter=deployment.arbiters[0],
        royalty_bps=ROYALTY_BPS,
        min_bond=BOND,
        window=WINDOW,
        schema=schema_path(exhibit.recipe.program).read_bytes(),
        report=exhibit.recipe.scales.read_bytes(),
    )
    registry = project.Registry.at(deployment.address("Registry"))
    registry.create_model(name, owner, owner, version, sender=owner)
    model = project.Model.at(registry.models(registry.count() - 1))
    market = project.Market.at(deployment.address("Market"))
    market.freeze(model, 1, sender=owner)
    return Hall(deployment, manifest, market, model, owner, visitors)


def ask(provider: Any, hall: Hall, url: str, inputs: Sequence[bytes]) -> None:
    """One request an input, each by the next visitor, for a fixed price; does not wait for blocks."""
    client = Client(url, hall.deployment)
    model = client.contracts.model(hall.model.address)
    offer = client.offer(hall.model.address, max_price=PRICE, min_price=PRICE)
    for number, data in enumerate(inputs):
        provider.web3.eth.send_transaction(
            {
                "from": str(hall.visitors[number % len(hall.visitors)]),
                "to": hall.model.address,
                "data": model.encode("request", offer, data),
                "value": PRICE,
                "gas": ASKING_GAS,
            }
        )


def tell(
    console: Console, exhibit: Exhibit, inputs: Sequence[bytes], jobs: Sequence[Job]
) -> tuple[list[str], dict[str, int]]:
    """The table of what was answered; mistakes and numbers."""
    answers = {job.drawing: job.output or b"" for job in jobs}
    outputs = [answers[data] for data in inputs]
    own = own_answers(exhibit.program, inputs)
    same = sum(mine == theirs for mine, theirs in zip(own, outputs, strict=True))
    table, right, mistakes = exhibit.tell(outputs)
    console.print(table)
    if same < len(inputs):
        mistakes.append(f"only {same} of {len(inputs)} answers are what the program says here")
    numbers = {
        "requests": len(jobs),
        "final": sum(job.final for job in jobs),
        "same_bits_at_home": same,
        "right": right,
        "gas_per_job": round(sum(job.gas for job in jobs) / len(jobs)),
    }
    return mistakes, numbers
