# pragma version 0.4.3
"""
@title Balances: fees of requesters, executors, models and the network, inside the Market
@notice Assets are the native coin (zero) and any ERC-20. What a hostile token does stays within its own
        balances: deposits are counted by what arrived and bounded, so that no later credit overflows.
"""
from contracts.interfaces import IMarket
from contracts.modules.market import reasons
from contracts.modules.market import requests
from contracts.modules.market import transfers

MASK128: constant(uint256) = 2**128 - 1

balance_of: public(HashMap[address, HashMap[address, uint256]])  # asset -> account -> amount
# asset -> model -> royalties 128 (low) | fees 128
shares_of: public(HashMap[address, HashMap[address, uint256]])


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
    balance: uint256 = self.balance_of[asset][account]
    if received > MASK128 or balance > MASK128 - received:
        reasons._refuse(reasons.AMOUNT_TOO_LARGE)
    self.balance_of[asset][account] = balance + received
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


@external
def collect(asset: address, to: address) -> uint256:
    shares: uint256 = self.shares_of[asset][msg.sender]
    royalties: uint256 = shares & MASK128
    self.shares_of[asset][msg.sender] = shares ^ royalties
    self.balance_of[asset][to] += royalties
    log IMarket.Collected(asset=asset, model=msg.sender, to=to, amount=royalties)
    return royalties


@internal
def _collect_fees(asset: address, model: address, to: address) -> uint256:
    shares: uint256 = self.shares_of[asset][model]
    self.shares_of[asset][model] = shares & MASK128
    self.balance_of[asset][to] += shares >> 128
    log IMarket.FeesCollected(asset=asset, model=model, to=to, amount=shares >> 128)
    return shares >> 128


@internal
def _share_out(asset: address, model: address, royalties: uint256, fees: uint256):
    """
    @notice Saturates: a worthless token may not stop a payment, nor carry into the other half.
    """
    shares: uint256 = self.shares_of[asset][model]
    royalty: uint256 = min(unsafe_add(shares & MASK128, royalties), MASK128)
    fee: uint256 = min(unsafe_add(shares >> 128, fees), MASK128)
    self.shares_of[asset][model] = royalty | (fee << 128)


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
