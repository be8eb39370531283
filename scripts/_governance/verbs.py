"""What people do with proposals, and what has to hold before they can.

Each verb checks first, and says what to do where it cannot be done yet; then it sends one transaction. The
checks take no account where none is known.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ape.exceptions import ContractLogicError

from scripts._governance.dao import Dao, lasting
from scripts._governance.names import GovernanceError
from scripts._governance.proposals import Proposal, State
from scripts._governance.shares import DIVIDED, Parts, Support

VOTED_ALREADY = "you have voted on this, and a vote stays as it is"
NO_VOTES = "you have no votes"
OVER = {
    State.CANCELED: "it was cancelled",
    State.DEFEATED: "it was defeated",
    State.EXPIRED: "it expired",
    State.EXECUTED: "it was executed",
}


class Votes(NamedTuple):
    """What an account has in a proposal, and what of it is not cast."""

    all: int
    left: int


# Propose


def check_propose(dao: Dao, proposal: Proposal, account: Any | None) -> None:
    """GovernanceError unless the proposal is new and the account has the votes for it."""
    if not proposal.actions:
        raise GovernanceError("a proposal has to do something: name at least one action")
    if not proposal.description.strip():
        raise GovernanceError("say in a description what it is for: everybody reads it before the vote")
    if dao.exists(proposal):
        raise GovernanceError(
            f"this has been proposed, as {proposal.id}: change the description, or vote on it"
        )
    if account is None:
        return
    needed = dao.read(dao.governor, "proposalThreshold")
    held = dao.read(dao.governor, "getVotes", str(account), dao.timepoint - 1)
    if held < needed:
        said = f"a proposer needs {dao.counted(needed)} votes, you have {dao.counted(held)}"
        raise GovernanceError(f"{said}; {_how_to_get_votes(dao, account)}")


def propose(dao: Dao, account: Any, proposal: Proposal) -> Proposal:
    """Propose it; returns it with its dates."""
    check_propose(dao, proposal, account)
    dao.send(account, dao.governor, "propose", *proposal.calls, proposal.description)
    return dao.proposal(str(proposal.id))


# Vote


def check_vote(dao: Dao, proposal: Proposal, account: Any | None) -> None:
    """GovernanceError unless the vote is open and the account has votes in it that it did not cast."""
    state = dao.state(proposal)
    if state is State.PENDING:
        raise GovernanceError(f"not yet: voting starts in {_start(dao, proposal)}")
    if state is not State.ACTIVE:
        raise GovernanceError(f"too late: {OVER.get(state, 'the vote is over and it has succeeded')}")
    if account is None:
        return
    votes = votes_of(dao, proposal, account)
    if not votes.all:
        raise GovernanceError(
            f"{NO_VOTES} in this one: they had to be yours when the vote began. {_later(dao, account)}"
        )
    if not votes.left:
        raise GovernanceError(VOTED_ALREADY)


def votes_of(dao: Dao, proposal: Proposal, account: Any) -> Votes:
    """Of an account, in a proposal whose vote has begun."""
    snapshot = dao.read(dao.governor, "proposalSnapshot", proposal.id)
    weight = dao.read(dao.governor, "getVotes", str(account), snapshot)
    try:
        used = dao.read(dao.governor, "usedVotes", proposal.id, str(account))
    except ContractLogicError:  # a governor of another make, which counts no parts of votes
        used = weight if dao.read(dao.governor, "hasVoted", proposal.id, str(account)) else 0
    return Votes(weight, max(0, weight - used))


def check_division(dao: Dao, proposal: Proposal, account: Any, parts: Parts) -> None:
    """GovernanceError unless the vote is open and the account has as many votes left."""
    check_vote(dao, proposal, account)
    left = votes_of(dao, proposal, account).left
    if sum(parts) > left:
        said = f"that is {dao.counted(sum(parts))} votes, and you have {dao.counted(left)} left"
        raise GovernanceError(f"{said}: what you have cast stays as it is")


def vote(dao: Dao, account: Any, proposal: Proposal, support: Support, reason: str = "") -> Any:
    """Cast all votes that an account has left."""
    check_vote(dao, proposal, account)
    if reason:
        return dao.send(account, dao.governor, "castVoteWithReason", proposal.id, int(support), reason)
    return dao.send(account, dao.governor, "castVote", proposal.id, int(support))


def divide(dao: Dao, account: Any, proposal: Proposal, parts: Parts, reason: str = "") -> Any:
    """Cast so many votes of an account each way."""
    check_division(dao, proposal, account, parts)
    ballot = (proposal.id, DIVIDED, reason, parts.params)
    return dao.send(account, dao.governor, "castVoteWithReasonAndParams", *ballot)


def delegate(dao: Dao, account: Any, to: str) -> Any:
    """Let `to`, which may be the account itself, vote with what the account holds."""
    return dao.send(account, dao.votes, "delegate", to)


# Queue and execute


def check_queue(dao: Dao, proposal: Proposal) -> None:
    """GovernanceError unless the proposal has succeeded and is not queued."""
    state = dao.state(proposal)
    if state is State.PENDING:
        raise GovernanceError(f"not yet: voting starts in {_start(dao, proposal)}")
    if state is State.ACTIVE:
        raise GovernanceError(f"not yet: voting ends in {_end(dao, proposal)}")
    if state is State.QUEUED:
        raise GovernanceError("it is queued; the next step is `ape run execute`")
    if state is not State.SUCCEEDED:
        raise GovernanceError(f"too late: {OVER[state]}")


def queue(dao: Dao, account: Any, proposal: Proposal) -> Any:
    """Let the timelock's delay begin."""
    check_queue(dao, proposal)
    return dao.send(account, dao.governor, "queue", *proposal.steps)


def check_execute(dao: Dao, proposal: Proposal) -> None:
    """GovernanceError unless the proposal is queued and its delay is over."""
    if dao.state(proposal) is State.SUCCEEDED:
        raise GovernanceError("not yet: it has to be queued first, with `ape run queue`")
    if dao.state(proposal) is not State.QUEUED:
        check_queue(dao, proposal)
    ahead = dao.read(dao.governor, "proposalEta", proposal.id) - dao.now
    if ahead > 0:
        raise GovernanceError(f"not yet: the timelock lets it through in {lasting(ahead)}")


def execute(dao: Dao, account: Any, proposal: Proposal) -> Any:
    """Do what was decided."""
    check_execute(dao, proposal)
    return dao.send(account, dao.governor, "execute", *proposal.steps)


# When, and with which votes


def _start(dao: Dao, proposal: Proposal) -> str:
    # The Governor counts the snapshot itself as not yet begun.
    return dao.until(dao.read(dao.governor, "proposalSnapshot", proposal.id) + 1)


def _end(dao: Dao, proposal: Proposal) -> str:
    return dao.until(dao.read(dao.governor, "proposalDeadline", proposal.id) + 1)


def _later(dao: Dao, account: Any) -> str:
    if dao.read(dao.votes, "getVotes", str(account)):
        return "You have some now, for the next"
    return "For the next " + _how_to_get_votes(dao, account)


def _how_to_get_votes(dao: Dao, account: Any) -> str:
    held = dao.held(account)
    if held and dao.read(dao.votes, "delegates", str(account)) != str(account):
        return f"delegate your {dao.counted(held)} first: `ape run vote --delegate`"
    return "let others delegate theirs to you"
