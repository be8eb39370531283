# pragma version 0.4.3
"""
@title Electorate: whose votes count, and by which clock
@notice Any votes contract (ERC-5805): it says what an account's votes and the supply were at a past timepoint of its
        own clock (ERC-6372).
"""
from contracts.modules.governance import proposals


interface Votes:
    def getPastVotes(account: address, timepoint: uint256) -> uint256: view
    def getPastTotalSupply(timepoint: uint256) -> uint256: view


MAX_PARAMS: constant(uint256) = 1_024

TOKEN: immutable(address)


@deploy
def __init__(token: address):
    TOKEN = token


@external
@view
def token() -> address:
    return TOKEN


@external
@view
def clock() -> uint48:
    return convert(self._clock(), uint48)


@external
@view
def CLOCK_MODE() -> String[128]:
    success: bool = False
    answer: Bytes[192] = b""
    success, answer = raw_call(
        TOKEN,
        method_id("CLOCK_MODE()"),
        max_outsize=192,
        is_static_call=True,
        revert_on_failure=False,
    )
    return abi_decode(answer, String[128]) if success else "mode=blocknumber&from=default"


@external
@view
def getVotes(account: address, timepoint: uint256) -> uint256:
    return staticcall Votes(TOKEN).getPastVotes(account, timepoint)


@external
@view
def getVotesWithParams(account: address, timepoint: uint256, params: Bytes[MAX_PARAMS]) -> uint256:
    return staticcall Votes(TOKEN).getPastVotes(account, timepoint)


@internal
@view
def _clock() -> uint256:
    """
    @notice The timepoint that is now: the votes contract's, or the block's number where it has no clock.
    """
    success: bool = False
    answer: Bytes[32] = b""
    success, answer = raw_call(
        TOKEN, method_id("clock()"), max_outsize=32, is_static_call=True, revert_on_failure=False
    )
    if not success:
        return block.number
    assert len(answer) == 32
    now: uint256 = convert(answer, uint256)
    assert now <= proposals.MASK48
    return now


@internal
@view
def _past_votes(account: address, timepoint: uint256) -> uint256:
    return staticcall Votes(TOKEN).getPastVotes(account, timepoint)


@internal
@view
def _past_supply(timepoint: uint256) -> uint256:
    return staticcall Votes(TOKEN).getPastTotalSupply(timepoint)
