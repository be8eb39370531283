"""A bonded answer from a real model, end to end: `ape run demo`.

First act: twenty people draw a digit. Fifteen sign a guestbook with a transaction, five with a signature that
costs them no gas. An executor, staked and in a process of its own, classifies the drawings; the challenge
window passes; every wei is accounted for. Second act: a liar answers, a watcher refutes it, the EVM rules,
and the honest executor answers again. Third act: a DAO votes a new version of its model in, the version
turns out to malfunction, and anybody takes it out again. The last line is JSON; the exit status is 0 only if
all is as it has to be.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import click
from ape import accounts, networks, project
from ape.logging import LogLevel, logger
from rich.console import Console

from executor.client import ClientError
from scripts._demo.books import Books, read_books
from scripts._demo.drawings import Drawing, held_out
from scripts._demo.operator import STAKE, Operator
from scripts._demo.processes import Processes, StoppedError, start_anvil
from scripts._demo.record import Record
from scripts._demo.refutation import DEPOSITS, Cast, refute
from scripts._demo.show import Shown, results
from scripts._demo.stage import BOND, ETHER, WINDOW, Stage, build_stage
from scripts._demo.upgrade import upgrade
from scripts._demo.visitors import PREPAID, PRICE, Signer, visit
from scripts._network import DEPLOYMENTS

REQUESTS, SIGNED, CORRECT = 20, 5, 18
ACCOUNTS = 20
CROWD = 8  # the first account that plays in the third act alone
BLOCK_SECONDS = 1
PATIENCE = 45.0  # seconds for the executor to do what it has to do

MANIFEST = DEPLOYMENTS / "local-demo.json"


@click.command()
@click.option(
    "--manifest", type=click.Path(path_type=Path), default=MANIFEST, help="Where the manifest is written."
)
@click.option(
    "--model", type=click.Choice(["digits", "minilm", "magika"]), default="digits", help="Whom to ask."
)
def cli(manifest: Path, model: str) -> None:
    """Ask a real model through a chain of our own, with a staked executor."""
    logger.set_level(LogLevel.ERROR)
    console = Console(soft_wrap=True, highlight=False)
    act = play if model == "digits" else partial(play_model, model)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="elenchus-demo-") as folder,
            Processes(Path(folder)) as processes,
        ):
            url = start_anvil(processes, ACCOUNTS)
            with networks.ethereum.local.use_provider("foundry", provider_settings={"host": url}) as provider:
                try:
                    mistakes = act(console, provider, processes, Path(folder), url, manifest)
                except ClientError:
                    processes.check()  # if the executor is gone, its last words say more
                    raise
    except (StoppedError, ClientError) as error:
        raise click.ClickException(str(error)) from None
    except (KeyboardInterrupt, SystemExit):  # the latter is what Ape makes of a signal while it is connected
        console.print("stopped, and everything with it")
        sys.exit(130)
    sys.exit(1 if mistakes else 0)


def play_model(name: str, *stage: Any) -> list[str]:
    """The act of a network that `make models` fetched; what it needs is no part of a plain demonstration."""
    from scripts._demo.networks import play_network

    return play_network(name, *stage)


def play(
    console: Console, provider: Any, processes: Processes, folder: Path, url: str, manifest: Path
) -> list[str]:
    """All three acts; returns what is not as it has to be."""
    began = time.monotonic()
    drawings = held_out(REQUESTS)

    stage = build_stage(project, accounts.test_accounts, manifest)
    console.print(f"network deployed, manifest in {manifest}")
    console.print(f"model digits at {stage.model.address}, guestbook at {stage.guestbook.address}")
    signers = [Signer.with_prepaid_balance(stage, url) for _ in range(SIGNED)]

    cast = assemble(folder, url, stage)
    operator = cast.executor
    provider.make_request("evm_setIntervalMining", [BLOCK_SECONDS])
    executor = operator.start(processes)
    operator.wait_until_ready(executor)
    console.print(f"executor {operator.address} staked and running as a process of its own")

    record = Record(provider, stage.market, stage.deployment.start)
    with Shown(console, REQUESTS) as shown:
        ask_everything(stage, provider, operator, signers, drawings)
        wait_for(processes, record, shown, "posted")
        shown.say(f"all answered, bonds locked; {WINDOW} seconds of challenge window pass")
        provider.make_request("evm_increaseTime", [WINDOW])
        wait_for(processes, record, shown, "final")

    escrowed = (REQUESTS - SIGNED) * PRICE + SIGNED * PREPAID
    requesters = [signer.address for signer in signers] + [stage.guestbook.address]
    books = read_books(provider, stage, escrowed, operator.address, requesters)
    mistakes, numbers = tell(console, stage, record, drawings, books, signers)

    processes.stop(executor)
    refutation = refute(console, provider, processes, url, stage, cast)
    wrong = refutation.mistakes(stage.network.parameters())
    lost, burned = refutation.slashed / ETHER, refutation.burned / ETHER
    console.print(f"the liar lost {lost} ETH, of which {burned} burned")

    crowd = accounts.test_accounts[CROWD:ACCOUNTS]
    upgraded = upgrade(console, provider, project, processes, folder, stage, cast.executor, crowd)
    mistakes += [*wrong, *upgraded.mistakes()]
    for mistake in mistakes:
        console.print(f"WRONG: {mistake}", style="bold red")
    seconds = round(time.monotonic() - began, 1)
    print(json.dumps({**numbers, **refutation.numbers, **upgraded.numbers, "seconds": seconds}), flush=True)
    return mistakes


def assemble(folder: Path, url: str, stage: Stage) -> Cast:
    """Everybody who plays, with a key and a stake."""
    cast = Cast(*(Operator(folder / name, url, stage) for name in ("executor", "liar", "watcher")))
    stakes = {cast.executor: STAKE, cast.liar: BOND, cast.watcher: DEPOSITS}
    for operator, stake in stakes.items():
        operator.fund(stake)
    with ThreadPoolExecutor(len(stakes)) as pool:
        for done in [
            pool.submit(operator.stake, stake, pledge=operator is cast.executor)
            for operator, stake in stakes.items()
        ]:
            done.result()
    return cast


def ask_everything(
    stage: Stage, provider: Any, operator: Operator, signers: list[Signer], drawings: list[Drawing]
) -> None:
    """A signature after every third transaction; visitors take turns."""
    signing = iter(signers)
    for number, drawing in enumerate(drawings):
        if number % (REQUESTS // SIGNED) == REQUESTS // SIGNED - 1:
            next(signing).order(stage, operator.intake, drawing)
        else:
            visit(stage, provider, stage.visitors[number % len(stage.visitors)], drawing)


def wait_for(processes: Processes, record: Record, shown: Shown, state: str) -> None:
    """Until all requests are in a state; StoppedError if the executor ends or takes too long."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        processes.check()
        record.read()
        shown.update(record)
        if getattr(record, state) == REQUESTS:
            return
        time.sleep(0.2)
    raise processes.failure("executor", f"left requests that are not {state} after {PATIENCE:.0f} seconds")


def tell(
    console: Console,
    stage: Stage,
    record: Record,
    drawings: list[Drawing],
    books: Books,
    signers: list[Signer],
) -> tuple[list[str], dict[str, int]]:
    """The table of the first act; its mistakes and its numbers."""
    jobs = list(record.jobs.values())
    meant = {drawing.pixels: drawing for drawing in drawings}
    sealed = frozenset(job.id for job in jobs if stage.guestbook.entry(job.id)[1])
    console.print(results(jobs, meant, frozenset(signer.address for signer in signers), sealed))

    correct = sum(job.digit == meant[job.drawing].label for job in jobs)
    mistakes = books.mistakes(jobs, stage.network.parameters().fee_bps)
    if correct < CORRECT:
        mistakes.append(f"only {correct} answers are right")
    numbers = {
        "requests": len(jobs),
        "final": record.final,
        "correct": correct,
        "executor_paid_wei": books.executor,
        "royalty_wei": books.royalty,
        "gas_per_job": round(sum(job.gas for job in jobs) / len(jobs)),
    }
    return mistakes, numbers
