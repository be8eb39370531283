"""`executor stake`: what stands behind answers.

Transactions go through the account's own outbox, so that an executor with the same key finds its nonce where
it expects it. That executor has to be stopped meanwhile: an account has one sender.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click
from eth_utils.address import is_address, to_checksum_address
from rich.console import Console
from rich.table import Table

from executor.chain.contracts import Contract, Contracts, ask
from executor.chain.keys import Key
from executor.chain.outbox import Outbox
from executor.chain.rpc import Endpoint, quantity
from executor.chain.transactions import Outgoing, State
from executor.chain.wallet import TransactionRefusedError
from executor.commands.session import Session, account_of, needs_session, require_key
from executor.node.assemble import connect, opened_journal, outbox_of
from executor.settings import Settings, parse_amount

PATIENCE = 180.0  # seconds for all transactions of a command
IDLE = (1 << 96) - 1  # the low bits of a pledge


class Amount(click.ParamType):
    """Wei, or words such as "1.5 ether"; not less than `least` wei."""

    name = "amount"

    def __init__(self, least: int = 1) -> None:
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            amount = int(parse_amount(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if amount < self._least:
            self.fail("an amount is above zero" if self._least else "an amount is not negative", param, ctx)
        return amount


class AddressType(click.ParamType):
    """An address, checksummed."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not is_address(value):
            self.fail(f"{value!r} is no address", param, ctx)
        return str(to_checksum_address(value))


AMOUNT, ADDRESS = Amount(), AddressType()


@dataclass(frozen=True)
class Wanted:
    """One transaction of a command. Each waits for the one before."""

    purpose: str
    contract: Contract
    function: str
    arguments: tuple[Any, ...] = ()
    value: int = 0


@click.group()
def stake() -> None:
    """Deposit and withdraw what stands behind answers.

    An account (a cold key) holds stake; its operator (the executor's hot key) has it locked. An account that
    deposits for itself is its own operator.
    """


@stake.command()
@click.argument("amount", type=AMOUNT)
@click.option("--account", "beneficiary", type=ADDRESS, help="Stake of another account; default: the key's.")
@needs_session
def deposit(session: Session, amount: int, beneficiary: str | None) -> None:
    """Deposit AMOUNT, such as "1.5 ether"; wraps native coin where the bond asset is that."""

    def wanted(contracts: Contracts, endpoint: Endpoint, account: str) -> list[Wanted]:
        asset, vault = contracts.bond_asset, contracts.vault
        (held,) = ask(endpoint, [asset.query("balanceOf", account)])
        steps = []
        if contracts.deployment.wraps_native and held < amount:
            steps.append(Wanted("wrap", asset, "deposit", value=amount - held))
        steps.append(Wanted("approve", asset, "approve", (vault.address, amount)))
        return [*steps, Wanted("deposit", vault, "deposit", (beneficiary or account, amount))]

    _carry_out(session, wanted)


@stake.command()
@click.argument("address", type=ADDRESS)
@click.option("--revoke", is_flag=True, help="End its right to have stake locked.")
@click.option("--accept", is_flag=True, help="As the operator: accept to work for account ADDRESS, for good.")
@needs_session
def operator(session: Session, address: str, revoke: bool, accept: bool) -> None:
    """Let operator ADDRESS have this account's stake locked.

    The account proposes, the operator accepts: run it with the account's key first, then with the operator's
    key, the account's address and --accept.
    """
    if revoke and accept:
        raise click.UsageError("--revoke and --accept exclude each other")
    function = "revoke_operator" if revoke else "accept_operator" if accept else "propose_operator"
    _carry_out(session, lambda contracts, *_: [Wanted(function, contracts.vault, function, (address,))])


@stake.command()
@click.argument("amount", type=AMOUNT)
@needs_session
def pledge(session: Session, amount: int) -> None:
    """Lock AMOUNT once for many jobs, which saves gas on each. `unpledge` frees it again."""
    _carry_out(session, lambda contracts, *_: [Wanted("pledge", contracts.market, "pledge", (amount,))])


@stake.command()
@click.option("--operator", "other", type=ADDRESS, help="Another operator of this account.")
@needs_session
def unpledge(session: Session, other: str | None) -> None:
    """Return the idle part of the pledge to free stake, and the rest as bonds come back."""
    _carry_out(
        session,
        lambda contracts, _, account: [Wanted("unpledge", contracts.market, "unpledge", (other or account,))],
    )


@stake.command()
@click.argument("amount", type=AMOUNT)
@needs_session
def unbond(session: Session, amount: int) -> None:
    """Begin to take AMOUNT of free stake out. `withdraw` pays it when the unbonding time is over."""
    _carry_out(
        session, lambda contracts, *_: [Wanted("unbond", contracts.vault, "begin_unbonding", (amount,))]
    )


@stake.command()
@click.option("--to", type=ADDRESS, help="Where it goes; default: the account itself.")
@needs_session
def withdraw(session: Session, to: str | None) -> None:
    """Withdraw everything that is due: unbonded stake, rewards, and what answers have earned."""

    def wanted(contracts: Contracts, endpoint: Endpoint, account: str) -> list[Wanted]:
        vault, market, recipient = contracts.vault, contracts.market, to or account
        native = "0x" + "00" * 20
        queries = [
            vault.query("unbonding", account),
            vault.query("rewards", account),
            market.query("balance_of", native, account),
        ]
        (unbonding, release_at), rewards, earned = ask(endpoint, queries)
        now = quantity(endpoint.read("eth_getBlockByNumber", "latest", False)["timestamp"])
        steps = []
        if unbonding and now >= release_at:
            steps.append(Wanted("withdraw stake", vault, "withdraw", (recipient,)))
        if rewards:
            steps.append(Wanted("withdraw rewards", vault, "withdraw_rewards", (recipient,)))
        if earned:
            steps.append(Wanted("withdraw earnings", market, "withdraw", (native, recipient, earned)))
        if not steps:
            later = f"; {unbonding} wei unbond until unix time {release_at}" if unbonding else ""
            raise TransactionRefusedError(f"nothing is due{later}")
        return steps

    _carry_out(session, wanted)


@stake.command()
@needs_session
def status(session: Session) -> None:
    """Show the account's stake, earnings and rewards."""
    settings = session.settings()
    rpc, contracts = connect(settings)
    Console().print(stake_table(rpc, contracts, account_of(settings)))


def stake_table(endpoint: Endpoint, contracts: Contracts, address: str) -> Table:
    """What stands behind this operator, or account."""
    vault, market = contracts.vault, contracts.market
    (known,) = ask(endpoint, [vault.query("account_of", address)])
    account = known if int(known, 16) else address
    queries = [
        vault.query("free", account),
        vault.query("locked", account),
        vault.query("unbonding", account),
        vault.query("rewards", account),
        vault.query("capacity", address),
        market.query("pledge_of", address),
        market.query("balance_of", "0x" + "00" * 20, account),
    ]
    free, locked, (unbonding, release_at), rewards, capacity, pledged, earned = ask(endpoint, queries)
    table = Table(title=f"stake of {account}", show_header=False)
    table.add_row("free", _ether(free))
    table.add_row("locked", _ether(locked))
    table.add_row("unbonding", _ether(unbonding) + (f" until {release_at}" if unbonding else ""))
    table.add_row("rewards", _ether(rewards))
    table.add_row("earned", _ether(earned))
    table.add_row("idle pledge of operator", _ether(pledged & IDLE))
    able = (
        "may lock it" if capacity or pledged else "may lock nothing: no stake, or no operator of an account"
    )
    table.add_row(f"operator {address}", able)
    return table


def _ether(wei: int) -> str:
    return f"{wei / 10**18:.6f}"


def _carry_out(session: Session, plan: Callable[[Contracts, Endpoint, str], list[Wanted]]) -> None:
    settings = session.settings()
    key = require_key(settings)
    rpc, contracts = connect(settings)
    wanted = plan(contracts, rpc, key.address)
    for outgoing in send_all(settings, rpc, contracts, key, wanted):
        done = f"0x{outgoing.hash.hex()}" if outgoing.hash else ""
        click.echo(f"{outgoing.purpose.split(' #')[0]}: done, {outgoing.gas_used} gas, {done}")


def send_all(
    settings: Settings, rpc: Endpoint, contracts: Contracts, key: Key, wanted: Sequence[Wanted]
) -> list[Outgoing]:
    """Carry out transactions in order, until they are mined. TransactionRefusedError says which failed."""
    with opened_journal(settings, rpc, contracts, key.address) as journal:
        outbox = outbox_of(settings, rpc, contracts, journal, key, key.address)
        outbox.start(adopt=True)  # whoever sits here knows what else sends
        numbers: list[int] = []
        with journal.transaction():
            for step in wanted:
                data = step.contract.encode(step.function, *step.arguments)
                after = numbers[-1] if numbers else None
                purpose = f"{step.purpose} #{time.time_ns()}"
                numbers.append(outbox.enqueue(purpose, step.contract.address, data, step.value, after=after))
        return _wait(outbox, numbers, settings.poll)


def _wait(outbox: Outbox, numbers: Sequence[int], poll: float) -> list[Outgoing]:
    end = time.monotonic() + PATIENCE
    while True:
        outbox.step()
        found = [outbox.get(number) for number in numbers]
        for outgoing in found:
            failed = outgoing.state in (State.REFUSED, State.REVERTED) or outgoing.succeeded is False
            if failed:
                name = outgoing.purpose.split(" #")[0]
                raise TransactionRefusedError(f"{name}: {outgoing.note or 'reverted on the chain'}")
        if all(outgoing.succeeded for outgoing in found):
            return found
        if time.monotonic() >= end:
            raise TransactionRefusedError(
                "not mined yet; the same command later waits for it no more, look again"
            )
        time.sleep(poll)
