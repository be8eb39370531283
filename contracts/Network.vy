# pragma version 0.4.3
"""
@title Network
@notice Documentation and trust assumptions: `interfaces/INetwork.vyi`.
@custom:kill Nothing here can stop the Market; parameters outside their bounds are refused.
"""
from contracts.interfaces import IMarket
from contracts.interfaces import IModel
from contracts.interfaces import INetwork
from contracts.modules.market import terms
from snekmate.auth import ownable
from snekmate.auth import ownable_2step

initializes: ownable
initializes: ownable_2step[ownable := ownable]

implements: INetwork

exports: (
    ownable_2step.owner,
    ownable_2step.pending_owner,
    ownable_2step.transfer_ownership,
    ownable_2step.accept_ownership,
)

# Nobody freezes a bond for ten years.
MAX_FEE_BPS: constant(uint256) = 1_000
MAX_ROYALTY_BPS: constant(uint256) = 5_000
MAX_WINDOW: constant(uint256) = 30 * 86_400
MAX_RULING: constant(uint256) = 60 * 86_400
MAX_ATTEMPTS: constant(uint256) = 100

MARKET: immutable(IMarket)

parameters: public(INetwork.Parameters)


@deploy
def __init__(owner: address, market: IMarket, parameters: INetwork.Parameters):
    ownable.__init__()
    ownable_2step.__init__()
    ownable_2step._transfer_ownership(owner)
    MARKET = market
    self._set_parameters(parameters)


@external
def set_parameters(parameters: INetwork.Parameters):
    ownable._check_owner()
    self._set_parameters(parameters)


@internal
def _set_parameters(p: INetwork.Parameters):
    assert p.fee_bps <= MAX_FEE_BPS, "network: fee too high"
    assert p.delay_bps <= terms.BPS, "network: delay share too high"
    largest: uint256 = max(
        max(p.penalty, p.deposit), max(max(p.bounty, p.compensation), max(p.pot, p.defence_cost))
    )
    assert largest <= terms.MAX_AMOUNT, "network: amount too large"
    defended: uint256 = p.deposit * (terms.BPS - p.delay_bps) // terms.BPS
    assert p.defence_cost <= defended, "network: deposit below the defence"
    assert p.min_window != 0 and p.min_window <= MAX_WINDOW, "network: window out of bounds"
    result_seconds: uint256 = p.min_result_seconds
    assert result_seconds != 0 and result_seconds <= MAX_WINDOW, "network: result time out of bounds"
    assert p.ruling_seconds != 0 and p.ruling_seconds <= MAX_RULING, "network: ruling time out of bounds"
    assert p.max_attempts != 0 and p.max_attempts <= MAX_ATTEMPTS, "network: attempts out of bounds"
    self.parameters = p
    log INetwork.ParametersSet(parameters=p)


@external
@view
def draft(version: uint256, t: IModel.Terms) -> IMarket.Frozen:
    p: INetwork.Parameters = self.parameters
    assert version != 0 and version < terms.MASK32, "network: version out of bounds"
    assert t.royalty_bps <= MAX_ROYALTY_BPS, "network: royalty too high"
    assert t.window >= p.min_window and t.window <= MAX_WINDOW, "network: window out of bounds"
    assert t.min_bond <= terms.MAX_AMOUNT, "network: bond too large"
    # what a refuted or missed answer costs has to be covered twice, so that at least half of it burns
    owed: uint256 = p.bounty + p.compensation + p.pot + p.defence_cost
    covered: bool = t.min_bond // 2 >= owed and t.min_bond >= p.penalty and t.min_bond != 0
    assert covered, "network: bond too small"
    assert t.input_size != 0 and t.input_size <= terms.MASK32, "network: input size out of bounds"
    assert t.arbiter.is_contract, "network: arbiter has no code"
    return terms._pack(t, p)


@external
def collect(asset: address, models: DynArray[address, 32], to: address) -> uint256:
    ownable._check_owner()
    total: uint256 = 0
    for model: address in models:
        total += extcall MARKET.collect_fees(asset, model, to)
    return total


@external
@view
def market() -> address:
    return MARKET.address
