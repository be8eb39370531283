# pragma version 0.4.3
"""
@title Consumer: what a contract needs that asks a model
@notice Import it, write `on_result` and `on_retracted` (`interfaces/IConsumer.vyi`), and begin them with
        `_receive` and `_retract`. `examples/Guestbook.vy` shows all of it.

        An answer comes twice: when it is posted, backed by a bond and open to challenge, and when it is
        final. A refuted one is retracted, and another with a higher attempt may follow. Any of these calls
        can be lost, for want of gas, and made again by anybody, so an application treats what it is told as
        the whole truth: overwrite, never add.
@custom:trust The Market delivers what was posted for a request, whoever asked and whatever the model.
        `_receive` accepts the one model that was named to the constructor, a minimum bond and inputs that
        everybody can check. Whether the requester matters is for the application to say: anybody may name it
        as the consumer of a request, and pin it to any version that was ever live until that is revoked.
"""
from contracts.interfaces import IMarket
from contracts.interfaces import IModel
from contracts.modules.market import requests
from contracts.modules.market import slots

# What was last heard of a request: attempt * 4 + one of these. It only ever grows.
POSTED: constant(uint256) = 1
FINAL: constant(uint256) = 2
RETRACTED: constant(uint256) = 3

MARKET: immutable(address)
MODEL: immutable(address)
MIN_BOND: immutable(uint256)  # in the bond asset

heard: HashMap[bytes32, uint256]


@deploy
def __init__(model: address, min_bond: uint256):
    MODEL = model
    MARKET = staticcall IModel(model).market()
    MIN_BOND = min_bond


# --- asking ---


@internal
@view
def _offer(price: uint256, callback_gas: uint256) -> IMarket.Offer:
    """
    @notice An offer of a fixed price in the chain's own coin that calls this contract back twice. Change what
            does not fit.
    """
    return IMarket.Offer(
        version=requests.LIVE,
        max_window=7 * 86_400,
        consumer=self,
        flags=requests.AT_POST | requests.AT_FINAL,
        callback_gas=callback_gas,
        asset=requests.NATIVE,
        min_price=price,
        max_price=price,
        ramp=0,
        claim_seconds=3_600,
        result_seconds=3_600,
        bond=max(MIN_BOND, (staticcall IModel(MODEL).quote()).min_bond),
    )


@internal
def _ask(offer: IMarket.Offer, input: Bytes[4096]) -> bytes32:
    """
    @notice Asks the model and pays `offer.max_price`. This contract is the requester: what the request does
            not cost becomes its balance in the Market.
    @return The request's id. Nobody is called back before this returns.
    """
    return extcall IModel(MODEL).request(offer, input, value=offer.max_price)


@internal
@view
def _is_refunded(id: bytes32) -> bool:
    """
    @notice Whether the whole price of this request went back to its requester.
    """
    return slots._status(staticcall IMarket(MARKET).slot_of(id)) == slots.REFUNDED


@internal
def _withdraw(to: address, amount: uint256):
    """
    @notice Pays `amount` of this contract's balance in the Market to `to`.
    """
    extcall IMarket(MARKET).withdraw(requests.NATIVE, to, amount)


# --- being answered ---


@internal
def _receive(id: bytes32, attempt: uint256, request: IMarket.Request, final: bool) -> bool:
    """
    @notice Checks that an answer is one to act upon. Reverts if it is not for us.
    @return False if it says nothing new: delivered before, or overtaken.
    """
    assert msg.sender == MARKET, "consumer: not the market"
    assert requests._model(request.origin) == MODEL, "consumer: another model"
    assert requests._bond(request.payer) >= MIN_BOND, "consumer: bond too small"
    assert requests._flags(request.callback) & requests.UNWATCHABLE == 0, "consumer: unwatchable input"

    news: uint256 = attempt * 4 + (FINAL if final else POSTED)
    if news <= self.heard[id]:
        return False
    self.heard[id] = news
    return True


@internal
def _retract(id: bytes32, attempt: uint256) -> bool:
    """
    @notice Checks that an answer has to be undone.
    @return False if there is nothing to undo: never delivered, undone before, or overtaken.
    """
    assert msg.sender == MARKET, "consumer: not the market"

    heard: uint256 = self.heard[id]
    news: uint256 = attempt * 4 + RETRACTED
    if heard == 0 or news <= heard:
        return False
    self.heard[id] = news
    return heard & 3 == POSTED


@internal
@view
def _is_final(id: bytes32) -> bool:
    """
    @notice Whether the answer that was received for this request can no longer change.
    """
    return self.heard[id] & 3 == FINAL


# --- reading answers ---


@internal
@pure
def _element(output: Bytes[4096], index: uint256, width: uint256) -> int256:
    """
    @notice Element of an output of big-endian integers, each `width` bytes wide: 1, 2, 4 or 8.
    """
    start: uint256 = index * width
    assert start + width <= len(output), "consumer: output too short"
    filled: Bytes[4128] = concat(output, empty(bytes32))
    return extract32(filled, start, output_type=int256) >> (256 - 8 * width)
