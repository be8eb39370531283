# pragma version 0.4.3
"""
@title Guestbook: sign with a digit, drawn by hand
@notice A drawing of 8 x 8 pixels, 0 (paper) to 16 (ink), is a signature if the digits model recognises it. An
        entry appears when the answer is posted, with the bond behind it; it is sealed when the answer is
        final, and erased if the answer is refuted.

        A visitor who calls `sign` pays a fixed price, and the guestbook asks in its own name. Who asks the
        model directly, or signs an order that costs no gas, names the guestbook as consumer and stays the
        requester himself.
@dev The program's output is eight int32: digit, recognised, margin, score and four zeros
     (`scripts/digits.py`).
@custom:trust Nobody can remove an entry or stop the guestbook. The keeper gets what the vault pays to the
        guestbook as the requester of late and refuted answers, and nothing else.
@custom:kill Nobody can pause it. While the model is paused no new answers come, and `reclaim` works.
"""
from contracts.interfaces import IConsumer
from contracts.interfaces import IMarket
from contracts.interfaces import IStakeVault
from contracts.modules import consumer
from contracts.modules.market import requests

implements: IConsumer
initializes: consumer


event Asked:
    id: indexed(bytes32)
    visitor: indexed(address)


event Signed:
    id: indexed(bytes32)
    visitor: indexed(address)
    digit: uint256
    bond: uint256
    sealed: bool


event Erased:
    id: indexed(bytes32)


struct Entry:
    visitor: address
    digit: uint256
    bond: uint256  # behind the answer, until it is sealed


struct Payment:
    visitor: address
    amount: uint256


CALLBACK_GAS: constant(uint256) = 150_000

KEEPER: immutable(address)
MIN_MARGIN: immutable(int256)  # by which the best digit has to lead

entries: HashMap[bytes32, Entry]
payments: public(HashMap[bytes32, Payment])  # of visitors for whom the guestbook asked


@deploy
def __init__(model: address, min_bond: uint256, min_margin: int256, keeper: address):
    consumer.__init__(model, min_bond)
    MIN_MARGIN = min_margin
    KEEPER = keeper


# --- for visitors ---


@external
@payable
def sign(drawing: Bytes[64]) -> bytes32:
    """
    @notice Asks the model whether `drawing` is a digit, for `msg.value`.
    @return The id under which the entry will appear.
    """
    id: bytes32 = consumer._ask(consumer._offer(msg.value, CALLBACK_GAS), drawing)

    self.payments[id] = Payment(visitor=msg.sender, amount=msg.value)
    log Asked(id=id, visitor=msg.sender)
    return id


@external
def reclaim(id: bytes32):
    """
    @notice Returns the price of a request that nobody answered to the visitor who paid it.
    """
    payment: Payment = self.payments[id]
    assert payment.amount > 0, "guestbook: nothing paid"
    assert consumer._is_refunded(id), "guestbook: not refunded"

    self.payments[id].amount = 0
    consumer._withdraw(payment.visitor, payment.amount)


@external
@view
def entry(id: bytes32) -> (Entry, bool):
    """
    @return The entry, its visitor zero if there is none, and whether it is sealed.
    """
    return self.entries[id], consumer._is_final(id)


# --- for the Market ---


@external
def on_result(id: bytes32, attempt: uint256, request: IMarket.Request, output: Bytes[4096], final: bool):
    if not consumer._receive(id, attempt, request, final):
        return
    if consumer._element(output, 2, 4) < MIN_MARGIN:
        self._erase(id)
        return

    visitor: address = requests._requester(request.payer)
    if visitor == self:
        visitor = self.payments[id].visitor
    digit: uint256 = convert(consumer._element(output, 0, 4), uint256)
    bond: uint256 = requests._bond(request.payer)
    self.entries[id] = Entry(visitor=visitor, digit=digit, bond=bond)
    log Signed(id=id, visitor=visitor, digit=digit, bond=bond, sealed=final)


@external
def on_retracted(id: bytes32, attempt: uint256):
    if consumer._retract(id, attempt):
        self._erase(id)


@internal
def _erase(id: bytes32):
    if self.entries[id].visitor != empty(address):
        self.entries[id] = empty(Entry)
        log Erased(id=id)


# --- for the keeper ---


@external
def collect_rewards():
    """
    @notice Pays the keeper what late and refuted answers brought. Anybody may call.
    """
    extcall IStakeVault(staticcall IMarket(consumer.MARKET).vault()).withdraw_rewards(KEEPER)
