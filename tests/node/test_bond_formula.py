"""The bond formula: at the bond cheating does not pay, and with a wei less it does."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from executor.bond import (
    LEAST_BURNED,
    MOST_BOND,
    NoBondError,
    Returned,
    Temptation,
    bond_by_share,
    bond_in_network,
)

AMOUNTS = st.integers(0, 10**22)
CHANCES = st.fractions(0, 1, max_denominator=10**6).filter(bool)


def gain(value: int, chance: Fraction, saved: int, burned: Fraction | int) -> Fraction:
    """What cheating once is worth on average, outcome by outcome."""
    unnoticed = (1 - chance) * (value + saved)
    refuted = chance * (saved - burned)
    return unnoticed + refuted


def test_bond_by_share__every_small_case__is_the_first_at_which_cheating_does_not_pay() -> None:
    """By trying all bonds, from nothing on."""
    chances = [Fraction(n, 6) for n in range(1, 7)]
    shares = [Fraction(1, 2), Fraction(2, 3), Fraction(9, 10), Fraction(1)]
    tried = 0
    for value, chance, saved, share in product((0, 1, 7, 40), chances, (0, 1, 5), shares):
        bond = next(bond for bond in range(2_000) if gain(value, chance, saved, share * bond) <= 0)
        assert bond_by_share(Temptation(value, chance, saved), share) == bond
        tried += bond > 0
    assert tried > 200


@given(AMOUNTS, CHANCES, AMOUNTS, st.fractions(0, 1, max_denominator=10**4).filter(bool))
def test_bond_by_share__any_case__a_wei_less_would_pay(
    value: int, chance: Fraction, saved: int, share: Fraction
) -> None:
    temptation = Temptation(value, chance, saved)
    assume(temptation.least_burn / share <= MOST_BOND)
    bond = bond_by_share(temptation, share)
    assert gain(value, chance, saved, share * bond) <= 0
    assert bond == 0 or gain(value, chance, saved, share * (bond - 1)) > 0


@given(AMOUNTS, CHANCES, AMOUNTS, st.tuples(*[st.integers(0, 10**18)] * 5))
def test_bond_in_network__any_case__a_wei_less_would_pay(
    value: int, chance: Fraction, saved: int, amounts: tuple[int, ...]
) -> None:
    temptation, returned = Temptation(value, chance, saved), Returned(*amounts)
    assume(temptation.least_burn + returned.in_all <= MOST_BOND)
    bond = bond_in_network(temptation, returned)
    assert gain(value, chance, saved, bond - returned.in_all) <= 0
    assert gain(value, chance, saved, bond - 1 - returned.in_all) > 0 or temptation.least_burn == 0


@given(AMOUNTS, CHANCES, AMOUNTS, st.tuples(*[st.integers(0, 10**18)] * 5))
def test_bond_in_network__what_the_network_takes__burns_at_least_the_default_share(
    value: int, chance: Fraction, saved: int, amounts: tuple[int, ...]
) -> None:
    """So the answer without a network is enough in every network."""
    temptation, returned = Temptation(value, chance, saved), Returned(*amounts)
    assume(temptation.least_burn / LEAST_BURNED <= MOST_BOND)
    bond = max(bond_by_share(temptation), returned.least_bond)
    assert (bond - returned.in_all) >= LEAST_BURNED * bond
    assert gain(value, chance, saved, bond - returned.in_all) <= 0


def test_bond_by_share__numbers_of_a_person__are_those_worked_out_by_hand() -> None:
    """(5 % of 10 ether + 0) / (95 % of a half)."""
    ether = 10**18
    assert bond_by_share(Temptation(10 * ether, Fraction("0.95"))) == 1_052_631_578_947_368_422
    assert bond_by_share(Temptation(10 * ether, Fraction(1), 3), Fraction(1, 2)) == 6
    assert bond_by_share(Temptation(0, Fraction(1, 9))) == 0


@pytest.mark.parametrize(
    ("temptation", "reason"),
    [
        ((1, Fraction(0)), "no bond is enough where nobody watches"),
        ((1, Fraction(-1, 9)), "between 0 and 1"),
        ((1, Fraction(10, 9)), "between 0 and 1"),
        ((-1, Fraction(1)), "not negative"),
        ((1, Fraction(1), -1), "not negative"),
    ],
)
def test_temptation__that_has_no_answer__says_why(temptation, reason: str) -> None:
    with pytest.raises(NoBondError, match=reason):
        Temptation(*temptation)


@pytest.mark.parametrize("share", [Fraction(0), Fraction(-1), Fraction(3, 2)])
def test_bond_by_share__impossible_share__says_so(share: Fraction) -> None:
    with pytest.raises(NoBondError, match="burned share"):
        bond_by_share(Temptation(1, Fraction(1, 2)), share)


def test_bond_by_share__beyond_what_a_request_holds__says_what_to_change() -> None:
    tiny = Temptation(10**18, Fraction(1, 10**9))
    with pytest.raises(NoBondError, match="let more answers be watched"):
        bond_by_share(tiny)
    with pytest.raises(NoBondError, match="no network takes more"):
        bond_in_network(tiny, Returned(0, 0, 0, 0, 0))
