# pragma version 0.4.3
# pragma optimize gas
"""
@title Market
@notice The life of a request, top to bottom. Documentation, trust assumptions and events: `interfaces/IMarket.vyi`.
@custom:kill Nobody can pause it. The owner sets the parameters of future requests; a Model's owner or guardian stops new
        requests to that Model.
"""
from contracts.interfaces import IChallenges
from contracts.interfaces import IHook
from contracts.interfaces import IInputs
from contracts.interfaces import IMarket
from contracts.interfaces import IModel
from contracts.interfaces import INetwork
from contracts.interfaces import IOrders
from contracts.interfaces import IStakeVault
from contracts.modules import offers
from contracts.modules import reasons
from contracts.modules import requests
from contracts.modules import slots
from contracts.modules import terms
from contracts.modules import transfers

implements: IMarket


interface UptimeFeed:
    def latestRoundData() -> (uint80, int256, uint256, uint256, uint80): view


MAX_BATCH: constant(uint256) = 32

HOOK_GAS: constant(uint256) = 200_000
GAS_MARGIN: constant(uint256) = 20_000  # for what the Market does after a capped call
UPTIME_GRACE: constant(uint256) = 3_600
REVOKED: constant(
    bytes32
) = 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff  # no hash anybody finds

NETWORK: immutable(INetwork)
VAULT: immutable(IStakeVault)
INPUTS: immutable(IInputs)
ORDERS: immutable(address)
CHALLENGES: immutable(address)
UPTIME_FEED: immutable(UptimeFeed)

counter: public(uint256)
slot_of: public(HashMap[bytes32, uint256])  # by request, see `modules/slots.vy`
balance_of: public(HashMap[address, HashMap[address, uint256]])  # asset -> account -> amount
frozen_terms: public(HashMap[bytes32, IMarket.Frozen])
terms_of: public(
    HashMap[address, HashMap[uint256, bytes32]]
)  # model -> version -> key of its terms, or REVOKED


@deploy
def __init__(
    network: INetwork,
    vault: IStakeVault,
    inputs: IInputs,
    orders: IOrders,
    challenges: IChallenges,
    uptime_feed: UptimeFeed,
):
    assert staticcall network.market() == self, "market: network of another market"
    assert staticcall vault.market() == self, "market: vault of another market"
    assert staticcall orders.market() == self, "market: orders of another market"
    assert staticcall challenges.market() == self, "market: challenges of another market"
    NETWORK = network
    VAULT = vault
    INPUTS = inputs
    ORDERS = orders.address
    CHALLENGES = challenges.address
    UPTIME_FEED = uptime_feed


# --- balances of requesters, executors, models and the network ---


@external
@payable
@nonreentrant
def deposit(asset: address, account: address, amount: uint256):
    received: uint256 = msg.value
    if asset == requests.NATIVE:
        self._require_value(amount)
    else:
        self._require_value(0)
        received = transfers._pull(asset, msg.sender, amount)
    self.balance_of[asset][account] += received
    log IMarket.Deposited(asset=asset, account=account, amount=received)


@external
@nonreentrant
def withdraw(asset: address, to: address, amount: uint256):
    if to == empty(address):
        reasons._refuse(reasons.NO_RECIPIENT)
    self._debit(asset, msg.sender, amount)
    log IMarket.Withdrawn(asset=asset, account=msg.sender, to=to, amount=amount)
    if asset != requests.NATIVE:
        transfers._push(asset, to, amount)
    elif not raw_call(to, b"", value=amount, revert_on_failure=False):
        reasons._refuse(reasons.PAYMENT_REFUSED)


@internal
def _debit(asset: address, account: address, amount: uint256):
    balance: uint256 = self.balance_of[asset][account]
    if amount > balance:
        reasons._refuse(reasons.BALANCE_TOO_SMALL)
    self.balance_of[asset][account] = unsafe_sub(balance, amount)


@internal
@payable
def _require_value(amount: uint256):
    if msg.value != amount:
        reasons._refuse(reasons.WRONG_VALUE)


# --- open ---


@external
@payable
@nonreentrant
def open(model: address, offer: IMarket.Offer, input: Bytes[4096]) -> bytes32:
    resolved: IMarket.Offer = offer
    reference: bytes32 = requests._reference(offer.flags, input)
    resolved.version = staticcall IModel(model).resolve(offer.version, msg.sender, self.counter, reference)
    prepaid: bool = offer.flags & requests.PREPAID != 0
    by_value: bool = not prepaid and offer.asset == requests.NATIVE
    self._require_value(offer.max_price if by_value else 0)
    if prepaid:
        self._debit(offer.asset, msg.sender, offer.max_price)
    id: bytes32 = self._open(model, msg.sender, resolved, reference, input)
    if not prepaid and not by_value:
        if transfers._pull(offer.asset, msg.sender, offer.max_price) != offer.max_price:
            reasons._refuse(reasons.SHORT_TRANSFER)
    return id


@external
@payable
def open_for(requester: address, offer: IMarket.Offer, input: Bytes[4096]) -> bytes32:
    if offer.asset != requests.NATIVE or offer.flags & requests.PREPAID != 0:
        reasons._refuse(reasons.MODEL_PAYS_BY_VALUE)
    self._require_value(offer.max_price)
    return self._open(msg.sender, requester, offer, requests._reference(offer.flags, input), input)


@external
def open_signed(
    executor: address, requester: address, model: address, offer: IMarket.Offer, input: Bytes[4096]
) -> (bytes32, IMarket.Request, uint256):
    self._only(ORDERS)
    key: bytes32 = self.terms_of[model][offer.version]
    if key == empty(bytes32):
        return empty(bytes32), empty(IMarket.Request), reasons.TERMS_NOT_FROZEN
    if self.balance_of[offer.asset][requester] < offer.max_price:
        return empty(bytes32), empty(IMarket.Request), reasons.BALANCE_TOO_SMALL
    reference: bytes32 = requests._reference(offer.flags, input)
    scope: uint256 = self.frozen_terms[key].scope
    reason: uint256 = self._check_open(key, scope, offer, reference, len(input))
    if reason == reasons.FINE and terms._hooked(scope):
        reason = self._ask_input_hook(key, input)
    if reason != reasons.FINE:
        return empty(bytes32), empty(IMarket.Request), reason
    self._debit(offer.asset, requester, offer.max_price)
    request: IMarket.Request = self._request(key, scope, model, requester, offer, reference)
    id: bytes32 = requests._id(self, request)
    self.slot_of[id] = slots._pack_claimed(1, 0, block.timestamp, executor)
    self._log_opened(id, request, input)
    log IMarket.Claimed(id=id, executor=executor, price=offer.max_price)
    extcall VAULT.lock(executor, offer.bond)
    return id, request, reasons.FINE


@internal
def _open(
    model: address, requester: address, offer: IMarket.Offer, reference: bytes32, input: Bytes[4096]
) -> bytes32:
    key: bytes32 = self.terms_of[model][offer.version]
    if key == empty(bytes32):
        key = self._freeze(model, offer.version)
    scope: uint256 = self.frozen_terms[key].scope
    reason: uint256 = self._check_open(key, scope, offer, reference, len(input))
    if reason == reasons.FINE and terms._hooked(scope):
        reason = self._ask_input_hook(key, input)
    if reason != reasons.FINE:
        reasons._refuse(reason)
    request: IMarket.Request = self._request(key, scope, model, requester, offer, reference)
    id: bytes32 = requests._id(self, request)
    self.slot_of[id] = slots._pack_open(1, block.timestamp, block.timestamp)
    self._log_opened(id, request, input)
    return id


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
def _freeze(model: address, version: uint256) -> bytes32:
    frozen: IMarket.Frozen = staticcall NETWORK.draft(version, staticcall IModel(model).terms(version))
    key: bytes32 = keccak256(abi_encode(model, version, frozen))
    self.frozen_terms[key] = frozen
    self.terms_of[model][version] = key
    log IMarket.TermsFrozen(terms=key, model=model, version=version, frozen=frozen)
    return key


@internal
@view
def _check_open(
    key: bytes32, scope: uint256, offer: IMarket.Offer, reference: bytes32, length: uint256
) -> uint256:
    if key == REVOKED:
        return reasons.VERSION_REVOKED
    if offer.flags & requests.UPLOADED != 0:
        if staticcall INPUTS.sealed_size(reference) != terms._input_size(scope):
            return reasons.NOT_UPLOADED
    elif offer.flags & requests.UNWATCHABLE == 0 and length > terms._input_size(scope):
        return reasons.INPUT_TOO_LONG
    return offers._check(offer, scope)


@internal
@view
def _ask_input_hook(key: bytes32, input: Bytes[4096]) -> uint256:
    question: Bytes[4196] = abi_encode(input, method_id=method_id("check_input(bytes)"))
    return reasons.FINE if self._agrees(key, question) else reasons.INPUT_REFUSED


@internal
@view
def _agrees(key: bytes32, question: Bytes[4228]) -> bool:
    """
    Asks a hook with a fixed amount of gas that is certain to be there, so that a failure is its own.
    """
    self._require_gas(HOOK_GAS)
    success: bool = False
    answer: Bytes[32] = b""
    success, answer = raw_call(
        self.frozen_terms[key].hook,
        question,
        max_outsize=32,
        gas=HOOK_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    return success and len(answer) == 32 and convert(answer, uint256) == 1


@internal
@view
def _require_gas(amount: uint256):
    """
    A call gets at most 63/64 of the gas that is left.
    """
    if msg.gas * 63 // 64 < amount + GAS_MARGIN:
        reasons._refuse(reasons.TOO_LITTLE_GAS)


# --- claim ---


@external
def claim(batch: DynArray[IMarket.Request, 32]) -> uint256:
    bonds: uint256 = 0
    done: uint256 = 0
    reason: uint256 = reasons.EMPTY_BATCH
    for request: IMarket.Request in batch:
        id: bytes32 = requests._id(self, request)
        slot: uint256 = self.slot_of[id]
        reason = self._check_claim(slot, request.origin, request.timing)
        if reason != reasons.FINE:
            self._skip(id, reason)
            continue
        elapsed: uint256 = self._elapsed(slot, request.timing)
        self.slot_of[id] = slots._pack_claimed(slots._attempt(slot), elapsed, block.timestamp, msg.sender)
        bonds = unsafe_add(bonds, requests._bond(request.payer))
        done = unsafe_add(done, 1)
        log IMarket.Claimed(
            id=id, executor=msg.sender, price=requests._price(request.prices, request.timing, elapsed)
        )
    if done == 0:
        reasons._refuse(reason)
    extcall VAULT.lock(msg.sender, bonds)
    return done


@internal
@view
def _check_claim(slot: uint256, origin: uint256, timing: uint256) -> uint256:
    if slots._status(slot) != slots.OPEN:
        return reasons.NOT_OPEN
    if self._passed(slots._opened_at(slot) + requests._claim_seconds(timing)):
        return reasons.CLAIM_TOO_LATE
    if self.terms_of[requests._model(origin)][requests._version(origin)] == REVOKED:
        return reasons.VERSION_REVOKED
    return reasons.FINE


@internal
@view
def _elapsed(slot: uint256, timing: uint256) -> uint256:
    return min(unsafe_sub(block.timestamp, slots._ramp_start(slot)), requests._ramp(timing))


@internal
def _skip(id: bytes32, reason: uint256):
    log IMarket.Skipped(id=id, reason=reasons._text(reason))


@internal
@view
def _passed(deadline: uint256) -> bool:
    """
    Whether a deadline is over. While the sequencer is down, and for an hour after, none is.
    """
    if block.timestamp < deadline:
        return False
    if UPTIME_FEED.address == empty(address):
        return True
    round: uint80 = 0
    answer: int256 = 0
    since: uint256 = 0
    updated: uint256 = 0
    answered: uint80 = 0
    round, answer, since, updated, answered = staticcall UPTIME_FEED.latestRoundData()
    return answer == 0 and block.timestamp >= since + UPTIME_GRACE


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
        reason = self._check_post(slot, request.timing)
        if reason == reasons.FINE:
            work: uint256 = slots._pack_work(
                msg.sender, slots._elapsed(slot), block.timestamp, slots._attempt(slot)
            )
            self._post(id, request, work, slice(outputs, cursor, length))
            if requests._flags(request.callback) & requests.AT_POST != 0:
                self._deliver(id, slots._attempt(slot), request, slice(outputs, cursor, length), False)
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
    length: uint256 = self._share(len(outputs), len(batch))
    for request: IMarket.Request in batch:
        id: bytes32 = requests._id(self, request)
        slot: uint256 = self.slot_of[id]
        reason = self._check_claim(slot, request.origin, request.timing)
        if reason == reasons.FINE:
            elapsed: uint256 = self._elapsed(slot, request.timing)
            work: uint256 = slots._pack_work(msg.sender, elapsed, block.timestamp, slots._attempt(slot))
            log IMarket.Claimed(
                id=id, executor=msg.sender, price=requests._price(request.prices, request.timing, elapsed)
            )
            self._post(id, request, work, slice(outputs, cursor, length))
            done = unsafe_add(done, 1)
            if requests._flags(request.callback) & requests.AT_POST == 0:
                bonds = unsafe_add(bonds, requests._bond(request.payer))
            else:  # a consumer is called only when the bond that it sees is locked
                extcall VAULT.lock(msg.sender, requests._bond(request.payer))
                self._deliver(id, slots._attempt(slot), request, slice(outputs, cursor, length), False)
        else:
            self._skip(id, reason)
        cursor = unsafe_add(cursor, length)
    if done == 0:
        reasons._refuse(reason)
    if bonds != 0:
        extcall VAULT.lock(msg.sender, bonds)
    return done


@external
def post_signed(id: bytes32, request: IMarket.Request, executor: address, output: Bytes[4096]):
    self._only(ORDERS)
    self._post(id, request, slots._pack_work(executor, 0, block.timestamp, 1), output)
    if requests._flags(request.callback) & requests.AT_POST != 0:
        self._deliver(id, 1, request, output, False)


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
def _check_post(slot: uint256, timing: uint256) -> uint256:
    if slots._status(slot) != slots.CLAIMED:
        return reasons.NOT_CLAIMED
    if slots._executor(slot) != msg.sender:
        return reasons.NOT_THE_EXECUTOR
    if self._passed(slots._claimed_at(slot) + requests._result_seconds(timing)):
        return reasons.RESULT_TOO_LATE
    return reasons.FINE


@internal
def _post(id: bytes32, request: IMarket.Request, work: uint256, output: Bytes[4096]):
    self.slot_of[id] = slots._pack_posted(work, keccak256(output))
    plausible: bool = True
    if requests._flags(request.callback) & requests.HOOKED != 0:
        plausible = self._ask_output_hook(request.terms, request.input, output)
    log IMarket.Posted(
        id=id, executor=slots._work_executor(work), work=work, plausible=plausible, output=output
    )


@internal
@view
def _ask_output_hook(key: bytes32, input: bytes32, output: Bytes[4096]) -> bool:
    return self._agrees(key, abi_encode(input, output, method_id=method_id("check_output(bytes32,bytes)")))


@internal
def _deliver(id: bytes32, attempt: uint256, request: IMarket.Request, output: Bytes[4096], final: bool):
    callback_gas: uint256 = requests._callback_gas(request.callback)
    self._require_gas(callback_gas)
    if not raw_call(
        requests._consumer(request.callback),
        abi_encode(
            id,
            attempt,
            request,
            output,
            final,
            method_id=method_id(
                "on_result(bytes32,uint256,(bytes32,uint256,uint256,uint256,uint256,uint256,bytes32),bytes,bool)"
            ),
        ),
        gas=callback_gas,
        revert_on_failure=False,
    ):
        log IMarket.Undelivered(id=id, attempt=attempt)


@internal
def _retract(id: bytes32, attempt: uint256, callback: uint256):
    callback_gas: uint256 = requests._callback_gas(callback)
    self._require_gas(callback_gas)
    if not raw_call(
        requests._consumer(callback),
        abi_encode(id, attempt, method_id=method_id("on_retracted(bytes32,uint256)")),
        gas=callback_gas,
        revert_on_failure=False,
    ):
        log IMarket.Undelivered(id=id, attempt=attempt)


# --- finalize ---


@external
def finalize(batch: DynArray[IMarket.Result, 32], outputs: Bytes[4096]) -> uint256:
    cursor: uint256 = 0
    done: uint256 = 0
    reason: uint256 = reasons.EMPTY_BATCH
    length: uint256 = self._share(len(outputs), len(batch))
    # What one executor earns on one model in one asset is added up and written once.
    executor: address = empty(address)
    asset: address = empty(address)
    model: address = empty(address)
    bonds: uint256 = 0
    earned: uint256 = 0
    royalties: uint256 = 0
    fees: uint256 = 0
    for result: IMarket.Result in batch:
        request: IMarket.Request = result.request
        id: bytes32 = requests._id(self, request)
        slot: uint256 = self.slot_of[id]
        scope: uint256 = self.frozen_terms[request.terms].scope
        final_call: bool = requests._flags(request.callback) & requests.AT_FINAL != 0
        reason = self._check_finality(slot, scope, result.work, result.output_hash)
        if reason == reasons.FINE and final_call:
            if keccak256(slice(outputs, cursor, length)) != result.output_hash:
                reason = reasons.WRONG_OUTPUT
        cursor = unsafe_add(cursor, length)
        if reason != reasons.FINE:
            self._skip(id, reason)
            continue
        self.slot_of[id] = slots._pack_final(slot, result.output_hash)
        if (
            executor != slots._work_executor(result.work)
            or model != requests._model(request.origin)
            or asset != requests._asset(request.timing)
        ):
            self._credit(executor, asset, model, bonds, earned, royalties, fees)
            executor = slots._work_executor(result.work)
            model = requests._model(request.origin)
            asset = requests._asset(request.timing)
            bonds = 0
            earned = 0
            royalties = 0
            fees = 0
        # Prices are below 2^128, shares add up to less than the whole: nothing here overflows.
        price: uint256 = requests._price(request.prices, request.timing, slots._work_elapsed(result.work))
        royalty: uint256 = unsafe_div(unsafe_mul(price, terms._royalty_bps(scope)), terms.BPS)
        fee: uint256 = unsafe_div(unsafe_mul(price, terms._fee_bps(scope)), terms.BPS)
        refund: uint256 = unsafe_sub(requests._max_price(request.prices), price)
        bonds = unsafe_add(bonds, requests._bond(request.payer))
        earned = unsafe_add(earned, unsafe_sub(unsafe_sub(price, royalty), fee))
        royalties = unsafe_add(royalties, royalty)
        fees = unsafe_add(fees, fee)
        done = unsafe_add(done, 1)
        if refund != 0:
            self.balance_of[asset][requests._requester(request.payer)] += refund
        log IMarket.Finalized(id=id, price=price)
        if final_call:
            self._deliver(
                id, slots._attempt(slot), request, slice(outputs, unsafe_sub(cursor, length), length), True
            )
    if done == 0:
        reasons._refuse(reason)
    self._credit(executor, asset, model, bonds, earned, royalties, fees)
    return done


@internal
@view
def _check_finality(slot: uint256, scope: uint256, work: uint256, output_hash: bytes32) -> uint256:
    if slots._status(slot) != slots.POSTED or not slots._holds(slot, work, output_hash):
        return reasons.NOT_THIS_RESULT
    if slots._games(slot) != 0:
        return reasons.GAME_OPEN
    if not self._passed(slots._work_posted_at(work) + terms._window(scope)):
        return reasons.WINDOW_OPEN
    return reasons.FINE


@internal
def _credit(
    executor: address,
    asset: address,
    model: address,
    bonds: uint256,
    earned: uint256,
    royalties: uint256,
    fees: uint256,
):
    if executor == empty(address):
        return
    account: address = extcall VAULT.release(executor, bonds)
    self.balance_of[asset][account] += earned
    if royalties != 0:
        self.balance_of[asset][model] += royalties
    if fees != 0:
        self.balance_of[asset][NETWORK.address] += fees


# --- deadlines and second thoughts ---


@external
def cancel(request: IMarket.Request):
    id: bytes32 = requests._id(self, request)
    slot: uint256 = self.slot_of[id]
    status: uint256 = slots._status(slot)
    if status != slots.OPEN and status != slots.CLAIMED:
        reasons._refuse(reasons.NOT_OPEN)
    if self.terms_of[requests._model(request.origin)][requests._version(request.origin)] != REVOKED:
        if status == slots.CLAIMED:
            reasons._refuse(reasons.ALREADY_CLAIMED)
        if msg.sender != requests._requester(request.payer):
            reasons._refuse(reasons.NOT_THE_REQUESTER)
    self._refund(id, slot, request)
    if status == slots.CLAIMED:
        extcall VAULT.release(slots._executor(slot), requests._bond(request.payer))


@external
def expire(request: IMarket.Request):
    id: bytes32 = requests._id(self, request)
    slot: uint256 = self.slot_of[id]
    status: uint256 = slots._status(slot)
    deadline: uint256 = max_value(uint256)
    if status == slots.OPEN:
        deadline = slots._opened_at(slot) + requests._claim_seconds(request.timing)
    elif status == slots.CLAIMED:
        deadline = slots._claimed_at(slot) + requests._result_seconds(request.timing)
    if not self._passed(deadline):
        reasons._refuse(reasons.NOTHING_EXPIRED)
    if status == slots.OPEN:
        self._refund(id, slot, request)
        return
    executor: address = slots._executor(slot)
    penalty: uint256 = terms._penalty(self.frozen_terms[request.terms].penalties)
    self._reopen(id, slot, request, slots._elapsed(slot))
    log IMarket.Missed(id=id, executor=executor, penalty=penalty)
    extcall VAULT.release(executor, requests._bond(request.payer) - penalty)
    share: uint256 = penalty // 2
    extcall VAULT.slash(
        executor, requests._requester(request.payer), share, empty(address), 0, penalty - share
    )


@internal
def _reopen(id: bytes32, slot: uint256, request: IMarket.Request, elapsed: uint256):
    """
    Another attempt, its ramp going on from the price of the last; or a refund if there were enough.
    """
    attempt: uint256 = slots._attempt(slot)
    if attempt >= terms._max_attempts(self.frozen_terms[request.terms].scope):
        self._refund(id, slot, request)
        return
    self.slot_of[id] = slots._pack_open(attempt + 1, block.timestamp - elapsed, block.timestamp)
    log IMarket.Reopened(id=id, attempt=attempt + 1)


@internal
def _refund(id: bytes32, slot: uint256, request: IMarket.Request):
    self.slot_of[id] = slots._pack_refunded(slot)
    self.balance_of[requests._asset(request.timing)][
        requests._requester(request.payer)
    ] += requests._max_price(request.prices)
    log IMarket.Refunded(id=id)


# --- what challenges do to a result; `Challenges` keeps the games and the money behind them ---


@external
def begin_game(result: IMarket.Result) -> (bytes32, uint256):
    self._only(CHALLENGES)
    id: bytes32 = requests._id(self, result.request)
    slot: uint256 = self._held(id, result, slots.POSTED)
    window: uint256 = terms._window(self.frozen_terms[result.request.terms].scope)
    if self._passed(slots._work_posted_at(result.work) + window):
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
    extcall VAULT.release(slots._work_executor(result.work), requests._bond(result.request.payer))
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
        self._retract(id, slots._attempt(slot), callback)


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
    self._deliver(id, slots._attempt(slot), result.request, output, final)


@external
def redeliver_retraction(request: IMarket.Request, attempt: uint256):
    id: bytes32 = requests._id(self, request)
    slot: uint256 = self.slot_of[id]
    over: bool = slots._attempt(slot) > attempt or slots._status(slot) == slots.REFUNDED
    if not over or attempt == 0 or requests._flags(request.callback) & requests.AT_POST == 0:
        reasons._refuse(reasons.NOTHING_TO_RETRACT)
    self._retract(id, attempt, request.callback)


# --- versions ---


@external
def revoke(version: uint256):
    self.terms_of[msg.sender][version] = REVOKED
    log IMarket.Revoked(model=msg.sender, version=version)


@external
def freeze(model: address, version: uint256) -> bytes32:
    if self.terms_of[model][version] == REVOKED:
        reasons._refuse(reasons.VERSION_REVOKED)
    return self._freeze(model, version)


# --- views ---


@external
@view
def passed(deadline: uint256) -> bool:
    return self._passed(deadline)


@external
@view
def network() -> address:
    return NETWORK.address


@external
@view
def vault() -> address:
    return VAULT.address


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
    return UPTIME_FEED.address
