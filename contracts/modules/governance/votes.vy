# pragma version 0.4.3
"""
@title Votes: who votes with whose units, now and at any time before
@notice OpenZeppelin's Votes. Units count for nobody until their owner delegates them, be it to itself. The
        units are the token's business; it tells of every move.
"""
from contracts.interfaces import IToken
from contracts.modules.governance import checkpoints as traces
from contracts.modules.governance import ecdsa
from contracts.modules.governance import nonces as counters
from snekmate.utils import eip712_domain_separator as domain

uses: traces
uses: domain
uses: counters

DELEGATION_TYPE: constant(bytes32) = keccak256("Delegation(address delegatee,uint256 nonce,uint256 expiry)")
SUPPLY: constant(uint256) = 1 << 160  # the trace of all units; a delegatee's is under its address

BY_TIMESTAMP: immutable(bool)

delegates: public(HashMap[address, address])


@deploy
def __init__(by_timestamp: bool):
    BY_TIMESTAMP = by_timestamp


@external
@view
def clock() -> uint48:
    return convert(self._now(), uint48)


@external
@view
def CLOCK_MODE() -> String[31]:
    if BY_TIMESTAMP:
        return "mode=timestamp"
    return "mode=blocknumber&from=default"


@external
@view
def getVotes(account: address) -> uint256:
    return traces._latest(convert(account, uint256))


@external
@view
def getPastVotes(account: address, timepoint: uint256) -> uint256:
    self._check_past(timepoint)
    return traces._value_at(convert(account, uint256), timepoint)


@external
@view
def getPastTotalSupply(timepoint: uint256) -> uint256:
    self._check_past(timepoint)
    return traces._value_at(SUPPLY, timepoint)


@external
@view
def numCheckpoints(account: address) -> uint32:
    return convert(traces._length(convert(account, uint256)), uint32)


@external
@view
def checkpoints(account: address, pos: uint32) -> IToken.Checkpoint208:
    time: uint256 = 0
    value: uint256 = 0
    time, value = traces._at(convert(account, uint256), convert(pos, uint256))
    return IToken.Checkpoint208(_key=convert(time, uint48), _value=convert(value, uint208))


@internal
@view
def _now() -> uint256:
    return block.timestamp if BY_TIMESTAMP else block.number


@internal
@view
def _check_past(timepoint: uint256):
    now: uint256 = self._now()
    if timepoint >= now:
        raw_revert(abi_encode(timepoint, now, method_id=method_id("ERC5805FutureLookup(uint256,uint48)")))


@internal
def _use_delegation(
    delegatee: address, nonce: uint256, expiry: uint256, v: uint8, r: bytes32, s: bytes32
) -> address:
    """
    @notice Who signed this delegation, which has not expired; it cannot be used again.
    """
    if block.timestamp > expiry:
        raw_revert(abi_encode(expiry, method_id=method_id("VotesExpiredSignature(uint256)")))
    delegation: bytes32 = keccak256(abi_encode(DELEGATION_TYPE, delegatee, nonce, expiry))
    signer: address = ecdsa._recover(domain._hash_typed_data_v4(delegation), v, r, s)
    counters._use_checked(signer, nonce)
    return signer


@internal
def _delegate(account: address, delegatee: address, units: uint256):
    """
    @notice From now on the account's units, of which it has so many, are its delegatee's votes.
    """
    previous: address = self.delegates[account]
    self.delegates[account] = delegatee
    log IToken.DelegateChanged(delegator=account, fromDelegate=previous, toDelegate=delegatee)
    self._move_votes(previous, delegatee, units)


@internal
def _move(owner: address, to: address, units: uint256):
    """
    @notice Units changed hands.
    """
    self._move_votes(self.delegates[owner], self.delegates[to], units)


@internal
def _change_supply(added: uint256, removed: uint256):
    before: uint256 = 0
    after: uint256 = 0
    before, after = traces._change(SUPPLY, self._now(), added, removed)


@internal
def _move_votes(previous: address, delegatee: address, units: uint256):
    if previous == delegatee or units == 0:
        return
    if previous != empty(address):
        self._change_votes(previous, 0, units)
    if delegatee != empty(address):
        self._change_votes(delegatee, units, 0)


@internal
def _change_votes(delegatee: address, added: uint256, removed: uint256):
    before: uint256 = 0
    after: uint256 = 0
    before, after = traces._change(convert(delegatee, uint256), self._now(), added, removed)
    log IToken.DelegateVotesChanged(delegate=delegatee, previousVotes=before, newVotes=after)
