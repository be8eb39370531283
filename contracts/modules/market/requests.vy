# pragma version 0.4.3
"""
@title Requests: seven packed words, read and written
@notice Field positions are those of `IMarket.Request`; `executor/chain/requests.py` is the same table in
        Python.
"""
from contracts.interfaces import IMarket

LIVE: constant(uint256) = 2**32 - 1  # `Offer.version`: whatever version is live
NATIVE: constant(address) = empty(address)  # `Offer.asset`: the chain's own coin

# `Offer.flags`, kept in the Request
AT_POST: constant(uint256) = 1  # call the consumer when a result is posted
AT_FINAL: constant(uint256) = 2  # call the consumer when it is final
BOTH: constant(uint256) = 3
UPLOADED: constant(uint256) = 4  # `input` is a data root sealed in Inputs
UNWATCHABLE: constant(
    uint256
) = 8  # `input` is a data root whose bytes lie off-chain, followed by their location
KEPT: constant(uint256) = 15
# set by the Market
HOOKED: constant(uint256) = 64  # the version has an output hook
ATTENDED: constant(uint256) = 65  # AT_POST or HOOKED: posting takes the whole request
# `Offer.flags` about payment, not kept
PREPAID: constant(uint256) = 128  # from the requester's balance in the Market

MASK32: constant(uint256) = 2**32 - 1
MASK96: constant(uint256) = 2**96 - 1
MASK128: constant(uint256) = 2**128 - 1


@internal
@view
def _id(market: address, request: IMarket.Request) -> bytes32:
    """
    @notice Hash of chain, market and everything agreed: after a reorganisation a result can never answer
            another question.
    """
    return keccak256(abi_encode(chain.id, market, request))


@internal
@pure
def _pack(
    key: bytes32, model: address, requester: address, offer: IMarket.Offer, counter: uint256, input: bytes32
) -> IMarket.Request:
    return IMarket.Request(
        terms=key,
        origin=(convert(model, uint256) << 96) | (offer.version << 64) | counter,
        payer=(convert(requester, uint256) << 96) | offer.bond,
        callback=(convert(offer.consumer, uint256) << 96)
        | (offer.callback_gas << 64)
        | ((offer.flags & KEPT) << 56),
        timing=(convert(offer.asset, uint256) << 96)
        | (offer.ramp << 64)
        | (offer.claim_seconds << 32)
        | offer.result_seconds,
        prices=(offer.min_price << 128) | offer.max_price,
        input=input,
    )


@internal
@pure
def _reference(flags: uint256, input: Bytes[4096]) -> bytes32:
    """
    @notice What a request names its input by: the hash of inline bytes, or the data root that their first
            word states.
    """
    if flags & (UPLOADED | UNWATCHABLE) == 0:
        return keccak256(input)
    assert len(input) >= 32, "market: no input root"
    return convert(slice(input, 0, 32), bytes32)


# --- origin: model 160 | version 32 | counter 64 ---


@internal
@pure
def _model(origin: uint256) -> address:
    return convert(origin >> 96, address)


@internal
@pure
def _version(origin: uint256) -> uint256:
    return (origin >> 64) & MASK32


# --- payer: requester 160 | bond 96 ---


@internal
@pure
def _requester(payer: uint256) -> address:
    return convert(payer >> 96, address)


@internal
@pure
def _bond(payer: uint256) -> uint256:
    return payer & MASK96


# --- callback: consumer 160 | gas 32 | flags 8 | 0 ---


@internal
@pure
def _consumer(callback: uint256) -> address:
    return convert(callback >> 96, address)


@internal
@pure
def _callback_gas(callback: uint256) -> uint256:
    return (callback >> 64) & MASK32


@internal
@pure
def _flags(callback: uint256) -> uint256:
    return (callback >> 56) & 255


# --- timing: asset 160 | ramp 32 | claim seconds 32 | result seconds 32 ---


@internal
@pure
def _asset(timing: uint256) -> address:
    return convert(timing >> 96, address)


@internal
@pure
def _claim_seconds(timing: uint256) -> uint256:
    return (timing >> 32) & MASK32


# --- prices: min price 128 | max price 128 ---


@internal
@pure
def _max_price(prices: uint256) -> uint256:
    return prices & MASK128


@internal
@pure
def _price(prices: uint256, timing: uint256, elapsed: uint256) -> uint256:
    """
    @notice Price after `elapsed` seconds of ramp, rounded down: min + (max - min) * elapsed / ramp.
    """
    ramp: uint256 = (timing >> 64) & MASK32
    highest: uint256 = prices & MASK128
    if elapsed >= ramp:
        return highest
    lowest: uint256 = prices >> 128
    return unsafe_add(lowest, unsafe_div(unsafe_mul(unsafe_sub(highest, lowest), elapsed), ramp))
