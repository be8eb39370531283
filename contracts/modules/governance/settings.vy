# pragma version 0.4.3
"""
@title Settings: what a Governor's votes are held by
@notice Two words. What a proposal needs, from the lowest bits: voting delay 48 | voting period 32 | proposal
        threshold 176 (all ones: too large for this, it stands in a word of its own). What a vote needs: late
        quorum extension 48 | quorum numerator 8 | timepoint since which that numerator holds 48 | number of
        numerators before it 32. Earlier numerators are kept, as numerator 8 | since 48: the quorum of a
        proposal is that of its snapshot.
"""
from contracts.interfaces import IGovernor
from contracts.modules.governance import failures

MASK32: constant(uint256) = 2**32 - 1
MASK48: constant(uint256) = 2**48 - 1
MASK56: constant(uint256) = 2**56 - 1
DENOMINATOR: constant(uint256) = 100

# Where each begins in its word.
PERIOD: constant(uint256) = 48
THRESHOLD: constant(uint256) = 80
NUMERATOR: constant(uint256) = 48  # with its timepoint, and the number of earlier ones
SINCE: constant(uint256) = 56
COUNT: constant(uint256) = 104

LARGE: constant(uint256) = 2**176 - 1

proposing: uint256
large_threshold: uint256
voting: uint256
earlier: HashMap[uint256, uint256]
proposalGuardian: public(address)


# --- what holds ---


@external
@view
def votingDelay() -> uint256:
    return self._delay(self.proposing)


@external
@view
def votingPeriod() -> uint256:
    return self._period(self.proposing)


@external
@view
def proposalThreshold() -> uint256:
    return self._threshold(self.proposing)


@external
@view
def lateQuorumVoteExtension() -> uint48:
    return convert(self._extension(self.voting), uint48)


@external
@view
def quorumNumerator(timepoint: uint256 = max_value(uint256)) -> uint256:
    return self._numerator(self.voting, timepoint)


@external
@pure
def quorumDenominator() -> uint256:
    return DENOMINATOR


@internal
@pure
def _delay(proposing: uint256) -> uint256:
    return proposing & MASK48


@internal
@pure
def _period(proposing: uint256) -> uint256:
    return (proposing >> PERIOD) & MASK32


@internal
@view
def _threshold(proposing: uint256) -> uint256:
    threshold: uint256 = proposing >> THRESHOLD
    return self.large_threshold if threshold == LARGE else threshold


@internal
@pure
def _extension(voting: uint256) -> uint256:
    return voting & MASK48


@internal
@view
def _numerator(voting: uint256, timepoint: uint256) -> uint256:
    """
    @notice The numerator that held at a timepoint, 0 before the first.
    """
    if (voting >> SINCE) & MASK48 <= timepoint:
        return (voting >> NUMERATOR) & 255
    # The last of the earlier ones that is not younger than the timepoint stands before `high`.
    low: uint256 = 0
    high: uint256 = voting >> COUNT
    for _: uint256 in range(32):
        if low == high:
            break
        middle: uint256 = (low + high) >> 1
        if self.earlier[middle] >> 8 > timepoint:
            high = middle
        else:
            low = middle + 1
    return 0 if high == 0 else self.earlier[high - 1] & 255


# --- how it changes ---


@internal
def _set_delay(delay: uint256):
    proposing: uint256 = self.proposing
    log IGovernor.VotingDelaySet(oldVotingDelay=self._delay(proposing), newVotingDelay=delay)
    self.proposing = proposing & ~MASK48 | delay


@internal
def _set_period(period: uint256):
    if period == 0:
        raw_revert(abi_encode(period, method_id=method_id("GovernorInvalidVotingPeriod(uint256)")))
    proposing: uint256 = self.proposing
    log IGovernor.VotingPeriodSet(oldVotingPeriod=self._period(proposing), newVotingPeriod=period)
    self.proposing = proposing & ~(MASK32 << PERIOD) | (period << PERIOD)


@internal
def _set_threshold(threshold: uint256):
    proposing: uint256 = self.proposing
    log IGovernor.ProposalThresholdSet(
        oldProposalThreshold=self._threshold(proposing), newProposalThreshold=threshold
    )
    self.proposing = proposing & (2**THRESHOLD - 1) | (min(threshold, LARGE) << THRESHOLD)
    if threshold >= LARGE:
        self.large_threshold = threshold


@internal
def _set_extension(extension: uint256):
    voting: uint256 = self.voting
    log IGovernor.LateQuorumVoteExtensionSet(
        oldVoteExtension=convert(self._extension(voting), uint64), newVoteExtension=convert(extension, uint64)
    )
    self.voting = voting & ~MASK48 | extension


@internal
def _set_guardian(guardian: address):
    log IGovernor.ProposalGuardianSet(oldProposalGuardian=self.proposalGuardian, newProposalGuardian=guardian)
    self.proposalGuardian = guardian


@internal
def _set_numerator(numerator: uint256, now: uint256):
    """
    @notice Holds from `now`, the current timepoint, on; a second change at one timepoint replaces the first.
    """
    if numerator > DENOMINATOR:
        raw_revert(
            abi_encode(
                numerator, DENOMINATOR, method_id=method_id("GovernorInvalidQuorumFraction(uint256,uint256)")
            )
        )
    voting: uint256 = self.voting
    last: uint256 = (voting >> NUMERATOR) & MASK56
    since: uint256 = last >> 8
    count: uint256 = voting >> COUNT
    if now < since:
        raw_revert(method_id("CheckpointUnorderedInsertion()"))

    if now > since and since > 0:
        self.earlier[count] = last
        count += 1
    self.voting = (voting & MASK48) | (numerator << NUMERATOR) | (now << SINCE) | (count << COUNT)
    log IGovernor.QuorumNumeratorUpdated(oldQuorumNumerator=last & 255, newQuorumNumerator=numerator)
