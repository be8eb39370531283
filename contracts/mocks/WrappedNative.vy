# pragma version 0.4.3
"""
@title WrappedNative
@notice The chain's own coin as an ERC-20, one to one: the bond asset of local networks. Real networks have
        theirs.
"""
from contracts.mocks import ledger

initializes: ledger

exports: (ledger.balanceOf, ledger.allowance)

name: public(constant(String[14])) = "Wrapped Native"
symbol: public(constant(String[7])) = "WNATIVE"
decimals: public(constant(uint8)) = 18


@external
@payable
def __default__():
    ledger._mint(msg.sender, msg.value)


@external
@payable
def deposit():
    ledger._mint(msg.sender, msg.value)


@external
def withdraw(amount: uint256):
    ledger._burn(msg.sender, amount)
    raw_call(msg.sender, b"", value=amount)


@external
@view
def totalSupply() -> uint256:
    return self.balance


@external
def transfer(to: address, amount: uint256) -> bool:
    ledger._move(msg.sender, to, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    ledger._approve(msg.sender, spender, amount)
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    if owner != msg.sender:
        ledger._spend(owner, msg.sender, amount)
    ledger._move(owner, to, amount)
    return True
