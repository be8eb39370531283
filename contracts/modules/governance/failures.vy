# pragma version 0.4.3
"""
@title Failures: the custom errors that Solidity and OpenZeppelin's library raise
"""

ARITHMETIC: constant(uint256) = 17  # codes of Panic(uint256)
EMPTY_ARRAY: constant(uint256) = 49

MAX_ANSWER: constant(uint256) = 1_024


@internal
@pure
def _panic(code: uint256):
    raw_revert(abi_encode(code, method_id=method_id("Panic(uint256)")))


@internal
@pure
def _hand_on(answer: Bytes[MAX_ANSWER]):
    """
    @notice Reverts with what a failed call answered, or with FailedCall() if it answered nothing.
    """
    if len(answer) == 0:
        raw_revert(method_id("FailedCall()"))
    raw_revert(answer)
