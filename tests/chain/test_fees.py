"""Fees: enough for the next block, better when they have to be, and never above the cap."""

from hypothesis import given
from hypothesis import strategies as st

from executor.chain.fees import FeePolicy, Fees, bumped_fees, first_fees

wei = st.integers(1, 10**13)


@given(base_fee=wei, tip=wei, cap=wei)
def test_first_fees__any_market__pays_the_next_block_within_the_cap(base_fee, tip, cap):
    policy = FeePolicy(cap=max(cap, tip), tip=tip)
    fees = first_fees(base_fee, policy)
    if fees is None:
        assert base_fee + tip > policy.cap
    else:
        assert base_fee + tip <= fees.max_fee <= policy.cap
        assert fees.tip == tip


@given(base_fee=wei, tip=wei, extra=wei, cap=wei)
def test_bumped_fees__any_offer__rises_by_an_eighth_or_stops_at_the_cap(base_fee, tip, extra, cap):
    fees, policy = Fees(tip + extra, tip), FeePolicy(cap=max(cap, tip), tip=tip)
    bumped = bumped_fees(fees, base_fee, policy)
    if bumped is None:
        assert fees.max_fee * 9 > policy.cap * 8 - 8
    else:
        assert 8 * bumped.max_fee >= 9 * fees.max_fee
        assert 8 * bumped.tip >= 9 * fees.tip
        assert bumped.tip <= bumped.max_fee <= policy.cap
