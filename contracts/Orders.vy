# pragma version 0.4.3
"""
@title Orders
@notice Documentation and trust assumptions: `interfaces/IOrders.vyi`.
@custom:kill Nobody can stop it; a signer spends a nonce.
"""
from contracts.interfaces import IMarket
from contracts.interfaces import IOrders
from contracts.modules.market import reasons
from contracts.modules.market import requests

implements: IOrders

NAME: constant(String[8]) = "Elenchus"
VERSION: constant(String[1]) = "1"
DOMAIN_TYPE: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
OFFER_TYPE: constant(bytes32) = keccak256(
    "Offer(uint256 version,uint256 max_window,address consumer,uint256 flags,uint256 callback_gas,address asset,uint256 min_price,uint256 max_price,uint256 ramp,uint256 claim_seconds,uint256 result_seconds,uint256 bond)"
)
ORDER_TYPE: constant(bytes32) = keccak256(
    "Order(address model,address requester,Offer offer,bytes32 input,uint256 start,uint256 expiry,uint256 nonce)Offer(uint256 version,uint256 max_window,address consumer,uint256 flags,uint256 callback_gas,address asset,uint256 min_price,uint256 max_price,uint256 ramp,uint256 claim_seconds,uint256 result_seconds,uint256 bond)"
)
MAGIC: constant(bytes4) = method_id("isValidSignature(bytes32,bytes)", output_type=bytes4)
HALF_ORDER: constant(uint256) = 57896044618658097711785492504343953926418782139537452191302581570759080747168

MAX_ORDERS: constant(uint256) = 16
SIGNATURE_GAS: constant(uint256) = 100_000
RESOLVE_GAS: constant(uint256) = 100_000
GAS_MARGIN: constant(uint256) = 20_000

MARKET: immutable(IMarket)

nonces: public(HashMap[address, HashMap[uint256, uint256]])


@deploy
def __init__(market: IMarket):
    MARKET = market


@external
def claim(
    batch: DynArray[IOrders.Order, 16],
    terms: DynArray[bytes32, 16],
    lengths: DynArray[uint256, 16],
    inputs: Bytes[4096],
    signatures: Bytes[4096],
) -> uint256:
    return self._serve(batch, terms, lengths, inputs, signatures, b"", False)


@external
def answer(
    batch: DynArray[IOrders.Order, 16],
    terms: DynArray[bytes32, 16],
    lengths: DynArray[uint256, 16],
    inputs: Bytes[4096],
    signatures: Bytes[4096],
    outputs: Bytes[4096],
) -> uint256:
    return self._serve(batch, terms, lengths, inputs, signatures, outputs, True)


@external
def invalidate(word: uint256, bits: uint256):
    self.nonces[msg.sender][word] |= bits
    log IOrders.Invalidated(requester=msg.sender, word=word, bits=bits)


@internal
def _serve(
    batch: DynArray[IOrders.Order, 16],
    terms: DynArray[bytes32, 16],
    lengths: DynArray[uint256, 16],
    inputs: Bytes[4096],
    signatures: Bytes[4096],
    outputs: Bytes[4096],
    posting: bool,
) -> uint256:
    assert len(lengths) == len(batch) and len(terms) == len(batch), "orders: one length and terms an item"
    total: uint256 = 0  # the packed lengths add up without carries, or they exceed what there is
    for sizes: uint256 in lengths:
        total += sizes
    available: uint256 = len(inputs) | (len(signatures) << 32) | (len(outputs) << 64)
    assert total == available, "orders: lengths and data differ"
    cursor: uint256 = 0
    done: uint256 = 0
    reason: uint256 = reasons.EMPTY_BATCH
    for i: uint256 in range(len(batch), bound=MAX_ORDERS):
        order: IOrders.Order = batch[i]
        digest: bytes32 = self._digest(order)
        input: Bytes[4096] = self._part(inputs, cursor, lengths[i], 0)
        reason = self._check(order, digest, input, self._part(signatures, cursor, lengths[i], 32))
        if reason == reasons.FINE:
            id: bytes32 = empty(bytes32)
            request: IMarket.Request = empty(IMarket.Request)
            id, request, reason = self._open(order, terms[i], input)
            if reason == reasons.FINE:
                self.nonces[order.requester][order.nonce >> 8] |= 1 << (order.nonce & 255)
                done += 1
                if posting:
                    output: Bytes[4096] = self._part(outputs, cursor, lengths[i], 64)
                    extcall MARKET.post_signed(id, request, msg.sender, output)
        if reason != reasons.FINE:
            log IOrders.Skipped(digest=digest, reason=reasons._text(reason))
        cursor += lengths[i]
    if done == 0:
        reasons._refuse(reason)
    return done


@internal
@pure
def _part(data: Bytes[4096], cursor: uint256, sizes: uint256, lane: uint256) -> Bytes[4096]:
    return slice(data, cursor >> lane & requests.MASK32, sizes >> lane & requests.MASK32)


@internal
def _open(order: IOrders.Order, terms: bytes32, input: Bytes[4096]) -> (bytes32, IMarket.Request, uint256):
    """
    Opened and claimed at this block's price.
    """
    offer: IMarket.Offer = order.offer
    offer.version = self._resolve(order)
    if offer.version == 0:
        return empty(bytes32), empty(IMarket.Request), reasons.MODEL_REFUSES
    if staticcall MARKET.terms_of(order.model, offer.version) != terms:
        return empty(bytes32), empty(IMarket.Request), reasons.OTHER_TERMS
    elapsed: uint256 = block.timestamp - min(order.start, block.timestamp)
    if elapsed < offer.ramp:
        offer.max_price = offer.min_price + (offer.max_price - offer.min_price) * elapsed // offer.ramp
    offer.min_price = offer.max_price
    offer.ramp = 0
    return extcall MARKET.open_signed(msg.sender, order.requester, order.model, offer, input)


@internal
@view
def _check(order: IOrders.Order, digest: bytes32, input: Bytes[4096], signature: Bytes[4096]) -> uint256:
    if block.timestamp > order.expiry:
        return reasons.ORDER_EXPIRED
    if self.nonces[order.requester][order.nonce >> 8] & (1 << (order.nonce & 255)) != 0:
        return reasons.NONCE_SPENT
    prices_fit: bool = (
        order.offer.min_price <= order.offer.max_price and order.offer.max_price <= requests.MASK128
    )
    if not prices_fit or order.offer.ramp > requests.MASK32:
        return reasons.PRICES
    if order.offer.flags & (requests.UPLOADED | requests.UNWATCHABLE) != 0 and len(input) < 32:
        return reasons.WRONG_INPUT
    if requests._reference(order.offer.flags, input) != order.input:
        return reasons.WRONG_INPUT
    if not self._signed(order.requester, digest, signature):
        return reasons.WRONG_SIGNATURE
    return reasons.FINE


@internal
@view
def _resolve(order: IOrders.Order) -> uint256:
    """
    The version that the model answers with, 0 if it does not answer in time.
    """
    if not order.model.is_contract:
        return 0
    question: Bytes[132] = abi_encode(
        order.offer.version,
        order.requester,
        staticcall MARKET.counter(),
        order.input,
        method_id=method_id("resolve(uint256,address,uint256,bytes32)"),
    )
    assert msg.gas * 63 // 64 >= RESOLVE_GAS + GAS_MARGIN, "orders: too little gas"
    success: bool = False
    version: Bytes[32] = b""
    success, version = raw_call(
        order.model, question, max_outsize=32, gas=RESOLVE_GAS, is_static_call=True, revert_on_failure=False
    )
    if not success or len(version) != 32:
        return 0
    resolved: uint256 = convert(version, uint256)
    pinned: bool = order.offer.version != requests.LIVE
    return 0 if pinned and resolved != order.offer.version else resolved


@internal
@view
def _signed(signer: address, digest: bytes32, signature: Bytes[4096]) -> bool:
    if len(signature) == 65:
        s: uint256 = extract32(signature, 32, output_type=uint256)
        v: uint256 = convert(slice(signature, 64, 1), uint256)
        if s <= HALF_ORDER and (v == 27 or v == 28):
            recovered: address = ecrecover(digest, v, extract32(signature, 0, output_type=uint256), s)
            if recovered == signer and signer != empty(address):
                return True
    if not signer.is_contract:
        return False
    assert msg.gas * 63 // 64 >= SIGNATURE_GAS + GAS_MARGIN, "orders: too little gas"
    success: bool = False
    magic: Bytes[32] = b""
    success, magic = raw_call(
        signer,
        abi_encode(digest, signature, method_id=method_id("isValidSignature(bytes32,bytes)")),
        max_outsize=32,
        gas=SIGNATURE_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    return success and len(magic) == 32 and convert(magic, bytes32) == convert(MAGIC, bytes32)


@internal
@view
def _digest(order: IOrders.Order) -> bytes32:
    offer: bytes32 = keccak256(abi_encode(OFFER_TYPE, order.offer))
    hashed: bytes32 = keccak256(
        abi_encode(
            ORDER_TYPE,
            order.model,
            order.requester,
            offer,
            order.input,
            order.start,
            order.expiry,
            order.nonce,
        )
    )
    domain: bytes32 = keccak256(
        abi_encode(DOMAIN_TYPE, keccak256("Elenchus"), keccak256("1"), chain.id, self)
    )
    return keccak256(concat(b"\x19\x01", domain, hashed))


@external
@view
def digest(order: IOrders.Order) -> bytes32:
    return self._digest(order)


@external
@view
def eip712Domain() -> (bytes1, String[8], String[1], uint256, address, bytes32, DynArray[uint256, 1]):
    return 0x0f, NAME, VERSION, chain.id, self, empty(bytes32), []


@external
@view
def market() -> address:
    return MARKET.address
