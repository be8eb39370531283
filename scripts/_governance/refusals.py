"""Why a contract of governance refused, in words: reasons, and OpenZeppelin's custom errors."""

from __future__ import annotations

from executor.chain.answers import decode_revert

ERRORS = (
    "FailedCall()",
    "AccessControlUnauthorizedAccount(address,bytes32)",
    "ERC5805FutureLookup(uint256,uint48)",
    "ERC20InsufficientBalance(address,uint256,uint256)",
    "ERC20ExceededSafeSupply(uint256,uint256)",
    "GovernorAlreadyCastVote(address)",
    "GovernorDisabledDeposit()",
    "GovernorInsufficientProposerVotes(address,uint256,uint256)",
    "GovernorInvalidProposalLength(uint256,uint256,uint256)",
    "GovernorInvalidQuorumFraction(uint256,uint256)",
    "GovernorInvalidVotingPeriod(uint256)",
    "GovernorInvalidVoteType()",
    "GovernorNonexistentProposal(uint256)",
    "GovernorOnlyExecutor(address)",
    "GovernorRestrictedProposer(address)",
    "GovernorUnexpectedProposalState(uint256,uint8,bytes32)",
    "OwnableInvalidOwner(address)",
    "OwnableUnauthorizedAccount(address)",
    "TimelockInsufficientDelay(uint256,uint256)",
    "TimelockInvalidOperationLength(uint256,uint256,uint256)",
    "TimelockUnauthorizedCaller(address)",
    "TimelockUnexecutedPredecessor(bytes32)",
    "TimelockUnexpectedOperationState(bytes32,bytes32)",
)


def refusal(data: bytes) -> str:
    """What revert data say: the reason, or the error's name and arguments; never empty."""
    return decode_revert(data, ERRORS)
