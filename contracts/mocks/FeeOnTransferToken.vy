# pragma version 0.4.3
"""
@title FeeOnTransferToken
@notice Burns one percent of whatever moves.
"""
from contracts.mocks import ledger

initializes: ledger

exports: (ledger.totalSupply, ledger.balanceOf, ledger.allowance)


@external
def mint(to: address, amount: uint256):
    ledger._mint(to, amount)


@external
def transfer(to: address, amount: uint256) -> bool:
    self._move(msg.sender, to, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    ledger._approve(msg.sender, spender, amount)
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    ledger._spend(owner, msg.sender, amount)
    self._move(owner, to, amount)
    return True


@internal
def _move(sender: address, to: address, amount: uint256):
    fee: uint256 = amount // 100
    ledger._burn(sender, fee)
    ledger._move(sender, to, amount - fee)
