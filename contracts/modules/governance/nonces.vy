# pragma version 0.4.3
"""
@title Nonces: how many signatures of an account were used
@notice OpenZeppelin's Nonces: one ascending number for everything that the account signs for this contract.
"""

nonces: public(HashMap[address, uint256])


@internal
def _use(owner: address) -> uint256:
    """
    @notice Uses up the account's next nonce.
    """
    nonce: uint256 = self.nonces[owner]
    self.nonces[owner] = unsafe_add(nonce, 1)
    return nonce


@internal
def _use_checked(owner: address, nonce: uint256):
    """
    @notice Uses up the account's next nonce, which has to be this one.
    """
    current: uint256 = self._use(owner)
    if nonce != current:
        raw_revert(abi_encode(owner, current, method_id=method_id("InvalidAccountNonce(address,uint256)")))
