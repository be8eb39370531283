# pragma version 0.4.3
"""
@title Slots: the one word of storage that a request owns
@notice From the lowest bits: status 8 | attempt 8 | then by status:
        OPEN              ramp start 40 | opened at 40
        CLAIMED           ramp seconds at the claim 32 | result deadline 40 | attended 8 | executor 160
        POSTED, REFUTED   open games 32 | digest of (work, output hash) 208
        FINAL             digest of the output hash 240
        REFUNDED          nothing
        Times are unix seconds. An attempt is one claim; attempts count from 1. A digest is the top bits of a
        keccak256.
"""

MASK32: constant(uint256) = 2**32 - 1
MASK40: constant(uint256) = 2**40 - 1

OPEN: constant(uint256) = 1
CLAIMED: constant(uint256) = 2
POSTED: constant(uint256) = 3
REFUTED: constant(uint256) = 4
FINAL: constant(uint256) = 5
REFUNDED: constant(uint256) = 6

IMPLAUSIBLE: constant(uint256) = 1 << 8  # in a work word: the output hook disagreed
STANDING: constant(uint256) = 2**48 - 1 - 65280  # status and games: POSTED without a game
ONE_GAME: constant(uint256) = 1 << 16


@internal
@pure
def _status(slot: uint256) -> uint256:
    return slot & 255


@internal
@pure
def _attempt(slot: uint256) -> uint256:
    return (slot >> 8) & 255


# --- open ---


@internal
@pure
def _pack_open(attempt: uint256, ramp_start: uint256, opened_at: uint256) -> uint256:
    return OPEN | (attempt << 8) | (ramp_start << 16) | (opened_at << 56)


@internal
@pure
def _opened_at(slot: uint256) -> uint256:
    return (slot >> 56) & MASK40


# --- claimed ---


@internal
@pure
def _pack_claimed(
    attempt: uint256, elapsed: uint256, deadline: uint256, attended: bool, executor: address
) -> uint256:
    """
    @param attended Whether posting takes more than the id: a callback or a hook.
    """
    return (
        CLAIMED
        | (attempt << 8)
        | (elapsed << 16)
        | (deadline << 48)
        | (convert(attended, uint256) << 88)
        | (convert(executor, uint256) << 96)
    )


@internal
@pure
def _elapsed(slot: uint256) -> uint256:
    return (slot >> 16) & MASK32


@internal
@pure
def _deadline(slot: uint256) -> uint256:
    return (slot >> 48) & MASK40


@internal
@pure
def _executor(slot: uint256) -> address:
    return convert(slot >> 96, address)


# --- posted, refuted ---


@internal
@pure
def _pack_work(executor: address, elapsed: uint256, posted_at: uint256, attempt: uint256) -> uint256:
    """
    @notice `IMarket.Result.work`: executor 160 | ramp seconds 32 | posted at 40 | attempt 8 | implausible 8 |
            0 8.
    """
    return (convert(executor, uint256) << 96) | (elapsed << 64) | (posted_at << 24) | (attempt << 16)


@internal
@pure
def _work_executor(work: uint256) -> address:
    return convert(work >> 96, address)


@internal
@pure
def _work_elapsed(work: uint256) -> uint256:
    return (work >> 64) & MASK32


@internal
@pure
def _work_posted_at(work: uint256) -> uint256:
    return (work >> 24) & MASK40


@internal
@pure
def _work_attempt(work: uint256) -> uint256:
    return (work >> 16) & 255


@internal
@pure
def _pack_posted(work: uint256, output_hash: bytes32) -> uint256:
    return POSTED | ((work >> 8) & 65280) | self._digest(work, output_hash)


@internal
@pure
def _digest(work: uint256, output_hash: bytes32) -> uint256:
    return (convert(keccak256(abi_encode(work, output_hash)), uint256) >> 48) << 48


@internal
@pure
def _holds(slot: uint256, work: uint256, output_hash: bytes32) -> bool:
    """
    @notice Whether a POSTED or REFUTED slot is that of this result.
    """
    return (slot >> 48) << 48 == self._digest(work, output_hash)


@internal
@pure
def _games(slot: uint256) -> uint256:
    return (slot >> 16) & MASK32


# --- final, refunded ---


@internal
@pure
def _answers(slot: uint256, output: Bytes[4096]) -> bool:
    """
    @notice Whether `output` is what a FINAL slot holds.
    """
    return self._status(slot) == FINAL and slot >> 16 == convert(keccak256(output), uint256) >> 16


@internal
@pure
def _pack_refunded(slot: uint256) -> uint256:
    return REFUNDED | (slot & 65280)
