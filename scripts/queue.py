"""Let the timelock's delay begin for what was decided: `ape run queue ID --governor ...`."""

from __future__ import annotations

import click

from scripts._governance import verbs
from scripts._governance.decided import carry_out
from scripts._governance.session import Session, governing


@governing
@click.argument("proposal", metavar="ID")
def cli(session: Session, proposal: str) -> None:
    """Queue a proposal that has succeeded, by its id or the beginning of it. Anybody may."""
    carry_out(session, proposal, verbs.check_queue, verbs.queue, "Queue it?")
