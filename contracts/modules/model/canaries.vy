# pragma version 0.4.3
"""
@title Canaries: which requests a candidate answers, and which versions can be one
"""
from contracts.interfaces import IModel
from contracts.modules.model import pointers

BPS: constant(uint256) = 10_000


@internal
@view
def _drawn(choice: uint256, requester: address, counter: uint256, input: bytes32) -> uint256:
    """
    @notice The version to which the draw falls. Nobody chooses `prevrandao`, but a caller may undo what he
            has opened and try again in another block.
    @param choice See `pointers.CHOICE`.
    """
    draw: uint256 = convert(keccak256(abi_encode(requester, counter, input, block.prevrandao)), uint256)
    if draw % BPS < choice >> 64:
        return (choice >> 32) & pointers.MASK32
    return choice & pointers.MASK32


@internal
@pure
def _asks_no_more(candidate: IModel.Terms, live: IModel.Terms) -> bool:
    """
    @notice Whether whoever can ask the live version can ask the candidate: the same sizes and inputs, and
            nothing dearer or longer.
    """
    return (
        candidate.input_size == live.input_size
        and candidate.output_size == live.output_size
        and candidate.unwatchable == live.unwatchable
        and candidate.min_bond <= live.min_bond
        and candidate.royalty_bps <= live.royalty_bps
        and candidate.window <= live.window
    )
