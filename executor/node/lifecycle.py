"""The life of a job, as data: the chain decides the phase, the executor moves within it.

What the slot of a request says (`Seen`) puts a job into a phase, whatever was believed before: after a crash,
a lost race or a reorganisation the job simply is where the chain has it. Inside a phase the executor takes
the steps of `STEPS`, most of them by sending a transaction and waiting for the chain to agree.
"""

from __future__ import annotations

from enum import StrEnum

from executor.chain.requests import Result, Slot, Status, Work


class Seen(StrEnum):
    """What a slot says, from the point of view of one executor."""

    ABSENT = "absent"  # the chain does not know the request: its block was reorganised away
    OPEN = "open"
    OURS = "ours"  # claimed by this executor, in time
    THEIRS = "theirs"  # claimed or answered by another
    OVERDUE = "overdue"  # claimed by anybody, and late
    POSTED = "posted"  # answered by this executor
    REFUTED = "refuted"  # answered by this executor, and wrong
    FINAL = "final"  # this executor's answer is final
    CLOSED = "closed"  # refunded, or another's answer is final


class State(StrEnum):
    GONE = "gone"
    OPEN = "open"  # to be decided upon
    DECLINED = "declined"  # not for this executor
    CLAIMING = "claiming"  # a claim is on its way
    CLAIMED = "claimed"  # to be inferred
    COMPUTED = "computed"  # the output is durable
    POSTING = "posting"  # the output is on its way
    TAKEN = "taken"  # somebody else's
    OVERDUE = "overdue"
    EXPIRING = "expiring"  # being opened again
    POSTED = "posted"  # its window runs
    FINALIZING = "finalizing"  # its end is on its way
    REFUTED = "refuted"
    FINAL = "final"  # paid
    CLOSED = "closed"


# The states of each phase. A job that enters a phase starts in the first.
PHASES: dict[Seen, tuple[State, ...]] = {
    Seen.ABSENT: (State.GONE,),
    Seen.OPEN: (State.OPEN, State.DECLINED, State.CLAIMING),
    Seen.OURS: (State.CLAIMED, State.COMPUTED, State.POSTING),
    Seen.THEIRS: (State.TAKEN,),
    Seen.OVERDUE: (State.OVERDUE, State.EXPIRING),
    Seen.POSTED: (State.POSTED, State.FINALIZING),
    Seen.REFUTED: (State.REFUTED,),
    Seen.FINAL: (State.FINAL,),
    Seen.CLOSED: (State.CLOSED,),
}

# What the executor may do by itself. A step back follows a transaction that failed or was skipped.
STEPS: dict[State, frozenset[State]] = {
    State.OPEN: frozenset({State.CLAIMING, State.DECLINED}),
    State.CLAIMING: frozenset({State.OPEN}),
    State.CLAIMED: frozenset({State.COMPUTED}),
    State.COMPUTED: frozenset({State.POSTING}),
    State.POSTING: frozenset({State.COMPUTED}),
    State.OVERDUE: frozenset({State.EXPIRING}),
    State.EXPIRING: frozenset({State.OVERDUE}),
    State.POSTED: frozenset({State.FINALIZING}),
    State.FINALIZING: frozenset({State.POSTED}),
}

# Where a job returns to when the transaction it waits for has changed nothing.
BACK = {
    State.CLAIMING: State.OPEN,
    State.POSTING: State.COMPUTED,
    State.EXPIRING: State.OVERDUE,
    State.FINALIZING: State.POSTED,
}
ENDED = (State.GONE, State.FINAL, State.CLOSED)  # nothing more happens unless blocks are taken back
OWED = (State.CLAIMING, State.CLAIMED, State.COMPUTED, State.POSTING)  # a bond depends on going on


class StepError(Exception):
    """A step that the table does not have."""


def look(slot: Slot, result: Result | None, account: str, now: int) -> Seen | None:
    """What a slot says to `account` at chain time `now`.

    result: the newest result of the request in the logs followed so far. None if the slot is ahead of the
    logs, and it has to be looked at again.
    """
    ours = result is not None and Work.of(result.work).executor == account
    match slot.status:
        case Status.UNKNOWN:
            return Seen.ABSENT
        case Status.OPEN:
            return Seen.OPEN
        case Status.CLAIMED:
            if now >= slot.deadline:
                return Seen.OVERDUE
            return Seen.OURS if slot.executor == account else Seen.THEIRS
        case Status.POSTED | Status.REFUTED:
            if result is None or not slot.holds(result):
                return None
            if not ours:
                return Seen.THEIRS
            return Seen.POSTED if slot.status is Status.POSTED else Seen.REFUTED
        case Status.FINAL:
            if result is None:
                return None
            return Seen.FINAL if ours else Seen.CLOSED
        case Status.REFUNDED:
            return Seen.CLOSED


def enter(state: State, seen: Seen) -> State:
    """The state of a job once the chain was looked at: unchanged inside its phase, else the phase's first."""
    return state if state in PHASES[seen] else PHASES[seen][0]


def check_step(state: State, to: State) -> None:
    """Raises StepError unless the executor may take this step."""
    if to not in STEPS.get(state, frozenset()):
        raise StepError(f"lifecycle: a job cannot go from {state} to {to}")
