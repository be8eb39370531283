# pragma version 0.4.3
"""
@title Tallies: what was voted
@notice The weight that an account had at the snapshot goes against, in favour or into abstention: all that is left of
        it at once, or, of one ballot, parts to each. Parts leave the rest for further ballots; what was cast stays.
        Abstentions count to the quorum; a tie does not pass.
"""


struct Tally:
    against: uint256
    in_favour: uint256
    abstaining: uint256


AGAINST: constant(uint8) = 0
IN_FAVOUR: constant(uint8) = 1
ABSTAIN: constant(uint8) = 2
PARTS: constant(uint8) = 255  # the weights against, in favour and abstaining are the ballot's params

MAX_PARAMS: constant(uint256) = 1_024
PARTS_SIZE: constant(uint256) = 48  # three of 16 bytes

tallies: HashMap[uint256, Tally]
usedVotes: public(HashMap[uint256, HashMap[address, uint256]])


@external
@pure
def COUNTING_MODE() -> String[64]:
    return "support=bravo,fractional&quorum=for,abstain&params=fractional"


@external
@view
def hasVoted(proposalId: uint256, account: address) -> bool:
    return self.usedVotes[proposalId][account] != 0


@external
@view
def proposalVotes(proposalId: uint256) -> (uint256, uint256, uint256):
    tally: Tally = self.tallies[proposalId]
    return tally.against, tally.in_favour, tally.abstaining


@internal
def _count(id: uint256, voter: address, support: uint8, weight: uint256) -> uint256:
    """
    @notice Counts all that the voter has left of its weight, one way.
    @return What that was.
    """
    left: uint256 = self._left(id, voter, weight)
    self.usedVotes[id][voter] = weight
    if support == AGAINST:
        self.tallies[id].against += left
    elif support == IN_FAVOUR:
        self.tallies[id].in_favour += left
    elif support == ABSTAIN:
        self.tallies[id].abstaining += left
    else:
        self._refuse(support)
    return left


@internal
def _count_parts(
    id: uint256, voter: address, support: uint8, weight: uint256, params: Bytes[MAX_PARAMS]
) -> uint256:
    """
    @notice Counts, of what the voter has left of its weight, the parts that the params say.
    @return Their sum; it may be nothing.
    """
    left: uint256 = self._left(id, voter, weight)
    if support != PARTS or len(params) != PARTS_SIZE:
        self._refuse(support)
    begin: uint256 = extract32(params, 0, output_type=uint256)
    against: uint256 = begin >> 128
    in_favour: uint256 = begin & convert(max_value(uint128), uint256)
    abstaining: uint256 = extract32(params, 16, output_type=uint256) & convert(max_value(uint128), uint256)
    parts: uint256 = against + in_favour + abstaining
    if parts > left:
        raw_revert(
            abi_encode(
                voter,
                parts,
                left,
                method_id=method_id("GovernorExceedRemainingWeight(address,uint256,uint256)"),
            )
        )

    self.usedVotes[id][voter] += parts
    self.tallies[id].against += against
    self.tallies[id].in_favour += in_favour
    self.tallies[id].abstaining += abstaining
    return parts


@internal
@view
def _left(id: uint256, voter: address, weight: uint256) -> uint256:
    """
    @notice What the voter may still cast; reverts if that is nothing.
    """
    used: uint256 = self.usedVotes[id][voter]
    if used >= weight:
        raw_revert(abi_encode(voter, method_id=method_id("GovernorAlreadyCastVote(address)")))
    return unsafe_sub(weight, used)


@internal
@pure
def _refuse(support: uint8):
    """
    @notice Reverts: of a support that there is, the params are wrong.
    """
    if support <= ABSTAIN or support == PARTS:
        raw_revert(method_id("GovernorInvalidVoteParams()"))
    raw_revert(method_id("GovernorInvalidVoteType()"))


@internal
@view
def _reaches(id: uint256, quorum: uint256) -> bool:
    return quorum <= self.tallies[id].in_favour + self.tallies[id].abstaining


@internal
@view
def _passes(id: uint256, quorum: uint256) -> bool:
    return self._reaches(id, quorum) and self.tallies[id].in_favour > self.tallies[id].against
