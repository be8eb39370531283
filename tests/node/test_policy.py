"""What is worth claiming: each reason alone, and the numbers around it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.chain.requests import NATIVE, NOBODY, Flags, Offer, Request, Slot, Status, pack, price_after
from executor.chain.terms import Frozen
from executor.node.claim import Room, fit
from executor.node.jobs import Job
from executor.node.lifecycle import State
from executor.node.policy import (
    GAS_A_BATCH,
    GAS_A_BYTE,
    GAS_A_JOB,
    HOOK_GAS,
    Conditions,
    Defence,
    Leave,
    Policy,
    Take,
    Wait,
    gas_cost,
    is_worth_opening,
    next_price,
    weigh,
    weigh_order,
)

ARBITER = "0x" + "11" * 20
TOKEN = "0x" + "22" * 20
OPENED = 1_000
OUTPUT = 32
GAS_PRICE = 10
COST = (GAS_A_BATCH + GAS_A_JOB + GAS_A_BYTE * OUTPUT) * GAS_PRICE
BASE = Offer(1, 600, NOBODY, 0, 0, NATIVE, 0, 10_000_000, 100, 300, 120, 5)
POLICY = Policy(floors={NATIVE: 0}, arbiters=frozenset({ARBITER}), max_window=600, margin=10)
NOW = Conditions(now=OPENED, gas_price=GAS_PRICE, seconds=5.0)


def frozen(window: int = 600, royalty: int = 0, fee: int = 0) -> Frozen:
    scope = 3 << 176 | window << 144 | 64 << 112 | 30 << 80 | royalty << 64 | fee << 48
    return Frozen(scope, b"\1" * 32, int(ARBITER, 16) << 96, NOBODY, 0, 0)


def request(**changes: Any) -> Request:
    return pack(b"\0" * 32, NOBODY, NOBODY, BASE._replace(**changes), 0, b"\0" * 32)


def opened(at: int = OPENED, ramp_start: int | None = None) -> Slot:
    return Slot(Status.OPEN | 1 << 8 | (at if ramp_start is None else ramp_start) << 16 | at << 56)


def verdict(
    policy: Policy = POLICY, conditions: Conditions = NOW, terms: Frozen | None = None, **changes: Any
):
    return weigh(request(**changes), opened(), terms or frozen(), OUTPUT, policy, conditions)


def at(seconds: int) -> Conditions:
    return replace(NOW, now=OPENED + seconds)


def test_weigh__pays_more_than_its_gas__is_taken_for_what_is_left() -> None:
    assert verdict(min_price=COST + 7) == Take(7)
    assert verdict(min_price=COST) == Take(0)


def test_weigh__pays_less_than_its_gas_now__waits_for_the_second_when_it_does() -> None:
    waits = verdict()
    assert isinstance(waits, Wait)
    until = waits.until - OPENED
    assert isinstance(verdict(conditions=at(until)), Take)
    assert not isinstance(verdict(conditions=at(until - 1)), Take)


def test_weigh__never_pays_its_gas__waits_for_cheaper_gas() -> None:
    assert isinstance(verdict(max_price=COST - 1), Wait)
    cheap = replace(NOW, gas_price=GAS_PRICE - 1, now=OPENED + 100)
    assert isinstance(verdict(max_price=COST - 1, conditions=cheap), Take)


def test_weigh__floor_of_the_operator__is_on_top_of_the_gas() -> None:
    policy = replace(POLICY, floors={NATIVE: 8})
    assert isinstance(verdict(policy, min_price=COST + 7), Wait)
    assert verdict(policy, min_price=COST + 8) == Take(8)


def test_weigh__trace_longer_than_a_quarter_of_the_clock__is_left() -> None:
    """A defender's clock is three tenths of the ruling time; what is not known to be slow is taken."""
    terms = frozen()._replace(arbiter_word=int(ARBITER, 16) << 96 | 4_000 << 64)

    def weighed(seconds: float) -> Take | Wait | Leave:
        policy = replace(POLICY, defences={terms.program_root: Defence(seconds, terms.input_size)})
        return verdict(policy, terms=terms, min_price=COST)

    assert weighed(300.0) == Take(0)
    assert weighed(301.0) == Leave("a trace takes 301.0 s, above 300.0 s, a quarter of a defender's clock")


def test_weigh__version_of_another_input_size__is_left() -> None:
    defences = {frozen().program_root: Defence(0.0, 63)}
    left = verdict(replace(POLICY, defences=defences), min_price=COST)
    assert left == Leave("its version takes inputs of 64 bytes, its program of 63")


def test_weigh__royalty_and_fee__are_not_earned() -> None:
    price = 10_000_000
    taken = verdict(terms=frozen(royalty=1_000, fee=200), min_price=price)
    assert taken == Take(price - price // 10 - price // 50 - COST)


def test_weigh__callbacks__cost_their_gas_when_posted_and_when_final() -> None:
    cheap = replace(NOW, gas_price=1)

    def cost(flags: Flags) -> int:
        return gas_cost(flags, 50_000, OUTPUT, NATIVE, cheap)

    assert cost(Flags.AT_POST) - cost(Flags.NONE) == 50_000
    assert cost(Flags.AT_POST | Flags.AT_FINAL) - cost(Flags.NONE) == 100_000


def test_weigh__output_hook__costs_all_the_gas_that_it_may_take() -> None:
    hooked = frozen()._replace(hook="0x" + "33" * 20)
    price = COST + HOOK_GAS * GAS_PRICE
    assert isinstance(verdict(terms=hooked, min_price=price - 1), Wait)
    assert verdict(terms=hooked, min_price=price) == Take(0)


def test_gas_cost__jobs_that_share_transactions__cost_less_each() -> None:
    def cost(together: int) -> int:
        return gas_cost(Flags.NONE, 0, 0, NATIVE, replace(NOW, gas_price=1, together=together))

    assert cost(1) == GAS_A_BATCH + GAS_A_JOB
    assert cost(2) == GAS_A_BATCH // 2 + GAS_A_JOB
    assert cost(32) == cost(500) == GAS_A_BATCH // 32 + GAS_A_JOB


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("arbiter", {"policy": replace(POLICY, arbiters=frozenset())}),
        ("fees in", {"asset": TOKEN}),
        ("kept elsewhere", {"flags": Flags.UNWATCHABLE}),
        ("window", {"terms": frozen(window=601)}),
        ("too short", {"result_seconds": 14}),
        ("claim deadline", {"conditions": at(299)}),
        ("rises too late", {"claim_seconds": 20, "max_price": 2 * COST, "ramp": 40}),
    ],
)
def test_weigh__one_thing_wrong__is_left_with_the_reason(why: str, changes: dict[str, Any]) -> None:
    found = verdict(**({"min_price": COST, **changes} if "ramp" not in changes else changes))
    assert isinstance(found, Leave)
    assert why in found.why


def test_weigh__one_second_less_of_each__is_taken() -> None:
    assert isinstance(verdict(min_price=COST, result_seconds=15), Take)
    assert isinstance(verdict(min_price=COST, conditions=at(298)), Take)


def test_weigh__uploaded_input__is_weighed_like_any_other() -> None:
    assert verdict(min_price=COST, flags=Flags.UPLOADED) == verdict(min_price=COST)


def test_weigh__fee_in_an_accepted_token__counts_no_gas() -> None:
    policy = replace(POLICY, floors={NATIVE: 0, TOKEN: 5})
    assert verdict(policy, asset=TOKEN, min_price=5) == Take(5)


def test_weigh__reopened_request__goes_on_from_its_old_price() -> None:
    later = opened(at=OPENED, ramp_start=OPENED - 50)
    taken = weigh(request(), later, frozen(), OUTPUT, POLICY, NOW)
    assert taken == Take(5_000_000 - COST)


@given(
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.integers(0, 5_000),
    st.integers(0, 10**9),
    st.integers(0, 2_000),
)
def test_next_price__any_ramp__is_the_first_second_that_earns_it(
    one: int, other: int, ramp: int, needed: int, royalty: int
) -> None:
    low, high = sorted((one, other))
    asked, terms = request(min_price=low, max_price=high, ramp=ramp), frozen(royalty=royalty)
    second = next_price(asked, terms, needed)
    if second is None:
        assert terms.earned(high) < needed
        return
    assert terms.earned(price_after(second, low, high, ramp)) >= needed
    assert second == 0 or terms.earned(price_after(second - 1, low, high, ramp)) < needed


def test_weigh_order__bond_or_window_below_the_version_s__is_left() -> None:
    price = 10**9
    assert isinstance(weigh_order(BASE._replace(bond=3), price, frozen(), OUTPUT, POLICY, NOW), Take)
    assert isinstance(weigh_order(BASE._replace(bond=2), price, frozen(), OUTPUT, POLICY, NOW), Leave)
    assert isinstance(weigh_order(BASE._replace(max_window=599), price, frozen(), OUTPUT, POLICY, NOW), Leave)
    assert isinstance(weigh_order(BASE, COST, frozen(), OUTPUT, POLICY, NOW), Wait)


def job(number: int, bond: int) -> Job:
    return Job(
        *(bytes([number]) * 32, request(bond=bond), b"", State.OPEN, 1, opened(), None, None, None, None),
        *(0, 0, ""),
    )


def test_fit__stake_and_jobs__bound_what_is_taken_in_order() -> None:
    jobs = [job(1, 50), job(2, 60), job(3, 40), job(4, 10)]
    assert [j.id[0] for j in fit(jobs, Room(100, 9))] == [1, 3, 4]
    assert [j.id[0] for j in fit(jobs, Room(100, 2))] == [1, 3]
    assert fit(jobs, Room(-5, 9)) == []
    assert fit(jobs, Room(100, -1)) == []


def test_fit__work_ahead__leaves_what_would_come_after_its_deadline() -> None:
    jobs = [job(number, 0) for number in range(5)]  # 120 seconds for a result each
    room = Room(100, 9)
    assert len(fit(jobs, room, lambda _: 40.0)) == 3
    assert len(fit(jobs, room, lambda _: 40.0, ahead=1.0)) == 2
    assert fit(jobs, room, lambda _: 40.0, ahead=81.0) == []


def test_is_worth_opening__last_attempt_missed__is_a_refund_that_is_not_paid_for() -> None:
    missed, price = Slot(Status.CLAIMED | 3 << 8), request(min_price=10_000_000)
    allowed = frozen()._replace(scope=frozen().scope | 4 << 40)
    last = frozen()._replace(scope=frozen().scope | 3 << 40)
    assert is_worth_opening(price, missed, allowed, OUTPUT, POLICY, NOW)
    assert not is_worth_opening(price, missed, last, OUTPUT, POLICY, NOW)
