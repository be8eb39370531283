"""`executor bond`: which bond to ask for."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import click

from executor.bond import (
    LEAST_BURNED,
    NoBondError,
    Returned,
    Temptation,
    bond_by_share,
    bond_in_network,
)
from executor.chain.contracts import Contract, ask
from executor.commands.session import Session, needs_session
from executor.commands.stake import Amount
from executor.node.assemble import connect
from executor.settings import MissingSettingError, Settings

# Fields of `INetwork.Parameters`, in its order.
_PENALTY, _BOUNTY, _COMPENSATION, _POT, _DEFENCE_COST = 1, 2, 3, 4, 7


class Chance(click.ParamType):
    """A share of one: "0.95", "95 %" or "19/20"; exact."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        if isinstance(value, Fraction):
            return value
        text = str(value).strip()
        try:
            number = Fraction(text.removesuffix("%").strip()) / (100 if text.endswith("%") else 1)
        except (ValueError, ZeroDivisionError):
            self.fail(f"{value!r} is no share: write for example 0.95, '95 %' or 19/20", param, ctx)
        if not 0 <= number <= 1:
            self.fail(f"{value!r} is not between 0 and 1", param, ctx)
        return number


CHANCE, AMOUNT = Chance(), Amount(least=0)
ETHER = 10**18


@click.command()
@click.option(
    "--value-at-stake", type=AMOUNT, required=True, help="What a false answer can win or destroy: '10 ether'."
)
@click.option(
    "--watch-probability",
    type=CHANCE,
    required=True,
    help="Chance that an honest challenge of a false answer lands in time: 0.95.",
)
@click.option("--computing-cost", type=AMOUNT, default=0, help="What not running the program saves.")
@click.option(
    "--burned-share", type=CHANCE, help="Of a slashed bond. Default: the network's; without one, 1/2."
)
@needs_session
def bond(
    session: Session,
    value_at_stake: int,
    watch_probability: Fraction,
    computing_cost: int,
    burned_share: Fraction | None,
) -> None:
    """Tell the least bond that makes a false answer a bad bargain.

    Amounts are of the bond asset: wei, or words such as "1.5 ether". With --deployment, the network's own
    parameters count, and its least bond. The formula and its source: executor/bond.py.
    """
    try:
        settings = session.settings()
    except MissingSettingError:  # no network is named: then none has a say
        returned = None
    else:
        returned = _returned(settings)
    try:
        temptation = Temptation(value_at_stake, watch_probability, computing_cost)
        if burned_share is None and returned is not None:
            needed = bond_in_network(temptation, returned)
        else:
            burned_share = LEAST_BURNED if burned_share is None else burned_share
            needed = bond_by_share(temptation, burned_share)
    except NoBondError as error:
        raise click.ClickException(f"bond: {error}") from None
    click.echo(_answer(temptation, needed, burned_share, returned))


def _returned(settings: Settings) -> Returned:
    """What the network's parameters are now."""
    rpc, contracts = connect(settings)
    network = Contract("Network", contracts.deployment.address("Network"))
    (parameters,) = ask(rpc, [network.query("parameters")])
    fields = (_PENALTY, _BOUNTY, _COMPENSATION, _POT, _DEFENCE_COST)
    return Returned(*(parameters[field] for field in fields))


def _answer(temptation: Temptation, needed: int, share: Fraction | None, returned: Returned | None) -> str:
    """In words: how much, why, and what decided."""
    least = returned.least_bond if returned else 0
    asked = max(needed, least)
    lines = [f"Ask for a bond of at least {_ether(asked)} ({asked} wei) for each answer."]
    if least > needed:
        lines.append(f"{_ether(needed)} would do, but the network takes no bond below {_ether(least)}.")
    p = temptation.watch_probability
    lines.append(
        f"A false answer stands with probability {_share(1 - p)} and is then worth "
        f"{_ether(temptation.value_at_stake)}; not computing saves {_ether(temptation.computing_cost)}."
    )
    if share is not None:
        kept = f"of which a share of {_share(share)} burns"
    else:
        assert returned is not None
        kept = f"of which {_ether(asked - returned.in_all)} burn"
    lines.append(
        f"Refuted, with probability {_share(p)}, it costs the bond, {kept}. The rest counts nothing: whoever "
        "cheats may be challenger and requester, too."
    )
    if needed >= max(least, 1):
        lines.append("So cheating does not pay on average; with a wei less it does.")
    return "\n".join(lines)


def _ether(wei: int) -> str:
    """Every digit, and no more."""
    return f"{wei // ETHER}.{wei % ETHER:018d}".rstrip("0").rstrip(".") + " ether"


def _share(share: Fraction) -> str:
    """As a decimal number where it is a short one."""
    decimal = Decimal(share.numerator) / Decimal(share.denominator)
    exact = Fraction(decimal) == share and len(str(decimal)) <= 12
    return f"{decimal.normalize():f}" if exact else str(share)
