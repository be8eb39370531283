"""Why a contract refused, in words: reasons, and the custom errors of OpenZeppelin's governance contracts."""

from __future__ import annotations

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

REASON = "Error(string)"
ERRORS = (
    REASON,
    "Panic(uint256)",
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
BY_SELECTOR = {keccak(text=signature)[:4]: signature for signature in ERRORS}


def refusal(data: bytes) -> str:
    """What revert data say: the reason, or the error's name and arguments; never empty."""
    signature = BY_SELECTOR.get(data[:4])
    if signature is None:
        return f"error 0x{data.hex()}" if data else "it reverts without a reason"
    name, _, types = signature.removesuffix(")").partition("(")
    try:
        values = decode(types.split(",") if types else [], data[4:])
    except (DecodingError, UnicodeDecodeError):
        return f"error 0x{data.hex()}"
    if signature == REASON:
        return printable(values[0])
    return f"{name}({', '.join(_text(value) for value in values)})"


def printable(text: str) -> str:
    """A stranger's text on one line, without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _text(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
