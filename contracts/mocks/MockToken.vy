# pragma version 0.4.3
"""
@title MockToken
@notice An ordinary ERC-20 that anybody may mint.
"""
from contracts.mocks import ledger

initializes: ledger

exports: (ledger.totalSupply, ledger.balanceOf, ledger.allowance)


@external
def mint(to: address, amount: uint256):
    ledger._mint(to, amount)


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
    ledger._spend(owner, msg.sender, amount)
    ledger._move(owner, to, amount)
    return True
