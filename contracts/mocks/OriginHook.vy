# pragma version 0.4.3
"""
@title OriginHook
@notice A hook that lies to whoever began the transaction, if it is the one it dislikes.
"""
from contracts.interfaces import IHook

implements: IHook

disliked: public(address)


@external
def dislike(origin: address):
    self.disliked = origin


@external
@view
def check_input(input: Bytes[4096]) -> bool:
    return tx.origin != self.disliked


@external
@view
def check_output(input: bytes32, output: Bytes[4096]) -> bool:
    return tx.origin != self.disliked
