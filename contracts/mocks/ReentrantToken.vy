# pragma version 0.4.3
"""
@title ReentrantToken
@notice Calls a contract of its master's choice in the middle of the next transfer.
"""
from contracts.mocks import ledger

initializes: ledger

exports: (ledger.totalSupply, ledger.balanceOf, ledger.allowance)

target: address
payload: Bytes[4096]
attempts: public(uint256)
succeeded: public(bool)
response: public(Bytes[256])


@external
def mint(to: address, amount: uint256):
    ledger._mint(to, amount)


@external
def arm(target: address, payload: Bytes[4096]):
    """
    @notice The next transfer calls `target` with `payload`, after the balances moved.
    """
    self.target = target
    self.payload = payload


@external
def order(target: address, payload: Bytes[4096]):
    """
    @notice Calls at once, so that the token can be a customer itself.
    """
    raw_call(target, payload)


@external
def transfer(to: address, amount: uint256) -> bool:
    ledger._move(msg.sender, to, amount)
    self._reenter()
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    ledger._approve(msg.sender, spender, amount)
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    if owner != self:
        ledger._spend(owner, msg.sender, amount)
    ledger._move(owner, to, amount)
    self._reenter()
    return True


@internal
def _reenter():
    target: address = self.target
    if target != empty(address):
        self.target = empty(address)
        self.attempts += 1
        self.succeeded, self.response = raw_call(
            target, self.payload, max_outsize=256, revert_on_failure=False
        )
