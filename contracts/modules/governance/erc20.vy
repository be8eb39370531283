# pragma version 0.4.3
"""
@title ERC20: balances and allowances
@notice OpenZeppelin's ERC20: the same events and custom errors. An allowance of 2^256 - 1 does not shrink.
"""
from ethereum.ercs import IERC20

OVERFLOW: constant(uint256) = 17  # of Panic(uint256)

totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])


@external
def approve(spender: address, amount: uint256) -> bool:
    self._approve(msg.sender, spender, amount)
    return True


@internal
def _move(owner: address, to: address, amount: uint256):
    if owner == empty(address):
        self._refuse_sender()
    if to == empty(address):
        self._refuse_receiver()
    self._debit(owner, amount)
    self.balanceOf[to] = unsafe_add(self.balanceOf[to], amount)
    log IERC20.Transfer(sender=owner, receiver=to, value=amount)


@internal
def _mint(to: address, amount: uint256, cap: uint256):
    if to == empty(address):
        self._refuse_receiver()
    supply: uint256 = unsafe_add(self.totalSupply, amount)
    if supply < amount:
        raw_revert(abi_encode(OVERFLOW, method_id=method_id("Panic(uint256)")))
    if supply > cap:
        raw_revert(abi_encode(supply, cap, method_id=method_id("ERC20ExceededSafeSupply(uint256,uint256)")))
    self.totalSupply = supply
    self.balanceOf[to] = unsafe_add(self.balanceOf[to], amount)
    log IERC20.Transfer(sender=empty(address), receiver=to, value=amount)


@internal
def _burn(owner: address, amount: uint256):
    if owner == empty(address):
        self._refuse_sender()
    self._debit(owner, amount)
    self.totalSupply = unsafe_sub(self.totalSupply, amount)
    log IERC20.Transfer(sender=owner, receiver=empty(address), value=amount)


@internal
def _debit(owner: address, amount: uint256):
    balance: uint256 = self.balanceOf[owner]
    if balance < amount:
        raw_revert(
            abi_encode(
                owner,
                balance,
                amount,
                method_id=method_id("ERC20InsufficientBalance(address,uint256,uint256)"),
            )
        )
    self.balanceOf[owner] = unsafe_sub(balance, amount)


@internal
def _approve(owner: address, spender: address, amount: uint256):
    self._check_approval(owner, spender)
    self.allowance[owner][spender] = amount
    log IERC20.Approval(owner=owner, spender=spender, value=amount)


@internal
def _spend(owner: address, spender: address, amount: uint256):
    allowed: uint256 = self.allowance[owner][spender]
    if allowed == max_value(uint256):
        return
    if allowed < amount:
        raw_revert(
            abi_encode(
                spender,
                allowed,
                amount,
                method_id=method_id("ERC20InsufficientAllowance(address,uint256,uint256)"),
            )
        )
    self._check_approval(owner, spender)
    self.allowance[owner][spender] = unsafe_sub(allowed, amount)


@internal
@pure
def _check_approval(owner: address, spender: address):
    if owner == empty(address):
        raw_revert(abi_encode(owner, method_id=method_id("ERC20InvalidApprover(address)")))
    if spender == empty(address):
        raw_revert(abi_encode(spender, method_id=method_id("ERC20InvalidSpender(address)")))


@internal
@pure
def _refuse_sender():
    raw_revert(abi_encode(empty(address), method_id=method_id("ERC20InvalidSender(address)")))


@internal
@pure
def _refuse_receiver():
    raw_revert(abi_encode(empty(address), method_id=method_id("ERC20InvalidReceiver(address)")))
