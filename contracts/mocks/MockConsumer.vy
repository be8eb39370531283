# pragma version 0.4.3
"""
@title MockConsumer
@notice Counts its calls and misbehaves as a test orders.
"""
from contracts.interfaces import IConsumer
from contracts.interfaces import IMarket

implements: IConsumer

# BOMB reverts with far more data than anybody wants to copy.
# CALL calls `target` with `payload`.
flag Conduct:
    REVERT
    BOMB
    EAT_GAS
    CALL

conduct: public(Conduct)
target: address
payload: Bytes[8192]
payment: uint256
results: public(uint256)
retractions: public(uint256)
last_id: public(bytes32)
last_attempt: public(uint256)
last_final: public(bool)
last_output: public(Bytes[4096])
called: public(bool)
response: public(Bytes[256])


@external
@payable
def __default__():
    pass


@external
def misbehave(conduct: Conduct):
    self.conduct = conduct


@external
@payable
def arm(target: address, payload: Bytes[8192]):
    """
    @notice The next callback makes this call and sends it what came with this one.
    """
    self.conduct = Conduct.CALL
    self.target = target
    self.payload = payload
    self.payment = msg.value


@external
@payable
def order(target: address, payload: Bytes[8192]) -> Bytes[256]:
    """
    @notice Makes a call at once, as requester for instance.
    """
    return raw_call(target, payload, max_outsize=256, value=msg.value)


@external
def on_result(id: bytes32, attempt: uint256, request: IMarket.Request, output: Bytes[4096], final: bool):
    self._act()
    self.results += 1
    self.last_id = id
    self.last_attempt = attempt
    self.last_final = final
    self.last_output = output


@external
def on_retracted(id: bytes32, attempt: uint256):
    self._act()
    self.retractions += 1
    self.last_id = id
    self.last_attempt = attempt


@internal
def _act():
    if self.conduct == Conduct.REVERT:
        raise "consumer: reverting"
    elif self.conduct == Conduct.BOMB:
        raw_revert(abi_encode(empty(bytes32[2000])))
    elif self.conduct == Conduct.EAT_GAS:
        for i: uint256 in range(2**64):
            self.payment = i
    elif self.conduct == Conduct.CALL:
        self.conduct = empty(Conduct)
        self.called, self.response = raw_call(
            self.target, self.payload, max_outsize=256, value=self.payment, revert_on_failure=False
        )
