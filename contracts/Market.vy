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
terms_of: public(HashMap[address, HashMap[uint256, bytes32]])  # model -> version -> key of its terms now
revoked: public(HashMap[address, HashMap[uint256, bool]])  # model -> version


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
        assert msg.value == amount, "market: wrong value"
    else:
        assert msg.value == 0, "market: wrong value"
        received = transfers._pull(asset, msg.sender, amount)
    self.balance_of[asset][account] += received
    log IMarket.Deposited(asset=asset, account=account, amount=received)


@external
@nonreentrant
def withdraw(asset: address, to: address, amount: uint256):
    assert to != empty(address), "market: no recipient"
    self._debit(asset, msg.sender, amount)
    log IMarket.Withdrawn(asset=asset, account=msg.sender, to=to, amount=amount)
    if asset == requests.NATIVE:
        assert raw_call(to, b"", value=amount, revert_on_failure=False), "market: payment refused"
    else:
        transfers._push(asset, to, amount)


@internal
def _debit(asset: address, account: address, amount: uint256):
    balance: uint256 = self.balance_of[asset][account]
    assert amount <= balance, "market: balance too small"
    self.balance_of[asset][account] = unsafe_sub(balance, amount)


# --- open ---


@external
@payable
@nonreentrant
def open(model: address, offer: IMarket.Offer, input: Bytes[4096]) -> bytes32:
    resolved: IMarket.Offer = offer
    resolved.version = staticcall IModel(model).resolve(
        offer.version, msg.sender, self.counter, requests._reference(offer.flags, input)
    )
    price: uint256 = offer.max_price
    if offer.flags & requests.PREPAID != 0:
        assert msg.value == 0, "market: wrong value"
        self._debit(offer.asset, msg.sender, price)
    elif offer.asset == requests.NATIVE:
        assert msg.value == price, "market: wrong value"
    else:
        assert msg.value == 0, "market: wrong value"
    id: bytes32 = self._open(model, msg.sender, resolved, input)
    if offer.asset != requests.NATIVE and offer.flags & requests.PREPAID == 0:
        assert transfers._pull(offer.asset, msg.sender, price) == price, "market: short transfer"
    return id


@external
@payable
def open_for(requester: address, offer: IMarket.Offer, input: Bytes[4096]) -> bytes32:
    assert (
        offer.asset == requests.NATIVE and offer.flags & requests.PREPAID == 0
    ), "market: a model pays by value"
    assert msg.value == offer.max_price, "market: wrong value"
    return self._open(msg.sender, requester, offer, input)


@external
def open_signed(
    executor: address, requester: address, model: address, offer: IMarket.Offer, input: Bytes[4096]
) -> (bytes32, IMarket.Request, String[64]):
    self._only(ORDERS)
    key: bytes32 = self.terms_of[model][offer.version]
    reason: String[64] = "market: terms not frozen"
    if key != empty(bytes32):
        reason = self._check_open(key, model, offer, input)
    request: IMarket.Request = empty(IMarket.Request)
    if reason == "" and self.balance_of[offer.asset][requester] < offer.max_price:
        reason = "market: balance too small"
    if reason == "" and staticcall VAULT.capacity(executor) < offer.bond:
        reason = "market: stake too small"
    if reason != "":
        return empty(bytes32), request, reason
    self._debit(offer.asset, requester, offer.max_price)
    request = self._register(key, model, requester, offer, input)
    id: bytes32 = requests._id(self, request)
    self.slot_of[id] = slots._pack_claimed(1, 0, block.timestamp, executor)
    log IMarket.Claimed(id=id, executor=executor, price=offer.max_price)
    extcall VAULT.lock(executor, offer.bond)
    return id, request, reason


@internal
def _open(model: address, requester: address, offer: IMarket.Offer, input: Bytes[4096]) -> bytes32:
    key: bytes32 = self.terms_of[model][offer.version]
    if key == empty(bytes32):
        key = self._freeze(model, offer.version)
    reason: String[64] = self._check_open(key, model, offer, input)
    assert reason == "", reason
    request: IMarket.Request = self._register(key, model, requester, offer, input)
    id: bytes32 = requests._id(self, request)
    self.slot_of[id] = slots._pack_open(1, block.timestamp, block.timestamp)
    return id


@internal
def _register(
    key: bytes32, model: address, requester: address, offer: IMarket.Offer, input: Bytes[4096]
) -> IMarket.Request:
    counter: uint256 = self.counter
    self.counter = counter + 1
    request: IMarket.Request = requests._pack(
        key, model, requester, offer, counter, requests._reference(offer.flags, input)
    )
    if self.frozen_terms[key].hook != empty(address):
        request.callback |= requests.HOOKED << 56
    log IMarket.Opened(
        id=requests._id(self, request), model=model, requester=requester, request=request, input=input
    )
    return request


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
def _check_open(key: bytes32, model: address, offer: IMarket.Offer, input: Bytes[4096]) -> String[64]:
    scope: uint256 = self.frozen_terms[key].scope
    if self.revoked[model][offer.version]:
        return "market: version revoked"
    reason: String[64] = offers._check(offer, scope)
    if reason != "":
        return reason
    if offer.flags & requests.UPLOADED != 0:
        if staticcall INPUTS.sealed_size(requests._reference(offer.flags, input)) != terms._input_size(scope):
            return "market: input not uploaded"
    elif offer.flags & requests.UNWATCHABLE == 0 and len(input) > terms._input_size(scope):
        return "market: input too long"
    if terms._hooked(scope):
        question: Bytes[4260] = abi_encode(input, method_id=method_id("check_input(bytes)"))
        if not self._agrees(self.frozen_terms[key].hook, question):
            return "market: input refused"
    return ""


@internal
@view
def _agrees(hook: address, question: Bytes[4260]) -> bool:
    """
    Asks a hook with a fixed amount of gas that is certain to be there, so that a failure is its own.
    """
    assert msg.gas * 63 // 64 >= HOOK_GAS + GAS_MARGIN, "market: too little gas"
    success: bool = False
    answer: Bytes[32] = b""
    success, answer = raw_call(
        hook, question, max_outsize=32, gas=HOOK_GAS, is_static_call=True, revert_on_failure=False
    )
    return success and len(answer) == 32 and convert(answer, uint256) == 1


# --- claim ---


@external
def claim(batch: DynArray[IMarket.Request, 32]) -> uint256:
    room: uint256 = staticcall VAULT.capacity(msg.sender)
    total: uint256 = 0
    done: uint256 = 0
    reason: String[64] = "market: empty batch"
    for request: IMarket.Request in batch:
        id: bytes32 = requests._id(self, request)
        slot: uint256 = self.slot_of[id]
        bond: uint256 = requests._bond(request.payer)
        reason = self._check_claim(slot, request, room - total)
        if reason != "":
            self._skip(id, reason)
            continue
        elapsed: uint256 = self._elapsed(slot, request)
        self.slot_of[id] = slots._pack_claimed(slots._attempt(slot), elapsed, block.timestamp, msg.sender)
        total += bond
        done += 1
        log IMarket.Claimed(
            id=id, executor=msg.sender, price=requests._price(request.prices, request.timing, elapsed)
        )
    assert done != 0, reason
    extcall VAULT.lock(msg.sender, total)
    return done


@internal
@view
def _check_claim(slot: uint256, request: IMarket.Request, room: uint256) -> String[64]:
    if slots._status(slot) != slots.OPEN:
        return "market: not open"
    if self._passed(slots._opened_at(slot) + requests._claim_seconds(request.timing)):
        return "market: claim deadline passed"
    if self.revoked[requests._model(request.origin)][requests._version(request.origin)]:
        return "market: version revoked"
    if requests._bond(request.payer) > room:
        return "market: stake too small"
    return ""


@internal
@view
def _elapsed(slot: uint256, request: IMarket.Request) -> uint256:
    return min(block.timestamp - slots._ramp_start(slot), requests._ramp(request.timing))


@internal
def _skip(id: bytes32, reason: String[64]):
    log IMarket.Skipped(id=id, reason=reason)


@internal
@view
def _only(caller: address):
    assert msg.sender == caller, "market: not the periphery"


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
def post(
    batch: DynArray[IMarket.Request, 32], lengths: DynArray[uint256, 32], outputs: Bytes[4096]
) -> uint256:
    cursor: uint256 = 0
    done: uint256 = 0
    reason: String[64] = "market: empty batch"
    self._check_lengths(len(batch), lengths, len(outputs))
    for i: uint256 in range(len(batch), bound=MAX_BATCH):
        request: IMarket.Request = batch[i]
        id: bytes32 = requests._id(self, request)
        slot: uint256 = self.slot_of[id]
        reason = self._check_post(slot, request)
        if reason != "":
            self._skip(id, reason)
        else:
            output: Bytes[4096] = slice(outputs, cursor, lengths[i])
            self._post(id, slots._attempt(slot), request, msg.sender, slots._elapsed(slot), output)
            if requests._flags(request.callback) & requests.AT_POST != 0:
                self._deliver(id, slots._attempt(slot), request, output, False)
            done += 1
        cursor += lengths[i]
    assert done != 0, reason
    return done


@external
def answer(
    batch: DynArray[IMarket.Request, 32], lengths: DynArray[uint256, 32], outputs: Bytes[4096]
) -> uint256:
    room: uint256 = staticcall VAULT.capacity(msg.sender)
    total: uint256 = 0
    cursor: uint256 = 0
    done: uint256 = 0
    reason: String[64] = "market: empty batch"
    self._check_lengths(len(batch), lengths, len(outputs))
    for i: uint256 in range(len(batch), bound=MAX_BATCH):
        request: IMarket.Request = batch[i]
        output: Bytes[4096] = slice(outputs, cursor, lengths[i])
        cursor += lengths[i]
        id: bytes32 = requests._id(self, request)
        slot: uint256 = self.slot_of[id]
        reason = self._check_claim(slot, request, room - total)
        if reason != "":
            self._skip(id, reason)
            continue
        elapsed: uint256 = self._elapsed(slot, request)
        bond: uint256 = requests._bond(request.payer)
        log IMarket.Claimed(
            id=id, executor=msg.sender, price=requests._price(request.prices, request.timing, elapsed)
        )
        self._post(id, slots._attempt(slot), request, msg.sender, elapsed, output)
        done += 1
        if requests._flags(request.callback) & requests.AT_POST == 0:
            total += bond
        else:  # a consumer is called only when the bond it sees is locked
            room -= bond
            extcall VAULT.lock(msg.sender, bond)
            self._deliver(id, slots._attempt(slot), request, output, False)
    assert done != 0, reason
    if total != 0:
        extcall VAULT.lock(msg.sender, total)
    return done


@external
def post_signed(id: bytes32, request: IMarket.Request, executor: address, output: Bytes[4096]):
    self._only(ORDERS)
    self._post(id, 1, request, executor, 0, output)
    if requests._flags(request.callback) & requests.AT_POST != 0:
        self._deliver(id, 1, request, output, False)


@internal
@pure
def _check_lengths(count: uint256, lengths: DynArray[uint256, 32], available: uint256):
    assert len(lengths) == count, "market: one length an item"
    total: uint256 = 0
    for length: uint256 in lengths:
        total += length
    assert total == available, "market: lengths and outputs differ"


@internal
@view
def _check_post(slot: uint256, request: IMarket.Request) -> String[64]:
    if slots._status(slot) != slots.CLAIMED:
        return "market: not claimed"
    if slots._executor(slot) != msg.sender:
        return "market: not the executor"
    if self._passed(slots._claimed_at(slot) + requests._result_seconds(request.timing)):
        return "market: result too late"
    return ""


@internal
def _post(
    id: bytes32,
    attempt: uint256,
    request: IMarket.Request,
    executor: address,
    elapsed: uint256,
    output: Bytes[4096],
):
    work: uint256 = slots._pack_work(executor, elapsed, block.timestamp)
    self.slot_of[id] = slots._pack_posted(attempt, work, keccak256(output))
    plausible: bool = True
    if requests._flags(request.callback) & requests.HOOKED != 0:
        plausible = self._agrees(
            self.frozen_terms[request.terms].hook,
            abi_encode(request.input, output, method_id=method_id("check_output(bytes32,bytes)")),
        )
    log IMarket.Posted(
        id=id, executor=executor, attempt=attempt, work=work, plausible=plausible, output=output
    )


@internal
def _deliver(id: bytes32, attempt: uint256, request: IMarket.Request, output: Bytes[4096], final: bool):
    self._call_back(
        id,
        attempt,
        request,
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
    )


@internal
def _retract(id: bytes32, attempt: uint256, request: IMarket.Request):
    self._call_back(
        id, attempt, request, abi_encode(id, attempt, method_id=method_id("on_retracted(bytes32,uint256)"))
    )


@internal
def _call_back(id: bytes32, attempt: uint256, request: IMarket.Request, message: Bytes[4580]):
    callback_gas: uint256 = requests._callback_gas(request.callback)
    assert msg.gas * 63 // 64 >= callback_gas + GAS_MARGIN, "market: too little gas"
    if not raw_call(requests._consumer(request.callback), message, gas=callback_gas, revert_on_failure=False):
        log IMarket.Undelivered(id=id, attempt=attempt)


# --- finalize ---


@external
def finalize(
    batch: DynArray[IMarket.Result, 32], lengths: DynArray[uint256, 32], outputs: Bytes[4096]
) -> uint256:
    cursor: uint256 = 0
    done: uint256 = 0
    reason: String[64] = "market: empty batch"
    # What one executor earns on one model in one asset is added up and written once.
    executor: address = empty(address)
    asset: address = empty(address)
    model: address = empty(address)
    bonds: uint256 = 0
    earned: uint256 = 0
    royalties: uint256 = 0
    fees: uint256 = 0
    self._check_lengths(len(batch), lengths, len(outputs))
    for i: uint256 in range(len(batch), bound=MAX_BATCH):
        result: IMarket.Result = batch[i]
        request: IMarket.Request = result.request
        id: bytes32 = requests._id(self, request)
        slot: uint256 = self.slot_of[id]
        scope: uint256 = self.frozen_terms[request.terms].scope
        output: Bytes[4096] = slice(outputs, cursor, lengths[i])
        cursor += lengths[i]
        reason = self._check_finality(slot, result, scope, output)
        if reason != "":
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
        price: uint256 = requests._price(request.prices, request.timing, slots._work_elapsed(result.work))
        royalty: uint256 = price * terms._royalty_bps(scope) // terms.BPS
        fee: uint256 = price * terms._fee_bps(scope) // terms.BPS
        bonds += requests._bond(request.payer)
        earned += price - royalty - fee
        royalties += royalty
        fees += fee
        done += 1
        refund: uint256 = unsafe_sub(requests._max_price(request.prices), price)
        if refund != 0:
            self.balance_of[asset][requests._requester(request.payer)] += refund
        log IMarket.Finalized(id=id, price=price)
        if requests._flags(request.callback) & requests.AT_FINAL != 0:
            self._deliver(id, slots._attempt(slot), request, output, True)
    assert done != 0, reason
    self._credit(executor, asset, model, bonds, earned, royalties, fees)
    return done


@internal
@view
def _check_finality(slot: uint256, result: IMarket.Result, scope: uint256, output: Bytes[4096]) -> String[64]:
    if slots._status(slot) != slots.POSTED or not slots._holds(slot, result.work, result.output_hash):
        return "market: not this result"
    if slots._games(slot) != 0:
        return "market: game open"
    if not self._passed(slots._work_posted_at(result.work) + terms._window(scope)):
        return "market: window open"
    if (
        requests._flags(result.request.callback) & requests.AT_FINAL != 0
        and keccak256(output) != result.output_hash
    ):
        return "market: wrong output"
    return ""


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
        self.balance_of[asset][self] += fees


# --- deadlines and second thoughts ---


@external
def cancel(request: IMarket.Request):
    id: bytes32 = requests._id(self, request)
    slot: uint256 = self.slot_of[id]
    status: uint256 = slots._status(slot)
    assert status == slots.OPEN or status == slots.CLAIMED, "market: not open"
    if not self.revoked[requests._model(request.origin)][requests._version(request.origin)]:
        assert status == slots.OPEN, "market: already claimed"
        assert msg.sender == requests._requester(request.payer), "market: not the requester"
    self._refund(id, slot, request, "cancelled")
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
    assert self._passed(deadline), "market: nothing expired"
    if status == slots.OPEN:
        self._refund(id, slot, request, "nobody claimed")
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
        self._refund(id, slot, request, "too many attempts")
        return
    self.slot_of[id] = slots._pack_open(attempt + 1, block.timestamp - elapsed, block.timestamp)
    log IMarket.Reopened(id=id, attempt=attempt + 1)


@internal
def _refund(id: bytes32, slot: uint256, request: IMarket.Request, reason: String[64]):
    self.slot_of[id] = slots._pack_refunded(slot)
    self.balance_of[requests._asset(request.timing)][
        requests._requester(request.payer)
    ] += requests._max_price(request.prices)
    log IMarket.Refunded(id=id, reason=reason)


# --- what challenges do to a result; `Challenges` keeps the games and the money behind them ---


@external
def begin_game(result: IMarket.Result) -> (bytes32, uint256):
    self._only(CHALLENGES)
    id: bytes32 = requests._id(self, result.request)
    slot: uint256 = self._posted(id, result)
    window: uint256 = terms._window(self.frozen_terms[result.request.terms].scope)
    assert not self._passed(slots._work_posted_at(result.work) + window), "market: window closed"
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
    request: IMarket.Request = result.request
    id: bytes32 = requests._id(self, request)
    slot: uint256 = self.slot_of[id]
    assert slots._status(slot) == slots.REFUTED, "market: not refuted"
    assert slots._holds(slot, result.work, result.output_hash), "market: not this result"
    self._reopen(id, slot, request, slots._work_elapsed(result.work))
    if requests._flags(request.callback) & requests.AT_POST != 0:
        self._retract(id, slots._attempt(slot), request)
    return slots._games(slot)


@external
def abandon(result: IMarket.Result):
    self._only(CHALLENGES)
    request: IMarket.Request = result.request
    id: bytes32 = requests._id(self, request)
    slot: uint256 = self._posted(id, result)
    self._refund(id, slot, request, "no ruling")
    extcall VAULT.release(slots._work_executor(result.work), requests._bond(request.payer))
    if requests._flags(request.callback) & requests.AT_POST != 0:
        self._retract(id, slots._attempt(slot), request)


@internal
@view
def _posted(id: bytes32, result: IMarket.Result) -> uint256:
    slot: uint256 = self.slot_of[id]
    assert slots._status(slot) == slots.POSTED, "market: not posted"
    assert slots._holds(slot, result.work, result.output_hash), "market: not this result"
    return slot


# --- afterwards ---


@external
@view
def verify_output(id: bytes32, output: Bytes[4096]) -> bool:
    return slots._answers(self.slot_of[id], output)


@external
def redeliver(result: IMarket.Result, output: Bytes[4096]):
    id: bytes32 = requests._id(self, result.request)
    slot: uint256 = self.slot_of[id]
    assert requests._consumer(result.request.callback) != empty(address), "market: no consumer"
    final: bool = slots._answers(slot, output)
    if not final:
        assert (
            slots._status(slot) == slots.POSTED
            and requests._flags(result.request.callback) & requests.AT_POST != 0
        ), "market: nothing to deliver"
        assert slots._holds(slot, result.work, keccak256(output)), "market: wrong output"
    self._deliver(id, slots._attempt(slot), result.request, output, final)


@external
def redeliver_retraction(request: IMarket.Request, attempt: uint256):
    id: bytes32 = requests._id(self, request)
    slot: uint256 = self.slot_of[id]
    over: bool = slots._attempt(slot) > attempt or slots._status(slot) == slots.REFUNDED
    assert over and attempt != 0, "market: nothing to retract"
    assert requests._consumer(request.callback) != empty(address), "market: no consumer"
    self._retract(id, attempt, request)


# --- versions ---


@external
def revoke(version: uint256):
    self.revoked[msg.sender][version] = True
    log IMarket.Revoked(model=msg.sender, version=version)


@external
def freeze(model: address, version: uint256) -> bytes32:
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
