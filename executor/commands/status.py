"""`executor status`, `jobs` and `explain`: what the executor is doing, from its journal and the chain."""

from __future__ import annotations

import time

import click
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table

from executor.chain.requests import Work
from executor.chain.rpc import quantity
from executor.commands.session import Session, account_of, needs_session
from executor.commands.stake import stake_table
from executor.journal import Journal, JournalError
from executor.node.assemble import connect, journal_path
from executor.node.jobs import Job, Jobs
from executor.node.lifecycle import State
from executor.node.orders import Orders
from executor.settings import Settings


@click.command()
@click.option("--watch", is_flag=True, help="Keep showing it, until Ctrl-C.")
@needs_session
def status(session: Session, watch: bool) -> None:
    """Show what the executor is doing: the chain, its stake, its jobs."""
    settings = session.settings()
    if not watch:
        Console().print(_overview(settings))
        return
    with Live(_overview(settings), refresh_per_second=2) as live:
        while True:
            time.sleep(1)
            live.update(_overview(settings))


@click.command()
@click.option("--limit", default=20, show_default=True, help="How many, newest first.")
@needs_session
def jobs(session: Session, limit: int) -> None:
    """List jobs, newest first."""
    with _journal(session.settings()) as journal:
        found = Jobs(journal).newest(limit)
    table = Table("job", "state", "model", "price", "note")
    for job in found:
        price = "" if job.price is None else str(job.price)
        table.add_row("0x" + job.id.hex(), str(job.state), job.request.model, price, job.note)
    Console().print(table)


@click.command()
@click.argument("job")
@needs_session
def explain(session: Session, job: str) -> None:
    """Explain one JOB: what was asked, where it stands and why. A prefix of its id is enough."""
    with _journal(session.settings()) as journal:
        found = [
            row for row in Jobs(journal).newest(100_000) if row.id.hex().startswith(job.removeprefix("0x"))
        ]
        if len(found) != 1:
            raise click.ClickException(f"{len(found)} jobs begin with {job}")
        Console().print(_explained(found[0]))


def _overview(settings: Settings) -> Group:
    rpc, contracts = connect(settings)
    account = account_of(settings)
    head = rpc.read("eth_getBlockByNumber", "latest", False)
    coins = quantity(rpc.read("eth_getBalance", account, "latest"))
    table = Table(title=f"executor {account} on {contracts.deployment.network}", show_header=False)
    table.add_row("chain", f"{contracts.chain_id}, block {quantity(head['number'])}")
    table.add_row("native coin for gas", f"{coins / 10**18:.6f}")
    try:
        with _journal(settings) as journal:
            counts = Jobs(journal).counts()
            table.add_row("signed orders waiting", str(Orders(journal).live()))
            for state in State:
                if state in counts:
                    table.add_row(f"jobs {state}", str(counts[state]))
    except JournalError as error:
        table.add_row("jobs", str(error))
    return Group(table, stake_table(rpc, contracts, account))


def _journal(settings: Settings) -> Journal:
    return Journal.view(journal_path(settings, account_of(settings)))


def _explained(job: Job) -> Table:
    request = job.request
    table = Table(title="0x" + job.id.hex(), show_header=False)
    table.add_row("state", str(job.state) + (f": {job.note}" if job.note else ""))
    table.add_row("model", f"{request.model}, version {request.version}")
    table.add_row("requester", request.requester)
    table.add_row(
        "pays", f"{request.min_price} to {request.max_price} in {request.ramp} s, in {request.asset}"
    )
    table.add_row("bond", str(request.bond))
    table.add_row("consumer", f"{request.consumer}, {request.callback_gas} gas, {request.flags!r}")
    table.add_row("input", "0x" + job.input.hex())
    if job.slot is not None:
        table.add_row("slot", f"{job.slot.status.name}, attempt {job.slot.attempt}")
    if job.price is not None:
        table.add_row("price", str(job.price))
    if job.output is not None:
        table.add_row("output", "0x" + job.output.hex())
    if job.result is not None:
        work = Work.of(job.result.work)
        table.add_row("answered", f"by {work.executor} at unix time {work.posted_at}")
    if job.transaction is not None:
        table.add_row("waits for", f"transaction {job.transaction} of the outbox")
    return table
