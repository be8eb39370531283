# pragma version 0.4.3
"""
@title Token
@notice Documentation, limits and trust assumptions: `interfaces/IToken.vyi`.
@custom:kill Nobody can stop it; minting ends when its owner renounces.
"""
from contracts.interfaces import IToken
from contracts.modules.governance import checkpoints as traces
from contracts.modules.governance import ecdsa
from contracts.modules.governance import erc20
from contracts.modules.governance import nonces as counters
from contracts.modules.governance import votes
from snekmate.utils import eip712_domain_separator as domain

implements: IToken
initializes: domain
initializes: erc20
initializes: counters
initializes: traces
initializes: votes[domain := domain, counters := counters, traces := traces]

exports: (
    erc20.totalSupply,
    erc20.balanceOf,
    erc20.allowance,
    erc20.approve,
    votes.clock,
    votes.CLOCK_MODE,
    votes.delegates,
    votes.getVotes,
    votes.getPastVotes,
    votes.getPastTotalSupply,
    votes.numCheckpoints,
    votes.checkpoints,
    counters.nonces,
    domain.eip712Domain,
)

PERMIT_TYPE: constant(bytes32) = keccak256(
    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)
MAX_SUPPLY: constant(uint256) = 2**208 - 1

name: public(immutable(String[50]))
symbol: public(immutable(String[32]))
decimals: public(constant(uint8)) = 18

owner: public(address)


@deploy
def __init__(
    name_: String[50],
    symbol_: String[32],
    by_timestamp: bool,
    owner: address,
    holder: address,
    supply: uint256,
):
    domain.__init__(name_, "1")
    votes.__init__(by_timestamp)
    name = name_
    symbol = symbol_
    if owner != empty(address):
        self._transfer_ownership(owner)
    if supply != 0:
        self._mint(holder, supply)


# --- units ---


@external
def transfer(to: address, amount: uint256) -> bool:
    self._transfer(msg.sender, to, amount)
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    erc20._spend(owner, msg.sender, amount)
    self._transfer(owner, to, amount)
    return True


@external
def permit(
    owner: address, spender: address, amount: uint256, deadline: uint256, v: uint8, r: bytes32, s: bytes32
):
    if block.timestamp > deadline:
        raw_revert(abi_encode(deadline, method_id=method_id("ERC2612ExpiredSignature(uint256)")))
    approval: bytes32 = keccak256(
        abi_encode(PERMIT_TYPE, owner, spender, amount, counters._use(owner), deadline)
    )
    signer: address = ecdsa._recover(domain._hash_typed_data_v4(approval), v, r, s)
    if signer != owner:
        raw_revert(abi_encode(signer, owner, method_id=method_id("ERC2612InvalidSigner(address,address)")))
    erc20._approve(owner, spender, amount)


@external
def mint(to: address, amount: uint256):
    self._check_owner()
    self._mint(to, amount)


@external
def burn(amount: uint256):
    self._burn(msg.sender, amount)


@external
def burnFrom(owner: address, amount: uint256):
    erc20._spend(owner, msg.sender, amount)
    self._burn(owner, amount)


@internal
def _transfer(owner: address, to: address, amount: uint256):
    erc20._move(owner, to, amount)
    votes._move(owner, to, amount)


@internal
def _mint(to: address, amount: uint256):
    erc20._mint(to, amount, MAX_SUPPLY)
    votes._change_supply(amount, 0)
    votes._move(empty(address), to, amount)


@internal
def _burn(owner: address, amount: uint256):
    erc20._burn(owner, amount)
    votes._change_supply(0, amount)
    votes._move(owner, empty(address), amount)


# --- the right to mint ---


@external
def transferOwnership(newOwner: address):
    self._check_owner()
    if newOwner == empty(address):
        raw_revert(abi_encode(newOwner, method_id=method_id("OwnableInvalidOwner(address)")))
    self._transfer_ownership(newOwner)


@external
def renounceOwnership():
    self._check_owner()
    self._transfer_ownership(empty(address))


@internal
@view
def _check_owner():
    if msg.sender != self.owner:
        raw_revert(abi_encode(msg.sender, method_id=method_id("OwnableUnauthorizedAccount(address)")))


@internal
def _transfer_ownership(newOwner: address):
    log IToken.OwnershipTransferred(previousOwner=self.owner, newOwner=newOwner)
    self.owner = newOwner


# --- votes and signatures ---


@external
def delegate(delegatee: address):
    votes._delegate(msg.sender, delegatee, erc20.balanceOf[msg.sender])


@external
def delegateBySig(delegatee: address, nonce: uint256, expiry: uint256, v: uint8, r: bytes32, s: bytes32):
    signer: address = votes._use_delegation(delegatee, nonce, expiry, v, r, s)
    votes._delegate(signer, delegatee, erc20.balanceOf[signer])


@external
@view
def DOMAIN_SEPARATOR() -> bytes32:
    return domain._domain_separator_v4()
