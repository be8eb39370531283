"""Vote on a proposal: `ape run vote ID for --governor ...`, or let somebody vote: `--delegate`."""

from __future__ import annotations

import click

from scripts._governance import verbs
from scripts._governance.session import Session, governing
from scripts._governance.show import decoded, rehearsed, standing
from scripts._governance.verbs import Support


@governing
@click.argument("proposal", required=False, metavar="[ID]")
@click.argument("support", required=False, type=click.Choice([support.name.lower() for support in Support]))
@click.option("--reason", default="", help="Why; everybody can read it.")
@click.option(
    "--delegate",
    is_flag=False,
    flag_value="",
    metavar="[ADDRESS]",
    help="Let this account, or without one the signer, vote with what the signer holds.",
)
def cli(
    session: Session, proposal: str | None, support: str | None, reason: str, delegate: str | None
) -> None:
    """Cast all your votes on a proposal, by its id or the beginning of it."""
    if delegate is not None:
        _delegate(session, delegate)
    elif proposal is None or support is None:
        raise click.UsageError("say on what and how: ID and for, against or abstain")
    else:
        _vote(session, proposal, Support[support.upper()], reason)


def _vote(session: Session, text: str, support: Support, reason: str) -> None:
    dao = session.dao
    proposal = dao.proposal(text)
    session.say([f"proposal {proposal.id} by {proposal.proposer}"])
    session.say(decoded(dao, proposal))
    session.say(rehearsed(dao, proposal))
    session.say(standing(dao, proposal))
    verbs.check_vote(dao, proposal, session.account)
    if session.may_send(f"Vote {support.name.lower()}?"):
        verbs.vote(dao, session.account, proposal, support, reason)
        session.say(standing(dao, proposal))


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
