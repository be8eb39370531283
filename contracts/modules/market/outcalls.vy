# pragma version 0.4.3
"""
@title Outcalls: hooks and consumers, reached with a fixed amount of gas
@notice The gas is certain to be there, so that a failure is the callee's own; of what it returns, a hook's
        word is read. The calls look alike and stand apart: one function for all would copy each message, of
        up to 4 KiB, once more.
"""
from contracts.interfaces import IMarket
from contracts.modules.market import reasons
from contracts.modules.market import requests

HOOK_GAS: constant(uint256) = 200_000
GAS_MARGIN: constant(uint256) = 20_000  # for what the Market does after a call


@internal
@view
def _accepts(hook: address, input: Bytes[4096]) -> bool:
    """
    The version's opinion of an input, asked with a fixed amount of gas that is certain to be there, so that a
    failure is the hook's own.
    """
    self._require_gas(HOOK_GAS)
    success: bool = False
    answer: Bytes[32] = b""
    success, answer = raw_call(
        hook,
        abi_encode(input, method_id=method_id("check_input(bytes)")),
        max_outsize=32,
        gas=HOOK_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    return success and len(answer) == 32 and convert(answer, uint256) == 1


@internal
@view
def _plausible(hook: address, input: bytes32, output: Bytes[4096]) -> bool:
    """
    The version's opinion of an output; asked like `_accepts`, but that the caller makes sure of the gas.
    """
    success: bool = False
    answer: Bytes[32] = b""
    success, answer = raw_call(
        hook,
        abi_encode(input, output, method_id=method_id("check_output(bytes32,bytes)")),
        max_outsize=32,
        gas=HOOK_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    return success and len(answer) == 32 and convert(answer, uint256) == 1


@internal
def _deliver(id: bytes32, attempt: uint256, request: IMarket.Request, output: Bytes[4096], final: bool):
    callback_gas: uint256 = (request.callback >> 64) & requests.MASK32
    self._require_gas(callback_gas)
    if not raw_call(
        convert(request.callback >> 96, address),
        abi_encode(
            id,
            attempt,
            request,
            output,
            final,
            method_id=method_id(
                "on_result(bytes32,uint256,(bytes32,uint256,uint256,uint256,uint256,uint256,bytes32),bytes,bool)"
            ),
        ),
        gas=callback_gas,
        revert_on_failure=False,
    ):
        log IMarket.Undelivered(id=id, attempt=attempt)


@internal
def _retract(id: bytes32, attempt: uint256, callback: uint256):
    callback_gas: uint256 = requests._callback_gas(callback)
    self._require_gas(callback_gas)
    if not raw_call(
        requests._consumer(callback),
        abi_encode(id, attempt, method_id=method_id("on_retracted(bytes32,uint256)")),
        gas=callback_gas,
        revert_on_failure=False,
    ):
        log IMarket.Undelivered(id=id, attempt=attempt)


@internal
@view
def _require_gas(amount: uint256):
    """
    A call gets at most 63/64 of the gas that is left.
    """
    if unsafe_div(unsafe_mul(msg.gas, 63), 64) < unsafe_add(amount, GAS_MARGIN):
        reasons._refuse(reasons.TOO_LITTLE_GAS)
