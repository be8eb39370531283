"""The lifecycle as data: every state has one phase, and what a slot says decides."""

from __future__ import annotations

import pytest
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from executor.chain.requests import NATIVE, NOBODY, Offer, Result, Slot, Status, Work, pack
from executor.node.lifecycle import (
    BACK,
    ENDED,
    PHASES,
    STEPS,
    Seen,
    State,
    StepError,
    check_step,
    enter,
    look,
)

US, THEM = "0x" + "11" * 20, "0x" + "22" * 20
OFFER = Offer(1, 1, NOBODY, 0, 0, NATIVE, 1, 1, 0, 1, 100, 1)
REQUEST = pack(b"\0" * 32, NOBODY, NOBODY, OFFER, 0, b"\0" * 32)


def result(executor: str) -> Result:
    return Result(REQUEST, Work(executor, 0, 50, 1, False).word(), keccak(b"output"))


def claimed(executor: str, deadline: int) -> Slot:
    return Slot(Status.CLAIMED | 1 << 8 | deadline << 48 | int(executor, 16) << 96)


def posted(status: Status, of: Result) -> Slot:
    return Slot(status | 1 << 8 | of.digest())


def test_phases__every_state__belongs_to_exactly_one() -> None:
    listed = [state for states in PHASES.values() for state in states]
    assert sorted(listed) == sorted(State)


def test_steps__all__stay_within_their_phase() -> None:
    phase = {state: seen for seen, states in PHASES.items() for state in states}
    for state, following in STEPS.items():
        assert {phase[to] for to in following} == {phase[state]}


def test_back__every_waiting_state__has_a_way_back_that_is_a_step() -> None:
    for state, to in BACK.items():
        check_step(state, to)
        check_step(to, state)


@given(st.sampled_from(State), st.sampled_from(State))
def test_check_step__pair_that_the_table_lacks__is_refused(state: State, to: State) -> None:
    if to not in STEPS.get(state, ()):
        with pytest.raises(StepError):
            check_step(state, to)


@given(st.sampled_from(State), st.sampled_from(Seen))
def test_enter__whatever_was_believed__ends_in_the_phase_that_the_chain_says(
    state: State, seen: Seen
) -> None:
    entered = enter(state, seen)
    assert entered in PHASES[seen]
    assert enter(entered, seen) is entered
    if state in PHASES[seen]:
        assert entered is state


@pytest.mark.parametrize(
    ("slot", "known", "now", "seen"),
    [
        (Slot(0), None, 0, Seen.ABSENT),
        (Slot(Status.OPEN), None, 0, Seen.OPEN),
        (claimed(US, 100), None, 99, Seen.OURS),
        (claimed(THEM, 100), None, 99, Seen.THEIRS),
        (claimed(US, 100), None, 100, Seen.OVERDUE),
        (claimed(THEM, 100), None, 100, Seen.OVERDUE),
        (posted(Status.POSTED, result(US)), result(US), 99, Seen.POSTED),
        (posted(Status.POSTED, result(THEM)), result(THEM), 99, Seen.THEIRS),
        (posted(Status.POSTED, result(US)), result(THEM), 99, None),
        (posted(Status.POSTED, result(US)), None, 99, None),
        (posted(Status.REFUTED, result(US)), result(US), 99, Seen.REFUTED),
        (posted(Status.REFUTED, result(THEM)), result(THEM), 99, Seen.THEIRS),
        (Slot(Status.FINAL), result(US), 99, Seen.FINAL),
        (Slot(Status.FINAL), result(THEM), 99, Seen.CLOSED),
        (Slot(Status.FINAL), None, 99, None),
        (Slot(Status.REFUNDED), None, 99, Seen.CLOSED),
    ],
)
def test_look__a_slot__says_what_it_is_to_us(
    slot: Slot, known: Result | None, now: int, seen: Seen | None
) -> None:
    assert look(slot, known, US, now) is seen


def test_ended__states__have_no_steps() -> None:
    assert not set(ENDED) & set(STEPS)
