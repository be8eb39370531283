"""Put something to the vote: `ape run propose --governor ... --action "TARGET FUNCTION ARGUMENTS..."`."""

from __future__ import annotations

from pathlib import Path

import click

from scripts._governance import verbs
from scripts._governance.names import GovernanceError
from scripts._governance.proposals import Proposal
from scripts._governance.session import Session, governing
from scripts._governance.show import decoded, rehearsed, standing


@governing
@click.option(
    "--action",
    "lines",
    multiple=True,
    metavar="'TARGET FUNCTION ARGUMENTS...'",
    help="A call by the DAO; repeatable. TARGET: an address, a contract of the network, timelock, governor "
    "or token. FUNCTION: a name; of a stranger with its types, such as promote(uint256).",
)
@click.option("--description", help="What it is for; or @FILE.")
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Actions and description in YAML: scripts/_governance/actions.py says how.",
)
def cli(session: Session, lines: tuple[str, ...], description: str | None, file: Path | None) -> None:
    """Put actions to the vote, after showing what they mean and whether they would work."""
    dao = session.dao
    actions, written = dao.actions.in_a_file(file) if file else ([], "")
    actions += [dao.actions.on_a_line(line) for line in lines]
    proposal = Proposal(tuple(actions), _text(description) if description else written)
    session.say(decoded(dao, proposal))
    session.say(rehearsed(dao, proposal))
    verbs.check_propose(dao, proposal, session.account)
    if session.may_send("Propose this?"):
        proposal = verbs.propose(dao, session.account, proposal)
        click.echo(f"proposal {proposal.id}")
        session.say(standing(dao, proposal))


def _text(description: str) -> str:
    """The description, or what the file holds that it names."""
    if not description.startswith("@"):
        return description
    try:
        return Path(description[1:]).read_text()
    except OSError as error:
        raise GovernanceError(f"cannot read {description[1:]}: {error.strerror}") from None
