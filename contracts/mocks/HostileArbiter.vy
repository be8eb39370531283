# pragma version 0.4.3
"""
@title HostileArbiter
@notice An arbiter that does what an arbiter must not, while it opens a game: a call of its master's choice, a
        number it gave before.
"""
from contracts.interfaces import IArbiter

implements: IArbiter

target: address
payload: Bytes[8192]
number: uint256
called: public(bool)
response: public(Bytes[256])


@external
def arm(target: address, payload: Bytes[8192]):
    """
    @notice The next `open` makes this call.
    """
    self.target = target
    self.payload = payload


@external
def say(number: uint256):
    """
    @notice Every `open` answers with this number from now on.
    """
    self.number = number


@external
def order(target: address, payload: Bytes[8192]):
    """
    @notice Makes a call at once.
    """
    raw_call(target, payload)


@external
def open(
    id: bytes32,
    attempt: uint256,
    output_hash: bytes32,
    program_root: bytes32,
    input_root: bytes32,
    output_root: bytes32,
    defender: address,
    challenger: address,
    deadline: uint256,
) -> uint256:
    target: address = self.target
    if target != empty(address):
        self.target = empty(address)
        self.called, self.response = raw_call(target, self.payload, max_outsize=256, revert_on_failure=False)
    return self.number
