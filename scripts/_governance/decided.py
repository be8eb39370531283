"""What may be done with what was decided: queueing and executing are told alike, and asked for alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scripts._governance.dao import Dao
from scripts._governance.proposals import Proposal
from scripts._governance.session import Session
from scripts._governance.show import decoded, rehearsed, standing


def carry_out(
    session: Session,
    written: str,
    check: Callable[[Dao, Proposal], None],
    act: Callable[[Dao, Any, Proposal], Any],
    question: str,
) -> None:
    """Show the proposal of that id, and act on it if it may be and the person says so.

    check: raises GovernanceError if it is not the time.
    """
    dao = session.dao
    found = dao.proposal(written)
    session.say([f"proposal {found.id} by {found.proposer}", *decoded(dao, found)])
    session.say(standing(dao, found))
    check(dao, found)
    session.say(rehearsed(dao, found))
    if session.may_send(question):
        act(dao, session.account, found)
        session.say(standing(dao, found))
