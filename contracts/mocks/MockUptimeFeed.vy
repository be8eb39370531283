# pragma version 0.4.3
"""
@title MockUptimeFeed
@notice Says whether the sequencer of a rollup is up, in the words of Chainlink's feeds: answer 0 is up, 1 is
        down.
"""

answer: int256
since: uint256


@external
def report(answer: int256, since: uint256):
    self.answer = answer
    self.since = since


@external
@view
def latestRoundData() -> (uint80, int256, uint256, uint256, uint80):
    return 1, self.answer, self.since, self.since, 1
