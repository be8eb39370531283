# pragma version 0.4.3
"""
@title MockModel
@notice A model that names requesters who never asked, changes its terms and misbehaves as a test orders.
"""
from contracts.interfaces import IMarket
from contracts.interfaces import IModel


interface Market:
    def open_for(requester: address, offer: IMarket.Offer, input: Bytes[4096]) -> bytes32: payable
    def revoke(version: uint256): nonpayable


# BOMB reverts with far more data than anybody wants to copy.
flag Conduct:
    REVERT
    EAT_GAS
    BOMB

MARKET: immutable(address)

conduct: public(Conduct)
stated: IModel.Terms
answering: public(uint256)


@deploy
def __init__(market: address, stated: IModel.Terms):
    MARKET = market
    self.stated = stated
    self.answering = 1


@external
def misbehave(conduct: Conduct):
    self.conduct = conduct


@external
def set_terms(stated: IModel.Terms):
    self.stated = stated


@external
def set_answering(version: uint256):
    self.answering = version


@external
@payable
def request_as(requester: address, offer: IMarket.Offer, input: Bytes[4096]) -> bytes32:
    return extcall Market(MARKET).open_for(requester, offer, input, value=msg.value)


@external
def revoke(version: uint256):
    extcall Market(MARKET).revoke(version)


@external
@view
def resolve(version: uint256, requester: address, counter: uint256, input: bytes32) -> uint256:
    self._act()
    return self.answering


@external
@view
def terms(version: uint256) -> IModel.Terms:
    self._act()
    return self.stated


@internal
@view
def _act():
    if self.conduct == Conduct.REVERT:
        raise "model: reverting"
    elif self.conduct == Conduct.EAT_GAS:
        sink: uint256 = 0
        for i: uint256 in range(2**64):
            sink = unsafe_add(sink, i)
    elif self.conduct == Conduct.BOMB:
        raw_revert(abi_encode(empty(bytes32[2000])))
