# pragma version 0.4.3
"""
@title Proposals: the words of storage that a proposal owns
@notice The core, from the lowest bits: proposer 160 | vote start 48 | vote duration 32 | executed 1 | canceled 1.
        The schedule: time from which it can be executed 48 (0: not queued) | extended deadline 48 (0: the
        quorum was not reached yet). Vote start and deadlines are timepoints of the votes contract's clock.
"""
from contracts.modules.governance import failures

MASK32: constant(uint256) = 2**32 - 1
MASK48: constant(uint256) = 2**48 - 1
EXECUTED: constant(uint256) = 1 << 240
CANCELED: constant(uint256) = 1 << 241
ENDED: constant(uint256) = EXECUTED | CANCELED

# The states, in the order of OpenZeppelin's ProposalState.
PENDING: constant(uint256) = 0
ACTIVE: constant(uint256) = 1
CANCELLED: constant(uint256) = 2
DEFEATED: constant(uint256) = 3
SUCCEEDED: constant(uint256) = 4
QUEUED: constant(uint256) = 5
EXPIRED: constant(uint256) = 6
DONE: constant(uint256) = 7


# --- core ---


@internal
@pure
def _pack_core(proposer: address, start: uint256, duration: uint256) -> uint256:
    return convert(proposer, uint256) | (start << 160) | (duration << 208)


@internal
@pure
def _proposer(core: uint256) -> address:
    return convert(core & convert(max_value(uint160), uint256), address)


@internal
@pure
def _start(core: uint256) -> uint256:
    return (core >> 160) & MASK48


@internal
@pure
def _deadline(core: uint256) -> uint256:
    """
    @notice When voting ends if nothing extends it.
    """
    deadline: uint256 = unsafe_add((core >> 160) & MASK48, (core >> 208) & MASK32)
    if deadline > MASK48:
        failures._panic(failures.ARITHMETIC)
    return deadline


# --- schedule ---


@internal
@pure
def _eta(schedule: uint256) -> uint256:
    return schedule & MASK48


@internal
@pure
def _extended(schedule: uint256) -> uint256:
    return schedule >> 48
