# pragma version 0.4.3
"""
@title EchoConsumer
@notice Says aloud what `modules/consumer.vy` makes of each call.
"""
from contracts.interfaces import IConsumer
from contracts.interfaces import IMarket
from contracts.modules import consumer

implements: IConsumer
initializes: consumer


event Received:
    news: bool


event Retracted:
    undo: bool


@deploy
def __init__(model: address, min_bond: uint256):
    consumer.__init__(model, min_bond)


@external
def on_result(id: bytes32, attempt: uint256, request: IMarket.Request, output: Bytes[4096], final: bool):
    log Received(news=consumer._receive(id, attempt, request, final))


@external
def on_retracted(id: bytes32, attempt: uint256):
    log Retracted(undo=consumer._retract(id, attempt))


@external
@view
def is_final(id: bytes32) -> bool:
    return consumer._is_final(id)


@external
@view
def element(output: Bytes[4096], index: uint256, width: uint256) -> int256:
    return consumer._element(output, index, width)
