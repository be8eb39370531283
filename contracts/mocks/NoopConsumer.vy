# pragma version 0.4.3
"""
@title NoopConsumer
@notice Takes every answer and does nothing: the cheapest callback there is.
"""
from contracts.interfaces import IConsumer
from contracts.interfaces import IMarket

implements: IConsumer


@external
def on_result(id: bytes32, attempt: uint256, request: IMarket.Request, output: Bytes[4096], final: bool):
    pass


@external
def on_retracted(id: bytes32, attempt: uint256):
    pass
