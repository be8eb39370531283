# pragma version 0.4.3
"""
@title Transfers: money in and out, of tokens as they are
@notice Tokens that return nothing, that return false, that take a fee, and addresses that are no token: each
        either moves the money or reverts.
@dev `_pull` measures what arrived. A token may re-enter between the two measurements, so every function that
     pulls has to be `@nonreentrant`, together with every other one of its contract that moves the same token.
"""
from ethereum.ercs import IERC20


@internal
def _pull(token: address, sender: address, amount: uint256) -> uint256:
    """
    @notice Draws `amount` from `sender`, who approved it.
    @return What arrived: less than `amount` if the token takes a fee.
    """
    before: uint256 = staticcall IERC20(token).balanceOf(self)
    self._order(
        token, abi_encode(sender, self, amount, method_id=method_id("transferFrom(address,address,uint256)"))
    )
    return staticcall IERC20(token).balanceOf(self) - before


@internal
def _push(token: address, to: address, amount: uint256):
    """
    @notice Pays `amount` to `to`.
    """
    self._order(token, abi_encode(to, amount, method_id=method_id("transfer(address,uint256)")))


@internal
def _order(token: address, payload: Bytes[100]):
    # A call to an address without code succeeds, so the code is looked for.
    assert token.is_contract, "transfers: not a token"
    success: bool = False
    response: Bytes[32] = b""
    success, response = raw_call(token, payload, max_outsize=32, revert_on_failure=False)
    assert success, "transfers: token reverted"
    assert len(response) == 0 or convert(response, uint256) == 1, "transfers: token refused"
