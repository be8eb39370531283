# pragma version 0.4.3
"""
@title Offers: whether an offer fits a version's terms
"""
from contracts.interfaces import IMarket
from contracts.modules.market import reasons
from contracts.modules.market import requests
from contracts.modules.market import terms

MAX_DEADLINE: constant(uint256) = 30 * 86_400  # seconds
MAX_CALLBACK_GAS: constant(uint256) = 2_000_000


@internal
@pure
def _check(offer: IMarket.Offer, scope: uint256) -> uint256:
    """
    @notice The reason why not, or FINE.
    """
    if offer.bond < terms._min_bond(scope):
        return reasons.BOND_TOO_SMALL
    if offer.bond > terms.MAX_AMOUNT:
        return reasons.BOND_TOO_LARGE
    if terms._window(scope) > offer.max_window:
        return reasons.WINDOW_TOO_LONG
    if offer.result_seconds < terms._min_result_seconds(scope):
        return reasons.RESULT_TIME_TOO_SHORT
    longest: uint256 = max(max(offer.result_seconds, offer.claim_seconds), offer.ramp)
    if longest > MAX_DEADLINE or offer.claim_seconds == 0:
        return reasons.DEADLINES
    if offer.min_price > offer.max_price or offer.max_price > requests.MASK128:
        return reasons.PRICES
    if offer.callback_gas > MAX_CALLBACK_GAS:
        return reasons.CALLBACK_GAS_TOO_HIGH
    if offer.flags & (requests.AT_POST | requests.AT_FINAL) != 0 and offer.consumer == empty(address):
        return reasons.NO_CONSUMER
    sources: uint256 = requests.UPLOADED | requests.UNWATCHABLE
    if offer.flags & ~(requests.KEPT | requests.PREPAID) != 0 or offer.flags & sources == sources:
        return reasons.UNKNOWN_FLAGS
    if offer.flags & requests.UNWATCHABLE != 0 and not terms._unwatchable(scope):
        return reasons.UNWATCHABLE
    return reasons.FINE
