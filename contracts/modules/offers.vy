# pragma version 0.4.3
"""
@title Offers: whether an offer fits a version's terms
"""
from contracts.interfaces import IMarket
from contracts.modules import requests
from contracts.modules import terms

MAX_DEADLINE: constant(uint256) = 30 * 86_400  # seconds
MAX_CALLBACK_GAS: constant(uint256) = 2_000_000


@internal
@pure
def _check(offer: IMarket.Offer, scope: uint256) -> String[64]:
    """
    @notice The reason why not, or nothing.
    """
    if offer.bond < terms._min_bond(scope):
        return "market: bond too small"
    if offer.bond > terms.MAX_AMOUNT:
        return "market: bond too large"
    if terms._window(scope) > offer.max_window:
        return "market: window too long"
    if offer.result_seconds < terms._min_result_seconds(scope):
        return "market: result time too short"
    longest: uint256 = max(max(offer.result_seconds, offer.claim_seconds), offer.ramp)
    if longest > MAX_DEADLINE or offer.claim_seconds == 0:
        return "market: deadlines out of bounds"
    if offer.min_price > offer.max_price or offer.max_price > requests.MASK128:
        return "market: prices out of order"
    if offer.callback_gas > MAX_CALLBACK_GAS:
        return "market: callback gas too high"
    if offer.flags & (requests.AT_POST | requests.AT_FINAL) != 0 and offer.consumer == empty(address):
        return "market: no consumer"
    sources: uint256 = requests.UPLOADED | requests.UNWATCHABLE
    if offer.flags & ~(requests.KEPT | requests.PREPAID) != 0 or offer.flags & sources == sources:
        return "market: unknown flags"
    if offer.flags & requests.UNWATCHABLE != 0 and not terms._unwatchable(scope):
        return "market: unwatchable input"
    return ""
