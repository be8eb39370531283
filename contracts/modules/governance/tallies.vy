# pragma version 0.4.3
"""
@title Tallies: what was voted
@notice An account votes once, with all its weight, against, for or abstaining. Abstentions count to the quorum; a tie
        does not pass.
"""


struct Tally:
    against: uint256
    in_favour: uint256
    abstaining: uint256


AGAINST: constant(uint8) = 0
IN_FAVOUR: constant(uint8) = 1
ABSTAIN: constant(uint8) = 2

tallies: HashMap[uint256, Tally]
hasVoted: public(HashMap[uint256, HashMap[address, bool]])


@external
@pure
def COUNTING_MODE() -> String[32]:
    return "support=bravo&quorum=for,abstain"


@external
@view
def proposalVotes(proposalId: uint256) -> (uint256, uint256, uint256):
    tally: Tally = self.tallies[proposalId]
    return tally.against, tally.in_favour, tally.abstaining


@internal
def _count(id: uint256, voter: address, support: uint8, weight: uint256):
    if self.hasVoted[id][voter]:
        raw_revert(abi_encode(voter, method_id=method_id("GovernorAlreadyCastVote(address)")))

    self.hasVoted[id][voter] = True
    if support == AGAINST:
        self.tallies[id].against += weight
    elif support == IN_FAVOUR:
        self.tallies[id].in_favour += weight
    elif support == ABSTAIN:
        self.tallies[id].abstaining += weight
    else:
        raw_revert(method_id("GovernorInvalidVoteType()"))


@internal
@view
def _reaches(id: uint256, quorum: uint256) -> bool:
    return quorum <= self.tallies[id].in_favour + self.tallies[id].abstaining


@internal
@view
def _passes(id: uint256, quorum: uint256) -> bool:
    return self._reaches(id, quorum) and self.tallies[id].in_favour > self.tallies[id].against
