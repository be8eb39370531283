# pragma version 0.4.3
"""
@title ECDSA: who signed a digest
@notice OpenZeppelin's ECDSA: of the two signatures that anybody can make of one, only that with the lower s counts.
"""

HALF_ORDER: constant(uint256) = 57896044618658097711785492504343953926418782139537452191302581570759080747168


@internal
@pure
def _recover(digest: bytes32, v: uint8, r: bytes32, s: bytes32) -> address:
    """
    @notice The signer, never nobody.
    """
    if convert(s, uint256) > HALF_ORDER:
        raw_revert(abi_encode(s, method_id=method_id("ECDSAInvalidSignatureS(bytes32)")))
    signer: address = ecrecover(digest, v, r, s)
    if signer == empty(address):
        raw_revert(method_id("ECDSAInvalidSignature()"))
    return signer
