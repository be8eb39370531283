# pragma version 0.4.3
"""
@title Terms: what a version and the network promised, as a request keeps it
@notice `Network.draft` checks a version's terms against the network's parameters and packs both; the Market
        keeps the words under the hash of their content, which requests name. From the top:
        scope      min bond 80 | window 32 | input size 32 | min result seconds 32 | royalty 16 | fee 16
                   | attempts 8 | unwatchable 8 | hooked 8 | 0
        arbiter    address 160 | ruling seconds 32 | 0
        penalties  missed claim 80 | compensation 80 | bounty 80 | 0
        deposits   deposit 80 | pot 80 | delay share 16 | 0
"""
from contracts.interfaces import IMarket
from contracts.interfaces import IModel
from contracts.interfaces import INetwork

BPS: constant(uint256) = 10_000
MAX_AMOUNT: constant(uint256) = 2**80 - 1  # of every bond, penalty and deposit
MASK32: constant(uint256) = 2**32 - 1


@internal
@pure
def _pack(t: IModel.Terms, p: INetwork.Parameters) -> IMarket.Frozen:
    return IMarket.Frozen(
        scope=(t.min_bond << 176)
        | (t.window << 144)
        | (t.input_size << 112)
        | (p.min_result_seconds << 80)
        | (t.royalty_bps << 64)
        | (p.fee_bps << 48)
        | (p.max_attempts << 40)
        | (convert(t.unwatchable, uint256) << 32)
        | (convert(t.hook != empty(address), uint256) << 24),
        program_root=t.program_root,
        arbiter=(convert(t.arbiter, uint256) << 96) | (p.ruling_seconds << 64),
        hook=t.hook,
        penalties=(p.penalty << 176) | (p.compensation << 96) | (p.bounty << 16),
        deposits=(p.deposit << 176) | (p.pot << 96) | (p.delay_bps << 80),
    )


# --- fields of `Frozen.scope` ---


@internal
@pure
def _min_bond(scope: uint256) -> uint256:
    return scope >> 176


@internal
@pure
def _window(scope: uint256) -> uint256:
    return (scope >> 144) & MASK32


@internal
@pure
def _input_size(scope: uint256) -> uint256:
    return (scope >> 112) & MASK32


@internal
@pure
def _min_result_seconds(scope: uint256) -> uint256:
    return (scope >> 80) & MASK32


@internal
@pure
def _max_attempts(scope: uint256) -> uint256:
    return (scope >> 40) & 255


@internal
@pure
def _unwatchable(scope: uint256) -> bool:
    return (scope >> 32) & 255 != 0


@internal
@pure
def _hooked(scope: uint256) -> bool:
    return (scope >> 24) & 255 != 0


# --- fields of the other words ---


@internal
@pure
def _arbiter(arbiter: uint256) -> address:
    return convert(arbiter >> 96, address)


@internal
@pure
def _ruling_seconds(arbiter: uint256) -> uint256:
    return (arbiter >> 64) & MASK32


@internal
@pure
def _penalty(penalties: uint256) -> uint256:
    return penalties >> 176


@internal
@pure
def _compensation(penalties: uint256) -> uint256:
    return (penalties >> 96) & MAX_AMOUNT


@internal
@pure
def _bounty(penalties: uint256) -> uint256:
    return (penalties >> 16) & MAX_AMOUNT


@internal
@pure
def _deposit(deposits: uint256) -> uint256:
    return deposits >> 176


@internal
@pure
def _pot(deposits: uint256) -> uint256:
    return (deposits >> 96) & MAX_AMOUNT


@internal
@pure
def _delay_bps(deposits: uint256) -> uint256:
    return (deposits >> 80) & 65535
