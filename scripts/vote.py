"""Vote on a proposal: `ape run vote ID for --governor ...`, or let somebody vote: `--delegate`.

Votes can be divided, `ape run vote ID --for 60% --against 40%`, and be cast little by little.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from scripts._governance import verbs
from scripts._governance.proposals import Proposal
from scripts._governance.session import Session, governing
from scripts._governance.shares import Support, divided
from scripts._governance.show import decoded, rehearsed, standing
from scripts._parameters import basis_points


class Percent(click.ParamType):
    """Hundredths of a percent."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Of "60%" or "60 %"."""
        try:
            return basis_points(f"{value.rstrip('%').rstrip()} %" if value.endswith("%") else value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


SHARE = Percent()


@governing
@click.argument("proposal", required=False, metavar="[ID]")
@click.argument("support", required=False, type=click.Choice([support.name.lower() for support in Support]))
@click.option("--for", "favour", type=SHARE, metavar="60%", help="This share of all your votes for it.")
@click.option("--against", type=SHARE, metavar="30%", help="This share against it.")
@click.option("--abstain", type=SHARE, metavar="10%", help="This share for neither.")
@click.option("--reason", default="", help="Why; everybody can read it.")
@click.option(
    "--delegate",
    is_flag=False,
    flag_value="",
    metavar="[ADDRESS]",
    help="Let this account, or without one the signer, vote with what the signer holds.",
)
def cli(
    session: Session,
    proposal: str | None,
    support: str | None,
    favour: int | None,
    against: int | None,
    abstain: int | None,
    reason: str,
    delegate: str | None,
) -> None:
    """Cast your votes on a proposal, by its id or the beginning of it: all that are left, or shares."""
    said = {Support.AGAINST: against, Support.FOR: favour, Support.ABSTAIN: abstain}
    shares = {way: share for way, share in said.items() if share is not None}
    if delegate is not None:
        _delegate(session, delegate)
    elif proposal is None or bool(support) == bool(shares):
        raise click.UsageError(
            "say on what and how: ID and for, against or abstain, or shares: --for 60% --against 40%"
        )
    elif support:
        _vote(session, proposal, Support[support.upper()], reason)
    else:
        _divide(session, proposal, shares, reason)


def _vote(session: Session, text: str, support: Support, reason: str) -> None:
    dao = session.dao
    proposal = _shown(session, text)
    verbs.check_vote(dao, proposal, session.account)
    if session.may_send(f"Vote {support.name.lower()}?"):
        verbs.vote(dao, session.account, proposal, support, reason)
        session.say(standing(dao, proposal))


def _divide(session: Session, text: str, shares: Mapping[Support, int], reason: str) -> None:
    dao, account = session.dao, session.account
    if account is None:
        raise click.UsageError("name the account with --account: shares are of its votes")
    proposal = _shown(session, text)
    verbs.check_vote(dao, proposal, account)
    votes = verbs.votes_of(dao, proposal, account)
    parts = divided(shares, votes.all)
    said = "you cast {} for, {} against and {} abstaining".format(
        *map(dao.counted, (parts.favour, parts.against, parts.abstaining))
    )
    session.say([f"{said}, of {dao.counted(votes.left)} that you have left"])
    verbs.check_division(dao, proposal, account, parts)
    if session.may_send("Vote so?"):
        verbs.divide(dao, account, proposal, parts, reason)
        session.say(standing(dao, proposal))


def _shown(session: Session, text: str) -> Proposal:
    """The proposal, after everything about it was said."""
    dao = session.dao
    proposal = dao.proposal(text)
    session.say([f"proposal {proposal.id} by {proposal.proposer}"])
    session.say(decoded(dao, proposal))
    session.say(rehearsed(dao, proposal))
    session.say(standing(dao, proposal))
    return proposal


def _delegate(session: Session, to: str) -> None:
    dao, account = session.dao, session.account
    if account is None:
        raise click.UsageError("name the account with --account")
    chosen = dao.names.address(to) if to else str(account)
    held = dao.counted(dao.read(dao.votes, "balanceOf", str(account)))
    click.echo(f"{chosen} votes with the {held} of {account}, from the next proposal on")
    if session.may_send("Delegate?"):
        verbs.delegate(dao, account, chosen)
        click.echo(f"{chosen} has {dao.counted(dao.read(dao.votes, 'getVotes', chosen))} votes")
