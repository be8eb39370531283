# pragma version 0.4.3
"""
@title LyingToken
@notice An ERC-20 whose balances are what its master says, and whose transfers move nothing; it refuses to
        move on demand.
"""

balances: HashMap[address, uint256]
gain: uint256
refusing: bool


@external
def claim_gain(gain: uint256):
    """
    @notice Whoever receives a transfer from now on seems to have gained this much.
    """
    self.gain = gain


@external
def forget(owner: address):
    """
    @notice An owner seems to have nothing.
    """
    self.balances[owner] = 0


@external
def refuse(refusing: bool):
    self.refusing = refusing


@external
@view
def balanceOf(owner: address) -> uint256:
    return self.balances[owner]


@external
def transfer(to: address, amount: uint256) -> bool:
    assert not self.refusing, "token: refusing"
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    assert not self.refusing, "token: refusing"
    self.balances[to] = unsafe_add(self.balances[to], self.gain)
    return True
