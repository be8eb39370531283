# pragma version 0.4.3
"""
@title MockVotes
@notice A votes contract of the least kind, whose clock a test sets, breaks, or takes away.
"""

# What the clock does when it is asked.
flag Conduct:
    REVERT
    ANSWER_NOTHING
    ANSWER_TOO_MUCH

now: uint256
conduct: Conduct
supply: uint256


@deploy
def __init__(supply: uint256):
    self.supply = supply


@external
def set_clock(now: uint256, conduct: Conduct):
    self.now = now
    self.conduct = conduct


@external
@view
@raw_return
def clock() -> Bytes[64]:
    if self.conduct == Conduct.REVERT:
        raise "votes: no clock"
    if self.conduct == Conduct.ANSWER_NOTHING:
        return b""
    if self.conduct == Conduct.ANSWER_TOO_MUCH:
        return concat(convert(self.now, bytes32), empty(bytes32))
    return concat(convert(self.now, bytes32), b"")


@external
@view
def CLOCK_MODE() -> String[32]:
    assert self.conduct != Conduct.REVERT
    return "mode=mock"


@external
@view
def getPastVotes(account: address, timepoint: uint256) -> uint256:
    return self.supply


@external
@view
def getPastTotalSupply(timepoint: uint256) -> uint256:
    return self.supply
