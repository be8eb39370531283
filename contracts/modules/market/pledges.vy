# pragma version 0.4.3
"""
@title Pledges: stake that stays with the Market between jobs
@notice A bond is taken from what its operator pledged, or else locked in the vault; it goes back where it
        came from.
"""
from contracts.interfaces import IMarket
from contracts.interfaces import IStakeVault
from contracts.modules.market import reasons

MASK96: constant(uint256) = 2**96 - 1

VAULT: immutable(IStakeVault)

pledge_of: public(HashMap[address, uint256])  # operator -> account 160 | idle stake 96


@deploy
def __init__(stake_vault: IStakeVault):
    VAULT = stake_vault


@external
@view
def vault() -> address:
    return VAULT.address


@external
def pledge(amount: uint256):
    word: uint256 = self.pledge_of[msg.sender]
    if amount > MASK96 - (word & MASK96):
        reasons._refuse(reasons.AMOUNT_TOO_LARGE)
    account: address = extcall VAULT.lock(msg.sender, amount)
    self.pledge_of[msg.sender] = (convert(account, uint256) << 96) | ((word & MASK96) + amount)
    log IMarket.Pledged(operator=msg.sender, account=account, amount=amount)


@external
def unpledge(operator: address):
    word: uint256 = self.pledge_of[operator]
    if msg.sender != operator and msg.sender != convert(word >> 96, address):
        reasons._refuse(reasons.WRONG_CALLER)
    self.pledge_of[operator] = 0
    log IMarket.Unpledged(operator=operator, amount=word & MASK96)
    extcall VAULT.release(operator, word & MASK96)


@internal
def _lock(operator: address, bonds: uint256):
    """
    From what is pledged, or else from the vault.
    """
    word: uint256 = self.pledge_of[operator]
    if word & MASK96 >= bonds and word != 0:
        self.pledge_of[operator] = unsafe_sub(word, bonds)
    else:
        extcall VAULT.lock(operator, bonds)


@internal
def _release(operator: address, bonds: uint256) -> address:
    word: uint256 = self.pledge_of[operator]
    if word == 0 or (word & MASK96) + bonds > MASK96:
        return extcall VAULT.release(operator, bonds)
    self.pledge_of[operator] = unsafe_add(word, bonds)
    return convert(word >> 96, address)
