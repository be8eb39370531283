"""The state machine of outgoing transactions is its table, and nothing else."""

from __future__ import annotations

from itertools import product

import pytest

from executor.chain.transactions import (
    IN_FLIGHT,
    LIVE,
    SETTLED,
    TRANSITIONS,
    DuplicateError,
    State,
    Transactions,
    TransitionError,
)


def add(journal, purpose: str = "count") -> int:
    return Transactions(journal).add(purpose, "0x" + "11" * 20, b"", 2**200, 0, None)


def test_transitions__table__ends_only_where_nothing_was_ever_sent():
    assert set(TRANSITIONS) == set(State)
    ends = {state for state, following in TRANSITIONS.items() if not following}
    assert ends == {State.CANCELLED, State.REFUSED, State.REHEARSED}
    reached = {State.QUEUED}
    for _ in State:
        reached |= {following for state in reached for following in TRANSITIONS[state]}
    assert reached == set(State)
    assert {State.QUEUED, *IN_FLIGHT} == set(LIVE) == set(State) - set(SETTLED)


def test_transitions__to_queued__only_from_before_any_block():
    """A transaction that was in a block keeps its nonce and bytes for ever."""
    assert {state for state in State if State.QUEUED in TRANSITIONS[state]} == {State.SIGNED, State.SENT}


@pytest.mark.parametrize(("before", "after"), product(State, State))
def test_move__every_pair_of_states__follows_the_table(before, after, journal):
    transactions = Transactions(journal)
    with journal.transaction():
        number = add(journal)
        journal.write("UPDATE transactions SET state = ? WHERE id = ?", before, number)
        if after in TRANSITIONS[before]:
            transactions.move(transactions.get(number), after)
        else:
            with pytest.raises(TransitionError, match=f"from {before} to {after}"):
                transactions.move(transactions.get(number), after)
    assert transactions.get(number).state is (after if after in TRANSITIONS[before] else before)


@pytest.mark.parametrize("state", State)
def test_add__same_purpose__waits_for_the_first_to_settle(state, journal):
    with journal.transaction():
        journal.write("UPDATE transactions SET state = ? WHERE id = ?", state, add(journal))
        add(journal, "another")
        if state in SETTLED:
            add(journal)
        else:
            with pytest.raises(DuplicateError, match="'count' is already on its way"):
                add(journal)


def test_get__value_beyond_sqlites_integers__survives(journal):
    with journal.transaction():
        number = add(journal)
    assert Transactions(journal).get(number).value == 2**200


def test_get__unknown__is_refused(journal):
    with pytest.raises(KeyError, match="no transaction 9"):
        Transactions(journal).get(9)
