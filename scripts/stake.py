"""Stake, for who keeps its owner key in Ape; the hot key on the executor's machine only works with it."""

from __future__ import annotations

import click
from ape.utils import ZERO_ADDRESS

from scripts._network import ADDRESS, AMOUNT, Network, on_network

ETHER = 10**18


@click.group()
def cli() -> None:
    """Deposit stake, name the operators that work with it, and take it out again."""


@on_network(cli)
@click.argument("amount", type=AMOUNT)
def deposit(network: Network, amount: int) -> None:
    """Add AMOUNT, such as '2 ether', of the bond asset to the signer's stake, wrapping what is missing."""
    vault = network.contract("StakeVault")
    asset = network.contract("WrappedNative", network.deployment.bond_asset)
    missing = amount - asset.balanceOf(network.account)
    if missing > 0:
        if not network.deployment.wraps_native:
            raise click.ClickException(
                f"{network.account} lacks {missing} wei of the bond asset {asset.address}"
            )
        network.send(asset.deposit, value=missing)
    if asset.allowance(network.account, vault) < amount:
        network.send(asset.approve, vault, amount)
    network.send(vault.deposit, network.account, amount)
    _show(network)


@on_network(cli)
@click.argument("operator", type=ADDRESS)
@click.option("--revoke", is_flag=True, help="End its right to new locks instead.")
def operator(network: Network, operator: str, revoke: bool) -> None:
    """Let OPERATOR, an executor's hot key, work with the signer's stake, once it accepts."""
    vault = network.contract("StakeVault")
    network.send(vault.revoke_operator if revoke else vault.propose_operator, operator)
    click.echo(f"{operator} is revoked" if revoke else f"{operator} may accept, by accept_operator")


@on_network(cli)
@click.argument("amount", type=AMOUNT)
def unbond(network: Network, amount: int) -> None:
    """Begin to take AMOUNT of free stake out."""
    network.send(network.contract("StakeVault").begin_unbonding, amount)
    _show(network)


@on_network(cli)
def withdraw(network: Network) -> None:
    """Take out what has unbonded, and rewards."""
    vault = network.contract("StakeVault")
    if vault.rewards(network.account):
        network.send(vault.withdraw_rewards, network.account)
    if vault.unbonding(network.account)[0]:
        network.send(vault.withdraw, network.account)
    _show(network)


@on_network(cli)
def status(network: Network) -> None:
    """Show the signer's stake."""
    _show(network)


def _show(network: Network) -> None:
    vault, account = network.contract("StakeVault"), network.account
    amount, release_at = vault.unbonding(account)
    click.echo(f"free {_ether(vault.free(account))}, locked {_ether(vault.locked(account))}", nl=False)
    click.echo(f", unbonding {_ether(amount)} until {release_at}" if amount else "", nl=False)
    click.echo(f", rewards {_ether(vault.rewards(account))}")
    if vault.account_of(account) not in (ZERO_ADDRESS, str(account)):
        click.echo(f"this key works for {vault.account_of(account)}")


def _ether(wei: int) -> str:
    return f"{wei / ETHER:.6f} ether"
