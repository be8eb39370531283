# pragma version 0.4.3
"""
@title MockMarket
@notice The side of the Market that a Model and a consumer see. It opens requests without a market behind them
        and delivers whatever the test says.
"""
from contracts.interfaces import IConsumer
from contracts.interfaces import IMarket

model: public(address)
requester: public(address)
paid: public(uint256)
input: public(Bytes[4096])
opened: IMarket.Offer
counter: public(uint256)
revoked: public(HashMap[address, HashMap[uint256, bool]])
frozen: public(HashMap[address, HashMap[uint256, bool]])
balance_of: public(HashMap[address, HashMap[address, uint256]])  # asset -> account
slot_of: public(HashMap[bytes32, uint256])
vault: public(address)


@external
@view
def offer() -> IMarket.Offer:
    return self.opened


# --- what a Model calls ---


@external
@payable
def open_for(requester: address, offer: IMarket.Offer, input: Bytes[4096]) -> bytes32:
    self.model = msg.sender
    self.requester = requester
    self.paid = msg.value
    self.opened = offer
    self.input = input
    self.counter += 1
    return keccak256(abi_encode(msg.sender, requester, self.counter))


@external
def revoke(version: uint256):
    self.revoked[msg.sender][version] = True


@external
def freeze(model: address, version: uint256) -> bytes32:
    self.frozen[model][version] = True
    return keccak256(abi_encode(model, version))


@external
def withdraw(asset: address, to: address, amount: uint256):
    self.balance_of[asset][msg.sender] -= amount
    if asset == empty(address):
        raw_call(to, b"", value=amount)
    else:
        self.balance_of[asset][to] += amount


@external
def collect(asset: address, to: address) -> uint256:
    amount: uint256 = self.balance_of[asset][msg.sender]
    self.balance_of[asset][msg.sender] = 0
    self.balance_of[asset][to] += amount
    return amount


# --- what a test orders ---


@external
@payable
def credit(asset: address, account: address, amount: uint256):
    self.balance_of[asset][account] += amount


@external
def set_slot(id: bytes32, slot: uint256):
    self.slot_of[id] = slot


@external
def set_vault(vault: address):
    self.vault = vault


@external
def deliver(
    consumer: address,
    id: bytes32,
    attempt: uint256,
    request: IMarket.Request,
    output: Bytes[4096],
    final: bool,
):
    extcall IConsumer(consumer).on_result(id, attempt, request, output, final)


@external
def retract(consumer: address, id: bytes32, attempt: uint256):
    extcall IConsumer(consumer).on_retracted(id, attempt)
