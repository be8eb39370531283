"""Let the timelock's delay begin for what was decided: `ape run queue ID --governor ...`."""

from __future__ import annotations

import click

from scripts._governance import verbs
from scripts._governance.session import Session, governing
from scripts._governance.show import decoded, rehearsed, standing


@governing
@click.argument("proposal", metavar="ID")
def cli(session: Session, proposal: str) -> None:
    """Queue a proposal that has succeeded, by its id or the beginning of it. Anybody may."""
    dao = session.dao
    found = dao.proposal(proposal)
    session.say([f"proposal {found.id} by {found.proposer}", *decoded(dao, found)])
    session.say(standing(dao, found))
    verbs.check_queue(dao, found)
    session.say(rehearsed(dao, found))
    if session.may_send("Queue it?"):
        verbs.queue(dao, session.account, found)
        session.say(standing(dao, found))
