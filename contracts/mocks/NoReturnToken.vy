# pragma version 0.4.3
"""
@title NoReturnToken
@notice Returns nothing where the standard wants a bool, as the largest stablecoin does.
"""
from contracts.mocks import ledger

initializes: ledger

exports: (ledger.totalSupply, ledger.balanceOf, ledger.allowance)


@external
def mint(to: address, amount: uint256):
    ledger._mint(to, amount)


@external
def transfer(to: address, amount: uint256):
    ledger._move(msg.sender, to, amount)


@external
def approve(spender: address, amount: uint256):
    ledger._approve(msg.sender, spender, amount)


@external
def transferFrom(owner: address, to: address, amount: uint256):
    ledger._spend(owner, msg.sender, amount)
    ledger._move(owner, to, amount)
