"""The state machine of outgoing transactions is its table, and nothing else."""

from __future__ import annotations

from itertools import product

import pytest

from executor.chain.fees import Fees
from executor.chain.transactions import (
    IN_FLIGHT,
    LIVE,
    SCHEMA,
    SETTLED,
    TRANSITIONS,
    DuplicateError,
    State,
    Transactions,
    TransitionError,
)
from executor.journal import Identity, Journal, Schema


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


def queued(journal) -> list[int]:
    return [outgoing.id for outgoing in Transactions(journal).queued(64)]


def test_queued__had_to_wait__lets_the_others_go_first(journal):
    transactions = Transactions(journal)
    with journal.transaction():
        stuck = [add(journal, f"stuck {n}") for n in range(64)]
        late = add(journal, "late")
    assert late not in queued(journal)
    with journal.transaction():
        for number in stuck:
            transactions.wait(transactions.get(number), 100, "waits: no money")
    assert queued(journal)[:2] == [late, stuck[0]]
    assert transactions.get(stuck[0]).note == "waits: no money"
    assert late not in transactions.changed


@pytest.mark.parametrize("state", State)
def test_forget__long_ago__drops_what_is_settled_and_nothing_else(state, journal):
    transactions = Transactions(journal)
    with journal.transaction():
        number, recent = add(journal), add(journal, "recent")
        place = "UPDATE transactions SET state = ?, block_number = ? WHERE id = ?"
        journal.write(place, state, 99, number)
        journal.write(place, state, 100, recent)
        transactions.add_attempt(transactions.get(number), b"h" * 32, b"raw", Fees(2, 1), 98)
        transactions.forget(100, 0)
    left = [row["id"] for row in journal.rows("SELECT id FROM transactions")]
    assert left == ([recent] if state in SETTLED else [number, recent])
    assert len(journal.rows("SELECT * FROM attempts")) == (state not in SETTLED)


def test_forget__never_sent__goes_by_the_time_at_which_it_was_wanted(journal):
    transactions = Transactions(journal)
    with journal.transaction():
        number = add(journal)
        transactions.move(transactions.get(number), State.REFUSED)
        wanted = transactions.get(number).wanted
        transactions.forget(10**9, wanted)
    assert transactions.get(number).state is State.REFUSED
    with journal.transaction():
        transactions.forget(0, wanted + 1)
    assert journal.rows("SELECT * FROM transactions") == []


def test_forget__named_by_a_row_or_to_be_followed__is_kept(journal):
    transactions = Transactions(journal)
    with journal.transaction():
        journal.write("CREATE TABLE moves (name TEXT, transaction_id INTEGER)")
        named, before, plain = (add(journal, purpose) for purpose in ("named", "before", "plain"))
        transactions.add("after", "0x" + "11" * 20, b"", 0, 0, before)
        journal.write("UPDATE transactions SET state = 'confirmed', block_number = 1 WHERE state = 'queued'")
        journal.write("UPDATE transactions SET state = 'queued' WHERE purpose = 'after'")
        journal.write("INSERT INTO moves VALUES ('a', ?), ('b', NULL)", named)
        transactions.forget(100, 0)
    left = {row["purpose"] for row in journal.rows("SELECT purpose FROM transactions")}
    assert left == {"named", "before", "after"}
    with pytest.raises(KeyError):
        transactions.get(plain)


def test_schema__of_a_journal_before_it__is_brought_up_to_date(tmp_path):
    owner = Identity(1, b"\x00" * 32, "0x" + "0a" * 20, "0x" + "0b" * 20)
    old = Schema(SCHEMA.name, SCHEMA.migrations[:1])
    with Journal.open(tmp_path / "journal.sqlite", owner, (old,)) as journal, journal.transaction():
        journal.write(
            "INSERT INTO transactions (purpose, recipient, data, value, least_gas, state)"
            " VALUES ('old', '0x', x'', '5', 0, 'queued')"
        )
    with Journal.open(tmp_path / "journal.sqlite", owner, (SCHEMA,)) as journal:
        (outgoing,) = Transactions(journal).queued(1)
        assert (outgoing.purpose, outgoing.wanted, outgoing.looked) == ("old", 0, 0)


def test_get__unknown__is_refused(journal):
    with pytest.raises(KeyError, match="no transaction 9"):
        Transactions(journal).get(9)
