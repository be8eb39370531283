# pragma version 0.4.3
"""
@title HostileVotes
@notice A votes contract that, whatever it is asked, makes a call of its own first, and does not answer all.
"""

GAS: constant(uint256) = 500_000  # spent on a call that must not succeed

target: address
payload: Bytes[8192]
mute: Bytes[4]


@external
def order_call(target: address, payload: Bytes[8192]):
    self.target = target
    self.payload = payload


@external
def order_silence(selector: Bytes[4]):
    """
    Has no such function from now on.
    """
    self.mute = selector


@external
def clock() -> uint48:
    self._act()
    return convert(block.number, uint48)


@external
def getPastVotes(account: address, timepoint: uint256) -> uint256:
    self._act()
    return 1


@external
def getPastTotalSupply(timepoint: uint256) -> uint256:
    self._act()
    return 1


@internal
def _act():
    if len(self.mute) == 4 and slice(msg.data, 0, 4) == self.mute:
        raw_revert(b"")
    if self.target != empty(address):
        success: bool = raw_call(self.target, self.payload, gas=GAS, revert_on_failure=False)
