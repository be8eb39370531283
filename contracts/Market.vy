# pragma version 0.4.3
# pragma optimize gas
"""
@title Market
@notice The life of a request, top to bottom. Documentation, trust assumptions and events:
        `interfaces/IMarket.vyi`.
@custom:kill Nobody can pause it. Network's owner sets the parameters of future requests; a Model's owner or
        guardian stops new requests to that Model.
"""
from contracts.interfaces import IChallenges
from contracts.interfaces import IInputs
from contracts.interfaces import IMarket
from contracts.interfaces import IModel
from contracts.interfaces import INetwork
from contracts.interfaces import IOrders
from contracts.interfaces import IStakeVault
from contracts.modules.market import balances
from contracts.modules.market import deadlines
from contracts.modules.market import frozen
from contracts.modules.market import offers
from contracts.modules.market import outcalls
from contracts.modules.market import pledges
from contracts.modules.market import reasons
from contracts.modules.market import requests
from contracts.modules.market import slots
from contracts.modules.market import terms
from contracts.modules.market import transfers

initializes: balances
initializes: pledges
initializes: deadlines
initializes: frozen

implements: IMarket

exports: (
    balances.deposit,
    balances.withdraw,
    balances.collect,
    balances.balance_of,
    balances.shares_of,
    pledges.pledge,
    pledges.unpledge,
    pledges.pledge_of,
    pledges.vault,
    frozen.freeze,
    frozen.revoke,
    frozen.frozen_terms,
    frozen.terms_of,
    frozen.network,
)

NO_OUTPUT: constant(bytes32) = keccak256(b"")

INPUTS: immutable(IInputs)
ORDERS: immutable(address)
CHALLENGES: immutable(address)

counter: public(uint256)
slot_of: public(HashMap[bytes32, uint256])  # by request, see `modules/market/slots.vy`


@deploy
def __init__(
    network: INetwork,
    vault: IStakeVault,
    inputs: IInputs,
    orders: IOrders,
    challenges: IChallenges,
    uptime_feed: address,
):
    assert staticcall network.market() == self, "market: network of another market"
    assert staticcall vault.market() == self, "market: vault of another market"
    assert staticcall orders.market() == self, "market: orders of another market"
    assert staticcall challenges.market() == self, "market: challenges of another market"
    INPUTS = inputs
    ORDERS = orders.address
    CHALLENGES = challenges.address
    frozen.__init__(network)
    pledges.__init__(vault)
    deadlines.__init__(uptime_feed)


# --- open ---


@external
@payable
@nonreentrant
def open(model: address, offer: IMarket.Offer, input: Bytes[4096]) -> bytes32:
    resolved: IMarket.Offer = offer
    reference: bytes32 = requests._reference(offer.flags, input)
    resolved.version = staticcall IModel(model).resolve(offer.version, msg.sender, self.counter, reference)
    if offer.version != requests.LIVE and resolved.version != offer.version:
        reasons._refuse(reasons.WRONG_VERSION)
    prepaid: bool = offer.flags & requests.PREPAID != 0
    by_value: bool = not prepaid and offer.asset == requests.NATIVE
    balances._require_value(offer.max_price if by_value else 0)
    if prepaid:
        balances._debit(offer.asset, msg.sender, offer.max_price)
    id: bytes32 = empty(bytes32)
    request: IMarket.Request = empty(IMarket.Request)
    id, request = self._open(model, msg.sender, resolved, reference, len(input))
    self._announce(id, request, input)
    if not prepaid and not by_value:
        if transfers._pull(offer.asset, msg.sender, offer.max_price) != offer.max_price:
            reasons._refuse(reasons.SHORT_TRANSFER)
    return id


@external
@payable
def open_for(requester: address, offer: IMarket.Offer, input: Bytes[4096]) -> bytes32:
    if offer.asset != requests.NATIVE or offer.flags & requests.PREPAID != 0:
        reasons._refuse(reasons.MODEL_PAYS_BY_VALUE)
    balances._require_value(offer.max_price)
    id: bytes32 = empty(bytes32)
    request: IMarket.Request = empty(IMarket.Request)
    id, request = self._open(
        msg.sender, requester, offer, requests._reference(offer.flags, input), len(input)
    )
    self._announce(id, request, input)
    return id


@external
def open_signed(
    executor: address, requester: address, model: address, offer: IMarket.Offer, input: Bytes[4096]
) -> (bytes32, IMarket.Request, uint256):
    self._only(ORDERS)
    key: bytes32 = frozen.terms_of[model][offer.version]
    if key == empty(bytes32):
        return empty(bytes32), empty(IMarket.Request), reasons.TERMS_NOT_FROZEN
    if balances.balance_of[offer.asset][requester] < offer.max_price:
        return empty(bytes32), empty(IMarket.Request), reasons.BALANCE_TOO_SMALL
    reference: bytes32 = requests._reference(offer.flags, input)
    scope: uint256 = frozen.frozen_terms[key].scope
    reason: uint256 = self._check_open(key, scope, offer, reference, len(input))
    if (
        reason == reasons.FINE
        and terms._hooked(scope)
        and not outcalls._accepts(frozen.frozen_terms[key].hook, input)
    ):
        reason = reasons.INPUT_REFUSED
    if reason != reasons.FINE:
        return empty(bytes32), empty(IMarket.Request), reason
    balances._debit(offer.asset, requester, offer.max_price)
    request: IMarket.Request = self._request(key, scope, model, requester, offer, reference)
    id: bytes32 = requests._id(self, request)
    attended: bool = (request.callback >> 56) & requests.ATTENDED != 0
    deadline: uint256 = block.timestamp + offer.result_seconds
    self.slot_of[id] = slots._pack_claimed(1, 0, deadline, attended, executor)
    self._log_opened(id, request, input)
    log IMarket.Claimed(id=id, executor=executor, price=offer.max_price)
    pledges._lock(executor, offer.bond)
    return id, request, reasons.FINE


@internal
def _open(
    model: address, requester: address, offer: IMarket.Offer, reference: bytes32, length: uint256
) -> (bytes32, IMarket.Request):
    key: bytes32 = frozen.terms_of[model][offer.version]
    if key == empty(bytes32):
        key = frozen._freeze(model, offer.version)
    scope: uint256 = frozen.frozen_terms[key].scope
    reason: uint256 = self._check_open(key, scope, offer, reference, length)
    if reason != reasons.FINE:
        reasons._refuse(reason)
    request: IMarket.Request = self._request(key, scope, model, requester, offer, reference)
    id: bytes32 = requests._id(self, request)
    self.slot_of[id] = slots._pack_open(1, block.timestamp, block.timestamp)
    return id, request


@internal
def _announce(id: bytes32, request: IMarket.Request, input: Bytes[4096]):
    """
    The version's hook may still refuse; a refusal undoes the opening.
    """
    if requests._flags(request.callback) & requests.HOOKED != 0 and not outcalls._accepts(
        frozen.frozen_terms[request.terms].hook, input
    ):
        reasons._refuse(reasons.INPUT_REFUSED)
    self._log_opened(id, request, input)


@internal
def _request(
    key: bytes32, scope: uint256, model: address, requester: address, offer: IMarket.Offer, reference: bytes32
) -> IMarket.Request:
    counter: uint256 = self.counter
    self.counter = unsafe_add(counter, 1)
    request: IMarket.Request = requests._pack(key, model, requester, offer, counter, reference)
    if terms._hooked(scope):
        request.callback |= requests.HOOKED << 56
    return request


@internal
def _log_opened(id: bytes32, request: IMarket.Request, input: Bytes[4096]):
    log IMarket.Opened(
        id=id,
        model=requests._model(request.origin),
        requester=requests._requester(request.payer),
        request=request,
        input=input,
    )


@internal
@view
def _check_open(
    key: bytes32, scope: uint256, offer: IMarket.Offer, reference: bytes32, length: uint256
) -> uint256:
    if key == frozen.REVOKED:
        return reasons.VERSION_REVOKED
    if offer.flags & requests.UPLOADED != 0:
        if staticcall INPUTS.sealed_size(reference) != terms._input_size(scope):
            return reasons.NOT_UPLOADED
    elif offer.flags & requests.UNWATCHABLE == 0 and length > terms._input_size(scope):
        return reasons.INPUT_TOO_LONG
    return offers._check(offer, scope)


# --- claim ---


@external
def claim(batch: DynArray[IMarket.Request, 32]) -> uint256:
    bonds: uint256 = 0
    done: uint256 = 0
    reason: uint256 = reasons.EMPTY_BATCH
    # In these loops fields are read in place, not through `requests` and `slots`: the calls cost a tenth of
    # the whole.
    for request: IMarket.Request in batch:
        id: bytes32 = keccak256(abi_encode(chain.id, self, request))
        slot: uint256 = self.slot_of[id]
        reason = self._check_claim(slot, request.origin, request.timing)
        if reason != reasons.FINE:
            self._skip(id, reason)
            continue
        elapsed: uint256 = self._elapsed(slot, request.timing)
        deadline: uint256 = unsafe_add(block.timestamp, request.timing & requests.MASK32)
        attended: bool = (request.callback >> 56) & requests.ATTENDED != 0
        self.slot_of[id] = slots._pack_claimed((slot >> 8) & 255, elapsed, deadline, attended, msg.sender)
        bonds = unsafe_add(bonds, request.payer & requests.MASK96)
        done = unsafe_add(done, 1)
        price: uint256 = requests._price(request.prices, request.timing, elapsed)
        log IMarket.Claimed(id=id, executor=msg.sender, price=price)
    if done == 0:
        reasons._refuse(reason)
    pledges._lock(msg.sender, bonds)
    return done


@internal
@view
def _check_claim(slot: uint256, origin: uint256, timing: uint256) -> uint256:
    if slot & 255 != slots.OPEN:
        return reasons.NOT_OPEN
    if deadlines._passed(unsafe_add(slot >> 56, (timing >> 32) & requests.MASK32)):
        return reasons.CLAIM_TOO_LATE
    if frozen.terms_of[convert(origin >> 96, address)][(origin >> 64) & requests.MASK32] == frozen.REVOKED:
        return reasons.VERSION_REVOKED
    return reasons.FINE


@internal
@view
def _elapsed(slot: uint256, timing: uint256) -> uint256:
    start: uint256 = (slot >> 16) & slots.MASK40
    return min(unsafe_sub(block.timestamp, start), (timing >> 64) & requests.MASK32)


@internal
def _skip(id: bytes32, reason: uint256):
    log IMarket.Skipped(id=id, reason=reasons._text(reason))


# --- post ---


@external
def post(batch: DynArray[IMarket.Request, 32], outputs: Bytes[4096]) -> uint256:
    cursor: uint256 = 0
    done: uint256 = 0
    reason: uint256 = reasons.EMPTY_BATCH
    length: uint256 = self._share(len(outputs), len(batch))
    for request: IMarket.Request in batch:
        id: bytes32 = requests._id(self, request)
        slot: uint256 = self.slot_of[id]
        reason = self._check_post(slot)
        if reason == reasons.FINE:
            output: Bytes[4096] = slice(outputs, cursor, length)
            work: uint256 = slots._pack_work(
                msg.sender, slots._elapsed(slot), block.timestamp, slots._attempt(slot)
            )
            self._attend(id, request, work, output)
            done = unsafe_add(done, 1)
        else:
            self._skip(id, reason)
        cursor = unsafe_add(cursor, length)
    if done == 0:
        reasons._refuse(reason)
    return done


@external
def post_ids(ids: DynArray[bytes32, 32], outputs: Bytes[4096]) -> uint256:
    cursor: uint256 = 0
    done: uint256 = 0
    reason: uint256 = reasons.EMPTY_BATCH
    length: uint256 = self._share(len(outputs), len(ids))
    for id: bytes32 in ids:
        slot: uint256 = self.slot_of[id]
        reason = self._check_post(slot)
        if reason == reasons.FINE and (slot >> 88) & 255 != 0:
            reason = reasons.ATTENDED
        if reason == reasons.FINE:
            self._record(id, slot, (slot >> 16) & requests.MASK32, slice(outputs, cursor, length))
            done = unsafe_add(done, 1)
        else:
            self._skip(id, reason)
        cursor = unsafe_add(cursor, length)
    if done == 0:
        reasons._refuse(reason)
    return done


@external
def answer(batch: DynArray[IMarket.Request, 32], outputs: Bytes[4096]) -> uint256:
    bonds: uint256 = 0
    cursor: uint256 = 0
    done: uint256 = 0
    reason: uint256 = reasons.EMPTY_BATCH
    version: uint256 = 0
    revoked: bool = False
    length: uint256 = self._share(len(outputs), len(batch))
    for request: IMarket.Request in batch:
        id: bytes32 = keccak256(abi_encode(chain.id, self, request))
        slot: uint256 = self.slot_of[id]
        if request.origin >> 64 != version:  # asked once for a run of requests to the same version
            version = request.origin >> 64
            revoked = frozen._is_revoked(request.origin)
        elapsed: uint256 = min(
            unsafe_sub(block.timestamp, (slot >> 16) & slots.MASK40), (request.timing >> 64) & requests.MASK32
        )
        closes: uint256 = unsafe_add(slot >> 56, (request.timing >> 32) & requests.MASK32)
        reason = reasons.FINE
        if slot & 255 != slots.OPEN:
            reason = reasons.NOT_OPEN
        elif block.timestamp >= closes and (not deadlines.FED or deadlines._passed(closes)):
            reason = reasons.CLAIM_TOO_LATE
        elif revoked:
            reason = reasons.VERSION_REVOKED
        if reason == reasons.FINE:
            output: Bytes[4096] = slice(outputs, cursor, length)
            done = unsafe_add(done, 1)
            if (request.callback >> 56) & requests.ATTENDED == 0:
                bonds = unsafe_add(bonds, request.payer & requests.MASK96)
                self._record(id, slot, elapsed, output)
            else:  # a consumer is called only when the bond that it sees is locked
                pledges._lock(msg.sender, requests._bond(request.payer))
                work: uint256 = slots._pack_work(msg.sender, elapsed, block.timestamp, slots._attempt(slot))
                self._attend(id, request, work, output)
        else:
            self._skip(id, reason)
        cursor = unsafe_add(cursor, length)
    if done == 0:
        reasons._refuse(reason)
    if bonds != 0:
        pledges._lock(msg.sender, bonds)
    return done


@external
def post_signed(id: bytes32, request: IMarket.Request, executor: address, output: Bytes[4096]):
    self._only(ORDERS)
    self._attend(id, request, slots._pack_work(executor, 0, block.timestamp, 1), output)


@internal
@pure
def _share(length: uint256, count: uint256) -> uint256:
    """
    Bytes of each of `count` outputs of the same length.
    """
    share: uint256 = length // max(count, 1)
    if share * count != length:
        reasons._refuse(reasons.OUTPUTS_DIFFER)
    return share


@internal
@view
def _check_post(slot: uint256) -> uint256:
    if slot & 255 != slots.CLAIMED:
        return reasons.NOT_CLAIMED
    if slot >> 96 != convert(msg.sender, uint256):
        return reasons.NOT_THE_EXECUTOR
    if deadlines._passed((slot >> 48) & slots.MASK40):
        return reasons.RESULT_TOO_LATE
    return reasons.FINE


@internal
def _record(id: bytes32, slot: uint256, elapsed: uint256, output: Bytes[4096]):
    """
    A result that takes nothing besides, by the caller.
    """
    attempt: uint256 = slot & 65280
    work: uint256 = (
        (convert(msg.sender, uint256) << 96) | (elapsed << 64) | (block.timestamp << 24) | (attempt << 8)
    )
    digest: uint256 = convert(keccak256(abi_encode(work, keccak256(output))), uint256)
    self.slot_of[id] = slots.POSTED | attempt | (digest >> 48 << 48)
    log IMarket.Posted(id=id, work=work, output=output)


@internal
def _attend(id: bytes32, request: IMarket.Request, work: uint256, output: Bytes[4096]):
    """
    A result with what it takes besides: the hook's opinion before, the consumer's callback after.
    """
    flags: uint256 = requests._flags(request.callback)
    marked: uint256 = work
    if flags & requests.HOOKED != 0:
        outcalls._require_gas(outcalls.HOOK_GAS)
        if not outcalls._plausible(frozen.frozen_terms[request.terms].hook, request.input, output):
            marked |= slots.IMPLAUSIBLE
    self.slot_of[id] = slots._pack_posted(marked, keccak256(output))
    log IMarket.Posted(id=id, work=marked, output=output)
    if flags & requests.AT_POST != 0:
        outcalls._deliver(id, slots._work_attempt(work), request, output, False)


# --- finalize ---


@external
def finalize(batch: DynArray[IMarket.Result, 32], outputs: Bytes[4096]) -> uint256:
    cursor: uint256 = 0
    done: uint256 = 0
    reason: uint256 = reasons.EMPTY_BATCH
    length: uint256 = self._share(len(outputs), len(batch))
    # What one executor earns under the same terms in one asset is added up and written once.
    executor: uint256 = 0
    asset: uint256 = 0
    model: uint256 = 0
    bonds: uint256 = 0
    earned: uint256 = 0
    royalties: uint256 = 0
    fees: uint256 = 0
    terms_key: bytes32 = empty(bytes32)
    scope: uint256 = 0
    for result: IMarket.Result in batch:
        id: bytes32 = keccak256(abi_encode(chain.id, self, result.request))
        slot: uint256 = self.slot_of[id]
        if (
            result.request.terms != terms_key
            or result.work >> 96 != executor
            or result.request.timing >> 96 != asset
        ):
            self._credit(executor, asset, model, bonds, earned, royalties, fees)
            terms_key = result.request.terms
            scope = frozen.frozen_terms[terms_key].scope
            executor = result.work >> 96
            asset = result.request.timing >> 96
            model = result.request.origin >> 96
            bonds = 0
            earned = 0
            royalties = 0
            fees = 0
        output: Bytes[4096] = slice(outputs, cursor, length)
        cursor = unsafe_add(cursor, length)
        output_hash: bytes32 = result.output_hash if length == 0 else keccak256(output)
        final_call: bool = (result.request.callback >> 56) & requests.AT_FINAL != 0
        digest: uint256 = convert(keccak256(abi_encode(result.work, output_hash)), uint256)
        closes: uint256 = unsafe_add((result.work >> 24) & slots.MASK40, (scope >> 144) & requests.MASK32)
        reason = reasons.FINE
        if (slot ^ digest) >> 48 != 0 or slot & slots.STANDING != slots.POSTED:
            this: bool = (slot ^ digest) >> 48 == 0 and slot & 255 == slots.POSTED
            reason = reasons.GAME_OPEN if this else reasons.NOT_THIS_RESULT
        elif block.timestamp < closes or (deadlines.FED and not deadlines._passed(closes)):
            reason = reasons.WINDOW_OPEN
        elif final_call and length == 0 and output_hash != NO_OUTPUT:
            reason = reasons.WRONG_OUTPUT
        if reason != reasons.FINE:
            terms_key = empty(bytes32)  # who was refused may not name the model of those who follow
            self._skip(id, reason)
            continue
        self.slot_of[id] = slots.FINAL | (slot & 65280) | (convert(output_hash, uint256) >> 16 << 16)
        # Prices are below 2^128, shares add up to less than the whole: nothing here overflows.
        highest: uint256 = result.request.prices & requests.MASK128
        price: uint256 = highest
        elapsed: uint256 = (result.work >> 64) & requests.MASK32
        ramp: uint256 = (result.request.timing >> 64) & requests.MASK32
        if elapsed < ramp:
            lowest: uint256 = result.request.prices >> 128
            price = unsafe_add(lowest, unsafe_div(unsafe_mul(unsafe_sub(highest, lowest), elapsed), ramp))
        royalty: uint256 = unsafe_div(unsafe_mul(price, (scope >> 64) & 65535), terms.BPS)
        fee: uint256 = unsafe_div(unsafe_mul(price, (scope >> 48) & 65535), terms.BPS)
        bonds = unsafe_add(bonds, result.request.payer & requests.MASK96)
        earned = unsafe_add(earned, unsafe_sub(unsafe_sub(price, royalty), fee))
        royalties = unsafe_add(royalties, royalty)
        fees = unsafe_add(fees, fee)
        done = unsafe_add(done, 1)
        refund: uint256 = unsafe_sub(highest, price)
        if refund != 0:
            balances.balance_of[convert(asset, address)][
                convert(result.request.payer >> 96, address)
            ] += refund
        log IMarket.Finalized(id=id)
        if final_call:
            outcalls._deliver(id, (slot >> 8) & 255, result.request, output, True)
    if done == 0:
        reasons._refuse(reason)
    self._credit(executor, asset, model, bonds, earned, royalties, fees)
    return done


@internal
def _credit(
    executor: uint256,
    fee_asset: uint256,
    model: uint256,
    bonds: uint256,
    earned: uint256,
    royalties: uint256,
    fees: uint256,
):
    if bonds | earned | royalties | fees == 0:
        return
    asset: address = convert(fee_asset, address)
    account: address = pledges._release(convert(executor, address), bonds)
    if earned != 0:
        balances.balance_of[asset][account] += earned
    if royalties | fees != 0:
        balances._share_out(asset, convert(model, address), royalties, fees)


# --- deadlines and second thoughts ---


@external
def cancel(request: IMarket.Request):
    id: bytes32 = requests._id(self, request)
    slot: uint256 = self.slot_of[id]
    status: uint256 = slots._status(slot)
    if status != slots.OPEN and status != slots.CLAIMED:
        reasons._refuse(reasons.NOT_OPEN)
    revoked: bool = frozen._is_revoked(request.origin)
    if status == slots.CLAIMED:
        # A claim of a revoked version is its executor's to give back: who has seen the answer may not.
        if not revoked or msg.sender != slots._executor(slot):
            reasons._refuse(reasons.ALREADY_CLAIMED)
    elif not revoked and msg.sender != requests._requester(request.payer):
        reasons._refuse(reasons.NOT_THE_REQUESTER)
    self._refund(id, slot, request)
    if status == slots.CLAIMED:
        pledges._release(slots._executor(slot), requests._bond(request.payer))


@external
def expire(request: IMarket.Request):
    id: bytes32 = requests._id(self, request)
    slot: uint256 = self.slot_of[id]
    status: uint256 = slots._status(slot)
    deadline: uint256 = max_value(uint256)
    if status == slots.OPEN:
        deadline = slots._opened_at(slot) + requests._claim_seconds(request.timing)
    elif status == slots.CLAIMED:
        deadline = slots._deadline(slot)
    if not deadlines._passed(deadline):
        reasons._refuse(reasons.NOTHING_EXPIRED)
    if status == slots.OPEN:
        self._refund(id, slot, request)
        return
    executor: address = slots._executor(slot)
    bond: uint256 = requests._bond(request.payer)
    if frozen._is_revoked(request.origin):  # no fault of the executor's
        self._refund(id, slot, request)
        pledges._release(executor, bond)
        return
    penalty: uint256 = terms._penalty(frozen.frozen_terms[request.terms].penalties)
    share: uint256 = penalty // 2
    self._reopen(id, slot, request, slots._elapsed(slot))
    log IMarket.Missed(id=id, executor=executor, penalty=penalty)
    pledges._release(executor, bond - penalty)
    extcall pledges.VAULT.slash(
        executor, requests._requester(request.payer), share, empty(address), 0, penalty - share
    )


@internal
def _reopen(id: bytes32, slot: uint256, request: IMarket.Request, elapsed: uint256):
    """
    Another attempt, its ramp going on from the price of the last; or a refund if there were enough.
    """
    attempt: uint256 = slots._attempt(slot)
    if attempt >= terms._max_attempts(frozen.frozen_terms[request.terms].scope):
        self._refund(id, slot, request)
        return
    self.slot_of[id] = slots._pack_open(attempt + 1, block.timestamp - elapsed, block.timestamp)
    log IMarket.Reopened(id=id, attempt=attempt + 1)


@internal
def _refund(id: bytes32, slot: uint256, request: IMarket.Request):
    self.slot_of[id] = slots._pack_refunded(slot)
    balances.balance_of[requests._asset(request.timing)][
        requests._requester(request.payer)
    ] += requests._max_price(request.prices)
    log IMarket.Refunded(id=id)


# --- what challenges do to a result; `Challenges` keeps the games and the money behind them ---


@external
def begin_game(result: IMarket.Result) -> (bytes32, uint256):
    self._only(CHALLENGES)
    id: bytes32 = requests._id(self, result.request)
    slot: uint256 = self._held(id, result, slots.POSTED)
    window: uint256 = terms._window(frozen.frozen_terms[result.request.terms].scope)
    if deadlines._passed(slots._work_posted_at(result.work) + window):
        reasons._refuse(reasons.WINDOW_CLOSED)
    self.slot_of[id] = slot + slots.ONE_GAME
    return id, slots._attempt(slot)


@external
def end_game(id: bytes32, attempt: uint256, refuted: bool) -> bool:
    self._only(CHALLENGES)
    slot: uint256 = self.slot_of[id]
    if slots._status(slot) != slots.POSTED or slots._attempt(slot) != attempt:
        return False
    slot -= slots.ONE_GAME
    if refuted:
        slot += slots.REFUTED - slots.POSTED
    self.slot_of[id] = slot
    return True


@external
def reopen(result: IMarket.Result) -> uint256:
    self._only(CHALLENGES)
    id: bytes32 = requests._id(self, result.request)
    slot: uint256 = self._held(id, result, slots.REFUTED)
    self._reopen(id, slot, result.request, slots._work_elapsed(result.work))
    self._retract_if_shown(id, slot, result.request.callback)
    return slots._games(slot)


@external
def abandon(result: IMarket.Result):
    self._only(CHALLENGES)
    id: bytes32 = requests._id(self, result.request)
    slot: uint256 = self._held(id, result, slots.POSTED)
    self._refund(id, slot, result.request)
    pledges._release(slots._work_executor(result.work), requests._bond(result.request.payer))
    self._retract_if_shown(id, slot, result.request.callback)


@internal
@view
def _held(id: bytes32, result: IMarket.Result, status: uint256) -> uint256:
    """
    The slot, if it is that of this result in this status.
    """
    slot: uint256 = self.slot_of[id]
    if slots._status(slot) != status:
        reasons._refuse(reasons.NOT_POSTED)
    if not slots._holds(slot, result.work, result.output_hash):
        reasons._refuse(reasons.NOT_THIS_RESULT)
    return slot


@internal
def _retract_if_shown(id: bytes32, slot: uint256, callback: uint256):
    if requests._flags(callback) & requests.AT_POST != 0:
        outcalls._retract(id, slots._attempt(slot), callback)


@internal
@view
def _only(caller: address):
    if msg.sender != caller:
        reasons._refuse(reasons.WRONG_CALLER)


# --- afterwards ---


@external
@view
def verify_output(id: bytes32, output: Bytes[4096]) -> bool:
    return slots._answers(self.slot_of[id], output)


@external
def redeliver(result: IMarket.Result, output: Bytes[4096]):
    id: bytes32 = requests._id(self, result.request)
    slot: uint256 = self.slot_of[id]
    flags: uint256 = requests._flags(result.request.callback)
    final: bool = slots._answers(slot, output)
    posted: bool = slots._status(slot) == slots.POSTED and slots._holds(slot, result.work, keccak256(output))
    wanted: bool = (final and flags & requests.BOTH != 0) or (posted and flags & requests.AT_POST != 0)
    if not wanted:
        reasons._refuse(reasons.NOTHING_TO_DELIVER)
    outcalls._deliver(id, slots._attempt(slot), result.request, output, final)


@external
def redeliver_retraction(request: IMarket.Request, attempt: uint256):
    id: bytes32 = requests._id(self, request)
    slot: uint256 = self.slot_of[id]
    last: uint256 = slots._attempt(slot)
    over: bool = attempt < last or (attempt == last and slots._status(slot) == slots.REFUNDED)
    if not over or attempt == 0 or requests._flags(request.callback) & requests.AT_POST == 0:
        reasons._refuse(reasons.NOTHING_TO_RETRACT)
    outcalls._retract(id, attempt, request.callback)


# --- the network's share ---


@external
def collect_fees(asset: address, model: address, to: address) -> uint256:
    self._only(frozen.NETWORK.address)
    return balances._collect_fees(asset, model, to)


# --- views ---


@external
@view
def passed(deadline: uint256) -> bool:
    return deadlines._passed(deadline)


@external
@view
def inputs() -> address:
    return INPUTS.address


@external
@view
def orders() -> address:
    return ORDERS


@external
@view
def challenges() -> address:
    return CHALLENGES


@external
@view
def uptime_feed() -> address:
    return deadlines.UPTIME_FEED
