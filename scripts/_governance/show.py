"""A proposal in a terminal: what it does, whether that would work, where it stands."""

from __future__ import annotations

from collections.abc import Iterator

from executor.chain.answers import printable
from scripts._governance.dao import Dao, lasting
from scripts._governance.phrases import in_words, to_the_letter
from scripts._governance.proposals import Proposal, State
from scripts._governance.rehearsal import rehearse

BY_VOTE_ALONE = "can be tried by executing it alone: the governor obeys nothing but its own proposals"


def decoded(dao: Dao, proposal: Proposal) -> Iterator[str]:
    """Description and actions, each in words and to the letter."""
    yield from (f"  {printable(line)}" for line in proposal.description.strip().splitlines())
    for number, action in enumerate(proposal.actions, 1):
        yield f"{number}. {in_words(action, dao.names)}"
        yield f"   {to_the_letter(action, dao.names)}"


def rehearsed(dao: Dao, proposal: Proposal) -> Iterator[str]:
    """For each action, whether it would work if the timelock made it now."""
    tried = [action for action in proposal.actions if action.target != dao.governor.address]
    refusals = iter(rehearse(dao.provider, dao.timelock.address, tried))
    for number, action in enumerate(proposal.actions, 1):
        if action.target == dao.governor.address:
            yield f"action {number} {BY_VOTE_ALONE}"
        else:
            said = next(refusals)
            yield f"action {number} would {f'fail now: {said}' if said else 'work now'}"


def standing(dao: Dao, proposal: Proposal) -> Iterator[str]:
    """State, votes, quorum, and when it can go on."""
    state = dao.state(proposal)
    yield f"{state.name.lower()}{_next(dao, proposal, state)}"
    if state is State.PENDING:
        return
    against, favour, abstaining = dao.read(dao.governor, "proposalVotes", proposal.id)
    yield "for {}, against {}, abstaining {}".format(*map(dao.counted, (favour, against, abstaining)))
    needed = dao.read(dao.governor, "quorum", dao.read(dao.governor, "proposalSnapshot", proposal.id))
    reached = favour + abstaining >= needed
    yield f"quorum {dao.counted(needed)}, {'reached' if reached else 'not reached'}"


def _next(dao: Dao, proposal: Proposal, state: State) -> str:
    if state is State.PENDING:
        begins = dao.read(dao.governor, "proposalSnapshot", proposal.id)
        return f": voting starts in {dao.until(begins + 1)}"
    if state is State.ACTIVE:
        ends = dao.read(dao.governor, "proposalDeadline", proposal.id)
        return f": voting ends in {dao.until(ends + 1)}"
    if state is State.SUCCEEDED:
        return ": anybody can queue it"
    if state is State.QUEUED:
        ahead = dao.read(dao.governor, "proposalEta", proposal.id) - dao.now
        return f": anybody can execute it{f' in {lasting(ahead)}' if ahead > 0 else ''}"
    return ""
